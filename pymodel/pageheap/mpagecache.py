"""Page caches: an aligned block of 64 pages, some of them free, owned by one processor so that it needs no lock.

`alloc_to_cache` marks the free pages of a block as in use and lists them in the cache's own word; the cache hands
them out one by one; `flush` gives back what is left. Two words speak of the block's pages, lowest page in bit 0:
`cache` (1 = free, the cache's to give) and `scav` (1 = scavenged). `scav` covers the whole block, also pages that are
not the cache's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymodel.pageheap.addresses import chunk_base, chunk_index, chunk_page_index
from pymodel.pageheap.constants import LEAF, MAX_SEARCH_ADDR, PAGE_CACHE_PAGES, PAGE_SIZE
from pymodel.pageheap.failures import Throw
from pymodel.pageheap.mpallocbits import find_bit_range64
from pymodel.pageheap.mranges import linear
from pymodel.pageheap.words import MASK64, NOT_FOUND, align_down, low_mask, shift_left, trailing_zeros

if TYPE_CHECKING:
    from pymodel.pageheap.mpagealloc import PageAlloc


class PageCache:
    """Free pages of one aligned 64-page block at address `base`. Go: pageCache, mpagecache.go."""

    __slots__ = ("base", "cache", "scav")

    def __init__(self, base: int = 0, cache: int = 0, scav: int = 0) -> None:
        self.base = base
        self.cache = cache
        self.scav = scav

    def empty(self) -> bool:
        """Whether no page is left. Go: (*pageCache).empty, mpagecache.go."""
        return self.cache == 0

    def alloc(self, npages: int) -> tuple[int, int]:
        """Take `npages` pages: address and scavenged bytes, or (0, 0). Go: (*pageCache).alloc, mpagecache.go."""
        if self.cache == 0:
            return 0, 0
        if npages == 1:
            lowest = self.cache & -self.cache
            scavenged_bytes = PAGE_SIZE if self.scav & lowest else 0
            self.cache ^= lowest
            self.scav &= ~lowest
            return (self.base + trailing_zeros(lowest) * PAGE_SIZE) & MASK64, scavenged_bytes
        return self.alloc_n(npages)

    def alloc_n(self, npages: int) -> tuple[int, int]:
        """Take the lowest run of `npages` pages, or (0, 0).

        Right for 1 to 64 pages: a full cache "has" 128 pages in a row and gives its 64 (Q10).
        Go: (*pageCache).allocN, mpagecache.go.
        """
        i = find_bit_range64(self.cache, npages)
        if i >= PAGE_CACHE_PAGES:
            return 0, 0
        mask = shift_left(low_mask(npages), i)
        scavenged_pages = (self.scav & mask).bit_count()
        self.cache &= ~mask
        self.scav &= ~mask
        return (self.base + i * PAGE_SIZE) & MASK64, scavenged_pages * PAGE_SIZE

    def flush(self, p: PageAlloc) -> None:
        """Give the pages that are left back to the heap, and empty the cache; nothing if it is empty.

        Unlike `free` it does not raise scav.free_hwm, so that the scavenger may not see these pages for a generation
        (Q1). Go: (*pageCache).flush, mpagecache.go.
        """
        if self.empty():
            return
        page = chunk_page_index(self.base)
        chunk = p.chunk_of(chunk_index(self.base))
        chunk.allocated &= ~(self.cache << page)
        chunk.scavenged |= self.scav << page
        if linear(self.base) < linear(p.search_addr):
            p.search_addr = self.base
        p.update(self.base, PAGE_CACHE_PAGES, False, False)
        self.base, self.cache, self.scav = 0, 0, 0


def alloc_to_cache(p: PageAlloc) -> PageCache:
    """Move the free pages of the first 64-page block that has any to a new cache; an empty one if none has.

    search_addr becomes the block's last page, even if that moves it down: all pages before are in use now, and the
    page after may not exist. Throws "bad summary data" if the chunk's summary promised a free page that is not there.

    Go: (*pageAlloc).allocToCache, mpagecache.go.
    """
    ci = chunk_index(p.search_addr)
    if ci >= p.end:
        return PageCache()
    if p.summary[LEAF][ci] != 0:
        chunk = p.chunk_of(ci)
        page, _ = chunk.find(1, chunk_page_index(p.search_addr))
        if page == NOT_FOUND:
            raise Throw("bad summary data")
        base = (chunk_base(ci) + align_down(page, PAGE_CACHE_PAGES) * PAGE_SIZE) & MASK64
    else:
        addr, _ = p.find(1)
        if addr == 0:
            p.search_addr = MAX_SEARCH_ADDR
            return PageCache()
        chunk = p.chunk_of(chunk_index(addr))
        base = align_down(addr, PAGE_CACHE_PAGES * PAGE_SIZE)
    first_page = chunk_page_index(base)
    c = PageCache(base, ~(chunk.allocated >> first_page) & MASK64, (chunk.scavenged >> first_page) & MASK64)
    chunk.allocated |= c.cache << first_page
    chunk.scavenged &= ~((c.cache & c.scav) << first_page)
    p.update(base, PAGE_CACHE_PAGES, False, True)
    p.search_addr = (base + PAGE_SIZE * (PAGE_CACHE_PAGES - 1)) & MASK64
    return c
