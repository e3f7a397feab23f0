// Package stdio serves a page heap over standard input and output: requests in, one response each, in order, until the
// input ends. The framing is in proto/pageheap/v1/stdio.proto.
package stdio

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"scavdiff/goharness/internal/observation"
	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

// greeting is the first line that is written.
const greeting = "scavdiff stdio protobuf 1\n"

const (
	bufferBytes     = 64 << 10
	requestBytesMax = 32 << 20
)

// Field numbers of StdioRequest, StdioResponse and Refusal.
const (
	requestDescribe = 1
	requestProgram  = 2

	responseDescribe   = 1
	responseTranscript = 2
	responseRefusal    = 3

	refusalStatus  = 1
	refusalMessage = 2
)

// Runner runs programs.
type Runner interface {
	Run(p *wire.Program) (transcript []byte, err error)
}

// Serve answers what it reads until the input ends. A program that is refused is answered with a Refusal; the error that
// Serve returns is of the input or output, or of the harness itself.
func Serve(input io.Reader, output io.Writer, description *wire.DescribeResponse, runner Runner) error {
	described, err := proto.Marshal(description)
	if err != nil {
		return err
	}
	s := server{
		in:        bufio.NewReaderSize(input, bufferBytes),
		out:       bufio.NewWriterSize(output, bufferBytes),
		described: described,
		runner:    runner,
	}
	if _, err := s.out.WriteString(greeting); err != nil {
		return err
	}
	for {
		// Each answer goes out before the next program runs, so that a death is charged to the program that brings it about.
		if err := s.out.Flush(); err != nil {
			return err
		}
		if err := s.answerNext(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

type server struct {
	in        *bufio.Reader
	out       *bufio.Writer
	described []byte
	runner    Runner
	request   []byte
	head      []byte
}

// answerNext returns io.EOF where the input ends between two requests.
func (s *server) answerNext() error {
	length, err := binary.ReadUvarint(s.in)
	if err != nil {
		return err
	}
	if length > requestBytesMax {
		return fmt.Errorf("a request of %d bytes is longer than %d", length, requestBytesMax)
	}
	if uint64(cap(s.request)) < length {
		s.request = make([]byte, length)
	}
	s.request = s.request[:length]
	if _, err := io.ReadFull(s.in, s.request); err != nil {
		return fmt.Errorf("the input ends within a request: %w", io.ErrUnexpectedEOF)
	}
	field, kind, tagLength := protowire.ConsumeTag(s.request)
	if tagLength < 0 || kind != protowire.BytesType {
		return errors.New("a request holds neither describe nor a program")
	}
	content, contentLength := protowire.ConsumeBytes(s.request[tagLength:])
	switch {
	case contentLength < 0 || tagLength+contentLength != len(s.request):
		return errors.New("a request is no message of the protocol")
	case field == requestDescribe:
		return s.write(responseDescribe, s.described)
	case field == requestProgram:
		return s.run(content)
	}
	return errors.New("a request holds neither describe nor a program")
}

func (s *server) run(encoded []byte) error {
	program := new(wire.Program)
	if err := proto.Unmarshal(encoded, program); err != nil {
		return s.refuse(codes.InvalidArgument, "the program is no message of the protocol: "+err.Error())
	}
	transcript, err := s.runner.Run(program)
	if err == nil {
		return s.write(responseTranscript, transcript)
	}
	if refused := status.Convert(err); refused.Code() != codes.Internal {
		return s.refuse(refused.Code(), refused.Message())
	}
	return err
}

func (s *server) refuse(code codes.Code, message string) error {
	name, ok := refusals[code]
	if !ok {
		return status.Error(code, message)
	}
	content := observation.AppendText(nil, refusalStatus, name)
	return s.write(responseRefusal, observation.AppendText(content, refusalMessage, message))
}

// refusals are the statuses of a program that is not run, by the names that the protocol gives them.
var refusals = map[codes.Code]string{
	codes.InvalidArgument:   "INVALID_ARGUMENT",
	codes.ResourceExhausted: "RESOURCE_EXHAUSTED",
	codes.Unimplemented:     "UNIMPLEMENTED",
}

// write writes a response that holds one field.
func (s *server) write(field protowire.Number, content []byte) error {
	head := protowire.AppendTag(s.head[:0], field, protowire.BytesType)
	head = protowire.AppendVarint(head, uint64(len(content)))
	length := len(head) + len(content)
	s.head = head
	var prefix [binary.MaxVarintLen64]byte
	if _, err := s.out.Write(prefix[:binary.PutUvarint(prefix[:], uint64(length))]); err != nil {
		return err
	}
	if _, err := s.out.Write(head); err != nil {
		return err
	}
	_, err := s.out.Write(content)
	return err
}
