package pageheap

// The pure functions, one handle each, on words. Where Go's function changes its receiver, the handle returns the
// changed value.

// Get calls pageBits.get.
func Get(bits Bits, i uint64) uint64 { return uint64((*pageBits)(&bits).get(uint(i))) }

// Block64 calls pageBits.block64.
func Block64(bits Bits, i uint64) uint64 { return (*pageBits)(&bits).block64(uint(i)) }

// SetRange calls pageBits.setRange.
func SetRange(bits Bits, i, n uint64) Bits {
	(*pageBits)(&bits).setRange(uint(i), uint(n))
	return bits
}

// ClearRange calls pageBits.clearRange.
func ClearRange(bits Bits, i, n uint64) Bits {
	(*pageBits)(&bits).clearRange(uint(i), uint(n))
	return bits
}

// SetBlock64 calls pageBits.setBlock64.
func SetBlock64(bits Bits, i, v uint64) Bits {
	(*pageBits)(&bits).setBlock64(uint(i), v)
	return bits
}

// ClearBlock64 calls pageBits.clearBlock64.
func ClearBlock64(bits Bits, i, v uint64) Bits {
	(*pageBits)(&bits).clearBlock64(uint(i), v)
	return bits
}

// CountRange calls pageBits.popcntRange.
func CountRange(bits Bits, i, n uint64) uint64 {
	return uint64((*pageBits)(&bits).popcntRange(uint(i), uint(n)))
}

// Summarize calls pallocBits.summarize.
func Summarize(bits Bits) uint64 { return uint64((*pallocBits)(&bits).summarize()) }

// Find calls pallocBits.find.
func Find(bits Bits, pageCount, searchIndex uint64) (index, newSearchIndex uint64) {
	i, s := (*pallocBits)(&bits).find(uintptr(pageCount), uint(searchIndex))
	return uint64(i), uint64(s)
}

// FindRange64 calls findBitRange64.
func FindRange64(c, n uint64) uint64 { return uint64(findBitRange64(c, uint(n))) }

// AlignFilled calls fillAligned.
func AlignFilled(x, m uint64) uint64 { return fillAligned(x, uint(m)) }

func palloc(allocated, scavenged Bits) *pallocData {
	return &pallocData{pallocBits(allocated), pageBits(scavenged)}
}

// HasScavengeCandidate calls pallocData.hasScavengeCandidate.
func HasScavengeCandidate(allocated, scavenged Bits, min uint64) bool {
	return palloc(allocated, scavenged).hasScavengeCandidate(uintptr(min))
}

// FindScavengeCandidate calls pallocData.findScavengeCandidate.
func FindScavengeCandidate(allocated, scavenged Bits, searchIndex, min, max uint64) (start, size uint64) {
	i, n := palloc(allocated, scavenged).findScavengeCandidate(uint(searchIndex), uintptr(min), uintptr(max))
	return uint64(i), uint64(n)
}

// PackSummary calls packPallocSum.
func PackSummary(start, max, end uint64) uint64 {
	return uint64(packPallocSum(uint(start), uint(max), uint(end)))
}

// UnpackSummary calls pallocSum.unpack, then start, max and end.
func UnpackSummary(sum uint64) [6]uint64 {
	s := pallocSum(sum)
	start, max, end := s.unpack()
	return [6]uint64{
		uint64(start), uint64(max), uint64(end), uint64(s.start()), uint64(s.max()), uint64(s.end()),
	}
}

// MergeSummaries calls mergeSummaries.
func MergeSummaries(sums []uint64, logMaxPages uint64) uint64 {
	merged := make([]pallocSum, len(sums))
	for i, sum := range sums {
		merged[i] = pallocSum(sum)
	}
	return uint64(mergeSummaries(merged, uint(logMaxPages)))
}

// ChunkIndex calls chunkIndex, and l1 and l2 of the result.
func ChunkIndex(address uint64) (index, l1, l2 uint64) {
	i := chunkIndex(uintptr(address))
	return uint64(i), uint64(i.l1()), uint64(i.l2())
}

// ChunkBase calls chunkBase.
func ChunkBase(index uint64) uint64 { return uint64(chunkBase(chunkIdx(index))) }

// ChunkPageIndex calls chunkPageIndex.
func ChunkPageIndex(address uint64) uint64 { return uint64(chunkPageIndex(uintptr(address))) }

// OffAddrToLevelIndex calls offAddrToLevelIndex.
func OffAddrToLevelIndex(level, address uint64) uint64 {
	return uint64(offAddrToLevelIndex(int(level), offAddr{uintptr(address)}))
}

// LevelIndexToOffAddr calls levelIndexToOffAddr.
func LevelIndexToOffAddr(level, index uint64) uint64 {
	return uint64(levelIndexToOffAddr(int(level), int(index)).addr())
}

// AddrsToSummaryRange calls addrsToSummaryRange.
func AddrsToSummaryRange(level, base, limit uint64) (lo, hi uint64) {
	l, h := addrsToSummaryRange(int(level), uintptr(base), uintptr(limit))
	return uint64(l), uint64(h)
}

// BlockAlignSummaryRange calls blockAlignSummaryRange.
func BlockAlignSummaryRange(level, lo, hi uint64) (alignedLo, alignedHi uint64) {
	l, h := blockAlignSummaryRange(int(level), int(lo), int(hi))
	return uint64(l), uint64(h)
}

// NewRange calls makeAddrRange, and size of the result.
func NewRange(base, limit uint64) (r Range, size uint64) {
	a := makeAddrRange(uintptr(base), uintptr(limit))
	return fromGo(a), uint64(a.size())
}

// Contains calls addrRange.contains.
func (r Range) Contains(address uint64) bool { return r.toGo().contains(uintptr(address)) }

// Subtract calls addrRange.subtract.
func (r Range) Subtract(b Range) Range { return fromGo(r.toGo().subtract(b.toGo())) }

// RemoveGreaterEqual calls addrRange.removeGreaterEqual.
func (r Range) RemoveGreaterEqual(address uint64) Range {
	return fromGo(r.toGo().removeGreaterEqual(uintptr(address)))
}

// Ranges is a set of ranges.
type Ranges struct{ a addrRanges }

// NewRanges makes a set by init(nil) and add of each range in turn.
func NewRanges(ranges []Range) *Ranges {
	s := new(Ranges)
	s.a.init(nil)
	for _, r := range ranges {
		s.a.add(r.toGo())
	}
	return s
}

// View returns the ranges and the bytes that Go counts for them.
func (s *Ranges) View() ([]Range, uint64) { return viewRanges(&s.a) }

// FindSucc calls addrRanges.findSucc.
func (s *Ranges) FindSucc(address uint64) uint64 { return uint64(s.a.findSucc(uintptr(address))) }

// FindAddrGreaterEqual calls addrRanges.findAddrGreaterEqual.
func (s *Ranges) FindAddrGreaterEqual(address uint64) (uint64, bool) {
	a, ok := s.a.findAddrGreaterEqual(uintptr(address))
	return uint64(a), ok
}

// Contains calls addrRanges.contains.
func (s *Ranges) Contains(address uint64) bool { return s.a.contains(uintptr(address)) }

// Add calls addrRanges.add.
func (s *Ranges) Add(r Range) { s.a.add(r.toGo()) }

// RemoveLast calls addrRanges.removeLast.
func (s *Ranges) RemoveLast(byteCount uint64) Range {
	return fromGo(s.a.removeLast(uintptr(byteCount)))
}

// RemoveGreaterEqual calls addrRanges.removeGreaterEqual.
func (s *Ranges) RemoveGreaterEqual(address uint64) { s.a.removeGreaterEqual(uintptr(address)) }

// CloneInto calls addrRanges.cloneInto.
func (s *Ranges) CloneInto(destination *Ranges) { s.a.cloneInto(&destination.a) }

// PersistentMark says how much persistent memory is in use. PersistentRelease gives back what was taken since, when
// nothing points to it any more.
func (h *Heap) PersistentMark() int { return h.memory.persistentMark() }

// PersistentRelease is described at PersistentMark.
func (h *Heap) PersistentRelease(mark int) { h.memory.persistentRelease(mark) }
