package program

import (
	"math/rand/v2"
	"testing"

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

func outsideProgram(operations ...*wire.Operation) *wire.Program {
	p := newProgram(operations...)
	p.OutsideContract = proto.Bool(true)
	return p
}

func grow(chunk int64, count uint64) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_Grow{Grow: &wire.Grow{Chunk: chunk, ChunkCount: count}}}
}

func alloc(slot uint32, pageCount uint64) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_Alloc{Alloc: &wire.Alloc{Slot: slot, PageCount: pageCount}}}
}

func free(slot uint32) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_Free{Free: &wire.Free{Slot: slot}}}
}

func freePages(slot uint32, first, limit uint64) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_Free{Free: &wire.Free{Slot: slot, First: first, Limit: &limit}}}
}

func fillCache(slot uint32) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_Cache{Cache: &wire.Cache{Slot: slot}}}
}

func cacheAlloc(slot, cache uint32, pageCount uint64) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_CacheAlloc{
		CacheAlloc: &wire.CacheAlloc{Slot: slot, Cache: cache, PageCount: pageCount}}}
}

func flush(cache uint32) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_Flush{Flush: &wire.Flush{Cache: cache}}}
}

func startGen() *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_StartGen{StartGen: &wire.StartGen{}}}
}

func scavenge(byteCount uint64) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_Scavenge{Scavenge: &wire.Scavenge{ByteCount: byteCount}}}
}

func reserve(slot uint32) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_Reserve{Reserve: &wire.Reserve{Slot: slot}}}
}

func scavengeOne(slot uint32, most uint64) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_ScavengeOne{
		ScavengeOne: &wire.ScavengeOne{Reservation: slot, ByteCountMax: most}}}
}

func unreserve(slot uint32) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_Unreserve{Unreserve: &wire.Unreserve{Reservation: slot}}}
}

func call(function wire.Function, arguments ...uint64) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_Call{Call: &wire.Call{Function: function, Arguments: arguments}}}
}

func growAt(base, size uint64) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_GrowAt{GrowAt: &wire.GrowAt{Base: base, Size: size}}}
}

func freeAt(base, pageCount uint64) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_FreeAt{FreeAt: &wire.FreeAt{Base: base, PageCount: pageCount}}}
}

func scavengeAt(base, limit, most uint64) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_ScavengeAt{
		ScavengeAt: &wire.ScavengeAt{Base: base, Limit: limit, ByteCountMax: most}}}
}

func unreserveAt(base, limit uint64, generation uint32) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_UnreserveAt{
		UnreserveAt: &wire.UnreserveAt{Base: base, Limit: limit, Generation: generation}}}
}

func pokeSummary(level uint32, index, value uint64) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_PokeSummary{
		PokeSummary: &wire.PokeSummary{Level: level, Index: index, Value: value}}}
}

func pokeChunk(chunk int64, allocated, scavenged byte) *wire.Operation {
	bitmap := func(fill byte) []byte {
		text := make([]byte, bitmapBytes)
		for i := range text {
			text[i] = fill
		}
		return text
	}
	return &wire.Operation{Operation: &wire.Operation_PokeChunk{
		PokeChunk: &wire.PokeChunk{Chunk: chunk, Allocated: bitmap(allocated), Scavenged: bitmap(scavenged)}}}
}

func pokeSearchAddr(address uint64) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_PokeSearchAddr{
		PokeSearchAddr: &wire.PokeSearchAddr{Address: address}}}
}

const (
	chunk     = 0xc000
	address   = chunk << 22
	chunkSize = 4 << 20
	pageBytes = 8192
)

// randomProgram makes a program of operations that are near each other often enough to interact.
func randomProgram(seed uint64, outside bool) *wire.Program {
	random := rand.New(rand.NewPCG(seed, 0))
	p := newProgram(grow(chunk, 1+random.Uint64N(3)))
	p.PhysPageSize = proto.Uint64(4096 << random.IntN(8))
	p.OutsideContract = proto.Bool(outside)
	for slot := uint32(0); len(p.Operations) < 60; slot++ {
		p.Operations = append(p.Operations, randomOperation(random, slot, outside))
	}
	return p
}

func randomOperation(random *rand.Rand, slot uint32, outside bool) *wire.Operation {
	old := random.Uint32N(slot + 1)
	if outside && random.IntN(5) == 0 {
		return randomUpset(random)
	}
	switch random.IntN(16) {
	case 0:
		return grow(chunk-2+random.Int64N(8), 1+random.Uint64N(4))
	case 1:
		return grow(chunk+random.Int64N(4096)*(random.Int64N(2)*2-1), 1)
	case 2:
		return fillCache(slot)
	case 3:
		return cacheAlloc(slot, old, 1+random.Uint64N(16))
	case 4:
		return flush(old)
	case 5:
		return startGen()
	case 6:
		return scavenge(random.Uint64N(1 << 20))
	case 7:
		return reserve(slot)
	case 8:
		return scavengeOne(old, random.Uint64N(1<<20))
	case 9:
		return unreserve(old)
	case 10:
		return freePages(old, random.Uint64N(8), 8+random.Uint64N(8))
	case 11:
		return free(old)
	case 12:
		return alloc(slot, 1+random.Uint64N(1200))
	}
	return alloc(slot, 1+random.Uint64N(40))
}

func randomUpset(random *rand.Rand) *wire.Operation {
	near := address + random.Uint64N(6*chunkSize) - chunkSize
	nearChunk := near &^ (chunkSize - 1)
	switch random.IntN(7) {
	case 0:
		return growAt(nearChunk, chunkSize*(1+random.Uint64N(3)))
	case 1:
		return freeAt(near&^(pageBytes-1), 1+random.Uint64N(1200))
	case 2:
		return scavengeAt(nearChunk, nearChunk+chunkSize, random.Uint64N(1<<20))
	case 3:
		return unreserveAt(nearChunk, nearChunk+chunkSize, random.Uint32N(4))
	case 4:
		return pokeSummary(random.Uint32N(5), (near+1<<47)>>22, random.Uint64())
	case 5:
		return pokeChunk(chunk+random.Int64N(4), byte(random.Uint32()), byte(random.Uint32()))
	}
	return pokeSearchAddr(near)
}

// run runs a program on a runner and fails the test on a status.
func run(t testing.TB, runner *Runner, p *wire.Program) []byte {
	t.Helper()
	transcript, err := runner.Run(p)
	if err != nil {
		t.Fatal(err)
	}
	return transcript
}

// runFresh runs a program on a page heap that nothing ran on before.
func runFresh(t testing.TB, p *wire.Program) *wire.Transcript {
	t.Helper()
	runner := NewRunner()
	defer runner.Close()
	return decode(t, run(t, runner, p))
}

func decode(t testing.TB, encoded []byte) *wire.Transcript {
	t.Helper()
	transcript := new(wire.Transcript)
	if err := proto.Unmarshal(encoded, transcript); err != nil {
		t.Fatal(err)
	}
	return transcript
}
