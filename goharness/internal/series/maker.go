// Package series makes the programs of a series, as docs/series.md says.
package series

import wire "scavdiff/goharness/internal/wire/pageheap/v1"

// kind is a kind of operation; its number is the place of its weight in Series.weights.
type kind int

const (
	grow kind = iota
	alloc
	free
	cache
	cacheAlloc
	flush
	startGen
	scavenge
	reserve
	scavengeOne
	unreserve

	kindCount
)

const (
	pagesPerChunk = 512
	// cachesHeld and reservationsHeld are from where on one is given back before another is taken.
	cachesHeld       = 12
	reservationsHeld = 8

	lowerHalfFirst, lowerHalfLimit = int64(1), int64(1) << 25
	upperHalfFirst, upperHalfLimit = 1 - int64(1)<<25, int64(-1)
)

// span is a span slot of which something may be left.
type span struct {
	slot            uint32
	pageCount, left uint64
}

// Maker makes programs one after the other, in memory that it uses again.
type Maker struct {
	series                               *wire.Series
	weightTotal                          uint64
	pageCounts, byteCounts, chunkCounts  table
	choices                              choices
	operations                           operations
	low, high                            int64
	chunkCount, pagesLive                uint64
	spans                                []span
	caches, reservations                 []uint32
	spanSlot, cacheSlot, reservationSlot uint32
}

// Use makes the programs that follow those of a valid series.
func (m *Maker) Use(series *wire.Series) {
	m.series, m.weightTotal = series, 0
	for _, weight := range series.Weights {
		m.weightTotal += weight
	}
	m.pageCounts.set(series.PageCounts)
	m.byteCounts.set(series.ByteCounts)
	m.chunkCounts.set(series.ChunkCounts)
}

// Operations returns those of the index-th program. They are valid until the next call.
func (m *Maker) Operations(index uint64) []*wire.Operation {
	s := m.series
	m.choices = choices{mix(s.GetSeed() + (index+1)*gamma)}
	m.operations.clear()
	m.low, m.high = s.GetChunk(), s.GetChunk()
	m.chunkCount, m.pagesLive = 0, 0
	m.spans, m.caches, m.reservations = m.spans[:0], m.caches[:0], m.reservations[:0]
	m.spanSlot, m.cacheSlot, m.reservationSlot = 0, 0, 0

	count := int(s.GetOperationCount())
	isFilled := m.choices.boolean(s.GetFilledPercent())
	m.grow()
	if isFilled && count > 1 && m.chunkCount > 0 {
		m.allocPages(pagesPerChunk * m.chunkCount)
	}
	for len(m.operations.list) < count {
		m.add(kind(m.choices.pick(s.Weights, m.weightTotal)))
	}
	return m.operations.list
}

func (m *Maker) add(kind kind) {
	switch kind {
	case grow:
		m.grow()
	case alloc:
		m.alloc()
	case free:
		m.free()
	case cache:
		m.cache()
	case cacheAlloc:
		m.cacheAlloc()
	case flush:
		m.flush()
	case startGen:
		m.operations.startGen()
	case scavenge:
		byteCount := m.byteCounts.number(&m.choices)
		m.operations.scavenge(byteCount, m.choices.boolean(50))
	case reserve:
		m.reserve()
	case scavengeOne:
		m.scavengeOne()
	case unreserve:
		m.unreserve()
	}
}

// grow grows where there is room for it, and allocates where there is not.
func (m *Maker) grow() {
	count := min(m.chunkCounts.number(&m.choices), m.series.GetChunkCountMax()-m.chunkCount)
	first := m.place(int64(count))
	isLower := lowerHalfFirst <= first && first <= lowerHalfLimit-int64(count)
	isUpper := upperHalfFirst <= first && first <= upperHalfLimit-int64(count)
	if count == 0 || !isLower && !isUpper {
		m.alloc()
		return
	}
	m.chunkCount += count
	m.low, m.high = min(m.low, first), max(m.high, first+int64(count))
	m.operations.grow(first, count)
}

// place returns the first of count chunks: above or below what has grown, apart from it, or within.
func (m *Maker) place(count int64) int64 {
	way, step := m.choices.below(5), m.choices.integer(1, m.series.GetGapMax())
	switch way {
	case 0, 1:
		return m.high
	case 2:
		return m.low - count
	case 3:
		return m.high + int64(step)
	}
	return m.low + int64(m.choices.below(uint64(m.high-m.low)+1))
}

// alloc allocates; once more is asked for than has grown, it mostly frees instead.
func (m *Maker) alloc() {
	if m.pagesLive > m.chunkCount*pagesPerChunk && m.choices.boolean(70) {
		m.free()
		return
	}
	m.allocPages(m.pageCounts.number(&m.choices))
}

func (m *Maker) allocPages(pageCount uint64) {
	m.operations.alloc(m.newSpan(pageCount), pageCount)
}

func (m *Maker) newSpan(pageCount uint64) uint32 {
	slot := m.spanSlot
	m.spanSlot++
	m.pagesLive += pageCount
	m.spans = append(m.spans, span{slot, pageCount, pageCount})
	return slot
}

// free frees a span or a part of it, now and then a slot that may be empty.
func (m *Maker) free() {
	c := &m.choices
	if len(m.spans) == 0 || c.boolean(2) {
		m.operations.free(uint32(c.below(uint64(m.spanSlot) + 1)))
		return
	}
	place := c.below(uint64(len(m.spans)))
	s := &m.spans[place]
	slot := s.slot
	if s.pageCount > 1 && c.boolean(m.series.GetPartPercent()) {
		first, limit := m.part(s.pageCount)
		freed := min(s.left, limit-first)
		s.left -= freed
		m.pagesLive -= freed
		if s.left == 0 {
			m.spans = remove(m.spans, place)
		}
		m.operations.freePart(slot, first, limit)
		return
	}
	m.pagesLive -= s.left
	m.spans = remove(m.spans, place)
	m.operations.free(slot)
}

// part returns pages of a span: at its start, at its end, or few of them anywhere.
func (m *Maker) part(pageCount uint64) (first, limit uint64) {
	c := &m.choices
	switch c.below(4) {
	case 0:
		return 0, c.integer(1, pageCount)
	case 1:
		return c.below(pageCount), pageCount
	}
	first = c.below(pageCount)
	return first, c.integer(first+1, min(first+12, pageCount))
}

func (m *Maker) cache() {
	if len(m.caches) >= cachesHeld {
		m.flush()
		return
	}
	m.caches = append(m.caches, m.cacheSlot)
	m.operations.cache(m.cacheSlot)
	m.cacheSlot++
}

// cacheAlloc allocates from a cache that was not flushed, or flushes it: it may be empty by then.
func (m *Maker) cacheAlloc() {
	c := &m.choices
	if len(m.caches) == 0 {
		m.cache()
		return
	}
	place := c.below(uint64(len(m.caches)))
	slot := m.caches[place]
	if c.boolean(15) {
		m.caches = remove(m.caches, place)
		m.operations.flush(slot)
		return
	}
	pageCount := c.integer(1, 1<<c.below(7))
	m.operations.cacheAlloc(m.newSpan(pageCount), slot, pageCount)
}

func (m *Maker) flush() {
	c := &m.choices
	if len(m.caches) == 0 || c.boolean(3) {
		m.operations.flush(uint32(c.below(uint64(m.cacheSlot) + 1)))
		return
	}
	place := c.below(uint64(len(m.caches)))
	m.operations.flush(m.caches[place])
	m.caches = remove(m.caches, place)
}

func (m *Maker) reserve() {
	if len(m.reservations) >= reservationsHeld {
		m.unreserve()
		return
	}
	m.reservations = append(m.reservations, m.reservationSlot)
	m.operations.reserve(m.reservationSlot)
	m.reservationSlot++
}

func (m *Maker) scavengeOne() {
	if len(m.reservations) == 0 {
		m.reserve()
		return
	}
	slot := m.reservations[m.choices.below(uint64(len(m.reservations)))]
	m.operations.scavengeOne(slot, m.byteCounts.number(&m.choices))
}

func (m *Maker) unreserve() {
	c := &m.choices
	if len(m.reservations) == 0 || c.boolean(2) {
		m.operations.unreserve(uint32(c.below(uint64(m.reservationSlot) + 1)))
		return
	}
	place := c.below(uint64(len(m.reservations)))
	m.operations.unreserve(m.reservations[place])
	m.reservations = remove(m.reservations, place)
}

// remove takes the element at a place out of a list; the last one takes its place.
func remove[T any](list []T, place uint64) []T {
	last := len(list) - 1
	list[place] = list[last]
	return list[:last]
}
