package program

import (
	"bytes"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

func thrown(text string) *wire.Outcome {
	return &wire.Outcome{Outcome: &wire.Outcome_Thrown{Thrown: &wire.Thrown{Text: text}}}
}

func panicked(kind wire.PanicKind, text string) *wire.Outcome {
	return &wire.Outcome{Outcome: &wire.Outcome_Panicked{
		Panicked: &wire.Panicked{Kind: kind, Text: "runtime error: " + text}}}
}

func returned(values ...uint64) *wire.Outcome {
	return &wire.Outcome{Outcome: &wire.Outcome_Returned{Returned: &wire.Returned{Values: values}}}
}

// failures provokes each throw and each kind of run-time panic of Go's code.
var failures = map[string]struct {
	program *wire.Program
	outcome *wire.Outcome
	printed string
}{
	"an allocation of no pages": {
		outsideProgram(grow(chunk, 1), alloc(0, 0)),
		panicked(wire.PanicKind_PANIC_KIND_NIL_DEREFERENCE, "invalid memory address or nil pointer dereference"), "",
	},
	"a free where no chunk ever was": {
		outsideProgram(grow(chunk, 1), freeAt(address+1<<40, 1)),
		panicked(wire.PanicKind_PANIC_KIND_NIL_DEREFERENCE, "invalid memory address or nil pointer dereference"), "",
	},
	"a free above the leaf summaries": {
		outsideProgram(grow(chunk, 1), freeAt(address+64*chunkSize, 1)),
		panicked(wire.PanicKind_PANIC_KIND_BOUNDS, "index out of range [33603648] with length 33603592"), "",
	},
	"a free between mapped leaf summaries": {
		outsideProgram(grow(chunk, 1), grow(chunk+4096, 1), freeAt(address+2048*chunkSize, 1)),
		panicked(wire.PanicKind_PANIC_KIND_MEMORY_FAULT, "invalid memory address or nil pointer dereference"), "",
	},
	"growth beyond the address space": {
		outsideProgram(growAt(0x7fff_ffff_f000, 1<<22)),
		panicked(wire.PanicKind_PANIC_KIND_BOUNDS, "slice bounds out of range [:32768] with capacity 16384"), "",
	},
	"growth of nothing": {
		outsideProgram(growAt(address, 0)),
		thrown("attempted to add zero-sized address range"), "runtime: range = {0x3000000000, 0x3000000000}\n",
	},
	"growth across the sign boundary": {
		outsideProgram(growAt(^uint64(0)-chunkSize+1, 2*chunkSize)),
		thrown("addr range base and limit are not in the same memory segment"), "",
	},
	"a summary that promises too much": {
		outsideProgram(grow(chunk, 1), alloc(0, 512), pokeSummary(4, 33603584, 0x0008000040000200), alloc(1, 3)),
		thrown("bad summary data"), "runtime: max = 512, npages = 3\nruntime: searchIdx = 0, p.searchAddr = 0x3000000000\n",
	},
	"a scavenge off alignment": {
		outsideProgram(grow(chunk, 1), scavengeAt(address+pageBytes, address+2*pageBytes, 1)),
		thrown("scavengeOne called with unaligned work region"), "",
	},
	"an unreserve off alignment": {
		outsideProgram(grow(chunk, 1), startGen(), unreserveAt(address+pageBytes, address+2*pageBytes, 1)),
		thrown("unreserving unaligned region"), "",
	},
	"an unreserve before any generation": {
		outsideProgram(unreserveAt(address, address+chunkSize, 0)),
		thrown("persistentalloc: size == 0"), "",
	},
	"the first address of no ranges": {
		outsideProgram(call(wire.Function_FUNCTION_RANGES_FIND_ADDR_GREATER_EQUAL, 1)),
		panicked(wire.PanicKind_PANIC_KIND_BOUNDS, "index out of range [0] with length 0"), "",
	},
	"a fill of three": {
		outsideProgram(call(wire.Function_FUNCTION_FILL_ALIGNED, 1, 3)),
		thrown("bad m value"), "",
	},
	"a candidate of three pages": {
		outsideProgram(call(wire.Function_FUNCTION_HAS_SCAVENGE_CANDIDATE, append(make([]uint64, 16), 3)...)),
		thrown("min must be a non-zero power of 2"), "runtime: min = 3\n",
	},
	"a candidate of 128 pages": {
		outsideProgram(call(wire.Function_FUNCTION_HAS_SCAVENGE_CANDIDATE, append(make([]uint64, 16), 128)...)),
		thrown("min too large"), "runtime: min = 128\n",
	},
	"a range out of a range's middle": {
		outsideProgram(call(wire.Function_FUNCTION_RANGE_SUBTRACT, 0x1000, 0x4000, 0x2000, 0x3000)),
		thrown("bad prune"), "",
	},
	"a level that is none": {
		outsideProgram(call(wire.Function_FUNCTION_OFF_ADDR_TO_LEVEL_INDEX, 5, 0)),
		panicked(wire.PanicKind_PANIC_KIND_BOUNDS, "index out of range [5] with length 5"), "",
	},
	"a negative level": {
		outsideProgram(call(wire.Function_FUNCTION_OFF_ADDR_TO_LEVEL_INDEX, ^uint64(0), 0)),
		panicked(wire.PanicKind_PANIC_KIND_BOUNDS, "index out of range [-1]"), "",
	},
}

func TestFailuresOfGoAreOutcomesAndTheNextProgramIsClean(t *testing.T) {
	shared := NewRunner()
	defer shared.Close()
	clean := newProgram(grow(chunk, 2), alloc(0, 600), free(0), startGen(), scavenge(1<<20))
	want := run(t, shared, clean)
	for name, failure := range failures {
		t.Run(name, func(t *testing.T) {
			last := lastStep(t, shared, failure.program)
			if !proto.Equal(last.Outcome, failure.outcome) {
				t.Errorf("got %v, want %v", last.Outcome, failure.outcome)
			}
			if got := last.GetPrinted(); got != failure.printed {
				t.Errorf("printed %q, want %q", got, failure.printed)
			}
			if !bytes.Equal(run(t, shared, clean), want) {
				t.Error("the failure left something for the next program")
			}
		})
	}
}

func TestAFailureEndsTheProgramAndTellsTheStateAsItWasLeft(t *testing.T) {
	transcript := runFresh(t, outsideProgram(grow(chunk, 1), alloc(0, 0), alloc(1, 1)))
	if got := len(transcript.Steps); got != 2 {
		t.Fatalf("got %d steps, want 2", got)
	}
	if transcript.End == nil || !transcript.End.GetComplete() {
		t.Error("the transcript has no complete end")
	}
}

func TestAThousandFaultsInARow(t *testing.T) {
	runner := NewRunner()
	defer runner.Close()
	failure := failures["a free between mapped leaf summaries"]
	for range 1000 {
		if last := lastStep(t, runner, failure.program); !proto.Equal(last.Outcome, failure.outcome) {
			t.Fatalf("got %v, want %v", last.Outcome, failure.outcome)
		}
	}
}

func TestAPanicOfTheHarnessIsNoOutcome(t *testing.T) {
	runner := NewRunner()
	defer runner.Close()
	get := &functions[wire.Function_FUNCTION_GET].call
	defer func(right func(_, _ []uint64) []uint64) { *get = right }(*get)
	*get = func(arguments, to []uint64) []uint64 { return append(to, arguments[len(arguments)]) }
	_, err := runner.Run(newProgram(call(wire.Function_FUNCTION_GET, make([]uint64, 9)...)))
	if err == nil || !strings.Contains(err.Error(), "the harness itself panicked: runtime error: index out of range [9]") {
		t.Errorf("got %v, want a status that names the panic", err)
	}
}
