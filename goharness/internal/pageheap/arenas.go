package pageheap

import "unsafe"

// mheap is the part of the runtime's heap around the page allocator.
type mheap struct {
	lock         mutex
	pages        pageAlloc
	scavengeGoal uint64
	curArena     struct{ base, end uintptr }
	arenas       [1 << arenaL1Bits]*[1 << arenaL2Bits]*heapArena

	// registered lists the arenas that exist.
	registered []arenaIdx
	// tablePages is how many pages of the table of arenas programs have touched since it was last given back, at most.
	tablePages int
	// arenaCursor is where sysAlloc starts to look.
	arenaCursor uintptr
}

// heapArena says that an arena exists; the page heap looks at nothing else of it.
type heapArena struct{ _ byte }

var existingArena heapArena

// addArenas registers every arena that [base, limit) touches, as the runtime does when it reserves heap memory. An empty
// or wrapped range touches none, and arenas outside the address space do not exist.
func (h *mheap) addArenas(base, limit uintptr) {
	if limit <= base {
		return
	}
	last := min(arenaIndex(limit-1), 1<<arenaL2Bits-1)
	for i := arenaIndex(base); i <= last; i++ {
		if entry := &h.arenas[i.l1()][i.l2()]; *entry == nil {
			*entry = &existingArena
			if n := len(h.registered); n == 0 || h.registered[n-1]/arenasPerPage != i/arenasPerPage {
				h.tablePages++
			}
			h.registered = append(h.registered, i)
		}
	}
}

const (
	// arenasPerPage is how many entries of the table, pointers, a page of 4 KiB holds.
	arenasPerPage = 512
	// tablePagesMax bounds what stays resident of the table of arenas, 32 MiB of which a page is touched here and there.
	tablePagesMax = 256
)

// removeArenas leaves no arena registered.
func (h *mheap) removeArenas() {
	for _, i := range h.registered {
		h.arenas[i.l1()][i.l2()] = nil
	}
	h.registered = h.registered[:0]
	if h.tablePages > tablePagesMax {
		base := uintptr(unsafe.Pointer(h.arenas[0]))
		zeroPages(region{base, base + arenaMapBytes})
		h.tablePages = 0
	}
}

// arenaCursorStart is where the address space that heaps grow into by themselves starts: 16 TiB, out of the way of what
// programs grow by hand and of the process's own memory.
const arenaCursorStart = 0x1000_0000_0000

// sysAlloc reserves address space in whole arenas: the lowest run that is free, at or above the end of the one before.
// It stands in for (*mheap).sysAlloc, which asks the operating system.
func (h *mheap) sysAlloc(n uintptr) (unsafe.Pointer, uintptr) {
	assertLockHeld(&h.lock)
	base, ok := h.findArenas(n)
	if !ok {
		return nil, 0
	}
	n = alignUp(n, heapArenaBytes)
	h.addArenas(base, base+n)
	h.arenaCursor = base + n
	return pointerTo(base), n
}

// findArenas finds the address space that sysAlloc reserves.
func (h *mheap) findArenas(n uintptr) (base uintptr, ok bool) {
	n = alignUp(n, heapArenaBytes)
	const addressLimit = 1 << (heapAddrBits - 1)
	for base := h.arenaCursor; base < addressLimit && n <= addressLimit-base; {
		taken := h.lastArenaIn(base, base+n)
		if taken == 0 {
			return base, true
		}
		base = taken + heapArenaBytes
	}
	return 0, false
}

// lastArenaIn returns the base of the highest arena registered in [base, limit), or 0.
func (h *mheap) lastArenaIn(base, limit uintptr) uintptr {
	for at := limit - heapArenaBytes; at >= base; at -= heapArenaBytes {
		if i := arenaIndex(at); h.arenas[i.l1()][i.l2()] != nil {
			return at
		}
	}
	return 0
}
