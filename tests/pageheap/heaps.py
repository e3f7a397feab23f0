"""Heaps to test with, and what must hold in any of them."""

from __future__ import annotations

from pymodel.pageheap.addresses import addrs_to_summary_range, chunk_base, chunk_index
from pymodel.pageheap.constants import LEAF, LEVEL_LOG_PAGES, MAX_SEARCH_ADDR, PAGE_SIZE, PALLOC_CHUNK_BYTES
from pymodel.pageheap.mpagealloc import PageAlloc
from pymodel.pageheap.mpallocbits import summarize
from pymodel.pageheap.mranges import linear
from pymodel.pageheap.pallocsum import merge_summaries
from pymodel.pageheap.runtime import Runtime

BASE = 0x3000000000
"""Where Go's own tests put their heap: chunk 0xc000 counted from address 0."""
BASE_CHUNK = chunk_index(BASE)
CHUNK = PALLOC_CHUNK_BYTES
PAGE = PAGE_SIZE
ALL = (1 << 64) - 1


def pages(first: int, count: int) -> int:
    """A bitmap with the pages [first, first+count) set."""
    return ((1 << count) - 1) << first


def page_address(page: int, chunk: int = 0) -> int:
    """Address of a page of the chunk that lies `chunk` chunks above BASE."""
    return BASE + chunk * CHUNK + page * PAGE


def empty_heap(phys_page: int = 4096, huge_page: int = 2 << 20) -> PageAlloc:
    return PageAlloc(Runtime(phys_page, huge_page))


def grow(p: PageAlloc, base: int, chunk_count: int = 1) -> None:
    """Grow as Go's heap does: the arenas exist first."""
    size = chunk_count * CHUNK
    p.runtime.add_arenas(base, (base + size) % (1 << 64))
    p.grow(base, size)


def grown_heap(chunk_count: int = 1, phys_page: int = 4096, huge_page: int = 2 << 20) -> PageAlloc:
    """A heap of free, scavenged chunks at BASE."""
    p = empty_heap(phys_page, huge_page)
    grow(p, BASE, chunk_count)
    return p


def full_heap(chunk_count: int = 1, phys_page: int = 4096, huge_page: int = 2 << 20) -> PageAlloc:
    """A heap at BASE with every page in use."""
    p = grown_heap(chunk_count, phys_page, huge_page)
    for _ in range(chunk_count):
        p.alloc(512)
    return p


def unscavenged_heap(chunk_count: int = 1, phys_page: int = 4096, huge_page: int = 2 << 20) -> PageAlloc:
    """A heap at BASE with every page free and not scavenged, in a new generation."""
    p = full_heap(chunk_count, phys_page, huge_page)
    p.free(BASE, chunk_count * 512, False)
    p.scavenge_start_gen()
    return p


def chunks_in_use(p: PageAlloc) -> list[int]:
    return [ci for r in p.in_use.ranges for ci in range(chunk_index(r.base), chunk_index(r.limit - 1) + 1)]


def check_invariants(p: PageAlloc) -> None:
    """What holds after every operation as long as callers keep the contract."""
    chunks = chunks_in_use(p)
    for ci in chunks:
        chunk = p.chunk_of(ci)
        assert chunk.allocated & chunk.scavenged == 0
        assert p.summary[LEAF][ci] == summarize(chunk.allocated)
    check_upper_levels(p)
    check_search_addr(p)
    for ranges in (p.in_use, p.scav.in_use):
        assert ranges.total_bytes == sum(r.size() for r in ranges.ranges)
        bases = [linear(end) for r in ranges.ranges for end in r]
        assert bases == sorted(set(bases)), "ranges touch, overlap or are out of order"
    assert (p.start, p.end) == (min(chunks, default=0), max(chunks, default=-1) + 1)


def check_upper_levels(p: PageAlloc) -> None:
    for level in range(LEAF):
        for r in p.in_use.ranges:
            for index in range(*addrs_to_summary_range(level, r.base, r.limit)):
                children = [p.summary[level + 1].peek(index * 8 + k) for k in range(8)]
                assert p.summary[level][index] == merge_summaries(children, LEVEL_LOG_PAGES[level + 1])


def check_search_addr(p: PageAlloc) -> None:
    """No page below search_addr is free, and it points into the heap unless it says that nothing is free."""
    if p.search_addr != MAX_SEARCH_ADDR:
        assert p.in_use.contains(p.search_addr)
    for ci in chunks_in_use(p):
        base = chunk_base(ci)
        free = ~p.chunk_of(ci).allocated & ((1 << 512) - 1)
        if free:
            first = linear(base) + ((free & -free).bit_length() - 1) * PAGE
            assert linear(p.search_addr) // PAGE <= first // PAGE
