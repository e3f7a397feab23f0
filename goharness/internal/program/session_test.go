package program

import (
	"testing"

	"google.golang.org/protobuf/proto"

	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

// A session's steps are those of the same program observed in full at every step, also the second time.
func TestSessionAnswersAsProgramsDo(t *testing.T) {
	p := scavenging(5)
	p.Operations = append(p.Operations, alloc(60000, 3), free(60000))
	p.CheckpointInterval = proto.Uint64(1)
	want := runWire(t, p)
	session := NewSession()
	defer session.Close()
	for range 2 {
		if err := session.Begin(p); err != nil {
			t.Fatal(err)
		}
		for i, operation := range p.Operations {
			encoded, err := session.Perform(operation)
			if err != nil {
				t.Fatal(err)
			}
			step := new(wire.Step)
			if err := proto.Unmarshal(encoded, step); err != nil {
				t.Fatal(err)
			}
			if !proto.Equal(step, want.Steps[i]) {
				t.Fatalf("step %d: session %v, program %v", i, step, want.Steps[i])
			}
		}
	}
}

func TestSessionRefusesWhatProgramsMayNotHold(t *testing.T) {
	session := NewSession()
	defer session.Close()
	if err := session.Begin(new(wire.Program)); err == nil {
		t.Error("a header without page sizes was taken")
	}
	if err := session.Begin(newProgram()); err != nil {
		t.Fatal(err)
	}
	if _, err := session.Perform(new(wire.Operation)); err == nil {
		t.Error("no operation at all was performed")
	}
}

func runWire(t *testing.T, p *wire.Program) *wire.Transcript {
	t.Helper()
	runner := NewRunner()
	defer runner.Close()
	encoded, err := runner.Run(p)
	if err != nil {
		t.Fatal(err)
	}
	transcript := new(wire.Transcript)
	if err := proto.Unmarshal(encoded, transcript); err != nil {
		t.Fatal(err)
	}
	return transcript
}
