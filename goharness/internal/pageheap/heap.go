// Package pageheap is Go 1.18.10's page heap as an ordinary package.
//
// The files zcut_*.go are Go's own source, written by cmd/cut and not committed. The other files supply what the runtime
// supplied: memory, locks, statistics, print, throw, time and parking. heap.go and functions.go are the handles that the
// rest of the harness holds.
package pageheap

import (
	"syscall"
	"unsafe"
)

// Heap is one page heap with all that it reaches. Its methods may be called only inside Use.
type Heap struct {
	*surroundings
	memory  memory
	clock   clock
	printed []byte
	touched []Touched
	// pagesPoked says that a program set physPageSize, so that Go may believe summaries mapped that are not.
	pagesPoked bool
	// stat counts the page allocator's own memory, which is not observed.
	stat sysMemStat
}

// Touched is a run of chunks [First, Last] whose bitmaps or summaries an operation may have changed.
type Touched struct{ First, Last uint64 }

// New reserves the address space of a page heap.
func New() *Heap {
	h := &Heap{surroundings: new(surroundings)}
	h.mheap.arenas[0] = (*[1 << arenaL2Bits]*heapArena)(mapMemory(arenaMapBytes, syscall.PROT_READ|syscall.PROT_WRITE))
	return h
}

const arenaMapBytes = unsafe.Sizeof([1 << arenaL2Bits]*heapArena{})

// Close gives the address space back. The page heap is of no use afterwards.
func (h *Heap) Close() {
	h.clock.stopBackground()
	h.giveBlocks(0, 1<<pallocChunksL1Bits-1, false)
	h.memory.release()
	unmapMemory(unsafe.Pointer(h.mheap.arenas[0]), arenaMapBytes)
	h.mheap.arenas[0] = nil
}

// Start makes a clean page heap: Go's init on zeroed memory.
func (h *Heap) Start() {
	h.clock.reset()
	h.mheap.scavengeGoal = ^uint64(0)
	h.mheap.arenaCursor = arenaCursorStart
	h.mheap.pages.init(&h.mheap.lock, &h.stat)
}

// GrowthDone must be called after the Grow calls that a program starts with and before anything else: only growth within
// the contract is certain not to read summaries that Go has not mapped.
func (h *Heap) GrowthDone() {
	if len(h.memory.kept) != 0 {
		h.memory.unmapKept()
	}
}

// Clean removes what a program left. For a program that failed, or that may have written outside of what it grew,
// contained is false: then everything that was mapped is zeroed by the operating system.
func (h *Heap) Clean(contained bool) {
	h.mheap.removeArenas()
	if contained {
		h.clearInUse()
		h.giveBlocksInUse()
	} else {
		h.giveBlocks(0, 1<<pallocChunksL1Bits-1, false)
	}
	h.memory.unmapSummaries(contained)
	h.memory.persistentRelease(0)
	h.clearScalars()
	h.printed = h.printed[:0]
	h.TakeTouched()
	h.pagesPoked = false
	h.stat = 0
}

// clearScalars zeroes everything but the tables of chunks and arenas, whose entries the caller has cleared.
func (h *Heap) clearScalars() {
	h.clock.stopBackground()
	h.clock = clock{}
	h.memstats = mstats{}
	h.scavenge = scavengeState{}

	pages := &h.mheap.pages
	pages.summary = noPages.summary
	pages.searchAddr = noPages.searchAddr
	pages.start, pages.end = noPages.start, noPages.end
	pages.inUse = noPages.inUse
	pages.scav = noPages.scav
	pages.mheapLock = nil
	pages.sysStat = nil
	pages.test = false
	h.mheap.lock = mutex{}
	h.mheap.scavengeGoal = 0
	h.mheap.curArena = struct{ base, end uintptr }{}
	h.mheap.arenaCursor = 0
}

// noPages is a page allocator that nothing was done to.
var noPages pageAlloc

// clearInUse zeroes the bitmaps of the chunks in use and the summaries on their paths.
func (h *Heap) clearInUse() {
	p := &h.mheap.pages
	for _, r := range p.inUse.ranges {
		first, last := chunkIndex(r.base.addr()), chunkIndex(r.limit.addr()-1)
		for c := first; c <= last; c++ {
			*p.chunkOf(c) = pallocData{}
		}
		for level := range p.summary {
			shift := levelShift[level] - logPallocChunkBytes
			clear(p.summary[level][first>>shift : last>>shift+1])
		}
	}
}

// giveBlocksInUse takes the blocks of the chunks in use, which are zero, out of the table.
func (h *Heap) giveBlocksInUse() {
	for _, r := range h.mheap.pages.inUse.ranges {
		h.giveBlocks(chunkIndex(r.base.addr()).l1(), chunkIndex(r.limit.addr()-1).l1(), true)
	}
}

// giveBlocks takes the blocks [first, last] of chunks out of the table.
func (h *Heap) giveBlocks(first, last uint, zeroed bool) {
	chunks := &h.mheap.pages.chunks
	for i := first; i <= last; i++ {
		if block := chunks[i]; block != nil {
			chunks[i] = nil
			h.memory.giveBlock(unsafe.Pointer(block), zeroed)
		}
	}
}

// observeUpdate is called by Go's update before it does anything.
func observeUpdate(p *pageAlloc, base, npages uintptr) {
	if h := current; h != nil && p == &h.mheap.pages {
		h.Touch(uint64(chunkIndex(base)), uint64(chunkIndex(base+npages*pageSize-1)))
	}
}

// Touch says that the chunks [first, last] may have changed.
func (h *Heap) Touch(first, last uint64) {
	if n := len(h.touched); n > 0 && h.touched[n-1] == (Touched{first, last}) {
		return
	}
	h.touched = append(h.touched, Touched{first, last})
}

// TakeTouched returns what was touched since the last call, and whether that is all. The slice is valid until the next
// operation.
func (h *Heap) TakeTouched() (touched []Touched, isAll bool) {
	touched, isAll = h.touched, !h.memory.remapped
	h.touched, h.memory.remapped = h.touched[:0], false
	return touched, isAll
}

// TakePrinted returns what was printed since the last call. The slice is valid until the next operation.
func (h *Heap) TakePrinted() []byte {
	printed := h.printed
	h.printed = h.printed[:0]
	return printed
}
