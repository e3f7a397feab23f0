package pageheap

import (
	"math"
	"unsafe"
)

// Sizes that the rest of the harness counts with.
const (
	ChunkBytes   = pallocChunkBytes
	ChunkPages   = pallocChunkPages
	PageBytes    = pageSize
	LevelCount   = summaryLevels
	ChunkCount   = 1 << (heapAddrBits - logPallocChunkBytes)
	LevelBits    = summaryLevelBits
	SummaryCount = 1 << summaryL0Bits
)

// Bits is a bitmap of a chunk's pages, lowest pages first.
type Bits = [pallocChunkPages / 64]uint64

// Chunk is the state of one chunk.
type Chunk struct{ Allocated, Scavenged Bits }

// Scalars is every number of the state that a program can observe.
type Scalars struct {
	SearchAddr, Start, End                                   uint64
	Generation, ReservationBytes, Released, ScavLWM, FreeHWM uint64
	HeapSys, HeapReleased, HeapInuse                         uint64
	StatsCommitted, StatsReleased                            uint64
	SummaryLengths                                           [summaryLevels]uint64
}

// ChunkIndexOf returns the index of the chunk that holds an address.
func ChunkIndexOf(address uint64) uint64 { return uint64(chunkIndex(uintptr(address))) }

// ChunkBaseOf returns the address of a chunk.
func ChunkBaseOf(index uint64) uint64 { return uint64(chunkBase(chunkIdx(index))) }

// LevelShift tells how many chunks, as a power of two, one summary of the level stands for.
func LevelShift(level int) uint { return levelShift[level] - logPallocChunkBytes }

// State fills in the scalars.
func (h *Heap) State(s *Scalars) {
	p := &h.mheap.pages
	s.SearchAddr = uint64(p.searchAddr.addr())
	s.Start, s.End = uint64(p.start), uint64(p.end)
	s.Generation = uint64(p.scav.gen)
	s.ReservationBytes = uint64(p.scav.reservationBytes)
	s.Released = uint64(p.scav.released)
	s.ScavLWM = uint64(p.scav.scavLWM.addr())
	s.FreeHWM = uint64(p.scav.freeHWM.addr())
	s.HeapSys = uint64(h.memstats.heap_sys)
	s.HeapReleased = h.memstats.heap_released
	s.HeapInuse = h.memstats.heap_inuse
	s.StatsCommitted = uint64(h.memstats.heapStats.total.committed)
	s.StatsReleased = uint64(h.memstats.heapStats.total.released)
	for level := range p.summary {
		s.SummaryLengths[level] = uint64(len(p.summary[level]))
	}
}

// InUse returns the ranges in use and the bytes that Go counts for them. They are Go's own: not to be changed.
func (h *Heap) InUse() ([]Range, uint64) { return viewRanges(&h.mheap.pages.inUse) }

// ScavengeInUse returns the ranges that are still to be scavenged, likewise.
func (h *Heap) ScavengeInUse() ([]Range, uint64) { return viewRanges(&h.mheap.pages.scav.inUse) }

// viewRanges shows Go's ranges without copying them; both types are two words. A throw in the middle of add leaves a set
// that had no room with a length but no array: it holds no range.
func viewRanges(a *addrRanges) ([]Range, uint64) {
	if unsafe.SliceData(a.ranges) == nil {
		return nil, uint64(a.totalBytes)
	}
	return unsafe.Slice((*Range)(unsafe.Pointer(unsafe.SliceData(a.ranges))), len(a.ranges)), uint64(a.totalBytes)
}

// ChunkAt returns the state of a chunk in use, or nil where Go has none. It is Go's own: not to be changed.
func (h *Heap) ChunkAt(index uint64) *Chunk {
	return (*Chunk)(unsafe.Pointer(h.mheap.pages.tryChunkOf(chunkIdx(index))))
}

// Summaries returns the summaries of a level, of which those on the paths of chunks in use may be read. They are Go's
// own: not to be changed.
func (h *Heap) Summaries(level int) []uint64 {
	summaries := h.mheap.pages.summary[level]
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(summaries))), len(summaries))
}

// PeekSummary returns a summary on the path of a chunk in use where Summaries may not be read: a program set physPageSize,
// and growth failed on a summary that Go then took to be mapped. Such a summary counts as zero.
func (h *Heap) PeekSummary(level int, index uint64) uint64 {
	summaries := h.mheap.pages.summary[level]
	address := uintptr(unsafe.Pointer(unsafe.SliceData(summaries))) + uintptr(index)*pallocSumBytes
	if index >= uint64(len(summaries)) || !h.memory.isMapped(address) {
		return 0
	}
	return uint64(summaries[index])
}

// SummariesMayFault tells whether PeekSummary must be used.
func (h *Heap) SummariesMayFault() bool { return h.pagesPoked }

// PacingCount is the number of scalars that only programs with pacing observe.
const PacingCount = 15

// Pacing is those scalars, in the order of Observation's fields 20 to 34.
type Pacing [PacingCount]uint64

// Pacing returns what paces the scavenger.
func (h *Heap) Pacing() Pacing {
	c, s := &h.clock, &h.scavenge
	state := Pacing{
		0: h.memstats.last_heap_inuse,
		1: h.mheap.scavengeGoal,
		2: uint64(h.mheap.curArena.base),
		3: uint64(h.mheap.curArena.end),
		4: uint64(c.now),
		5: wordOf(h.BackgroundStarted()),
		6: wordOf(s.parked),
		8: uint64(s.sysmonWake),
		9: wordOf(s.printControllerReset),
	}
	if s.timer != nil {
		state[7] = uint64(s.timer.when)
	}
	if c.controller != nil {
		state[10] = math.Float64bits(*c.sleepRatio)
		state[11] = math.Float64bits(c.controller.errIntegral)
		state[12] = wordOf(c.controller.errOverflow)
		state[13] = wordOf(c.controller.inputOverflow)
		state[14] = uint64(*c.cooldown)
	}
	return state
}

func wordOf(flag bool) uint64 {
	if flag {
		return 1
	}
	return 0
}
