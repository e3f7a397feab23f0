package program

import (
	"fmt"
	"math/bits"

	"scavdiff/goharness/internal/pageheap"
	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

// Chunks that grow may name: chunk 0 of either half of the address space, and the ends, stay out.
const (
	lowerHalfFirst = 1
	lowerHalfLimit = 1 << 25
	upperHalfFirst = -(1<<25 - 1)
	upperHalfLimit = -1
)

// validate checks a whole program before any of it runs, and notes which operation writes which slot.
func (r *Runner) validate(p *wire.Program) error {
	if err := validateHeader(p); err != nil {
		return err
	}
	if p.GetCount() && !pageheap.IsCounting() {
		return invalid("count", "set, for a target that does not count what it reaches")
	}
	for i, operation := range p.Operations {
		if err := r.validateOperation(i, operation, p); err != nil {
			return err
		}
	}
	return nil
}

func validateHeader(p *wire.Program) error {
	switch {
	case p.Id == nil:
		return invalid("id", "missing")
	case p.PhysPageSize == nil:
		return invalid("phys_page_size", "missing")
	case p.PhysHugePageSize == nil:
		return invalid("phys_huge_page_size", "missing")
	}
	if size := *p.PhysPageSize; !isPowerOf2In(size, physPageMin, physPageMax) {
		return invalid("phys_page_size", "%d is no power of two in [%d, %d]", size, physPageMin, physPageMax)
	}
	if size := *p.PhysHugePageSize; size != 0 && !isPowerOf2In(size, physPageMin, physHugePageMax) {
		return invalid("phys_huge_page_size", "%d is neither 0 nor a power of two in [%d, %d]",
			size, physPageMin, physHugePageMax)
	}
	if count := len(p.Operations); count > OperationCountMax {
		return exhausted("operations: %d, of at most %d", count, OperationCountMax)
	}
	return nil
}

func isPowerOf2In(value, least, most uint64) bool {
	return bits.OnesCount64(value) == 1 && least <= value && value <= most
}

func (r *Runner) validateOperation(i int, operation *wire.Operation, p *wire.Program) error {
	check := checker{operation: i, outside: p.GetOutsideContract(), pacing: p.GetPacing()}
	switch o := operation.GetOperation().(type) {
	case *wire.Operation_Grow:
		check.name = "grow"
		check.growth(o.Grow.GetChunk(), o.Grow.GetChunkCount())
	case *wire.Operation_Alloc:
		check.name = "alloc"
		declare(&check, &r.spans, "s", o.Alloc.GetSlot())
		check.pages(o.Alloc.GetPageCount(), allocPagesMax)
	case *wire.Operation_Free:
		check.name = "free"
		check.slot("slot", o.Free.GetSlot())
		check.freed(o.Free)
	case *wire.Operation_Cache:
		check.name = "cache"
		declare(&check, &r.caches, "c", o.Cache.GetSlot())
	case *wire.Operation_CacheAlloc:
		check.name = "cache_alloc"
		declare(&check, &r.spans, "s", o.CacheAlloc.GetSlot())
		check.slot("cache", o.CacheAlloc.GetCache())
		check.pages(o.CacheAlloc.GetPageCount(), cachePagesMax)
	case *wire.Operation_Flush:
		check.name = "flush"
		check.slot("cache", o.Flush.GetCache())
	case *wire.Operation_StartGen, *wire.Operation_Scavenge:
	case *wire.Operation_Reserve:
		check.name = "reserve"
		declare(&check, &r.reservations, "r", o.Reserve.GetSlot())
	case *wire.Operation_ScavengeOne:
		check.name = "scavenge_one"
		check.slot("reservation", o.ScavengeOne.GetReservation())
	case *wire.Operation_Unreserve:
		check.name = "unreserve"
		check.slot("reservation", o.Unreserve.GetReservation())
	case *wire.Operation_Call:
		check.name = "call"
		check.call(o.Call)
	case *wire.Operation_GrowAt:
		check.outsideOnly("grow_at")
		check.atMost("size", o.GrowAt.GetSize(), growBytesMax)
	case *wire.Operation_FreeAt:
		check.outsideOnly("free_at")
	case *wire.Operation_ScavengeAt:
		check.outsideOnly("scavenge_at")
	case *wire.Operation_UnreserveAt:
		check.outsideOnly("unreserve_at")
	case *wire.Operation_PokeSummary:
		check.outsideOnly("poke_summary")
		check.atMost("level", uint64(o.PokeSummary.GetLevel()), pageheap.LevelCount-1)
	case *wire.Operation_PokeChunk:
		check.outsideOnly("poke_chunk")
		check.bitmap("allocated", o.PokeChunk.GetAllocated())
		check.bitmap("scavenged", o.PokeChunk.GetScavenged())
	case *wire.Operation_PokeSearchAddr:
		check.outsideOnly("poke_search_addr")
	default:
		if !r.validatePacing(&check, operation) {
			return invalid(fmt.Sprintf("operations[%d]", i), "no operation, or one that this target does not know")
		}
	}
	return check.err
}

// checker keeps the first rule that an operation breaks.
type checker struct {
	operation int
	name      string
	outside   bool
	pacing    bool
	err       error
}

func (c *checker) fail(field, format string, arguments ...any) {
	if c.err == nil {
		c.err = invalid(c.path(field), format, arguments...)
	}
}

func (c *checker) path(field string) string {
	path := fmt.Sprintf("operations[%d].%s", c.operation, c.name)
	if field != "" {
		path += "." + field
	}
	return path
}

func (c *checker) slot(field string, slot uint32) bool {
	if slot >= slotCount {
		c.fail(field, "slot %d is above %d", slot, slotCount-1)
		return false
	}
	return true
}

// declare checks that no earlier operation writes the slot.
func declare[T any](c *checker, s *slots[T], kind string, slot uint32) {
	if !c.slot("slot", slot) {
		return
	}
	if first := s.declare(slot, c.operation); first >= 0 {
		c.fail("slot", "%s%d is written twice (first by operations[%d])", kind, slot, first)
	}
}

func (c *checker) pages(pageCount, most uint64) {
	if !c.outside && (pageCount < 1 || pageCount > most) {
		c.fail("page_count", "%d is not in [1, %d]", pageCount, most)
	}
}

func (c *checker) growth(chunk int64, chunkCount uint64) {
	if chunkCount < 1 || chunkCount > growChunksMax {
		c.fail("chunk_count", "%d is not in [1, %d]", chunkCount, growChunksMax)
		return
	}
	count := int64(chunkCount)
	isLower := lowerHalfFirst <= chunk && chunk <= lowerHalfLimit-count
	isUpper := upperHalfFirst <= chunk && chunk <= upperHalfLimit-count
	if !isLower && !isUpper {
		c.fail("chunk", "%d chunks from %d do not lie within [%d, %d) or [%d, %d)",
			chunkCount, chunk, upperHalfFirst, upperHalfLimit, lowerHalfFirst, lowerHalfLimit)
	}
}

func (c *checker) freed(free *wire.Free) {
	switch {
	case free.Limit == nil && free.First != 0:
		c.fail("first", "%d without a limit", free.First)
	case free.Limit != nil && free.First >= *free.Limit:
		c.fail("limit", "%d is not above first, %d", *free.Limit, free.First)
	}
}

func (c *checker) call(call *wire.Call) {
	f := functionOf(call.GetFunction())
	if f == nil {
		c.fail("function", "unknown function %d", call.GetFunction())
		return
	}
	if isPacing(call.GetFunction()) && !c.pacing {
		c.fail("function", "%s is allowed only in a program that is labelled pacing", f.name)
	}
	if words := len(call.GetArguments()); !f.accepts(words) {
		c.fail("arguments", "%s takes %s, found %d", f.name, f.arity(), words)
	}
}

// arity says in words how many arguments the function takes.
func (f *function) arity() string {
	switch f.element {
	case 0:
		return fmt.Sprintf("%d words", f.words)
	case 1:
		return fmt.Sprintf("%d words or more", f.words)
	}
	return fmt.Sprintf("%d words and %d for each range", f.words, f.element)
}

func (c *checker) outsideOnly(name string) {
	c.name = name
	if !c.outside {
		c.fail("", "allowed only in a program that is labelled outside_contract")
	}
}

func (c *checker) atMost(field string, value, most uint64) {
	if value > most {
		c.fail(field, "%d is above %d", value, most)
	}
}

func (c *checker) bitmap(field string, bitmap []byte) {
	if len(bitmap) != bitmapBytes {
		c.fail(field, "a bitmap is %d bytes, found %d", bitmapBytes, len(bitmap))
	}
}
