package program

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestASpanGivesEachPageOnce(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 0))
	for range 2000 {
		var s span
		s.fill(address, 24)
		owned := make([]bool, 24)
		for page := range owned {
			owned[page] = true
		}
		for range 12 {
			base := random.Uint64N(24)
			limit := base + 1 + random.Uint64N(24-base)
			got, want := s.take(base, limit, nil), takeSlowly(owned, base, limit)
			if !slices.Equal(got, want) {
				t.Fatalf("[%d, %d): got %v, want %v", base, limit, got, want)
			}
		}
	}
}

// takeSlowly looks at one page after the other.
func takeSlowly(owned []bool, base, limit uint64) (runs []pageRun) {
	for page := base; page < limit; page++ {
		if !owned[page] {
			continue
		}
		owned[page] = false
		if last := len(runs) - 1; last >= 0 && runs[last].limit == page {
			runs[last].limit++
		} else {
			runs = append(runs, pageRun{page, page + 1})
		}
	}
	return runs
}
