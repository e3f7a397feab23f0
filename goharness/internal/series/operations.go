package series

import (
	"google.golang.org/protobuf/proto"

	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

// freePart is a kind of its own here: its messages hold a limit.
const freePart = kindCount

// operations is a list of operations, in messages that are used again.
type operations struct {
	list []*wire.Operation
	made [kindCount + 1][]*wire.Operation
	used [kindCount + 1]int
}

func (o *operations) clear() {
	o.list = o.list[:0]
	o.used = [kindCount + 1]int{}
}

// next appends an operation of a kind, whose fields are then set.
func (o *operations) next(kind kind) *wire.Operation {
	place := o.used[kind]
	if place == len(o.made[kind]) {
		o.made[kind] = append(o.made[kind], newOperation(kind))
	}
	o.used[kind]++
	operation := o.made[kind][place]
	o.list = append(o.list, operation)
	return operation
}

func newOperation(kind kind) *wire.Operation {
	switch kind {
	case grow:
		return &wire.Operation{Operation: &wire.Operation_Grow{Grow: &wire.Grow{}}}
	case alloc:
		return &wire.Operation{Operation: &wire.Operation_Alloc{Alloc: &wire.Alloc{}}}
	case free:
		return &wire.Operation{Operation: &wire.Operation_Free{Free: &wire.Free{}}}
	case freePart:
		return &wire.Operation{Operation: &wire.Operation_Free{Free: &wire.Free{Limit: proto.Uint64(0)}}}
	case cache:
		return &wire.Operation{Operation: &wire.Operation_Cache{Cache: &wire.Cache{}}}
	case cacheAlloc:
		return &wire.Operation{Operation: &wire.Operation_CacheAlloc{CacheAlloc: &wire.CacheAlloc{}}}
	case flush:
		return &wire.Operation{Operation: &wire.Operation_Flush{Flush: &wire.Flush{}}}
	case startGen:
		return &wire.Operation{Operation: &wire.Operation_StartGen{StartGen: &wire.StartGen{}}}
	case scavenge:
		return &wire.Operation{Operation: &wire.Operation_Scavenge{Scavenge: &wire.Scavenge{}}}
	case reserve:
		return &wire.Operation{Operation: &wire.Operation_Reserve{Reserve: &wire.Reserve{}}}
	case scavengeOne:
		return &wire.Operation{Operation: &wire.Operation_ScavengeOne{ScavengeOne: &wire.ScavengeOne{}}}
	case unreserve:
		return &wire.Operation{Operation: &wire.Operation_Unreserve{Unreserve: &wire.Unreserve{}}}
	}
	panic("every kind of operation is listed above")
}

func (o *operations) grow(chunk int64, chunkCount uint64) {
	to := o.next(grow).GetGrow()
	to.Chunk, to.ChunkCount = chunk, chunkCount
}

func (o *operations) alloc(slot uint32, pageCount uint64) {
	to := o.next(alloc).GetAlloc()
	to.Slot, to.PageCount = slot, pageCount
}

func (o *operations) free(slot uint32) { o.next(free).GetFree().Slot = slot }

func (o *operations) freePart(slot uint32, first, limit uint64) {
	to := o.next(freePart).GetFree()
	to.Slot, to.First, *to.Limit = slot, first, limit
}

func (o *operations) cache(slot uint32) { o.next(cache).GetCache().Slot = slot }

func (o *operations) cacheAlloc(slot, cache uint32, pageCount uint64) {
	to := o.next(cacheAlloc).GetCacheAlloc()
	to.Slot, to.Cache, to.PageCount = slot, cache, pageCount
}

func (o *operations) flush(cache uint32) { o.next(flush).GetFlush().Cache = cache }

func (o *operations) startGen() { o.next(startGen) }

func (o *operations) scavenge(byteCount uint64, counted bool) {
	to := o.next(scavenge).GetScavenge()
	to.ByteCount, to.Counted = byteCount, counted
}

func (o *operations) reserve(slot uint32) { o.next(reserve).GetReserve().Slot = slot }

func (o *operations) scavengeOne(reservation uint32, byteCountMax uint64) {
	to := o.next(scavengeOne).GetScavengeOne()
	to.Reservation, to.ByteCountMax = reservation, byteCountMax
}

func (o *operations) unreserve(reservation uint32) {
	o.next(unreserve).GetUnreserve().Reservation = reservation
}
