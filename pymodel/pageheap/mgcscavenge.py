"""The scavenger: give free pages back to the operating system, highest address first.

Once a *generation* (one garbage collection cycle), `scavenge_start_gen` copies the heap's address space to
`p.scav.in_use`: the space still to be looked at. A scavenger *reserves* a piece from its top, looks through it from
the top down, and *unreserves* what it did not get to. A generation does not start over at the top of the heap: it
begins at the lowest address the last one reached (scav_lwm), unless memory above that was freed since; then at the
highest byte freed (free_hwm).

Within a chunk a *candidate* is a run of pages that are free and not scavenged. Only whole physical pages can go, so
where a physical page spans several pages, runs count in aligned groups of that many. And a transparent huge page
should not be broken up: if a candidate would start inside a huge page that is a candidate as a whole, all of it is
taken.

When the background scavenger does this, and how much of it, is in bgscavenge.

What is in use and what is scavenged is one word here: a page is *blocked* if it is either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pymodel.pageheap.addresses import chunk_base, chunk_index, chunk_page_index
from pymodel.pageheap.constants import (
    LEAF,
    MAX_OFF_ADDR,
    MAX_PAGES_PER_PHYS_PAGE,
    MIN_OFF_ADDR,
    PAGE_SIZE,
    PALLOC_CHUNK_BYTES,
    PALLOC_CHUNK_PAGES,
    SCAVENGE_RESERVATION_SHARDS,
)
from pymodel.pageheap.failures import Throw, divide_by_zero
from pymodel.pageheap.mpallocbits import ALL_PAGES, PallocData, word_index
from pymodel.pageheap.mranges import AddrRange, linear
from pymodel.pageheap.pallocsum import sum_max
from pymodel.pageheap.words import MASK64, align_down, align_up

if TYPE_CHECKING:
    from pymodel.pageheap.mpagealloc import PageAlloc
    from pymodel.pageheap.runtime import Runtime

GROUP_SIZES: Final = (1, 2, 4, 8, 16, 32, 64)
"""Pages in a physical page: the values that fillAligned's `m` and the searches' `min` may have."""

GROUP_STARTS: Final = {m: ALL_PAGES // ((1 << m) - 1) for m in GROUP_SIZES}
"""By group size, the bits at multiples of it: the lowest page of every group of a chunk."""


def heap_retained(runtime: Runtime) -> int:
    """Bytes of the heap that the operating system has not got back. Go: heapRetained, mgcscavenge.go."""
    return (runtime.memstats.heap_sys - runtime.memstats.heap_released) & MASK64


def scavenge(p: PageAlloc, nbytes: int) -> int:
    """Scavenge until `nbytes` bytes are released or the generation's space is used up; returns the bytes released.

    May release more than asked for. Releases nothing before the first scavenge_start_gen (Q9).
    Go: (*pageAlloc).scavenge, mgcscavenge.go.
    """
    if not p.scav.in_use.ranges:
        # Most calls: the background scavenger spins over a generation that is used up.
        return 0
    addrs, gen = AddrRange(0, 0), 0
    released = 0
    while released < nbytes:
        if addrs.size() == 0:
            addrs, gen = scavenge_reserve(p)
            if addrs.size() == 0:
                break
        freed, addrs = scavenge_one(p, addrs, nbytes - released)
        released = (released + freed) & MASK64
    scavenge_unreserve(p, addrs, gen)
    return released


def print_scav_trace(runtime: Runtime, gen: int, released: int, forced: bool) -> None:
    """Print one trace line: KiB released since the last line, KiB released in all, and what part of the heap is used.

    Divides by zero if nothing is retained (Q8); nothing is printed then. "forced" hides a controller reset, which the
    next line will tell. Go: printScavTrace, mgcscavenge.go.
    """
    stats = runtime.memstats
    retained = heap_retained(runtime)
    if retained == 0:
        raise divide_by_zero()
    used_percent = ((stats.heap_inuse * 100) & MASK64) // retained
    runtime.print("scav ", gen, " ", released >> 10, " KiB work, ", stats.heap_released >> 10, " KiB total, ")
    runtime.print(used_percent, "% util")
    if forced:
        runtime.print(" (forced)")
    elif runtime.scavenge.print_controller_reset:
        runtime.print(" [controller reset]")
        runtime.scavenge.print_controller_reset = False
    runtime.print("\n")


def scavenge_start_gen(p: PageAlloc) -> None:
    """Start a new generation: all of the heap below the new starting address is to be looked at again.

    free_hwm is the last byte freed but cuts the space as an exclusive limit, which leaves one byte out (Q2). A trace
    line, if wanted, comes first and speaks of the generation that ends. Go: (*pageAlloc).scavengeStartGen,
    mgcscavenge.go.
    """
    scav = p.scav
    if p.runtime.scavtrace > 0:
        print_scav_trace(p.runtime, scav.gen, scav.released, False)
    p.in_use.clone_into(scav.in_use)
    start_addr = scav.free_hwm if linear(scav.scav_lwm) < linear(scav.free_hwm) else scav.scav_lwm
    scav.in_use.remove_greater_equal(start_addr)
    scav.reservation_bytes = align_up(p.in_use.total_bytes, PALLOC_CHUNK_BYTES) // SCAVENGE_RESERVATION_SHARDS
    scav.gen = (scav.gen + 1) & 0xFFFFFFFF
    scav.released = 0
    scav.free_hwm = MIN_OFF_ADDR
    scav.scav_lwm = MAX_OFF_ADDR


def scavenge_reserve(p: PageAlloc) -> tuple[AddrRange, int]:
    """Take 1/64 of the heap's size off the top of the space to be looked at, widened down to a chunk's start.

    Returns it and the generation it belongs to; an empty range if nothing is left.
    Go: (*pageAlloc).scavengeReserve, mgcscavenge.go.
    """
    gen = p.scav.gen
    r = p.scav.in_use.remove_last(p.scav.reservation_bytes)
    if r.size() == 0:
        return r, gen
    new_base = align_down(r.base, PALLOC_CHUNK_BYTES)
    p.scav.in_use.remove_greater_equal(new_base)
    return AddrRange(new_base, r.limit), gen


def scavenge_unreserve(p: PageAlloc, r: AddrRange, gen: int) -> None:
    """Give back a range taken in generation `gen`; a range of an older generation is dropped (Q3).

    Throws if its base is not a chunk's start. Go: (*pageAlloc).scavengeUnreserve, mgcscavenge.go.
    """
    if r.size() == 0:
        return
    if r.base % PALLOC_CHUNK_BYTES != 0:
        raise Throw("unreserving unaligned region")
    if gen == p.scav.gen:
        p.scav.in_use.add(r)


def scavenge_one(p: PageAlloc, work: AddrRange, max_bytes: int) -> tuple[int, AddrRange]:
    """Scavenge the highest candidate in `work`, about `max_bytes` of it: bytes released, and the part not yet
    searched.

    The top chunk is searched from the range's limit down; a lower one, found by its summary and a quick look, from
    its top. Throws if the range's base is not a chunk's start. Go: (*pageAlloc).scavengeOne, mgcscavenge.go.
    """
    if work.size() == 0:
        return 0, work
    if work.base % PALLOC_CHUNK_BYTES != 0:
        raise Throw("scavengeOne called with unaligned work region")
    max_pages = max_bytes // PAGE_SIZE + (1 if max_bytes % PAGE_SIZE != 0 else 0)
    min_pages = max(p.runtime.phys_page_size // PAGE_SIZE, 1)

    released, work = scavenge_one_fast(p, work, min_pages, max_pages)
    if released != 0:
        return released, work
    while work.size() != 0:
        ci = find_candidate(p, work, min_pages)
        if ci is None:
            return 0, AddrRange(work.base, work.base)
        chunk = p.chunk_of(ci)
        page, npages = find_scavenge_candidate(chunk, PALLOC_CHUNK_PAGES - 1, min_pages, max_pages, p.runtime)
        if npages > 0:
            limit = scavenge_range_locked(p, ci, page, npages)
            return npages * PAGE_SIZE, AddrRange(work.base, limit)
        # Go looked without the lock, and another thread was faster. Never so where operations run one by one.
        work = AddrRange(work.base, chunk_base(ci))
    return 0, work


def find_candidate(p: PageAlloc, work: AddrRange, min_pages: int) -> int | None:
    """Index of the highest chunk in `work` that has a candidate, or None.

    The index counts down as an unsigned number: from chunk 0 it wraps, and the next look at a summary panics.
    Go: findCandidate in (*pageAlloc).scavengeOne, mgcscavenge.go.
    """
    leaves = p.summary[LEAF]
    ci = chunk_index((work.limit - 1) & MASK64)
    lowest = chunk_index(work.base)
    while ci >= lowest:
        if sum_max(leaves[ci]) >= min_pages:
            chunk = p.try_chunk_of(ci)
            if chunk is not None and has_scavenge_candidate(chunk, min_pages, p.runtime):
                return ci
        ci = (ci - 1) & MASK64
    return None


def scavenge_one_fast(p: PageAlloc, work: AddrRange, min_pages: int, max_pages: int) -> tuple[int, AddrRange]:
    """Look for a candidate in the top chunk of `work` only; without one, the rest is `work` below that chunk.

    Go: (*pageAlloc).scavengeOneFast, mgcscavenge.go.
    """
    max_addr = (work.limit - 1) & MASK64
    max_chunk = chunk_index(max_addr)
    if sum_max(p.summary[LEAF][max_chunk]) >= min_pages:
        chunk = p.chunk_of(max_chunk)
        page, npages = find_scavenge_candidate(chunk, chunk_page_index(max_addr), min_pages, max_pages, p.runtime)
        if npages != 0:
            limit = scavenge_range_locked(p, max_chunk, page, npages)
            return npages * PAGE_SIZE, AddrRange(work.base, limit)
    return 0, AddrRange(work.base, chunk_base(max_chunk))


def scavenge_range_locked(p: PageAlloc, ci: int, base: int, npages: int) -> int:
    """Give `npages` pages from page `base` of chunk `ci` back to the system; returns their address.

    They are allocated meanwhile, so that nobody else takes them while Go drops the heap lock for the system call.
    Throws "double scavenge" if some were scavenged already. Go: (*pageAlloc).scavengeRangeLocked, mgcscavenge.go.
    """
    addr = (chunk_base(ci) + base * PAGE_SIZE) & MASK64
    if p.alloc_range(addr, npages) != 0:
        raise Throw("double scavenge")
    if linear(addr) < linear(p.scav.scav_lwm):
        p.scav.scav_lwm = addr
    stats = p.runtime.memstats
    nbytes = npages * PAGE_SIZE
    p.runtime.sys_unused(nbytes)
    stats.heap_released = (stats.heap_released + nbytes) & MASK64
    stats.stats_committed = (stats.stats_committed - nbytes) & MASK64
    stats.stats_released = (stats.stats_released + nbytes) & MASK64
    p.free(addr, npages, True)
    p.chunk_of(ci).set_scavenged(base, npages)
    return addr


def fill_aligned(x: int, m: int) -> int:
    """The word `x` with every aligned group of `m` bits filled up if any of its bits is set.

    Throws unless `m` is 1, 2, 4, 8, 16, 32 or 64. Go: fillAligned, mgcscavenge.go.
    """
    if m not in GROUP_STARTS:
        raise Throw("bad m value")
    return ~free_groups(x, m) & MASK64


def free_groups(blocked: int, m: int) -> int:
    """The bits of a chunk that lie in an aligned group of `m` bits of which none is blocked.

    First a bit stays if no bit of [i, i+m) is blocked; of these only those at a group's start count; and each of them
    stands for its whole group.
    """
    free = ~blocked & ALL_PAGES
    if m == 1:
        return free
    shift = 1
    while shift < m:
        free &= free >> shift
        shift *= 2
    starts = free & GROUP_STARTS[m]
    return (starts << m) - starts


def _check_min(min_pages: int, runtime: Runtime) -> None:
    """Throw unless `min_pages` can be the number of pages in a physical page."""
    if min_pages & (min_pages - 1) != 0 or min_pages == 0:
        runtime.print("runtime: min = ", min_pages, "\n")
        raise Throw("min must be a non-zero power of 2")
    if min_pages > MAX_PAGES_PER_PHYS_PAGE:
        runtime.print("runtime: min = ", min_pages, "\n")
        raise Throw("min too large")


def has_scavenge_candidate(chunk: PallocData, min_pages: int, runtime: Runtime) -> bool:
    """Whether the chunk has an aligned group of `min_pages` pages that are all free and not scavenged.

    Throws, after printing it, unless `min_pages` is a power of two up to 64.
    Go: (*pallocData).hasScavengeCandidate, mgcscavenge.go.
    """
    _check_min(min_pages, runtime)
    return free_groups(chunk.scavenged | chunk.allocated, min_pages) != 0


def find_scavenge_candidate(
    chunk: PallocData, search_idx: int, min_pages: int, max_pages: int, runtime: Runtime
) -> tuple[int, int]:
    """The highest run of pages of the chunk that can be scavenged: its first page and its length, or (0, 0).

    The run consists of aligned groups of `min_pages` pages, all free and not scavenged. Only its top `max_pages`
    pages are taken (rounded up to whole groups, at least one), and more if that would break a huge page that the run
    holds whole. The search starts with the last page of the *word* that holds `search_idx`, so the result may lie
    above `search_idx` (Q5). Throws, after printing it, unless `min_pages` is a power of two up to 64.

    Go: (*pallocData).findScavengeCandidate, mgcscavenge.go.
    """
    _check_min(min_pages, runtime)
    max_pages = min_pages if max_pages == 0 else align_up(max_pages, min_pages)
    search_limit = (word_index(search_idx) + 1) * 64
    candidates = free_groups(chunk.scavenged | chunk.allocated, min_pages) & ((1 << search_limit) - 1)
    if candidates == 0:
        return 0, 0
    end = candidates.bit_length()
    run = end - (candidates ^ ((1 << end) - 1)).bit_length()
    size = min(run, max_pages)
    start = end - size

    huge_page_size = runtime.phys_huge_page_size
    if huge_page_size > PAGE_SIZE and huge_page_size > runtime.phys_page_size:
        huge_page_pages = huge_page_size // PAGE_SIZE
        above, below = align_up(start, huge_page_pages), align_down(start, huge_page_pages)
        if above <= end and below >= end - run:
            size += start - below
            start = below
    return start, size
