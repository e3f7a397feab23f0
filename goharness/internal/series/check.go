package series

import (
	"fmt"

	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

// Bounds of a series; docs/series.md states them.
const (
	ProgramCountMax    = 4096
	OperationCountMax  = 1 << 16
	operationsMax      = 1 << 20
	weightsMax         = 1 << 32
	intervalCountMax   = 64
	allocPagesMax      = 1 << 32
	growChunksMax      = 8192
	grownChunkCountMax = 1 << 17
	gapMax             = 8192
)

// Check returns the field that breaks a bound and why; an empty field if none does.
func Check(s *wire.Series) (field, why string) {
	if s.Seed == nil {
		return "seed", "is missing"
	}
	for _, bounded := range []struct {
		field       string
		value       uint64
		least, most uint64
	}{
		{"program_count", s.GetProgramCount(), 1, ProgramCountMax},
		{"operation_count", s.GetOperationCount(), 1, OperationCountMax},
		{"chunk_count_max", s.GetChunkCountMax(), 1, grownChunkCountMax},
		{"gap_max", s.GetGapMax(), 1, gapMax},
		{"part_percent", s.GetPartPercent(), 0, 100},
		{"filled_percent", s.GetFilledPercent(), 0, 100},
	} {
		if bounded.value < bounded.least || bounded.value > bounded.most {
			return bounded.field, fmt.Sprintf("%d is not in [%d, %d]", bounded.value, bounded.least, bounded.most)
		}
	}
	if operations := s.GetProgramCount() * s.GetOperationCount(); operations > operationsMax {
		return "operation_count", fmt.Sprintf("%d operations in all programs are more than %d", operations, operationsMax)
	}
	if chunk := s.GetChunk(); chunk < upperHalfFirst || chunk > lowerHalfLimit {
		return "chunk", fmt.Sprintf("%d is not in [%d, %d]", chunk, upperHalfFirst, lowerHalfLimit)
	}
	if len(s.Weights) != int(kindCount) {
		return "weights", fmt.Sprintf("%d are not one for each of %d kinds", len(s.Weights), kindCount)
	}
	if why := checkWeights(s.Weights); why != "" {
		return "weights", why
	}
	if why := checkTable(s.PageCounts, 1, allocPagesMax); why != "" {
		return "page_counts", why
	}
	if why := checkTable(s.ByteCounts, 0, ^uint64(0)); why != "" {
		return "byte_counts", why
	}
	if why := checkTable(s.ChunkCounts, 1, growChunksMax); why != "" {
		return "chunk_counts", why
	}
	return "", ""
}

func checkTable(triples []uint64, least, most uint64) (why string) {
	if len(triples)%triple != 0 || len(triples) > triple*intervalCountMax {
		return fmt.Sprintf("%d words are not at most %d triples", len(triples), intervalCountMax)
	}
	for i := 0; i < len(triples); i += triple {
		if low, high := triples[i], triples[i+1]; low < least || high > most || low > high {
			return fmt.Sprintf("[%d, %d] is no interval within [%d, %d]", low, high, least, most)
		}
	}
	weights := make([]uint64, 0, intervalCountMax)
	for i := triple - 1; i < len(triples); i += triple {
		weights = append(weights, triples[i])
	}
	return checkWeights(weights)
}

// checkWeights wants a sum in [1, weightsMax].
func checkWeights(weights []uint64) (why string) {
	total := uint64(0)
	for _, weight := range weights {
		if weight > weightsMax {
			return fmt.Sprintf("%d is above %d", weight, uint64(weightsMax))
		}
		total += weight
	}
	if total < 1 || total > weightsMax {
		return fmt.Sprintf("the sum of the weights, %d, is not in [1, %d]", total, uint64(weightsMax))
	}
	return ""
}
