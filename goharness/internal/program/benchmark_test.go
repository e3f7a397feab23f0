package program

import (
	"testing"

	"google.golang.org/protobuf/proto"

	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

// BenchmarkOperations measures one operation, its observation and its share of the decoding and of the reset.
func BenchmarkOperations(b *testing.B) {
	for _, c := range []struct {
		name    string
		program *wire.Program
	}{
		{"alloc_free_1000", allocFree(500, []int64{0xc000}, 8)},
		{"alloc_free_40_chunks", allocFree(500, []int64{0xc000}, 40)},
		{"alloc_free_scattered_16", allocFree(500, scattered(16, 1000), 1)},
		{"alloc_free_scattered_1000", allocFree(5000, scattered(1000, 1000), 1)},
		{"scavenge_1000", scavenging(250)},
		{"pacing_1000", pacing(200)},
	} {
		b.Run(c.name, func(b *testing.B) {
			encoded, err := proto.Marshal(c.program)
			if err != nil {
				b.Fatal(err)
			}
			runner := NewRunner()
			defer runner.Close()
			transcriptBytes := 0
			for b.Loop() {
				received := new(wire.Program)
				if err := proto.Unmarshal(encoded, received); err != nil {
					b.Fatal(err)
				}
				transcript, err := runner.Run(received)
				if err != nil {
					b.Fatal(err)
				}
				transcriptBytes = len(transcript)
			}
			operations := float64(len(c.program.Operations))
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/operations, "ns/operation")
			b.ReportMetric(float64(transcriptBytes)/operations, "bytes/operation")
		})
	}
}

// BenchmarkReset measures a program of growth alone: start, growth, both complete observations and cleaning.
func BenchmarkReset(b *testing.B) {
	for _, c := range []struct {
		name   string
		chunks []int64
		count  uint64
	}{
		{"1_chunk", []int64{0xc000}, 1},
		{"16_adjacent", []int64{0xc000}, 16},
		{"16_scattered", scattered(16, 1000), 1},
	} {
		b.Run(c.name, func(b *testing.B) {
			p := allocFree(0, c.chunks, c.count)
			runner := NewRunner()
			defer runner.Close()
			for b.Loop() {
				if _, err := runner.Run(p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func scattered(count int, apart int64) []int64 {
	var chunks []int64
	for i := range int64(count) {
		chunks = append(chunks, 0xc000+i*apart)
	}
	return chunks
}

func allocFree(pairs int, chunks []int64, chunkCount uint64) *wire.Program {
	p := newProgram()
	for _, chunk := range chunks {
		p.Operations = append(p.Operations, grow(chunk, chunkCount))
	}
	for i := range pairs {
		p.Operations = append(p.Operations, alloc(uint32(i), uint64(1+i%16)))
		if i%3 != 0 {
			p.Operations = append(p.Operations, free(uint32(i)))
		}
	}
	return p
}

func scavenging(rounds int) *wire.Program {
	p := newProgram()
	p.Operations = append(p.Operations, grow(0xc000, 8))
	for i := range rounds {
		p.Operations = append(p.Operations, alloc(uint32(i), 300), free(uint32(i)), startGen(), scavenge(64<<10))
	}
	return p
}

func pacing(rounds int) *wire.Program {
	p := pacingProgram(newSpan(0, 4096))
	for i := range rounds {
		p.Operations = append(p.Operations,
			newSpan(uint32(i+1), 300), free(uint32(i+1)), markTermination(1, 2), sweepDone(), tick(10_000_000))
	}
	return p
}
