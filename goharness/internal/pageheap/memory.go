package pageheap

import (
	"fmt"
	"syscall"
	"unsafe"
)

// notInHeap is memory that the Go collector does not manage.
type notInHeap struct{ _ byte }

// notInHeapSlice is a slice of it.
type notInHeapSlice struct {
	array *notInHeap
	len   int
	cap   int
}

// memory is what one page heap got from the operating system. Summaries are reserved once, as inaccessible memory, and
// mapped when the heap grows, so that a read of a summary that Go has not mapped faults here as it does in Go.
type memory struct {
	// reservations holds one region of summaries per level, in the order of sysReserve.
	reservations []region
	reserved     int
	// mapped is what Go has mapped of them.
	mapped regions
	// kept is zero and accessible, but not mapped by Go: left by the program before, and often just what the next one
	// maps. It is empty from the end of the growth that a program starts with, before anything could read it.
	kept regions
	// remapped says that a part was mapped again, which zeroes summaries that nobody touched.
	remapped bool
	// in and out are scratch memory of mapSummaries.
	in, out []region

	// freeBlocks are zeroed blocks of chunks.
	freeBlocks []unsafe.Pointer
	// persistent is handed out from the front, up to persistentUsed.
	persistent     []uintptr
	persistentUsed int
}

const (
	blockBytes = unsafe.Sizeof([1 << pallocChunksL2Bits]pallocData{})
	// freeBlocksMax bounds the memory that a heap keeps for its next program, 1 MiB each.
	freeBlocksMax = 8
	// keptBytesMax and keptRegionsMax bound what is kept of the summaries.
	keptBytesMax   = 4 << 20
	keptRegionsMax = 1024
	// clearBytesMax is up to where clearing memory costs less than asking for new pages.
	clearBytesMax = 32 << 10
	// physPageSizePokedMax is the largest physical page size that a program may poke.
	physPageSizePokedMax = 1 << 20
	// persistentWords is what is left ready for persistentalloc in one piece, in words.
	persistentWords = 4096
)

// isMapped tells whether Go has mapped the summary at an address.
func (m *memory) isMapped(address uintptr) bool {
	place := m.mapped.from(address + 1)
	return place < len(m.mapped) && m.mapped[place].base <= address
}

func (m *memory) reserves(address uintptr) bool {
	for _, r := range m.reservations {
		if r.base <= address && address < r.limit {
			return true
		}
	}
	return false
}

// reserve returns the next level's region. It is reserved once, for the largest physical page, and used again. A
// physical page size that a program pokes may round what is mapped up by nearly physPageSizePokedMax more.
func (m *memory) reserve(n uintptr) unsafe.Pointer {
	if m.reserved == len(m.reservations) {
		n = alignUp(n, maxPhysPageSize) + physPageSizePokedMax
		base := uintptr(mapMemory(n, syscall.PROT_NONE))
		m.reservations = append(m.reservations, region{base, base + n})
	}
	r := m.reservations[m.reserved]
	m.reserved++
	return pointerTo(r.base)
}

// mapSummaries makes r accessible and zero.
func (m *memory) mapSummaries(r region) {
	if len(m.kept) == 0 {
		m.out = append(m.out[:0], r)
	} else {
		m.in, m.out = m.kept.remove(r, m.in[:0], m.out[:0])
	}
	for _, missing := range m.out {
		protect(missing, syscall.PROT_READ|syscall.PROT_WRITE)
	}
	m.in, _ = m.mapped.remove(r, m.in[:0], m.out[:0])
	for _, again := range m.in {
		// Growth outside the contract may map a part again, which gives Go fresh pages.
		zeroPages(again)
		m.remapped = true
	}
	m.mapped.add(r)
}

// unmapKept makes inaccessible what the program before left and this one has not mapped.
func (m *memory) unmapKept() {
	for _, r := range m.kept {
		discard(r)
	}
	m.kept = m.kept[:0]
}

// unmapSummaries ends a program: what Go mapped is zero, or is zeroed here, and is kept for the next one.
func (m *memory) unmapSummaries(zeroed bool) {
	m.unmapKept()
	m.kept, m.mapped = m.mapped, m.kept
	m.reserved = 0
	if m.kept.size() > keptBytesMax || len(m.kept) > keptRegionsMax {
		m.unmapKept()
		return
	}
	if zeroed {
		return
	}
	for _, r := range m.kept {
		if r.size() > clearBytesMax {
			zeroPages(r)
		} else {
			clear(unsafe.Slice((*byte)(pointerTo(r.base)), r.size()))
		}
	}
}

// takeBlock returns a zeroed block of chunks.
func (m *memory) takeBlock() unsafe.Pointer {
	if last := len(m.freeBlocks) - 1; last >= 0 {
		block := m.freeBlocks[last]
		m.freeBlocks = m.freeBlocks[:last]
		return block
	}
	return mapMemory(blockBytes, syscall.PROT_READ|syscall.PROT_WRITE)
}

// giveBlock takes a block back.
func (m *memory) giveBlock(block unsafe.Pointer, zeroed bool) {
	if len(m.freeBlocks) == freeBlocksMax {
		unmapMemory(block, blockBytes)
		return
	}
	if !zeroed {
		zeroPages(region{uintptr(block), uintptr(block) + blockBytes})
	}
	m.freeBlocks = append(m.freeBlocks, block)
}

// release gives everything back to the operating system.
func (m *memory) release() {
	for _, r := range m.reservations {
		unmapMemory(pointerTo(r.base), r.size())
	}
	for _, block := range m.freeBlocks {
		unmapMemory(block, blockBytes)
	}
	*m = memory{}
}

// persistentMark says how much persistent memory is in use; persistentRelease gives back what was taken since.
func (m *memory) persistentMark() int { return m.persistentUsed }

func (m *memory) persistentRelease(mark int) {
	if mark > m.persistentUsed {
		mark = 0
	}
	clear(m.persistent[mark:m.persistentUsed])
	m.persistentUsed = mark
}

func (m *memory) persistentalloc(n uintptr) unsafe.Pointer {
	words := int(alignUp(n, 8) / 8)
	if m.persistentUsed+words > len(m.persistent) {
		// What was handed out before stays alive as long as something points to it.
		m.persistent = make([]uintptr, max(persistentWords, words))
		m.persistentUsed = 0
	}
	m.persistentUsed += words
	return unsafe.Pointer(&m.persistent[m.persistentUsed-words])
}

// The functions that Go's code calls.

func sysReserve(_ unsafe.Pointer, n uintptr) unsafe.Pointer {
	if current == nil {
		return mapMemory(n, syscall.PROT_NONE)
	}
	return current.memory.reserve(n)
}

// sysMap maps summaries, or, told by the statistic, accounts heap memory, which nobody reads or writes here.
func sysMap(address uintptr, n uintptr, statistic *sysMemStat) {
	statistic.add(int64(n))
	switch {
	case statistic == &memstats.heap_sys:
	case current == nil:
		protect(region{address, address + n}, syscall.PROT_READ|syscall.PROT_WRITE)
	default:
		current.memory.mapSummaries(region{address, address + n})
	}
}

// sysUsed only advises the operating system about huge pages where it does something at all.
func sysUsed(uintptr, uintptr) {}

// sysUnused takes virtual time for each physical page that it gives back.
func sysUnused(_ uintptr, n uintptr) {
	if current != nil {
		current.clock.now += current.clock.costPerPage * int64(n/physPageSize)
	}
}

func sysAlloc(n uintptr, statistic *sysMemStat) unsafe.Pointer {
	statistic.add(int64(n))
	if current == nil || n != blockBytes {
		return mapMemory(n, syscall.PROT_READ|syscall.PROT_WRITE)
	}
	return current.memory.takeBlock()
}

func sysFree(address unsafe.Pointer, n uintptr, statistic *sysMemStat) {
	statistic.add(-int64(n))
	unmapMemory(address, n)
}

func persistentalloc(n, _ uintptr, statistic *sysMemStat) unsafe.Pointer {
	if n == 0 {
		// Go's own check: a set of ranges that was never made room for doubles its capacity of 0.
		throw("persistentalloc: size == 0")
	}
	statistic.add(int64(n))
	if current == nil {
		return unsafe.Pointer(unsafe.SliceData(make([]uintptr, alignUp(n, 8)/8)))
	}
	return current.memory.persistentalloc(n)
}

// System calls. A failure here is the machine's, never Go's code's.

func mapMemory(n uintptr, protection int) unsafe.Pointer {
	flags := syscall.MAP_ANON | syscall.MAP_PRIVATE | syscall.MAP_NORESERVE
	address, _, errno := syscall.Syscall6(syscall.SYS_MMAP, 0, n, uintptr(protection), uintptr(flags), ^uintptr(0), 0)
	if errno != 0 {
		panic(fmt.Errorf("mmap of %d bytes: %w", n, errno))
	}
	return pointerTo(address)
}

func unmapMemory(address unsafe.Pointer, n uintptr) {
	if _, _, errno := syscall.Syscall(syscall.SYS_MUNMAP, uintptr(address), n, 0); errno != 0 {
		panic(fmt.Errorf("munmap of %d bytes: %w", n, errno))
	}
}

func protect(r region, protection int) {
	_, _, errno := syscall.Syscall(syscall.SYS_MPROTECT, r.base, r.size(), uintptr(protection))
	if errno != 0 {
		panic(fmt.Errorf("mprotect of %d bytes: %w", r.size(), errno))
	}
}

// discard makes r inaccessible, and its pages go back to the operating system.
func discard(r region) {
	flags := syscall.MAP_ANON | syscall.MAP_PRIVATE | syscall.MAP_NORESERVE | syscall.MAP_FIXED
	_, _, errno := syscall.Syscall6(syscall.SYS_MMAP, r.base, r.size(), syscall.PROT_NONE, uintptr(flags), ^uintptr(0), 0)
	if errno != 0 {
		panic(fmt.Errorf("mmap of %d bytes: %w", r.size(), errno))
	}
}

// zeroPages makes r zero.
func zeroPages(r region) {
	_, _, errno := syscall.Syscall(syscall.SYS_MADVISE, r.base, r.size(), syscall.MADV_DONTNEED)
	if errno != 0 {
		panic(fmt.Errorf("madvise of %d bytes: %w", r.size(), errno))
	}
}

// pointerTo makes a pointer of the address of memory that mmap gave. It goes through memory because a direct conversion
// is what vet's unsafeptr check warns of: that the collector could move what the address names. It never moves this.
func pointerTo(address uintptr) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&address))
}
