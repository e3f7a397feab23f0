package program_test

import (
	"google.golang.org/protobuf/proto"

	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

func newProgram(operations ...*wire.Operation) *wire.Program {
	return &wire.Program{
		Id:               proto.Uint64(1),
		PhysPageSize:     proto.Uint64(4096),
		PhysHugePageSize: proto.Uint64(2 << 20),
		Operations:       operations,
	}
}

// add appends an operation; each is a value of one of the generated oneof wrappers.
func add(p *wire.Program, operation any) {
	p.Operations = append(p.Operations, op(operation))
}

func op(operation any) *wire.Operation {
	switch o := operation.(type) {
	case *wire.Operation_Grow:
		return &wire.Operation{Operation: o}
	case *wire.Operation_Alloc:
		return &wire.Operation{Operation: o}
	case *wire.Operation_Free:
		return &wire.Operation{Operation: o}
	case *wire.Operation_StartGen:
		return &wire.Operation{Operation: o}
	case *wire.Operation_Scavenge:
		return &wire.Operation{Operation: o}
	}
	panic("unknown operation")
}
