package program

import (
	"bytes"
	"maps"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"scavdiff/goharness/internal/observation"
	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

const randomPrograms = 300

// forRandomPrograms runs check on random programs, of every combination of labels.
func forRandomPrograms(t *testing.T, check func(t *testing.T, p *wire.Program)) {
	for seed := range uint64(randomPrograms) {
		for _, outside := range []bool{false, true} {
			check(t, randomProgram(seed, outside))
			check(t, randomPacingProgram(seed, outside))
		}
	}
}

func TestWhatAnOperationTouchedIsAllThatAScanOfEverythingFinds(t *testing.T) {
	runner := NewRunner()
	defer runner.Close()
	scanning := observation.NewRecorder(runner.heap)
	steps := 0
	runner.observe = func(r *Runner, to []byte) []byte {
		touched := r.appendTouched(to)
		if scanned := scanning.AppendScanned(nil); !bytes.Equal(touched, scanned) {
			t.Fatalf("touched:\n%s\nscanned:\n%s", observationText(touched), observationText(scanned))
		}
		steps++
		return touched
	}
	forRandomPrograms(t, func(t *testing.T, p *wire.Program) {
		scanning.Reset()
		runner.heap.Use(4096, 0, func() error {
			runner.heap.Start()
			if p.GetPacing() {
				runner.heap.StartBackground()
				scanning.ObservePacing()
			}
			scanning.AppendComplete(nil)
			runner.heap.Clean(true)
			return nil
		})
		run(t, runner, p)
	})
	if steps < 10_000 {
		t.Errorf("only %d steps were compared", steps)
	}
}

func observationText(encoded []byte) string {
	o := new(wire.Observation)
	if err := proto.Unmarshal(encoded, o); err != nil {
		return err.Error()
	}
	return prototext.Format(o)
}

func TestTranscriptsAreCanonical(t *testing.T) {
	runner := NewRunner()
	defer runner.Close()
	forRandomPrograms(t, func(t *testing.T, p *wire.Program) {
		p.CheckpointInterval = proto.Uint64(7)
		encoded := run(t, runner, p)
		again, err := proto.MarshalOptions{Deterministic: true}.Marshal(decode(t, encoded))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(encoded, again) {
			t.Fatalf("program %s: the generated code encodes the transcript otherwise", prototext.Format(p))
		}
	})
}

func TestChangesAddUpToEachCompleteObservation(t *testing.T) {
	runner := NewRunner()
	defer runner.Close()
	forRandomPrograms(t, func(t *testing.T, p *wire.Program) {
		p.CheckpointInterval = proto.Uint64(5)
		transcript := decode(t, run(t, runner, p))
		known := newKnowledge()
		known.apply(transcript.Start)
		for i, step := range transcript.Steps {
			if !step.Observation.GetComplete() {
				known.applyChange(t, i, step.Observation)
				continue
			}
			// What an operation with a checkpoint changed is not said, so the checkpoint replaces what is known.
			known = newKnowledge()
			known.apply(step.Observation)
		}
		whole := newKnowledge()
		whole.apply(transcript.End)
		if !known.equal(whole) {
			t.Fatalf("program %s: the end is not what the changes add up to", prototext.Format(p))
		}
	})
}

// knowledge is what a reader of observations knows.
type knowledge struct {
	chunks    map[uint64]string
	summaries map[[2]uint64]uint64
	rest      *wire.Observation
}

func newKnowledge() *knowledge {
	return &knowledge{map[uint64]string{}, map[[2]uint64]uint64{}, new(wire.Observation)}
}

func (k *knowledge) apply(o *wire.Observation) {
	for _, run := range o.Chunks {
		for i := range run.GetCount() {
			k.chunks[run.GetIndex()+i] = string(run.Allocated) + string(run.Scavenged)
		}
	}
	for _, run := range o.Summaries {
		for i := range run.GetCount() {
			k.summaries[[2]uint64{run.GetLevel(), run.GetIndex() + i}] = run.GetValue()
		}
	}
	rest := proto.CloneOf(o)
	rest.Complete, rest.Chunks, rest.Summaries = nil, nil, nil
	// A range set is given whole, so what is known of it is replaced, not merged.
	for _, field := range []struct{ known, now **wire.RangeSet }{
		{&k.rest.InUse, &rest.InUse}, {&k.rest.ScavInUse, &rest.ScavInUse},
	} {
		if *field.now != nil {
			*field.known = nil
		}
	}
	if rest.SummaryLengths != nil {
		k.rest.SummaryLengths = nil
	}
	proto.Merge(k.rest, rest)
}

// applyChange also checks that nothing is listed that did not change.
func (k *knowledge) applyChange(t *testing.T, step int, o *wire.Observation) {
	t.Helper()
	before := &knowledge{maps.Clone(k.chunks), maps.Clone(k.summaries), proto.CloneOf(k.rest)}
	k.apply(o)
	zero := string(make([]byte, 2*bitmapBytes))
	for _, run := range o.Chunks {
		for i := range run.GetCount() {
			was, known := before.chunks[run.GetIndex()+i]
			if is := k.chunks[run.GetIndex()+i]; is == was || !known && is == zero {
				t.Fatalf("step %d lists chunk %d, which did not change", step, run.GetIndex()+i)
			}
		}
	}
	for _, run := range o.Summaries {
		for i := range run.GetCount() {
			at := [2]uint64{run.GetLevel(), run.GetIndex() + i}
			if k.summaries[at] == before.summaries[at] {
				t.Fatalf("step %d lists summary %v, which did not change", step, at)
			}
		}
	}
	if len(o.Chunks)+len(o.Summaries) == 0 && proto.Size(o) != 0 && proto.Equal(before.rest, k.rest) {
		t.Fatalf("step %d lists numbers, none of which changed", step)
	}
}

func (k *knowledge) equal(other *knowledge) bool {
	zero := string(make([]byte, 2*bitmapBytes))
	maps.DeleteFunc(k.chunks, func(_ uint64, content string) bool { return content == zero })
	maps.DeleteFunc(k.summaries, func(_ [2]uint64, value uint64) bool { return value == 0 })
	return maps.Equal(k.chunks, other.chunks) && maps.Equal(k.summaries, other.summaries) && proto.Equal(k.rest, other.rest)
}

func TestSummariesThatAreMappedAgainAreZero(t *testing.T) {
	// Ranges that overlap hide from Go that the page behind them is mapped: the page of the chunk in the middle of the
	// first growth, whose summary nobody touches.
	step := lastStepOf(runFresh(t, outsideProgram(
		grow(chunk-2, 3), growAt(address-chunkSize, chunkSize), growAt(address+chunkSize, chunkSize))))
	lost := uint64(chunk + 1<<25)
	for _, run := range step.Observation.Summaries {
		if run.GetLevel() == 4 && run.GetIndex() == lost && run.GetValue() == 0 {
			return
		}
	}
	t.Errorf("the summary of chunk %d is still there: %v", lost, step.Observation.Summaries)
}

func lastStepOf(transcript *wire.Transcript) *wire.Step {
	return transcript.Steps[len(transcript.Steps)-1]
}

func TestEveryCheckpointIsComplete(t *testing.T) {
	p := newProgram(grow(chunk, 1), alloc(0, 1), alloc(1, 2), alloc(2, 3), free(0), free(1), free(2))
	p.CheckpointInterval = proto.Uint64(3)
	for i, step := range runFresh(t, p).Steps {
		isCheckpoint := (i+1)%3 == 0
		if step.Observation.GetComplete() != isCheckpoint || isCheckpoint && step.Observation.Start == nil {
			t.Errorf("step %d: got complete %v", i, step.Observation.GetComplete())
		}
	}
}
