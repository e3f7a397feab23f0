// Package server serves page heaps by the protocol in proto/pageheap/v1.
package server

import (
	"context"
	"errors"
	"io"
	"runtime/debug"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"

	"scavdiff/goharness/internal/pageheap"
	"scavdiff/goharness/internal/program"
	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

const (
	protocolVersion = 1
	targetName      = "go"
	targetVersion   = "1"
	goVersion       = "go1.18.10"

	// windowBytes lets a driver send programs ahead while one runs.
	windowBytes = 4 << 20
)

// New makes a gRPC server with the page heap service, health and reflection.
func New() *grpc.Server {
	return serve(service{newRunner: func() runner { return program.NewRunner() }})
}

func serve(s service) *grpc.Server {
	server := grpc.NewServer(
		grpc.ForceServerCodecV2(newCodec()),
		grpc.MaxRecvMsgSize(program.ProgramBytesMax),
		grpc.MaxSendMsgSize(program.TranscriptBytesMax),
		grpc.InitialWindowSize(windowBytes),
		grpc.InitialConnWindowSize(windowBytes),
		grpc.WaitForHandlers(true),
	)
	wire.RegisterPageHeapServiceServer(server, s)
	healthServer := health.NewServer()
	healthServer.SetServingStatus("", healthpb.HealthCheckResponse_SERVING)
	healthServer.SetServingStatus(wire.PageHeapService_ServiceDesc.ServiceName, healthpb.HealthCheckResponse_SERVING)
	healthpb.RegisterHealthServer(server, healthServer)
	reflection.Register(server)
	return server
}

type service struct {
	wire.UnimplementedPageHeapServiceServer
	newRunner func() runner
}

// runner runs one stream's programs.
type runner interface {
	Run(p *wire.Program) (transcript []byte, err error)
	Close()
}

// Describe names this target.
func (service) Describe(context.Context, *wire.DescribeRequest) (*wire.DescribeResponse, error) {
	return Description(), nil
}

// Description is this target's answer to Describe.
func Description() *wire.DescribeResponse {
	description := &wire.DescribeResponse{
		ProtocolVersion: protocolVersion,
		Name:            targetName,
		Version:         targetVersion,
		GoVersion:       goVersion,
		Capabilities: []wire.Capability{
			wire.Capability_CAPABILITY_BITS,
			wire.Capability_CAPABILITY_RANGES,
			wire.Capability_CAPABILITY_SUMMARIES,
			wire.Capability_CAPABILITY_PAGE_ALLOCATOR,
			wire.Capability_CAPABILITY_PAGE_CACHE,
			wire.Capability_CAPABILITY_SCAVENGE,
			wire.Capability_CAPABILITY_OUTSIDE_CONTRACT,
			wire.Capability_CAPABILITY_PACING,
			wire.Capability_CAPABILITY_SERIES,
		},
		OperationCountMax: program.OperationCountMax,
		ProgramBytesMax:   program.ProgramBytesMax,
	}
	for _, counter := range pageheap.Counters() {
		description.Counters = append(description.Counters, &wire.Counter{
			File:           counter.File,
			Line:           uint32(counter.Line),
			StatementCount: uint32(counter.StatementCount),
		})
	}
	if len(description.Counters) != 0 {
		description.Capabilities = append(description.Capabilities, wire.Capability_CAPABILITY_COUNTERS)
	}
	return description
}

// Run runs the stream's programs in order on a page heap of the stream's own.
func (s service) Run(stream grpc.BidiStreamingServer[wire.Program, wire.Transcript]) (err error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			err = status.Errorf(codes.Internal, "the harness itself panicked: %v\n%s", recovered, debug.Stack())
		}
	}()
	programs := s.newRunner()
	defer programs.Close()
	for {
		received, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		transcript, err := programs.Run(received)
		if err != nil {
			return err
		}
		if err := stream.SendMsg(encoded(transcript)); err != nil {
			return err
		}
	}
}
