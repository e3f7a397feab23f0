package program

import (
	"testing"

	"google.golang.org/protobuf/proto"

	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

const all = ^uint64(0)

// except is a bitmap argument of ones but for the pages [base, limit).
func except(base, limit uint) []uint64 {
	words := make([]uint64, 8)
	for page := range uint(512) {
		if page < base || page >= limit {
			words[page/64] |= 1 << (page % 64)
		}
	}
	return words
}

// quirks are behaviours of Go 1.18 that look wrong, each with what its last operation does.
var quirks = map[string]struct {
	program *wire.Program
	outcome *wire.Outcome
}{
	"Q1: a flush hides its pages for a generation": {
		newProgram(
			grow(chunk, 2), alloc(0, 512), alloc(1, 512), freePages(1, 64, 128), fillCache(0), startGen(),
			freePages(0, 5, 6), scavenge(all), flush(0), startGen(), scavenge(all)),
		returned(0),
	},
	"Q1: and one generation later shows them": {
		newProgram(
			grow(chunk, 2), alloc(0, 512), alloc(1, 512), freePages(1, 64, 128), fillCache(0), startGen(),
			freePages(0, 5, 6), scavenge(all), flush(0), startGen(), scavenge(all), startGen(), scavenge(all)),
		returned(64 * pageBytes),
	},
	"Q4: a huge page is not broken": {
		newProgram(grow(chunk, 1), alloc(0, 512), free(0), startGen(), scavenge(1)),
		returned(2 << 20),
	},
	"Q4: nor is the second, and then there is nothing": {
		newProgram(grow(chunk, 1), alloc(0, 512), free(0), startGen(), scavenge(1), scavenge(1), scavenge(1)),
		returned(0),
	},
	"Q5: the search looks at whole words": {
		newProgram(call(wire.Function_FUNCTION_FIND_SCAVENGE_CANDIDATE,
			append(append(and(except(40, 42), except(60, 62)), make([]uint64, 8)...), 41, 1, 1)...)),
		returned(61, 1),
	},
	"Q9: there is nothing to scavenge before the first generation": {
		newProgram(grow(chunk, 1), alloc(0, 512), free(0), scavenge(all)),
		returned(0),
	},
	"Q10: a cache of 64 pages gives 128": {
		outsideProgram(grow(chunk, 1), fillCache(0), cacheAlloc(0, 0, 128)),
		returned(address, 64*pageBytes, address, 0, 0),
	},
	"Q12: there is no first address of nothing": {
		outsideProgram(call(wire.Function_FUNCTION_RANGES_FIND_ADDR_GREATER_EQUAL, 1)),
		panicked(wire.PanicKind_PANIC_KIND_BOUNDS, "index out of range [0] with length 0"),
	},
}

func and(a, b []uint64) []uint64 {
	both := make([]uint64, len(a))
	for i := range a {
		both[i] = a[i] & b[i]
	}
	return both
}

func TestQuirksOfGoAreThere(t *testing.T) {
	for name, quirk := range quirks {
		t.Run(name, func(t *testing.T) {
			if last := lastStepOf(runFresh(t, quirk.program)); !proto.Equal(last.Outcome, quirk.outcome) {
				t.Errorf("got %v, want %v", last.Outcome, quirk.outcome)
			}
		})
	}
}

func TestAStaleReservationIsLostForAGeneration(t *testing.T) {
	// Q3: the second of two reservations scavenges, and the first comes back after the next generation started.
	transcript := runFresh(t, newProgram(
		grow(chunk, 2), alloc(0, 512), alloc(1, 512), free(0), free(1), startGen(), reserve(0), reserve(1),
		scavengeOne(1, all), startGen(), unreserve(0), scavenge(all)))
	last := lastStepOf(transcript)
	if !proto.Equal(last.Outcome, returned(0)) {
		t.Errorf("got %v, want 0: the first reservation's free chunk is out of sight", last.Outcome)
	}
}

func TestFreeHWMIsALastByteUsedAsALimit(t *testing.T) {
	// Q2: a free raises freeHWM to the last byte, and the next generation searches up to it, exclusively.
	transcript := runFresh(t, newProgram(grow(chunk, 1), alloc(0, 512), startGen(), freePages(0, 0, 2), scavenge(1), startGen()))
	last := lastStepOf(transcript)
	want := &wire.RangeSet{Bounds: []uint64{address, address + 2*pageBytes - 1}, TotalBytes: proto.Uint64(2*pageBytes - 1)}
	if !proto.Equal(last.Observation.ScavInUse, want) {
		t.Errorf("got %v, want %v", last.Observation.ScavInUse, want)
	}
}
