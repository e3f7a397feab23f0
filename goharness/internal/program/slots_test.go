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

func TestSlotsReachAsFarAsIsAskedFor(t *testing.T) {
	s := newSlots[span]()
	for place, slot := range []uint32{0, slotsAtFirst - 1, slotsAtFirst, slotCount - 1, 3} {
		if s.at(slot).filled {
			t.Errorf("slot %d is filled before it was written", slot)
		}
		if writer := s.declare(slot, place); writer != -1 {
			t.Errorf("slot %d was written by operation %d before", slot, writer)
		}
		s.at(slot).fill(address, 1)
	}
	if writer := s.declare(slotsAtFirst, 9); writer != 2 {
		t.Errorf("slot %d was written by operation %d, want 2", slotsAtFirst, writer)
	}
	s.clear(func(s *span) { s.filled = false })
	for _, slot := range []uint32{0, slotsAtFirst, slotCount - 1} {
		if s.at(slot).filled || s.declare(slot, 0) != -1 {
			t.Errorf("slot %d is not empty", slot)
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
