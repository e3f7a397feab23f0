package server

import (
	"context"
	"slices"
	"sync"

	"google.golang.org/grpc"

	"scavdiff/goharness/internal/program"
	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

// naiveName is the service of NewNaive: Begin takes a Program and makes its page heap, Perform takes an Operation and
// answers with a Step that carries the whole state.
const naiveName = "pageheap.benchmark.Naive"

// NewNaive makes a gRPC server that performs one operation a call, on one page heap. It is no target: the benchmarks
// measure it to say what whole programs and exact changes bring.
func NewNaive() *grpc.Server {
	s := &naive{session: program.NewSession()}
	server := grpc.NewServer(grpc.ForceServerCodecV2(newCodec()), grpc.MaxSendMsgSize(program.TranscriptBytesMax))
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: naiveName,
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{unary("Begin", s.begin), unary("Perform", s.perform)},
	}, s)
	return server
}

// naive serves one client.
type naive struct {
	// lock protects session.
	lock    sync.Mutex
	session *program.Session
}

func (n *naive) begin(header *wire.Program) (encoded, error) {
	n.lock.Lock()
	defer n.lock.Unlock()
	return nil, n.session.Begin(header)
}

func (n *naive) perform(operation *wire.Operation) (encoded, error) {
	n.lock.Lock()
	defer n.lock.Unlock()
	step, err := n.session.Perform(operation)
	return slices.Clone(encoded(step)), err
}

func unary[Request any](name string, handle func(*Request) (encoded, error)) grpc.MethodDesc {
	return grpc.MethodDesc{
		MethodName: name,
		Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			request := new(Request)
			if err := decode(request); err != nil {
				return nil, err
			}
			return handle(request)
		},
	}
}
