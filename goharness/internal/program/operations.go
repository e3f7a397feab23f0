package program

import (
	"encoding/binary"

	"scavdiff/goharness/internal/pageheap"
	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

// perform does one operation and appends what it returns to r.values. It says false if the operation did nothing. Its
// error is a status: of an operation that needs more than the harness gives.
func (r *Runner) perform(operation *wire.Operation) (did bool, err error) {
	if o, ok := operation.GetOperation().(*wire.Operation_Grow); ok {
		return r.grow(o.Grow)
	}
	r.heap.GrowthDone()
	switch o := operation.GetOperation().(type) {
	case *wire.Operation_Alloc:
		r.alloc(o.Alloc)
	case *wire.Operation_Free:
		return r.free(o.Free), nil
	case *wire.Operation_Cache:
		r.cache(o.Cache)
	case *wire.Operation_CacheAlloc:
		return r.cacheAlloc(o.CacheAlloc), nil
	case *wire.Operation_Flush:
		return r.flush(o.Flush), nil
	case *wire.Operation_StartGen:
		r.heap.StartGeneration()
	case *wire.Operation_Scavenge:
		r.give(r.heap.Scavenge(o.Scavenge.GetByteCount(), o.Scavenge.GetCounted()))
	case *wire.Operation_Reserve:
		r.reserve(o.Reserve)
	case *wire.Operation_ScavengeOne:
		return r.scavengeOne(o.ScavengeOne), nil
	case *wire.Operation_Unreserve:
		return r.unreserve(o.Unreserve), nil
	case *wire.Operation_Call:
		r.call(o.Call)
	default:
		return r.performPacing(operation)
	}
	return true, nil
}

func (r *Runner) performOutside(operation *wire.Operation) (did bool, err error) {
	switch o := operation.GetOperation().(type) {
	case *wire.Operation_GrowAt:
		return true, r.growAt(o.GrowAt)
	case *wire.Operation_FreeAt:
		r.heap.Free(o.FreeAt.GetBase(), o.FreeAt.GetPageCount(), o.FreeAt.GetScavenged())
	case *wire.Operation_ScavengeAt:
		work := pageheap.Range{Base: o.ScavengeAt.GetBase(), Limit: o.ScavengeAt.GetLimit()}
		released, rest := r.heap.ScavengeOne(work, o.ScavengeAt.GetByteCountMax())
		r.give(released, rest.Base, rest.Limit)
	case *wire.Operation_UnreserveAt:
		work := pageheap.Range{Base: o.UnreserveAt.GetBase(), Limit: o.UnreserveAt.GetLimit()}
		r.heap.Unreserve(work, o.UnreserveAt.GetGeneration())
	case *wire.Operation_PokeSummary:
		return r.pokeSummary(o.PokeSummary), nil
	case *wire.Operation_PokeChunk:
		return r.pokeChunk(o.PokeChunk), nil
	case *wire.Operation_PokeSearchAddr:
		r.heap.PokeSearchAddr(o.PokeSearchAddr.GetAddress())
	case *wire.Operation_PokePhysPage:
		r.heap.PokePhysPage(o.PokePhysPage.GetByteCount())
	case *wire.Operation_PokeStats:
		stats := o.PokeStats
		r.heap.PokeStats(stats.GetHeapSys(), stats.GetHeapReleased(), stats.GetHeapInuse())
	case *wire.Operation_PokeClock:
		r.heap.PokeClock(int64(o.PokeClock.GetNowNs()))
	}
	return true, nil
}

func (r *Runner) give(values ...uint64) { r.values = append(r.values, values...) }

// chunkIndex turns a signed chunk number, its address divided by 4 MiB, into an index of the offset address space.
func chunkIndex(chunk int64) uint64 { return uint64(chunk + lowerHalfLimit) }

func (r *Runner) grow(o *wire.Grow) (did bool, err error) {
	first := chunkIndex(o.GetChunk())
	last := first + o.GetChunkCount() - 1
	if _, inUse := r.chunkInUse(first, last); inUse || r.isReserved(first, last) {
		return false, nil
	}
	if err := r.checkChunks(o.GetChunkCount()); err != nil {
		return false, err
	}
	size := o.GetChunkCount() * pageheap.ChunkBytes
	r.heap.AccountGrowth(size)
	r.heap.Grow(pageheap.ChunkBaseOf(first), size)
	return true, nil
}

// chunkInUse returns a chunk in use among the chunks [first, last], if there is one.
func (r *Runner) chunkInUse(first, last uint64) (chunk uint64, inUse bool) {
	ranges, _ := r.heap.InUse()
	for _, in := range ranges {
		from, to := pageheap.ChunkIndexOf(in.Base), pageheap.ChunkIndexOf(in.Limit-1)
		if from <= last && first <= to {
			return max(from, first), true
		}
	}
	return 0, false
}

// isReserved tells whether one of the chunks [first, last] is to be the heap's own next growth.
func (r *Runner) isReserved(first, last uint64) bool {
	reserved := r.heap.CurrentArena()
	return reserved.Base != reserved.Limit &&
		first <= pageheap.ChunkIndexOf(reserved.Limit-1) && pageheap.ChunkIndexOf(reserved.Base) <= last
}

// checkChunks refuses growth to more chunks than the harness has memory for.
func (r *Runner) checkChunks(more uint64) error {
	_, totalBytes := r.heap.InUse()
	if inUse := totalBytes / pageheap.ChunkBytes; more > chunksInUseMax-min(inUse, chunksInUseMax) {
		return exhausted("the page heap would grow to %d chunks, of at most %d", inUse+more, chunksInUseMax)
	}
	return nil
}

func (r *Runner) growAt(o *wire.GrowAt) error {
	base := o.GetBase() &^ (pageheap.ChunkBytes - 1)
	limit := (o.GetBase() + o.GetSize() + pageheap.ChunkBytes - 1) &^ (pageheap.ChunkBytes - 1)
	// Growth beyond the address space, or around its ends, fails in Go before it takes any memory.
	first, end := pageheap.ChunkIndexOf(base), pageheap.ChunkIndexOf(limit-1)+1
	if first < end && end <= pageheap.ChunkCount {
		if err := r.checkChunks(end - first); err != nil {
			return err
		}
	}
	r.heap.Grow(o.GetBase(), o.GetSize())
	return nil
}

func (r *Runner) alloc(o *wire.Alloc) {
	address, scavenged := r.heap.Alloc(o.GetPageCount())
	r.keepSpan(o.GetSlot(), address, o.GetPageCount(), scavenged)
	r.give(address, scavenged)
}

// keepSpan fills a span slot and counts the pages, unless the allocation failed.
func (r *Runner) keepSpan(slot uint32, address, pageCount, scavenged uint64) {
	if address != 0 {
		r.heap.AccountAllocation(pageCount, scavenged)
		r.spans.at(slot).fill(address, pageCount)
	}
}

func (r *Runner) free(o *wire.Free) (did bool) {
	s := r.spans.at(o.GetSlot())
	if !s.filled {
		return false
	}
	limit := s.pageCount
	if o.Limit != nil {
		limit = min(limit, *o.Limit)
	} else {
		s.filled = false
	}
	r.freed = s.take(o.GetFirst(), limit, r.freed[:0])
	for _, run := range r.freed {
		r.heap.AccountFree(run.limit - run.base)
		r.heap.Free(s.address+run.base*pageheap.PageBytes, run.limit-run.base, false)
	}
	r.give(uint64(len(r.freed)))
	return len(r.freed) != 0
}

func (r *Runner) cache(o *wire.Cache) {
	c := cache{true, r.heap.AllocToCache()}
	*r.caches.at(o.GetSlot()) = c
	r.give(c.pages.Base, c.pages.Cache, c.pages.Scav)
}

func (r *Runner) cacheAlloc(o *wire.CacheAlloc) (did bool) {
	c := r.caches.at(o.GetCache())
	if !c.filled {
		return false
	}
	address, scavenged := c.pages.Alloc(o.GetPageCount())
	r.keepSpan(o.GetSlot(), address, o.GetPageCount(), scavenged)
	r.give(address, scavenged, c.pages.Base, c.pages.Cache, c.pages.Scav)
	return true
}

func (r *Runner) flush(o *wire.Flush) (did bool) {
	c := r.caches.at(o.GetCache())
	if !c.filled {
		return false
	}
	r.heap.Flush(&c.pages)
	return true
}

func (r *Runner) reserve(o *wire.Reserve) {
	work, generation := r.heap.Reserve()
	*r.reservations.at(o.GetSlot()) = reservation{true, work, generation}
	r.give(work.Base, work.Limit, uint64(generation))
}

func (r *Runner) scavengeOne(o *wire.ScavengeOne) (did bool) {
	s := r.reservations.at(o.GetReservation())
	if !s.filled {
		return false
	}
	released, rest := r.heap.ScavengeOne(s.work, o.GetByteCountMax())
	s.work = rest
	r.give(released, rest.Base, rest.Limit)
	return true
}

func (r *Runner) unreserve(o *wire.Unreserve) (did bool) {
	s := r.reservations.at(o.GetReservation())
	if !s.filled {
		return false
	}
	s.filled = false
	r.heap.Unreserve(s.work, s.generation)
	return true
}

// call calls a pure function. What the function took of the runtime's persistent memory is given back, which the
// runtime never does.
func (r *Runner) call(o *wire.Call) {
	mark := r.heap.PersistentMark()
	r.values = functionOf(o.GetFunction()).call(o.GetArguments(), r.values)
	r.heap.PersistentRelease(mark)
}

// pokeSummary does nothing to a summary that is on no path of a chunk in use.
func (r *Runner) pokeSummary(o *wire.PokeSummary) (did bool) {
	level := int(o.GetLevel())
	shift := pageheap.LevelShift(level)
	if o.GetIndex() >= pageheap.ChunkCount>>shift {
		return false
	}
	chunk, inUse := r.chunkInUse(o.GetIndex()<<shift, (o.GetIndex()+1)<<shift-1)
	if !inUse {
		return false
	}
	r.heap.PokeSummary(level, o.GetIndex(), o.GetValue())
	r.heap.Touch(chunk, chunk)
	return true
}

func (r *Runner) pokeChunk(o *wire.PokeChunk) (did bool) {
	index := chunkIndex(o.GetChunk())
	if _, inUse := r.chunkInUse(index, index); !inUse {
		return false
	}
	r.heap.PokeChunk(index, bitmapOf(o.GetAllocated()), bitmapOf(o.GetScavenged()))
	r.heap.Touch(index, index)
	return true
}

func bitmapOf(text []byte) (bits pageheap.Bits) {
	for i := range bits {
		bits[i] = binary.LittleEndian.Uint64(text[8*i:])
	}
	return bits
}
