package server

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

// connect serves on a socket of the test's own and returns a connection to it.
func connect(t *testing.T) *grpc.ClientConn {
	t.Helper()
	return connectTo(t, New())
}

func connectTo(t *testing.T, server *grpc.Server) *grpc.ClientConn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "socket")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	connection, err := grpc.NewClient("unix:"+path,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallSendMsgSize(64<<20), grpc.MaxCallRecvMsgSize(256<<20)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		connection.Close()
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return connection
}

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func openStream(t *testing.T, connection *grpc.ClientConn) wire.PageHeapService_RunClient {
	t.Helper()
	stream, err := wire.NewPageHeapServiceClient(connection).Run(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

// makeProgram makes a program whose heap and operations differ with its id.
func makeProgram(id uint64) *wire.Program {
	p := &wire.Program{
		Id:               proto.Uint64(id),
		PhysPageSize:     proto.Uint64(4096 << (id % 8)),
		PhysHugePageSize: proto.Uint64((id % 2) << 21),
	}
	p.Operations = append(p.Operations, &wire.Operation{Operation: &wire.Operation_Grow{
		Grow: &wire.Grow{Chunk: 0xc000 + int64(id%5), ChunkCount: 1 + id%7}}})
	for slot := range uint32(20) {
		p.Operations = append(p.Operations,
			&wire.Operation{Operation: &wire.Operation_Alloc{Alloc: &wire.Alloc{Slot: slot, PageCount: 1 + id*uint64(slot)%90}}},
			&wire.Operation{Operation: &wire.Operation_Free{Free: &wire.Free{Slot: slot / 2}}},
			&wire.Operation{Operation: &wire.Operation_StartGen{StartGen: &wire.StartGen{}}},
			&wire.Operation{Operation: &wire.Operation_Scavenge{Scavenge: &wire.Scavenge{ByteCount: 1 << (slot % 20)}}})
	}
	return p
}

// makePacingProgram makes a program whose surroundings, and so all that the background scavenger does, differ with its id.
func makePacingProgram(id uint64) *wire.Program {
	p := &wire.Program{
		Id:               proto.Uint64(id),
		PhysPageSize:     proto.Uint64(4096 << (id % 4)),
		PhysHugePageSize: proto.Uint64((id % 2) << 21),
		Pacing:           proto.Bool(true),
	}
	p.Operations = append(p.Operations,
		&wire.Operation{Operation: &wire.Operation_Gomaxprocs{Gomaxprocs: &wire.Gomaxprocs{Count: 1 + id%9}}},
		&wire.Operation{Operation: &wire.Operation_Faketime{Faketime: &wire.Faketime{On: id%5 == 0}}},
		&wire.Operation{Operation: &wire.Operation_Scavtrace{Scavtrace: &wire.Scavtrace{On: id%3 == 0}}},
		&wire.Operation{Operation: &wire.Operation_ScavengeCost{ScavengeCost: &wire.ScavengeCost{CostNs: 3000 * (id % 7)}}},
		&wire.Operation{Operation: &wire.Operation_Span{Span: &wire.Span{Slot: 0, PageCount: 1}}})
	for slot := range uint32(12) {
		p.Operations = append(p.Operations,
			&wire.Operation{Operation: &wire.Operation_Span{Span: &wire.Span{Slot: slot + 1, PageCount: 100 + 37*(id%11)}}},
			&wire.Operation{Operation: &wire.Operation_Free{Free: &wire.Free{Slot: slot/2 + 1}}},
			&wire.Operation{Operation: &wire.Operation_Gc{Gc: &wire.Gc{HeapGoal: 1 + id%2, LastHeapGoal: 1 + id%13}}},
			&wire.Operation{Operation: &wire.Operation_Tick{Tick: &wire.Tick{DurationNs: 1 << (20 + id%14)}}})
	}
	return p
}

func exchange(t *testing.T, stream wire.PageHeapService_RunClient, p *wire.Program) *wire.Transcript {
	t.Helper()
	if err := stream.Send(p); err != nil {
		t.Fatal(err)
	}
	transcript, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	if transcript.GetProgramId() != p.GetId() {
		t.Fatalf("the transcript is of program %d, want %d", transcript.GetProgramId(), p.GetId())
	}
	return transcript
}

func TestDescribeNamesTheTarget(t *testing.T) {
	got, err := wire.NewPageHeapServiceClient(connect(t)).Describe(testContext(t), &wire.DescribeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if got.ProtocolVersion != 1 || got.Name != "go" || got.GoVersion != "go1.18.10" || len(got.Capabilities) != 9 ||
		got.OperationCountMax != 131072 || got.ProgramBytesMax != 16<<20 {
		t.Errorf("got %v", got)
	}
}

func TestHealthIsServing(t *testing.T) {
	client := healthpb.NewHealthClient(connect(t))
	for _, service := range []string{"", "pageheap.v1.PageHeapService"} {
		got, err := client.Check(testContext(t), &healthpb.HealthCheckRequest{Service: service})
		if err != nil || got.Status != healthpb.HealthCheckResponse_SERVING {
			t.Errorf("service %q: got %v, %v", service, got, err)
		}
	}
}

func TestReflectionListsTheService(t *testing.T) {
	stream, err := reflectionpb.NewServerReflectionClient(connect(t)).ServerReflectionInfo(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	err = stream.Send(&reflectionpb.ServerReflectionRequest{
		MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := stream.Recv()
	if err != nil || !strings.Contains(got.String(), "pageheap.v1.PageHeapService") {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestStreamsSideBySideGiveWhatTheyGiveAlone(t *testing.T) {
	for name, makeProgram := range map[string]func(id uint64) *wire.Program{
		"page heaps": makeProgram,
		"pacing":     makePacingProgram,
	} {
		t.Run(name, func(t *testing.T) { testStreamsSideBySide(t, makeProgram) })
	}
}

func testStreamsSideBySide(t *testing.T, makeProgram func(id uint64) *wire.Program) {
	const streamCount, programCount = 4, 60
	connection := connect(t)
	alone := make([][]byte, streamCount*programCount)
	for i := range alone {
		stream := openStream(t, connection)
		alone[i] = encode(t, exchange(t, stream, makeProgram(uint64(i))))
		if err := stream.CloseSend(); err != nil {
			t.Fatal(err)
		}
	}
	var streams sync.WaitGroup
	for number := range streamCount {
		stream := openStream(t, connection)
		streams.Go(func() {
			for i := range programCount {
				id := i*streamCount + number
				if err := stream.Send(makeProgram(uint64(id))); err != nil {
					t.Error(err)
					return
				}
				transcript, err := stream.Recv()
				if err != nil {
					t.Error(err)
					return
				}
				if encoded, err := (proto.MarshalOptions{Deterministic: true}).Marshal(transcript); err != nil ||
					!bytes.Equal(encoded, alone[id]) {
					t.Errorf("program %d: beside other streams its transcript differs (%v)", id, err)
				}
			}
		})
	}
	streams.Wait()
}

func encode(t *testing.T, transcript *wire.Transcript) []byte {
	t.Helper()
	encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(transcript)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func TestAStatusEndsItsStreamOnly(t *testing.T) {
	connection := connect(t)
	other := openStream(t, connection)
	exchange(t, other, makeProgram(1))

	invalid := makeProgram(2)
	invalid.Operations = append(invalid.Operations, invalid.Operations[1])
	large := makeProgram(3)
	large.Operations = append(large.Operations, &wire.Operation{Operation: &wire.Operation_Call{
		Call: &wire.Call{Function: wire.Function_FUNCTION_MERGE_SUMMARIES, Arguments: make([]uint64, 3<<20)}}})
	for _, refused := range []struct {
		program *wire.Program
		code    codes.Code
		text    string
	}{
		{invalid, codes.InvalidArgument, "operations[81].alloc.slot: s0 is written twice (first by operations[1])"},
		{large, codes.ResourceExhausted, "larger than max"},
	} {
		stream := openStream(t, connection)
		if err := stream.Send(refused.program); err != nil {
			t.Fatal(err)
		}
		_, err := stream.Recv()
		if got := status.Convert(err); got.Code() != refused.code || !strings.Contains(got.Message(), refused.text) {
			t.Errorf("got %v, want %v %q", err, refused.code, refused.text)
		}
		exchange(t, other, makeProgram(4))
		exchange(t, openStream(t, connection), makeProgram(5))
	}
}

func TestBytesThatAreNoProgramAreAStatus(t *testing.T) {
	connection := connect(t)
	description := &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}
	stream, err := connection.NewStream(testContext(t), description, wire.PageHeapService_Run_FullMethodName,
		grpc.ForceCodecV2(newCodec()))
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.SendMsg(encoded("\xff\xff\xff")); err != nil {
		t.Fatal(err)
	}
	if err := stream.RecvMsg(new(wire.Transcript)); status.Code(err) != codes.Internal {
		t.Errorf("got %v, want a status", err)
	}
	exchange(t, openStream(t, connection), makeProgram(1))
}

// panicking is a runner that is broken.
type panicking struct{ closed *bool }

func (panicking) Run(*wire.Program) ([]byte, error) { panic("broken") }
func (p panicking) Close()                          { *p.closed = true }

func TestAPanicOfTheHarnessIsAStatusAndTheServerGoesOn(t *testing.T) {
	var closed bool
	connection := connectTo(t, serve(service{newRunner: func() runner { return panicking{&closed} }}))
	for range 3 {
		stream := openStream(t, connection)
		if err := stream.Send(makeProgram(1)); err != nil {
			t.Fatal(err)
		}
		_, err := stream.Recv()
		if got := status.Convert(err); got.Code() != codes.Internal ||
			!strings.HasPrefix(got.Message(), "the harness itself panicked: broken") {
			t.Errorf("got %v", err)
		}
	}
	if !closed {
		t.Error("the runner was not closed")
	}
}

func TestAPipelineOfProgramsIsAnsweredInOrder(t *testing.T) {
	stream := openStream(t, connect(t))
	const count = 200
	sent := make(chan error, 1)
	go func() {
		for id := range uint64(count) {
			if err := stream.Send(makeProgram(id)); err != nil {
				sent <- fmt.Errorf("program %d: %w", id, err)
				return
			}
		}
		sent <- stream.CloseSend()
	}()
	for id := range uint64(count) {
		transcript, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if got := transcript.GetProgramId(); got != id {
			t.Fatalf("got program %d, want %d", got, id)
		}
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}
