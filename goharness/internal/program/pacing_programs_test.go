package program

import (
	"math/rand/v2"

	"google.golang.org/protobuf/proto"

	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

// The operations of programs with pacing.

func pacingProgram(operations ...*wire.Operation) *wire.Program {
	p := newProgram(operations...)
	p.Pacing = proto.Bool(true)
	return p
}

func outsidePacingProgram(operations ...*wire.Operation) *wire.Program {
	p := pacingProgram(operations...)
	p.OutsideContract = proto.Bool(true)
	return p
}

func tick(durationNs uint64) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_Tick{Tick: &wire.Tick{DurationNs: durationNs}}}
}

func timer() *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_Timer{Timer: &wire.Timer{}}}
}

func sysmon() *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_Sysmon{Sysmon: &wire.Sysmon{}}}
}

func wake() *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_Wake{Wake: &wire.Wake{}}}
}

func ready() *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_Ready{Ready: &wire.Ready{}}}
}

func gomaxprocs(count uint64) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_Gomaxprocs{Gomaxprocs: &wire.Gomaxprocs{Count: count}}}
}

func scavengeCost(costNs uint64) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_ScavengeCost{ScavengeCost: &wire.ScavengeCost{CostNs: costNs}}}
}

func faketime(on bool) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_Faketime{Faketime: &wire.Faketime{On: on}}}
}

func scavtrace(on bool) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_Scavtrace{Scavtrace: &wire.Scavtrace{On: on}}}
}

func pace(goal, lastGoal uint64) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_Pace{Pace: &wire.Pace{HeapGoal: goal, LastHeapGoal: lastGoal}}}
}

func markTermination(goal, lastGoal uint64) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_MarkTermination{
		MarkTermination: &wire.MarkTermination{HeapGoal: goal, LastHeapGoal: lastGoal}}}
}

func sweepDone() *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_SweepDone{SweepDone: &wire.SweepDone{}}}
}

func gc(goal, lastGoal uint64) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_Gc{Gc: &wire.Gc{HeapGoal: goal, LastHeapGoal: lastGoal}}}
}

func scavengeAll() *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_ScavengeAll{ScavengeAll: &wire.ScavengeAll{}}}
}

func newSpan(slot uint32, pageCount uint64) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_Span{Span: &wire.Span{Slot: slot, PageCount: pageCount}}}
}

func heapRetained() *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_HeapRetained{HeapRetained: &wire.HeapRetained{}}}
}

func printScavTrace(generation uint32, released uint64, forced bool) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_PrintScavTrace{
		PrintScavTrace: &wire.PrintScavTrace{Generation: generation, Released: released, Forced: forced}}}
}

func pokePhysPage(byteCount uint64) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_PokePhysPage{PokePhysPage: &wire.PokePhysPage{ByteCount: byteCount}}}
}

func pokeStats(heapSys, heapReleased, heapInuse uint64) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_PokeStats{
		PokeStats: &wire.PokeStats{HeapSys: heapSys, HeapReleased: heapReleased, HeapInuse: heapInuse}}}
}

func pokeClock(nowNs int64) *wire.Operation {
	return &wire.Operation{Operation: &wire.Operation_PokeClock{PokeClock: &wire.PokeClock{NowNs: uint64(nowNs)}}}
}

// randomPacingProgram makes a program whose heap has something to give back, so that the scavenger works and sleeps.
func randomPacingProgram(seed uint64, outside bool) *wire.Program {
	random := rand.New(rand.NewPCG(seed, 1))
	p := pacingProgram(newSpan(0, 1+random.Uint64N(4096)))
	p.PhysPageSize = proto.Uint64(4096 << random.IntN(8))
	p.PhysHugePageSize = proto.Uint64(random.Uint64N(2) << 21)
	p.OutsideContract = proto.Bool(outside)
	for slot := uint32(1); len(p.Operations) < 90; slot++ {
		operation := randomPacingOperation(random, slot)
		switch choice := random.IntN(20); {
		case choice < 6:
			operation = randomOperation(random, slot, outside)
		case choice == 6 && outside:
			operation = randomPacingUpset(random)
		}
		p.Operations = append(p.Operations, operation)
	}
	return p
}

func randomPacingOperation(random *rand.Rand, slot uint32) *wire.Operation {
	old := random.Uint32N(slot + 1)
	switch random.IntN(22) {
	case 0, 1:
		return newSpan(slot, 1+random.Uint64N(2000))
	case 2, 3:
		return free(old)
	case 4:
		return freePages(old, random.Uint64N(1000), 1000+random.Uint64N(1000))
	case 5, 6:
		return gc(random.Uint64N(1<<20), 1+random.Uint64N(1<<20))
	case 7:
		return tick(random.Uint64N(1 << random.IntN(35)))
	case 8:
		return timer()
	case 9:
		return sysmon()
	case 10:
		return wake()
	case 11:
		return ready()
	case 12:
		return gomaxprocs(1 + random.Uint64N(64))
	case 13:
		return scavengeCost(random.Uint64N(1 << random.IntN(20)))
	case 14:
		return faketime(random.IntN(2) == 0)
	case 15:
		return scavtrace(random.IntN(2) == 0)
	case 16:
		return pace(random.Uint64N(1<<20), random.Uint64N(1<<20))
	case 17, 18:
		return markTermination(random.Uint64N(1<<20), 1+random.Uint64N(1<<20))
	case 19:
		return sweepDone()
	case 20:
		return scavengeAll()
	}
	return heapRetained()
}

func randomPacingUpset(random *rand.Rand) *wire.Operation {
	switch random.IntN(6) {
	case 0:
		return pokePhysPage(4096 * (1 + random.Uint64N(256)))
	case 1:
		return pokeStats(random.Uint64N(1<<30), random.Uint64N(1<<30), random.Uint64N(1<<30))
	case 2:
		return pokeClock(int64(random.Uint64()) >> random.IntN(40))
	case 3:
		return gomaxprocs(0)
	case 4:
		return newSpan(60000+random.Uint32N(5000), 1<<34+random.Uint64N(1<<39))
	}
	return printScavTrace(random.Uint32(), random.Uint64(), false)
}
