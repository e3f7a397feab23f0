package stdio

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

// echo answers with the program's id as transcript; an odd one is refused, 99 is the harness's fault.
type echo struct{}

func (echo) Run(p *wire.Program) ([]byte, error) {
	switch {
	case p.GetId() == 99:
		return nil, status.Error(codes.Internal, "broken")
	case p.GetId()%2 != 0:
		return nil, status.Error(codes.InvalidArgument, "id: odd")
	}
	return proto.Marshal(&wire.Transcript{ProgramId: p.Id})
}

func request(field protowire.Number, message proto.Message) []byte {
	content, err := proto.Marshal(message)
	if err != nil {
		panic(err)
	}
	body := protowire.AppendBytes(protowire.AppendTag(nil, field, protowire.BytesType), content)
	return append(binary.AppendUvarint(nil, uint64(len(body))), body...)
}

func program(id uint64) []byte { return request(requestProgram, &wire.Program{Id: proto.Uint64(id)}) }

func serve(t *testing.T, input ...[]byte) (responses [][]byte, err error) {
	t.Helper()
	var out bytes.Buffer
	err = Serve(bytes.NewReader(bytes.Join(input, nil)), &out, &wire.DescribeResponse{Name: "go"}, echo{})
	rest, found := bytes.CutPrefix(out.Bytes(), []byte("scavdiff stdio protobuf 1\n"))
	if !found {
		t.Fatalf("the first line is not the greeting: %q", out.Bytes())
	}
	for len(rest) > 0 {
		body, length := protowire.ConsumeBytes(rest)
		if length < 0 {
			t.Fatalf("%x is no response", rest)
		}
		responses = append(responses, body)
		rest = rest[length:]
	}
	return responses, err
}

func TestEachRequestIsAnsweredInOrder(t *testing.T) {
	responses, err := serve(t, request(requestDescribe, &wire.DescribeRequest{}), program(2), program(3), program(300))
	if err != nil || len(responses) != 4 {
		t.Fatalf("%d responses, %v", len(responses), err)
	}
	for i, want := range []protowire.Number{responseDescribe, responseTranscript, responseRefusal, responseTranscript} {
		if got, _, _ := protowire.ConsumeTag(responses[i]); got != want {
			t.Errorf("response %d holds field %d, want %d", i, got, want)
		}
	}
	if !strings.Contains(string(responses[2]), "INVALID_ARGUMENT") || !strings.Contains(string(responses[2]), "id: odd") {
		t.Errorf("the refusal is %q", responses[2])
	}
	content, _ := protowire.ConsumeBytes(responses[3][1:])
	transcript := new(wire.Transcript)
	if err := proto.Unmarshal(content, transcript); err != nil || transcript.GetProgramId() != 300 {
		t.Errorf("got %v, %v", transcript, err)
	}
}

func TestAProgramThatIsNoMessageIsRefused(t *testing.T) {
	responses, err := serve(t, []byte{4, requestProgram<<3 | 2, 2, 0xff, 0xff}, program(2))
	if err != nil || len(responses) != 2 || !strings.Contains(string(responses[0]), "INVALID_ARGUMENT") {
		t.Errorf("got %q, %v", responses, err)
	}
}

func TestAFaultOfTheHarnessEndsIt(t *testing.T) {
	if responses, err := serve(t, program(2), program(99), program(4)); status.Code(err) != codes.Internal || len(responses) != 1 {
		t.Errorf("%d responses, %v", len(responses), err)
	}
}

func TestInputThatIsNoRequestEndsIt(t *testing.T) {
	for want, input := range map[string][]byte{
		"ends within a request":                   {10, 1, 2},
		"holds neither describe nor a program":    {2, 5<<3 | 2, 0},
		"is no message of the protocol":           {3, requestProgram<<3 | 2, 9, 0},
		"a request of 33554433 bytes is longer":   binary.AppendUvarint(nil, requestBytesMax+1),
		"a request holds neither describe nor a ": {0},
	} {
		if _, err := serve(t, input); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%x: got %v, want %s", input, err, want)
		}
	}
}
