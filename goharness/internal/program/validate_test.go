package program

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

func withHeader(change func(p *wire.Program)) *wire.Program {
	p := newProgram(grow(chunk, 1))
	change(p)
	return p
}

func labelled(p *wire.Program) *wire.Program {
	p.OutsideContract = proto.Bool(true)
	return p
}

var refusals = map[string]*wire.Program{
	"id: missing":                  withHeader(func(p *wire.Program) { p.Id = nil }),
	"phys_page_size: missing":      withHeader(func(p *wire.Program) { p.PhysPageSize = nil }),
	"phys_huge_page_size: missing": withHeader(func(p *wire.Program) { p.PhysHugePageSize = nil }),
	"phys_page_size: 5000 is no power of two in [4096, 524288]": withHeader(
		func(p *wire.Program) { p.PhysPageSize = proto.Uint64(5000) }),
	"phys_page_size: 1048576 is no power of two in [4096, 524288]": withHeader(
		func(p *wire.Program) { p.PhysPageSize = proto.Uint64(1 << 20) }),
	"phys_huge_page_size: 8388608 is neither 0 nor a power of two in [4096, 4194304]": withHeader(
		func(p *wire.Program) { p.PhysHugePageSize = proto.Uint64(8 << 20) }),
	"operations[1]: no operation, or one that this target does not know": newProgram(grow(chunk, 1), &wire.Operation{}),
	"operations[1].alloc.slot: s5 is written twice (first by operations[0])": newProgram(
		cacheAlloc(5, 0, 1), alloc(5, 1)),
	"operations[1].cache.slot: c0 is written twice (first by operations[0])":                               newProgram(fillCache(0), fillCache(0)),
	"operations[2].reserve.slot: r7 is written twice (first by operations[0])":                             newProgram(reserve(7), alloc(7, 1), reserve(7)),
	"operations[0].alloc.slot: slot 65536 is above 65535":                                                  newProgram(alloc(65536, 1)),
	"operations[0].free.slot: slot 65536 is above 65535":                                                   newProgram(free(65536)),
	"operations[0].cache_alloc.cache: slot 70000 is above 65535":                                           newProgram(cacheAlloc(0, 70000, 1)),
	"operations[0].flush.cache: slot 70000 is above 65535":                                                 newProgram(flush(70000)),
	"operations[0].scavenge_one.reservation: slot 70000 is above 65535":                                    newProgram(scavengeOne(70000, 1)),
	"operations[0].unreserve.reservation: slot 70000 is above 65535":                                       newProgram(unreserve(70000)),
	"operations[0].alloc.page_count: 0 is not in [1, 4294967296]":                                          newProgram(alloc(0, 0)),
	"operations[0].cache_alloc.page_count: 65 is not in [1, 64]":                                           newProgram(cacheAlloc(0, 0, 65)),
	"operations[0].grow.chunk_count: 0 is not in [1, 8192]":                                                newProgram(grow(chunk, 0)),
	"operations[0].grow.chunk_count: 8193 is not in [1, 8192]":                                             newProgram(grow(chunk, 8193)),
	"operations[0].grow.chunk: 1 chunks from 0 do not lie within [-33554431, -1) or [1, 33554432)":         newProgram(grow(0, 1)),
	"operations[0].grow.chunk: 1 chunks from -1 do not lie within [-33554431, -1) or [1, 33554432)":        newProgram(grow(-1, 1)),
	"operations[0].grow.chunk: 2 chunks from 33554431 do not lie within [-33554431, -1) or [1, 33554432)":  newProgram(grow(1<<25-1, 2)),
	"operations[0].grow.chunk: 1 chunks from -33554432 do not lie within [-33554431, -1) or [1, 33554432)": newProgram(grow(-1<<25, 1)),
	"operations[0].free.limit: 3 is not above first, 3":                                                    newProgram(freePages(0, 3, 3)),
	"operations[0].free.first: 2 without a limit": newProgram(&wire.Operation{
		Operation: &wire.Operation_Free{Free: &wire.Free{First: 2}}}),
	"operations[0].call.function: unknown function 0":          newProgram(call(0)),
	"operations[0].call.function: unknown function 14":         newProgram(call(14)),
	"operations[0].call.function: unknown function 999":        newProgram(call(999)),
	"operations[0].call.arguments: get takes 9 words, found 8": newProgram(call(wire.Function_FUNCTION_GET, make([]uint64, 8)...)),
	"operations[0].call.arguments: merge_summaries takes 1 words or more, found 0": newProgram(
		call(wire.Function_FUNCTION_MERGE_SUMMARIES)),
	"operations[0].call.arguments: ranges_add takes 2 words and 2 for each range, found 5": newProgram(
		call(wire.Function_FUNCTION_RANGES_ADD, make([]uint64, 5)...)),
	"operations[0].grow_at: allowed only in a program that is labelled outside_contract":          newProgram(growAt(0, 0)),
	"operations[0].free_at: allowed only in a program that is labelled outside_contract":          newProgram(freeAt(0, 0)),
	"operations[0].scavenge_at: allowed only in a program that is labelled outside_contract":      newProgram(scavengeAt(0, 0, 0)),
	"operations[0].unreserve_at: allowed only in a program that is labelled outside_contract":     newProgram(unreserveAt(0, 0, 0)),
	"operations[0].poke_summary: allowed only in a program that is labelled outside_contract":     newProgram(pokeSummary(0, 0, 0)),
	"operations[0].poke_chunk: allowed only in a program that is labelled outside_contract":       newProgram(pokeChunk(chunk, 0, 0)),
	"operations[0].poke_search_addr: allowed only in a program that is labelled outside_contract": newProgram(pokeSearchAddr(0)),
	"operations[0].grow_at.size: 34359738369 is above 34359738368":                                labelled(newProgram(growAt(0, 1<<35+1))),
	"operations[0].poke_summary.level: 5 is above 4":                                              labelled(newProgram(pokeSummary(5, 0, 0))),
	"operations[0].poke_chunk.allocated: a bitmap is 64 bytes, found 0": labelled(newProgram(&wire.Operation{
		Operation: &wire.Operation_PokeChunk{PokeChunk: &wire.PokeChunk{}}})),
}

func TestProgramsThatBreakARuleAreRefusedByFieldAndTheRunnerGoesOn(t *testing.T) {
	runner := NewRunner()
	defer runner.Close()
	for want, p := range refusals {
		_, err := runner.Run(p)
		if got := status.Convert(err); got.Code() != codes.InvalidArgument || got.Message() != want {
			t.Errorf("got %v %q, want %q", got.Code(), got.Message(), want)
		}
		run(t, runner, newProgram(grow(chunk, 1), alloc(5, 1), fillCache(0), reserve(7)))
	}
}

func TestARemovedOperationLeavesAValidProgram(t *testing.T) {
	for _, operation := range []*wire.Operation{
		free(3), freePages(3, 0, 9), cacheAlloc(0, 3, 1), flush(3), scavengeOne(3, 1), unreserve(3),
	} {
		steps := runFresh(t, newProgram(operation)).Steps
		if steps[0].Outcome.GetNothing() == nil {
			t.Errorf("%v on an empty slot: got %v, want nothing", operation, steps[0].Outcome)
		}
	}
}

func TestLimitsAreStatuses(t *testing.T) {
	runner := NewRunner()
	defer runner.Close()
	tooMany := newProgram(make([]*wire.Operation, OperationCountMax+1)...)
	tooLarge := newProgram()
	for i := range int64(chunksInUseMax/growChunksMax + 1) {
		tooLarge.Operations = append(tooLarge.Operations, grow(1+i*growChunksMax, growChunksMax))
	}
	for want, p := range map[string]*wire.Program{
		"operations: 131073, of at most 131072":                          tooMany,
		"the page heap would grow to 1056768 chunks, of at most 1048576": tooLarge,
	} {
		_, err := runner.Run(p)
		if got := status.Convert(err); got.Code() != codes.ResourceExhausted || got.Message() != want {
			t.Errorf("got %v %q, want %q", got.Code(), got.Message(), want)
		}
	}
	run(t, runner, newProgram(grow(chunk, 1), alloc(0, 1)))
}
