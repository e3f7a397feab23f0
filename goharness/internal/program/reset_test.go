package program

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

// TestNothingOfAProgramIsLeftForTheNext holds the transcripts of programs that share a page heap to those of a page heap
// of their own. Programs that throw, fault and write outside of what they grew are among them.
func TestNothingOfAProgramIsLeftForTheNext(t *testing.T) {
	shared := NewRunner()
	defer shared.Close()
	failures := 0
	forRandomPrograms(t, func(t *testing.T, p *wire.Program) {
		fresh := NewRunner()
		defer fresh.Close()
		inFresh, inShared := run(t, fresh, p), run(t, shared, p)
		if !bytes.Equal(inFresh, inShared) {
			t.Fatalf("program %s: the transcript depends on the programs before", prototext.Format(p))
		}
		if len(decode(t, inShared).Steps) < len(p.Operations) {
			failures++
		}
	})
	if failures < randomPrograms/10 {
		t.Errorf("only %d programs failed, which is too few to show that a failure leaves nothing", failures)
	}
}

// TestSettingsOfAProgramAreNotThoseOfTheNext runs a program that shows each setting, after others that changed one, on
// the same page heap and on another.
func TestSettingsOfAProgramAreNotThoseOfTheNext(t *testing.T) {
	here, elsewhere := NewRunner(), NewRunner()
	defer here.Close()
	defer elsewhere.Close()
	probe := pacingProgram(newSpan(0, 1), newSpan(1, 2048), free(1), gc(1, 1<<40), tick(3*second), sweepDone())
	probe.PhysHugePageSize = proto.Uint64(0)
	want := run(t, here, probe)
	for name, setting := range map[string]*wire.Operation{
		"gomaxprocs":    gomaxprocs(64),
		"faketime":      faketime(true),
		"scavtrace":     scavtrace(true),
		"scavenge_cost": scavengeCost(7),
	} {
		changed := proto.CloneOf(probe)
		changed.Operations = append([]*wire.Operation{setting}, changed.Operations...)
		shown := decode(t, run(t, here, changed))
		shown.Steps = shown.Steps[1:]
		if proto.Equal(shown, decode(t, want)) {
			t.Errorf("%s: the probe does not show it", name)
		}
		for _, runner := range []*Runner{here, elsewhere} {
			if !bytes.Equal(run(t, runner, probe), want) {
				t.Errorf("%s is left from the program before", name)
			}
		}
	}
}

// farChunk is so far above chunk that no physical page holds summaries of both, at any level but the root.
const farChunk = chunk + 1<<17

func TestSummariesOfTheProgramBeforeFaultAgain(t *testing.T) {
	runner := NewRunner()
	defer runner.Close()
	run(t, runner, newProgram(grow(chunk, 1), grow(farChunk, 1), alloc(0, 1)))

	// The same growth keeps what it maps, and a read beyond it faults, also where the program before had mapped it and
	// also when this one grows there later.
	between := uint64(farChunk) << 22
	last := lastStep(t, runner, outsideProgram(
		grow(chunk, 1), grow(farChunk+2048, 1), freeAt(between, 1), grow(farChunk, 1)))
	want := &wire.Panicked{
		Kind: wire.PanicKind_PANIC_KIND_MEMORY_FAULT,
		Text: "runtime error: invalid memory address or nil pointer dereference",
	}
	if got := last.Outcome.GetPanicked(); !proto.Equal(got, want) {
		t.Errorf("got %v, want %v", last.Outcome, want)
	}
}

func TestGrowthThatIsMappedAlreadyIsNotMappedAgainAndIsZero(t *testing.T) {
	runner := NewRunner()
	defer runner.Close()
	p := newProgram(grow(chunk, 1), grow(farChunk, 1), alloc(0, 700))
	first := run(t, runner, p)
	for range 3 {
		if again := run(t, runner, p); !bytes.Equal(first, again) {
			t.Fatal("the same program gives another transcript the second time")
		}
	}
}

func lastStep(t *testing.T, runner *Runner, p *wire.Program) *wire.Step {
	t.Helper()
	return lastStepOf(decode(t, run(t, runner, p)))
}
