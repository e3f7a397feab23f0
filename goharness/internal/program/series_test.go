package program

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"scavdiff/goharness/internal/series"
	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

// newSeries makes a series of small programs with every kind of operation.
func newSeries(programCount, operationCount uint64) *wire.Program {
	p := newProgram()
	p.Series = &wire.Series{
		Seed:           proto.Uint64(7),
		ProgramCount:   proto.Uint64(programCount),
		OperationCount: proto.Uint64(operationCount),
		Weights:        []uint64{2, 20, 16, 4, 8, 4, 3, 6, 3, 4, 2},
		PageCounts:     []uint64{1, 4, 8, 60, 70, 4, 500, 520, 1},
		ByteCounts:     []uint64{1, 65536, 3, 0, ^uint64(0), 1},
		ChunkCounts:    []uint64{1, 3, 1},
		ChunkCountMax:  proto.Uint64(16),
		Chunk:          proto.Int64(0xc000),
		GapMax:         proto.Uint64(3),
		PartPercent:    proto.Uint64(30),
		FilledPercent:  proto.Uint64(50),
	}
	return p
}

func digestsOf(t testing.TB, runner *Runner, p *wire.Program) []byte {
	t.Helper()
	encoded, err := runner.Run(p)
	if err != nil {
		t.Fatal(err)
	}
	transcript := new(wire.Transcript)
	if err := proto.Unmarshal(encoded, transcript); err != nil {
		t.Fatal(err)
	}
	if transcript.GetProgramId() != p.GetId() || len(transcript.Steps) != 0 {
		t.Fatalf("a series was answered with %v", transcript)
	}
	return transcript.Digests
}

func TestADigestIsThatOfTheTranscriptOfTheSameProgramByItself(t *testing.T) {
	const programCount = 40
	runner := NewRunner()
	defer runner.Close()
	p := newSeries(programCount, 120)
	digests := digestsOf(t, runner, p)
	if len(digests) != digestBytes*programCount {
		t.Fatalf("%d bytes of digests for %d programs", len(digests), programCount)
	}
	var maker series.Maker
	maker.Use(p.Series)
	for index := range uint64(programCount) {
		alone := newProgram(maker.Operations(index)...)
		transcript, err := runner.Run(alone)
		if err != nil {
			t.Fatal(err)
		}
		want := sha256.Sum256(transcript[idBytes:])
		if got := digests[digestBytes*index:][:digestBytes]; string(got) != string(want[:digestBytes]) {
			t.Errorf("program %d: digest %x, by itself %x", index, got, want[:digestBytes])
		}
	}
}

func TestEveryKindOfOperationComesUpInASeries(t *testing.T) {
	var maker series.Maker
	maker.Use(newSeries(1, 4000).Series)
	kinds := map[string]int{}
	for _, operation := range maker.Operations(0) {
		kinds[string(operation.ProtoReflect().WhichOneof(operation.ProtoReflect().Descriptor().Oneofs().Get(0)).Name())]++
	}
	if len(kinds) != 11 {
		t.Errorf("only these came up: %v", kinds)
	}
}

func TestASeriesThatBreaksABoundIsRefusedWithTheField(t *testing.T) {
	runner := NewRunner()
	defer runner.Close()
	for want, spoil := range map[string]func(*wire.Program){
		"series.seed: is missing":                            func(p *wire.Program) { p.Series.Seed = nil },
		"series.program_count: 0 is not in [1, 4096]":        func(p *wire.Program) { p.Series.ProgramCount = proto.Uint64(0) },
		"series.operation_count: 65537 is not in [1, 65536]": func(p *wire.Program) { p.Series.OperationCount = proto.Uint64(65537) },
		"series.operation_count: 1052672 operations in all programs are more than 1048576": func(p *wire.Program) {
			p.Series.ProgramCount, p.Series.OperationCount = proto.Uint64(4096), proto.Uint64(257)
		},
		"series.weights: 10 are not one for each of 11 kinds":                  func(p *wire.Program) { p.Series.Weights = p.Series.Weights[1:] },
		"series.weights: the sum of the weights, 0, is not in [1, 4294967296]": func(p *wire.Program) { p.Series.Weights = make([]uint64, 11) },
		"series.page_counts: [0, 4] is no interval within [1, 4294967296]":     func(p *wire.Program) { p.Series.PageCounts[0] = 0 },
		"series.byte_counts: 1 words are not at most 64 triples":               func(p *wire.Program) { p.Series.ByteCounts = []uint64{1} },
		"series.chunk_counts: [3, 2] is no interval within [1, 8192]":          func(p *wire.Program) { p.Series.ChunkCounts = []uint64{3, 2, 1} },
		"series.chunk: 33554433 is not in [-33554431, 33554432]":               func(p *wire.Program) { p.Series.Chunk = proto.Int64(1<<25 + 1) },
		"series.gap_max: 8193 is not in [1, 8192]":                             func(p *wire.Program) { p.Series.GapMax = proto.Uint64(8193) },
		"operations: present in a program that is a series":                    func(p *wire.Program) { p.Operations = []*wire.Operation{startGen()} },
		"pacing: present in a program that is a series":                        func(p *wire.Program) { p.Pacing = proto.Bool(false) },
		"checkpoint_interval: present in a program that is a series":           func(p *wire.Program) { p.CheckpointInterval = proto.Uint64(1) },
		"phys_page_size: 5 is no power of two in [4096, 524288]":               func(p *wire.Program) { p.PhysPageSize = proto.Uint64(5) },
	} {
		p := newSeries(2, 10)
		spoil(p)
		_, err := runner.Run(p)
		if got := status.Convert(err); got.Code() != codes.InvalidArgument || got.Message() != want {
			t.Errorf("got %v: %s, want %s", got.Code(), got.Message(), want)
		}
	}
}

// BenchmarkSeries measures an operation of a series, its making and its digest included.
func BenchmarkSeries(b *testing.B) {
	runner := NewRunner()
	defer runner.Close()
	p := newSeries(64, 256)
	for b.Loop() {
		digestsOf(b, runner, p)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(64*256), "ns/operation")
}

// The same series and the same digest stand in tests/differential/programs/test_series.py.
const programsSHA256 = "3a1c63be6908e2a9c60f5251e07ec068f96d7214dd47c871e89de4f1cbc1fb03"

func TestGoMakesTheProgramsThatPythonMakes(t *testing.T) {
	var maker series.Maker
	maker.Use(newSeries(40, 120).Series)
	digest := sha256.New()
	for index := range uint64(40) {
		p := newProgram(maker.Operations(index)...)
		p.Id = proto.Uint64(index)
		encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		digest.Write(encoded)
	}
	if got := fmt.Sprintf("%x", digest.Sum(nil)); got != programsSHA256 {
		t.Errorf("the programs are not those that Python makes: %s", got)
	}
}
