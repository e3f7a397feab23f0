package pageheap

// The operations that pace the scavenger. Go's callers that are more than a call of cut code are named where their few
// lines are repeated.

// tickFiringsMax bounds one tick. Without it a tick would end as well, but late: each firing that arms the timer again has
// marked at least one free page as scavenged, nothing in a tick frees pages, and a sleep takes at least a microsecond,
// which is crit's least, 1e6 ns, divided by the controller's most, 1000.
const tickFiringsMax = 10_000

// Tick lets virtual time pass: sysmon looks first, and timers that come due fire in it. After tickFiringsMax of them it
// stops where the last left the clock.
func (h *Heap) Tick(duration int64) {
	c := &h.clock
	end := c.now + duration
	h.Sysmon()
	for range tickFiringsMax {
		if when := h.timerWhen(); when == 0 || when > end {
			c.now = max(c.now, end)
			return
		}
		h.FireTimer()
	}
}

// timerWhen is when the scavenger's timer fires, 0 if it is not armed.
func (h *Heap) timerWhen() int64 {
	if h.scavenge.timer == nil {
		return 0
	}
	return h.scavenge.timer.when
}

// FireTimer moves the clock to the scavenger's timer and fires it. It says false if none is armed.
func (h *Heap) FireTimer() (fired bool) {
	when := h.timerWhen()
	if when == 0 {
		return false
	}
	h.clock.now = max(h.clock.now, when)
	h.scavenge.timer.when = 0
	h.scavenge.timer.f(nil, 0)
	h.Settle()
	return true
}

// Sysmon wakes the scavenger if it was asked to. Go: sysmon, proc.go.
func (h *Heap) Sysmon() (woke bool) {
	if h.scavenge.sysmonWake == 0 {
		return false
	}
	h.Wake()
	return true
}

// Wake calls wakeScavenger.
func (h *Heap) Wake() {
	wakeScavenger()
	h.Settle()
}

// Ready calls readyForScavenger.
func (h *Heap) Ready() { readyForScavenger() }

// SetProcessors sets gomaxprocs.
func (h *Heap) SetProcessors(count int32) { gomaxprocs = count }

// SetScavengeCost sets the virtual nanoseconds that giving back one physical page takes.
func (h *Heap) SetScavengeCost(perPage int64) { h.clock.costPerPage = perPage }

// SetFaketime sets whether the runtime has fake time.
func (h *Heap) SetFaketime(on bool) { faketime = int64(wordOf(on)) }

// SetScavtrace sets debug.scavtrace.
func (h *Heap) SetScavtrace(on bool) { debug.scavtrace = int32(wordOf(on)) }

// Pace calls gcPaceScavenger.
func (h *Heap) Pace(heapGoal, lastHeapGoal uint64) {
	lock(&h.mheap.lock)
	gcPaceScavenger(heapGoal, lastHeapGoal)
	unlock(&h.mheap.lock)
}

// MarkTermination does what concerns the scavenger at the end of a mark phase. Go: gcMarkTermination, mgc.go.
func (h *Heap) MarkTermination(heapGoal, lastHeapGoal uint64) {
	h.memstats.last_heap_inuse = h.memstats.heap_inuse
	h.Pace(heapGoal, lastHeapGoal)
}

// SweepDone does what the last sweeper does. Go: sweepone, mgcsweep.go.
func (h *Heap) SweepDone() {
	h.StartGeneration()
	readyForScavenger()
}

// ScavengeAll calls (*mheap).scavengeAll.
func (h *Heap) ScavengeAll() { h.mheap.scavengeAll() }

// Retained calls heapRetained.
func (h *Heap) Retained() uint64 { return heapRetained() }

// PrintTrace calls printScavTrace.
func (h *Heap) PrintTrace(generation uint32, released uint64, forced bool) {
	lock(&h.scavenge.lock)
	printScavTrace(generation, uintptr(released), forced)
	unlock(&h.scavenge.lock)
}

// Span allocates pages, for which the heap grows if it must and scavenges if it grew past its goal; address and growth
// are 0 if it cannot grow. hasRoom is asked before the heap grows, and its error is returned.
//
// Go: the part of (*mheap).allocSpan, mheap.go, that is about pages, without the page cache.
func (h *Heap) Span(pageCount uint64, hasRoom func(chunkCount uint64) error) (address, scavenged, growth uint64, err error) {
	pages := &h.mheap.pages
	lock(&h.mheap.lock)
	base, scav := pages.alloc(uintptr(pageCount))
	grown := uintptr(0)
	if base == 0 {
		if err := hasRoom(h.mheap.growthOf(uintptr(pageCount))); err != nil {
			unlock(&h.mheap.lock)
			return 0, 0, 0, err
		}
		var ok bool
		if grown, ok = h.mheap.grow(uintptr(pageCount)); !ok {
			unlock(&h.mheap.lock)
			return 0, 0, 0, nil
		}
		if base, scav = pages.alloc(uintptr(pageCount)); base == 0 {
			throw("grew heap, but no adequate free space found")
		}
	}
	unlock(&h.mheap.lock)
	h.scavengeGrowth(uint64(grown))
	return uint64(base), uint64(scav), uint64(grown), nil
}

// scavengeGrowth gives back as much as the heap grew beyond its goal. Go: the end of the same part of allocSpan.
func (h *Heap) scavengeGrowth(growth uint64) {
	goal, after := h.mheap.scavengeGoal, heapRetained()+growth
	if growth > 0 && after > goal {
		h.mheap.pages.scavenge(uintptr(min(growth, after-goal)))
	}
}

// growthOf is the number of chunks that grow would need memory for; none if it finds no address space.
func (h *mheap) growthOf(pageCount uintptr) uint64 {
	ask := alignUp(pageCount, pallocChunkPages)
	left := (h.curArena.end - h.curArena.base) / pageSize
	if ask <= left {
		return uint64(ask / pallocChunkPages)
	}
	if _, ok := h.findArenas(ask * pageSize); !ok {
		return 0
	}
	return uint64((ask + left) / pallocChunkPages)
}

// CurrentArena is the reserved address space that the heap will grow into next.
func (h *Heap) CurrentArena() Range {
	return Range{uint64(h.mheap.curArena.base), uint64(h.mheap.curArena.end)}
}

// PokePhysPage overwrites physPageSize.
func (h *Heap) PokePhysPage(byteCount uint64) {
	physPageSize = uintptr(byteCount)
	h.pagesPoked = true
}

// PokeStats overwrites the heap's statistics.
func (h *Heap) PokeStats(heapSys, heapReleased, heapInuse uint64) {
	h.memstats.heap_sys = sysMemStat(heapSys)
	h.memstats.heap_released, h.memstats.heap_inuse = heapReleased, heapInuse
}

// PokeClock overwrites the virtual clock.
func (h *Heap) PokeClock(now int64) { h.clock.now = now }
