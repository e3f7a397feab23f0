package program

import "scavdiff/goharness/internal/pageheap"

// pageRun is the pages [base, limit) of a span, counted from its start.
type pageRun struct{ base, limit uint64 }

// span is what a span slot holds.
type span struct {
	filled    bool
	address   uint64
	pageCount uint64
	// owned lists the pages that the slot still owns, in order.
	owned []pageRun
}

func (s *span) fill(address, pageCount uint64) {
	s.filled, s.address, s.pageCount = true, address, pageCount
	s.owned = s.owned[:0]
	if pageCount != 0 {
		s.owned = append(s.owned, pageRun{0, pageCount})
	}
}

// take removes the pages of [base, limit) that the slot owns and appends them, as runs from low to high.
func (s *span) take(base, limit uint64, to []pageRun) []pageRun {
	first := len(to)
	var kept []pageRun
	for place, run := range s.owned {
		cut := pageRun{max(run.base, base), min(run.limit, limit)}
		if cut.base >= cut.limit {
			if kept != nil {
				kept = append(kept, run)
			}
			continue
		}
		if kept == nil {
			kept = append(make([]pageRun, 0, len(s.owned)+1), s.owned[:place]...)
		}
		to = append(to, cut)
		if run.base < cut.base {
			kept = append(kept, pageRun{run.base, cut.base})
		}
		if cut.limit < run.limit {
			kept = append(kept, pageRun{cut.limit, run.limit})
		}
	}
	if len(to) > first {
		s.owned = append(s.owned[:0], kept...)
	}
	return to
}

// cache is what a cache slot holds.
type cache struct {
	filled bool
	pages  pageheap.Cache
}

// reservation is what a reservation slot holds.
type reservation struct {
	filled     bool
	work       pageheap.Range
	generation uint32
}

// slots is an array of slots, as long as was needed so far, that knows which were written, so that clearing it costs
// what was written.
type slots[T any] struct {
	list []T
	// writer holds 1 + the number of the operation that writes the slot.
	writer  []int32
	written []uint32
}

// slotsAtFirst is how many slots there are room for before any is asked for.
const slotsAtFirst = 256

func newSlots[T any]() slots[T] {
	return slots[T]{list: make([]T, slotsAtFirst), writer: make([]int32, slotsAtFirst)}
}

// at returns a slot.
func (s *slots[T]) at(slot uint32) *T {
	s.reach(slot)
	return &s.list[slot]
}

// reach makes the array long enough for a slot.
func (s *slots[T]) reach(slot uint32) {
	if int(slot) < len(s.list) {
		return
	}
	more := max(int(slot)+1, 2*len(s.list)) - len(s.list)
	s.list = append(s.list, make([]T, more)...)
	s.writer = append(s.writer, make([]int32, more)...)
}

// declare notes that an operation writes a slot. It returns the operation that already does, or -1.
func (s *slots[T]) declare(slot uint32, operation int) int {
	s.reach(slot)
	if writer := s.writer[slot]; writer != 0 {
		return int(writer) - 1
	}
	s.writer[slot] = int32(operation) + 1
	s.written = append(s.written, slot)
	return -1
}

// clear empties every slot.
func (s *slots[T]) clear(empty func(*T)) {
	for _, slot := range s.written {
		s.writer[slot] = 0
		empty(&s.list[slot])
	}
	s.written = s.written[:0]
}
