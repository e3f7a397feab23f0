package pageheap

// The operations on a page heap: Go's methods, under the locks that Go's callers hold.

// Range is the addresses [Base, Limit).
type Range struct{ Base, Limit uint64 }

func (r Range) toGo() addrRange {
	return addrRange{offAddr{uintptr(r.Base)}, offAddr{uintptr(r.Limit)}}
}

func fromGo(r addrRange) Range { return Range{uint64(r.base.addr()), uint64(r.limit.addr())} }

// Cache is a page cache.
type Cache struct{ Base, Cache, Scav uint64 }

// Grow calls Go's grow and registers the arenas of the new memory.
func (h *Heap) Grow(base, size uint64) {
	first, limit := alignDown(uintptr(base), pallocChunkBytes), alignUp(uintptr(base+size), pallocChunkBytes)
	h.mheap.addArenas(first, limit)
	h.Touch(uint64(chunkIndex(first)), uint64(chunkIndex(limit-1)))
	lock(&h.mheap.lock)
	h.mheap.pages.grow(uintptr(base), uintptr(size))
	unlock(&h.mheap.lock)
}

// AccountGrowth counts new heap memory as (*mheap).grow does.
func (h *Heap) AccountGrowth(size uint64) {
	h.memstats.heap_sys.add(int64(size))
	h.memstats.heap_released += size
	h.memstats.heapStats.total.released += int64(size)
}

// Alloc calls Go's alloc.
func (h *Heap) Alloc(pageCount uint64) (address, scavenged uint64) {
	lock(&h.mheap.lock)
	base, scav := h.mheap.pages.alloc(uintptr(pageCount))
	unlock(&h.mheap.lock)
	return uint64(base), uint64(scav)
}

// AccountAllocation counts pages that left the page heap as (*mheap).allocSpan does.
func (h *Heap) AccountAllocation(pageCount, scavenged uint64) {
	if scavenged != 0 {
		h.memstats.heap_released -= scavenged
	}
	h.memstats.heap_inuse += pageCount * pageSize
	h.memstats.heapStats.total.committed += int64(scavenged)
	h.memstats.heapStats.total.released -= int64(scavenged)
}

// Free calls Go's free.
func (h *Heap) Free(base, pageCount uint64, scavenged bool) {
	lock(&h.mheap.lock)
	h.mheap.pages.free(uintptr(base), uintptr(pageCount), scavenged)
	unlock(&h.mheap.lock)
}

// AccountFree counts pages that come back as (*mheap).freeSpanLocked does.
func (h *Heap) AccountFree(pageCount uint64) { h.memstats.heap_inuse -= pageCount * pageSize }

// AllocToCache calls Go's allocToCache.
func (h *Heap) AllocToCache() Cache {
	lock(&h.mheap.lock)
	c := h.mheap.pages.allocToCache()
	unlock(&h.mheap.lock)
	return Cache{uint64(c.base), c.cache, c.scav}
}

// Alloc calls Go's (*pageCache).alloc.
func (c *Cache) Alloc(pageCount uint64) (address, scavenged uint64) {
	cache := pageCache{uintptr(c.Base), c.Cache, c.Scav}
	base, scav := cache.alloc(uintptr(pageCount))
	*c = Cache{uint64(cache.base), cache.cache, cache.scav}
	return uint64(base), uint64(scav)
}

// Flush calls Go's (*pageCache).flush.
func (h *Heap) Flush(c *Cache) {
	cache := pageCache{uintptr(c.Base), c.Cache, c.Scav}
	lock(&h.mheap.lock)
	cache.flush(&h.mheap.pages)
	unlock(&h.mheap.lock)
	*c = Cache{uint64(cache.base), cache.cache, cache.scav}
}

// StartGeneration calls Go's scavengeStartGen.
func (h *Heap) StartGeneration() {
	lock(&h.mheap.lock)
	h.mheap.pages.scavengeStartGen()
	unlock(&h.mheap.lock)
}

// Scavenge calls Go's scavenge; counted adds the result to scav.released, as bgscavenge does.
func (h *Heap) Scavenge(byteCount uint64, counted bool) (released uint64) {
	r := h.mheap.pages.scavenge(uintptr(byteCount))
	if counted {
		h.mheap.pages.scav.released += r
	}
	return uint64(r)
}

// Reserve calls Go's scavengeReserve.
func (h *Heap) Reserve() (Range, uint32) {
	r, generation := h.mheap.pages.scavengeReserve()
	return fromGo(r), generation
}

// ScavengeOne calls Go's scavengeOne and returns what is left of the range.
func (h *Heap) ScavengeOne(work Range, byteCountMax uint64) (released uint64, rest Range) {
	r, left := h.mheap.pages.scavengeOne(work.toGo(), uintptr(byteCountMax))
	return uint64(r), fromGo(left)
}

// Unreserve calls Go's scavengeUnreserve.
func (h *Heap) Unreserve(r Range, generation uint32) {
	h.mheap.pages.scavengeUnreserve(r.toGo(), generation)
}

// PokeSummary overwrites a summary, which must be in use.
func (h *Heap) PokeSummary(level int, index, value uint64) {
	h.mheap.pages.summary[level][index] = pallocSum(value)
}

// PokeChunk overwrites the bitmaps of a chunk in use.
func (h *Heap) PokeChunk(index uint64, allocated, scavenged Bits) {
	chunk := h.mheap.pages.chunkOf(chunkIdx(index))
	chunk.pallocBits = pallocBits(allocated)
	chunk.scavenged = pageBits(scavenged)
}

// PokeSearchAddr overwrites searchAddr.
func (h *Heap) PokeSearchAddr(address uint64) { h.mheap.pages.searchAddr = offAddr{uintptr(address)} }
