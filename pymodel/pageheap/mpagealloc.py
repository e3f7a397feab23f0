"""The page allocator: which pages of the heap are free, found fast.

One bitmap for each chunk says which of its 512 pages are in use. Above the bitmaps stands a radix tree: a leaf entry
summarises one chunk, each entry above it eight entries below, and the root has 2^14 entries for the whole 48-bit
address space. A summary (see pallocsum) tells how many free pages stand at the region's two ends and how many in a
row there are at most, which is enough to decide without looking further down

* that a run of n pages lies inside the region (its max), and so where to descend, or
* that one crosses from this region into its neighbours (an end plus the starts that follow), and so exactly where it
  is.

Two rules keep this cheap. First fit by address: an allocation takes the lowest run that is long enough, so all memory
below the lowest free page is settled, and `search_addr` remembers a bound for it: no address below it is free.
Freeing moves it down, allocating moves it up when a search has learnt something, and MAX_SEARCH_ADDR means "nothing
is free". And every change of a bitmap is followed by `update`, which repairs summaries from the leaf upward until
nothing changes.

The order of reads and writes is Go's, so that a failure in the middle leaves what Go would leave. Locks are left out.
"""

from __future__ import annotations

from typing import Final

from pymodel.pageheap import mgcscavenge, mpagealloc_64bit, mpagecache
from pymodel.pageheap.addresses import (
    addrs_to_summary_range,
    block_align_summary_range,
    chunk_base,
    chunk_index,
    chunk_l1,
    chunk_l2,
    chunk_page_index,
    level_index_to_off_addr,
    off_addr_to_level_index,
)
from pymodel.pageheap.constants import (
    ARENA_L2_ENTRIES,
    FREE_CHUNK_SUM,
    LEAF,
    LEVEL_BITS,
    LEVEL_LOG_PAGES,
    LEVEL_SHIFT,
    LOG_HEAP_ARENA_BYTES,
    MAX_OFF_ADDR,
    MAX_SEARCH_ADDR,
    MIN_OFF_ADDR,
    PAGE_SIZE,
    PALLOC_CHUNK_BYTES,
    PALLOC_CHUNK_PAGES,
    PALLOC_CHUNKS_L1_BITS,
    SUMMARY_LEVELS,
)
from pymodel.pageheap.failures import Throw, index_out_of_range, nil_dereference
from pymodel.pageheap.mpagealloc_64bit import SummaryLevel
from pymodel.pageheap.mpagecache import PageCache
from pymodel.pageheap.mpallocbits import ALL_PAGES, PallocData
from pymodel.pageheap.mranges import AddrRange, AddrRanges, address_at, linear, make_addr_range
from pymodel.pageheap.pallocsum import (
    merge_summaries,
    pack_palloc_sum,
    sum_end,
    sum_max,
    sum_start,
    unpack,
)
from pymodel.pageheap.runtime import Runtime
from pymodel.pageheap.words import MASK64, NOT_FOUND, align_down, align_up

__all__ = [
    "FreeWindow",
    "PageAlloc",
    "ScavengeState",
    "SummaryLevel",
    "addrs_to_summary_range",
    "block_align_summary_range",
    "chunk_base",
    "chunk_index",
    "chunk_l1",
    "chunk_l2",
    "chunk_page_index",
    "level_index_to_off_addr",
    "merge_summaries",
    "off_addr_to_level_index",
    "pack_palloc_sum",
    "sum_end",
    "sum_max",
    "sum_start",
    "unpack",
]

CHUNKS_L1_ENTRIES: Final = 1 << PALLOC_CHUNKS_L1_BITS


class ScavengeState:
    """What the scavenger remembers between calls, see mgcscavenge. Go: pageAlloc.scav, mpagealloc.go."""

    __slots__ = ("free_hwm", "gen", "in_use", "released", "reservation_bytes", "scav_lwm")

    def __init__(self, runtime: Runtime) -> None:
        self.in_use = AddrRanges(runtime)
        """Address space not yet looked at in this generation. Not initialised: it has no room before the first
        clone."""
        self.gen = 0
        """Number of the generation; 32 bits."""
        self.reservation_bytes = 0
        """Address space to hand out in one reservation."""
        self.released = 0
        """Bytes released in this generation, as its caller counts them."""
        self.scav_lwm = MAX_SEARCH_ADDR
        """Lowest address scavenged in this generation."""
        self.free_hwm = 0
        """Highest address freed in this generation. Address 0, not MIN_OFF_ADDR, until the first generation starts: in
        the offset space that is the middle."""


class FreeWindow:
    """The narrowest known part of the address space that holds the first free page: [base, bound], both inclusive.

    Both are places in the offset space, see mranges. Go: firstFree and foundFree in (*pageAlloc).find, mpagealloc.go.
    """

    __slots__ = ("base", "bound", "runtime")

    def __init__(self, runtime: Runtime) -> None:
        self.base = linear(MIN_OFF_ADDR)
        self.bound = linear(MAX_OFF_ADDR)
        self.runtime = runtime

    def found_free(self, place: int, size: int) -> None:
        """Free pages are known to be among the `size` bytes at `place`: narrow the window to them if they lie inside.

        A range beside the window teaches nothing new: the first free page was found before. Throws if the range
        overlaps the window in part.
        """
        last = place + size - 1
        if self.base <= place and last <= self.bound:
            self.base = place
            self.bound = last
        elif last >= self.base and place <= self.bound:
            say = self.runtime.print
            say("runtime: addr = ", hex(address_at(place)), ", size = ", size, "\n")
            say("runtime: base = ", hex(address_at(self.base)), ", bound = ", hex(address_at(self.bound)), "\n")
            raise Throw("range partially overlaps")


class PageAlloc:
    """A page heap: bitmaps, summaries, and the scavenger's state. Go: pageAlloc, mpagealloc.go.

    Page counts and sizes are 64-bit words; nothing is refused that Go does not refuse, and Go's bounds panics, faults
    and throws come as `failures`. The constructor is Go's init, for a heap that is not in test mode.
    """

    __slots__ = ("chunks", "chunks_l1", "end", "in_use", "runtime", "scav", "search_addr", "start", "summary")

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.in_use = AddrRanges(runtime)
        """Address space given to `grow`."""
        self.in_use.init()
        self.summary: list[SummaryLevel] = []
        """The radix tree, root level first."""
        mpagealloc_64bit.sys_init(self)
        self.chunks_l1: set[int] = set()
        """Which of the 8192 L2 blocks of chunks exist."""
        self.chunks: dict[int, PallocData] = {}
        """Chunks by index. A chunk of an existing L2 block that is not here is all zero."""
        self.search_addr = MAX_SEARCH_ADDR
        """No page below this address is free."""
        self.start = 0
        self.end = 0
        """All known chunks are in [start, end); both 0 before the first growth."""
        self.scav = ScavengeState(runtime)

    def try_chunk_of(self, ci: int) -> PallocData | None:
        """Chunk `ci`, or None if its L2 block is missing; panics if `ci` is past the last L2 block.

        Go: (*pageAlloc).tryChunkOf, mpagealloc.go.
        """
        chunk = self.chunks.get(ci)
        if chunk is not None:
            return chunk
        l1 = chunk_l1(ci)
        if l1 >= CHUNKS_L1_ENTRIES:
            raise index_out_of_range(l1, CHUNKS_L1_ENTRIES)
        if l1 not in self.chunks_l1:
            return None
        chunk = self.chunks[ci] = PallocData()
        return chunk

    def chunk_of(self, ci: int) -> PallocData:
        """Chunk `ci`; a nil dereference if its L2 block is missing. Go: (*pageAlloc).chunkOf, mpagealloc.go."""
        chunk = self.chunks.get(ci)
        if chunk is None:
            chunk = self.try_chunk_of(ci)
            if chunk is None:
                raise nil_dereference()
        return chunk

    def grow(self, base: int, size: int) -> None:
        """Add the memory [base, base+size), widened to whole chunks: free, and scavenged since it was never touched.

        The final `update` goes by `size` as given, not as widened (Q7). Go: (*pageAlloc).grow, mpagealloc.go.
        """
        limit = align_up((base + size) & MASK64, PALLOC_CHUNK_BYTES)
        base = align_down(base, PALLOC_CHUNK_BYTES)
        mpagealloc_64bit.sys_grow(self, base, limit)
        first_growth = self.start == 0
        start, end = chunk_index(base), chunk_index(limit)
        if first_growth or start < self.start:
            self.start = start
        if end > self.end:
            self.end = end
        self.in_use.add(make_addr_range(base, limit))
        if linear(base) < linear(self.search_addr):
            self.search_addr = base
        self.chunks_l1.update(range(chunk_l1(start), chunk_l1(end - 1) + 1))
        for ci in range(start, end):
            self.chunk_of(ci).scavenged = ALL_PAGES
        self.update(base, size // PAGE_SIZE, True, False)

    def update(self, base: int, npages: int, contig: bool, alloc: bool) -> None:
        """Repair the summaries after the bitmaps of [base, base+npages·8192) have changed.

        Leaves first: the chunks at the two ends are summarised anew. `contig` says that all pages in between went one
        way, so the chunks there need no look: they are full if `alloc`, else wholly free. Then each level from those
        below it, until a level stays as it is. Go: (*pageAlloc).update, mpagealloc.go.
        """
        limit = (base + npages * PAGE_SIZE - 1) & MASK64
        first, last = chunk_index(base), chunk_index(limit)
        self.touch(first, last)
        leaves = self.summary[LEAF]
        if first == last:
            old = leaves[first]
            new = self.chunk_of(first).summarize()
            if old == new:
                return
            leaves.replace(first, new)
        elif contig:
            leaves[first] = self.chunk_of(first).summarize()
            leaves.fill(first + 1, last, 0 if alloc else FREE_CHUNK_SUM)
            leaves[last] = self.chunk_of(last).summarize()
        else:
            for ci in range(first, last + 1):
                leaves[ci] = self.chunk_of(ci).summarize()
        self._update_upward(base, limit)

    def _update_upward(self, base: int, limit: int) -> None:
        """Merge summaries over the addresses [base, limit], both inclusive, level by level while something changes."""
        first, last = linear(base), linear(limit)
        below = self.summary[LEAF]
        for level in range(LEAF - 1, -1, -1):
            summaries = self.summary[level]
            shift = LEVEL_SHIFT[level]
            log_max_pages = LEVEL_LOG_PAGES[level + 1]
            changed = False
            index, last_index = first >> shift, last >> shift
            while index <= last_index:
                if summaries.replace(index, merge_summaries(below.children(index), log_max_pages)):
                    changed = True
                index += 1
            if not changed:
                break
            below = summaries

    def touch(self, first: int, last: int) -> None:
        """Bitmaps or summaries of the chunks `first` to `last` may have changed: a subclass may take note of that."""

    def alloc_range(self, base: int, npages: int) -> int:
        """Mark [base, base+npages·8192) as in use and not scavenged; returns how many bytes of it were scavenged.

        Leaves search_addr alone. Go: (*pageAlloc).allocRange, mpagealloc.go.
        """
        limit = (base + npages * PAGE_SIZE - 1) & MASK64
        first, last = chunk_index(base), chunk_index(limit)
        first_page, last_page = chunk_page_index(base), chunk_page_index(limit)
        chunk = self.chunk_of(first)
        if first == last:
            scavenged_pages = chunk.alloc_range(first_page, (last_page + 1 - first_page) & MASK64)
        else:
            scavenged_pages = chunk.alloc_range(first_page, PALLOC_CHUNK_PAGES - first_page)
            for ci in range(first + 1, last):
                scavenged_pages += self.chunk_of(ci).alloc_all()
            scavenged_pages += self.chunk_of(last).alloc_range(0, last_page + 1)
        self.update(base, npages, True, True)
        return scavenged_pages * PAGE_SIZE

    def find_mapped_addr(self, addr: int) -> int:
        """`addr` if an arena exists there, else the first heap address above it, else MAX_OFF_ADDR.

        Go: (*pageAlloc).findMappedAddr, mpagealloc.go.
        """
        arenas = self.runtime.arenas
        arena = linear(addr) >> LOG_HEAP_ARENA_BYTES
        if arena in arenas:
            return addr
        if arenas and arena >= ARENA_L2_ENTRIES:
            raise index_out_of_range(arena, ARENA_L2_ENTRIES)
        mapped, found = self.in_use.find_addr_greater_equal(addr)
        return mapped if found else MAX_OFF_ADDR

    def find(self, npages: int) -> tuple[int, int]:
        """The lowest run of `npages` free pages: its address and a new candidate for search_addr.

        (0, MAX_SEARCH_ADDR) if there is none. Walks down from the root, a block of entries at each level: either a run
        that joins across entries is long enough, or an entry holds one inside, and the walk goes on in the block below
        it, and after the leaves in the chunk's bitmap. The candidate is the start of the narrowest region known to hold
        the first free page, moved up to memory that exists.

        Throws "bad summary data", with a dump, if a level does not have what the level above promised.
        Go: (*pageAlloc).find, mpagealloc.go.
        """
        window = FreeWindow(self.runtime)
        block = 0
        for level in range(SUMMARY_LEVELS):
            block <<= LEVEL_BITS[level]
            # Whatever lies below search_addr is in use, so if the walk came down on its path, start where it points.
            first_index = block
            search_index = off_addr_to_level_index(level, self.search_addr)
            if search_index & ~((1 << LEVEL_BITS[level]) - 1) == block:
                first_index = search_index

            run_page, holder = self._search_block(window, level, block, first_index, npages)
            if run_page is not None:
                addr = (level_index_to_off_addr(level, block) + run_page * PAGE_SIZE) & MASK64
                return addr, self.find_mapped_addr(address_at(window.base))
            if holder is None:
                if level == 0:
                    return 0, MAX_SEARCH_ADDR
                self._dump_bad_level(level, npages, block, first_index)
                raise Throw("bad summary data")
            block = holder
        return self._search_chunk(window, block, npages)

    def _search_block(
        self, window: FreeWindow, level: int, block: int, first_index: int, npages: int
    ) -> tuple[int | None, int | None]:
        """Look for `npages` free pages in a block of entries, those from `first_index` on, and tell `window`.

        Returns the first page, counted from the block's, of a run that joins across entries, or else the index of the
        first entry that holds such a run inside. Both None if the block has none.
        """
        log_max_pages = LEVEL_LOG_PAGES[level]
        region_pages = 1 << log_max_pages
        limit = block + (1 << LEVEL_BITS[level])
        # The run of free pages that ends where the last entry did: its first page and its length.
        run_page, run_size = 0, 0
        next_index = first_index
        for index, total in self.summary[level].nonzero(first_index, limit):
            if index != next_index:
                run_size = 0  # A full entry lies in between.
            next_index = index + 1
            window.found_free(index << LEVEL_SHIFT[level], region_pages * PAGE_SIZE)
            start = sum_start(total)
            if run_size + start >= npages:
                return run_page if run_size != 0 else (index - block) << log_max_pages, None
            if sum_max(total) >= npages:
                return None, index
            if run_size == 0 or start < region_pages:
                run_size = sum_end(total)
                run_page = (((next_index - block) << log_max_pages) - run_size) & MASK64
            else:
                run_size += region_pages
        if next_index != limit:
            run_size = 0  # The block ends with a full entry.
        return (run_page, None) if run_size >= npages else (None, None)

    def _search_chunk(self, window: FreeWindow, ci: int, npages: int) -> tuple[int, int]:
        """The end of `find`'s walk: chunk `ci` holds the run inside. Its results, or a throw if that was false."""
        page, first_free_page = self.chunk_of(ci).find(npages, 0)
        if page == NOT_FOUND:
            self._print_summary(LEAF, ci, self.summary[LEAF][ci])
            self.runtime.print("runtime: npages = ", npages, "\n")
            raise Throw("bad summary data")
        place = ci * PALLOC_CHUNK_BYTES + first_free_page * PAGE_SIZE
        window.found_free(place, (ci + 1) * PALLOC_CHUNK_BYTES - place)
        addr = (chunk_base(ci) + page * PAGE_SIZE) & MASK64
        return addr, self.find_mapped_addr(address_at(window.base))

    def _print_summary(self, level: int, index: int, total: int) -> None:
        start, most, end = unpack(total)
        self.runtime.print("runtime: summary[", level, "][", index, "] = (", start, ", ", most, ", ", end, ")\n")

    def _dump_bad_level(self, level: int, npages: int, block: int, first_index: int) -> None:
        """Print what Go prints before it throws over a level that lacks what the level above promised."""
        say = self.runtime.print
        holder = block >> LEVEL_BITS[level]
        start, most, end = unpack(self.summary[level - 1].peek(holder))
        say("runtime: summary[", level - 1, "][", holder, "] = ", start, ", ", most, ", ", end, "\n")
        say("runtime: level = ", level, ", npages = ", npages, ", j0 = ", first_index - block, "\n")
        say("runtime: p.searchAddr = ", hex(self.search_addr), ", i = ", block, "\n")
        say("runtime: levelShift[level] = ", LEVEL_SHIFT[level], ", levelBits[level] = ", LEVEL_BITS[level], "\n")
        for index, total in enumerate(self.summary[level].children(holder), block):
            self._print_summary(level, index, total)

    def alloc(self, npages: int) -> tuple[int, int]:
        """Allocate `npages` pages: the lowest run that is long enough. Returns its address and its scavenged bytes.

        Address 0 if there is none; then, for a single page, nothing at all is free, and search_addr says so from now
        on. The chunk of search_addr is tried first if the pages could fit between there and its end. Go:
        (*pageAlloc).alloc, mpagealloc.go.
        """
        search_chunk = chunk_index(self.search_addr)
        if search_chunk >= self.end:
            return 0, 0
        addr = 0
        search_addr = MIN_OFF_ADDR
        search_page = chunk_page_index(self.search_addr)
        if PALLOC_CHUNK_PAGES - search_page >= npages:
            most = sum_max(self.summary[LEAF][search_chunk])
            if most >= npages:
                page, first_free_page = self.chunk_of(search_chunk).find(npages, search_page)
                if page == NOT_FOUND:
                    say = self.runtime.print
                    say("runtime: max = ", most, ", npages = ", npages, "\n")
                    say("runtime: searchIdx = ", search_page, ", p.searchAddr = ", hex(self.search_addr), "\n")
                    raise Throw("bad summary data")
                base = chunk_base(search_chunk)
                return self._take((base + page * PAGE_SIZE) & MASK64, npages, base + first_free_page * PAGE_SIZE)
        addr, search_addr = self.find(npages)
        if addr == 0:
            if npages == 1:
                self.search_addr = MAX_SEARCH_ADDR
            return 0, 0
        return self._take(addr, npages, search_addr)

    def _take(self, addr: int, npages: int, search_addr: int) -> tuple[int, int]:
        """Allocate what was found, and move search_addr up, never down. Go: label Found in (*pageAlloc).alloc."""
        scavenged_bytes = self.alloc_range(addr, npages)
        if linear(self.search_addr) < linear(search_addr):
            self.search_addr = search_addr & MASK64
        return addr, scavenged_bytes

    def free(self, base: int, npages: int, scavenged: bool) -> None:
        """Free `npages` pages at `base`. Nothing checks that they were in use.

        Unless they are `scavenged` (the scavenger's own free), the last byte freed raises scav.free_hwm: a last
        address where other limits are exclusive (Q2). Go: (*pageAlloc).free, mpagealloc.go.
        """
        if linear(base) < linear(self.search_addr):
            self.search_addr = base
        limit = (base + npages * PAGE_SIZE - 1) & MASK64
        if not scavenged and linear(self.scav.free_hwm) < linear(limit):
            self.scav.free_hwm = limit
        if npages == 1:
            self.chunk_of(chunk_index(base)).free1(chunk_page_index(base))
        else:
            self._free_many(base, limit)
        self.update(base, npages, True, False)

    def _free_many(self, base: int, limit: int) -> None:
        """Clear the bits of the pages from `base` to `limit`, both inclusive."""
        first, last = chunk_index(base), chunk_index(limit)
        first_page, last_page = chunk_page_index(base), chunk_page_index(limit)
        if first == last:
            self.chunk_of(first).free(first_page, (last_page + 1 - first_page) & MASK64)
            return
        self.chunk_of(first).free(first_page, PALLOC_CHUNK_PAGES - first_page)
        for ci in range(first + 1, last):
            self.chunk_of(ci).free_all()
        self.chunk_of(last).free(0, last_page + 1)

    # Methods whose rule stands in another module, as it stands in another file in Go.

    def alloc_to_cache(self) -> PageCache:
        """Move the free pages of one 64-page block to a page cache. See mpagecache."""
        return mpagecache.alloc_to_cache(self)

    def scavenge(self, nbytes: int) -> int:
        """Scavenge at least `nbytes` bytes if there are that many; returns how many. See mgcscavenge."""
        return mgcscavenge.scavenge(self, nbytes)

    def scavenge_start_gen(self) -> None:
        """Start a new scavenge generation. See mgcscavenge."""
        mgcscavenge.scavenge_start_gen(self)

    def scavenge_reserve(self) -> tuple[AddrRange, int]:
        """Take address space to scavenge; returns it and the generation. See mgcscavenge."""
        return mgcscavenge.scavenge_reserve(self)

    def scavenge_unreserve(self, r: AddrRange, gen: int) -> None:
        """Give back address space taken in generation `gen`. See mgcscavenge."""
        mgcscavenge.scavenge_unreserve(self, r, gen)

    def scavenge_one(self, work: AddrRange, max_bytes: int) -> tuple[int, AddrRange]:
        """Scavenge one run of pages in `work`; returns its bytes and the rest of `work`. See mgcscavenge."""
        return mgcscavenge.scavenge_one(self, work, max_bytes)

    def scavenge_one_fast(self, work: AddrRange, min_pages: int, max_pages: int) -> tuple[int, AddrRange]:
        """`scavenge_one` in the top chunk of `work` only. See mgcscavenge."""
        return mgcscavenge.scavenge_one_fast(self, work, min_pages, max_pages)

    def scavenge_range_locked(self, ci: int, base: int, npages: int) -> int:
        """Scavenge `npages` pages from page `base` of chunk `ci`; returns their address. See mgcscavenge."""
        return mgcscavenge.scavenge_range_locked(self, ci, base, npages)
