"""Any sequence of operations within the contract: the results of a plain heap, and the invariants after every step."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from pymodel.pageheap.addresses import chunk_base, chunk_index
from pymodel.pageheap.constants import PAGE_CACHE_PAGES, PAGE_SIZE
from pymodel.pageheap.mpagecache import PageCache
from pymodel.pageheap.mpallocbits import ALL_PAGES
from pymodel.pageheap.mranges import AddrRange, address_at, linear
from tests.pageheap.heaps import ALL, BASE, CHUNK, check_invariants, chunks_in_use, empty_heap, grow
from tests.pageheap.plain import PlainHeap

Span = tuple[int, int]
"""Number of the first page, counted in the offset space, and number of pages."""

# Starts of growth, in chunks from BASE: neighbours, other blocks of the tree, another L2 block, the kernel half.
PLACES = st.sampled_from([*range(-3, 14), 63, 64, 511, 512, 4096, 8191, 8192, 100_000, -0xC000 + 1, -0xC000 - 4])
PAGE_COUNTS = st.integers(1, 20) | st.sampled_from([63, 64, 65, 200, 511, 512, 513, 1024, 1500])
BYTE_COUNTS = st.sampled_from([1, PAGE_SIZE, 5 * PAGE_SIZE + 1, 65536, CHUNK, 3 * CHUNK, ALL])


def page_number(addr: int) -> int:
    return linear(addr) // PAGE_SIZE


class PageHeapMachine(RuleBasedStateMachine):
    spans: Bundle[Span] = Bundle("spans")
    caches: Bundle[PageCache] = Bundle("caches")
    reservations: Bundle[tuple[AddrRange, int]] = Bundle("reservations")

    @initialize(
        phys_page=st.sampled_from([4096, 8192, 16384, 65536, 524288]),
        huge_page=st.sampled_from([0, 2 << 20, 4 << 20, 65536]),
        chunk_count=st.integers(1, 3),
    )
    def begin(self, phys_page: int, huge_page: int, chunk_count: int) -> None:
        self.heap = empty_heap(phys_page, huge_page)
        self.plain = PlainHeap()
        self.min_pages = max(phys_page // PAGE_SIZE, 1)
        self.grow_at(BASE, chunk_count)

    def grow_at(self, base: int, chunk_count: int) -> None:
        grow(self.heap, base, chunk_count)
        self.plain.grow(page_number(base), chunk_count * 512)

    @rule(place=PLACES, chunk_count=st.integers(1, 3))
    def grow(self, place: int, chunk_count: int) -> None:
        base = (BASE + place * CHUNK) % (1 << 64)
        new = range(chunk_index(base), chunk_index(base) + chunk_count)
        if not set(new) & set(chunks_in_use(self.heap)):
            self.grow_at(base, chunk_count)

    @rule(target=spans, npages=PAGE_COUNTS)
    def alloc(self, npages: int) -> Span | MultipleResults[Span]:
        addr, scavenged_bytes = self.heap.alloc(npages)
        expected = self.plain.lowest_run(npages)
        if expected is None:
            assert (addr, scavenged_bytes) == (0, 0)
            return multiple()
        assert addr == address_at(expected * PAGE_SIZE)
        assert scavenged_bytes == self.plain.take(expected, npages) * PAGE_SIZE
        return expected, npages

    @rule(span=consumes(spans))
    def free(self, span: Span) -> None:
        self.give(*span)

    @rule(target=spans, span=consumes(spans), cut=st.integers(0, 1500))
    def free_the_top(self, span: Span, cut: int) -> Span | MultipleResults[Span]:
        first, count = span
        kept = cut % count
        self.give(first + kept, count - kept)
        if kept == 0:
            return multiple()
        return first, kept

    def give(self, first: int, count: int) -> None:
        self.plain.give(first, count)
        self.heap.free(address_at(first * PAGE_SIZE), count, False)

    @rule(target=caches)
    def cache(self) -> PageCache:
        c = self.heap.alloc_to_cache()
        if not self.plain.free:
            assert (c.base, c.cache, c.scav) == (0, 0, 0)
            return c
        first = min(self.plain.free) // PAGE_CACHE_PAGES * PAGE_CACHE_PAGES
        assert c.base == address_at(first * PAGE_SIZE)
        block = range(first, first + PAGE_CACHE_PAGES)
        assert c.cache == sum(1 << page - first for page in block if page in self.plain.free)
        assert c.scav == sum(1 << page - first for page in block if page in self.plain.scavenged)
        for page in set(block) & self.plain.free:
            self.plain.take(page, 1)
        return c

    @rule(target=spans, c=caches, npages=st.integers(1, 64))
    def cache_alloc(self, c: PageCache, npages: int) -> Span | MultipleResults[Span]:
        addr, _ = c.alloc(npages)
        if addr == 0:
            return multiple()
        return page_number(addr), npages

    @rule(c=caches)
    def flush(self, c: PageCache) -> None:
        if not c.empty():
            first = page_number(c.base)
            for i in range(PAGE_CACHE_PAGES):
                if c.cache >> i & 1:
                    self.plain.give(first + i, 1)
                    self.plain.scavenged |= {first + i} if c.scav >> i & 1 else set()
        c.flush(self.heap)
        assert c.empty()

    @rule()
    def start_gen(self) -> None:
        gen = self.heap.scav.gen
        self.heap.scavenge_start_gen()
        assert self.heap.scav.gen == gen + 1

    @rule(nbytes=BYTE_COUNTS)
    def scavenge(self, nbytes: int) -> None:
        released = self.heap.scavenge(nbytes)
        self.note_scavenged(released)
        if released < nbytes:
            scav = self.heap.scav
            assert scav.in_use.total_bytes == 0 or scav.reservation_bytes == 0, "there was more to look at"

    @rule(target=reservations)
    def reserve(self) -> tuple[AddrRange, int]:
        return self.heap.scavenge_reserve()

    @rule(target=reservations, reservation=consumes(reservations), max_bytes=BYTE_COUNTS)
    def scavenge_one(self, reservation: tuple[AddrRange, int], max_bytes: int) -> tuple[AddrRange, int]:
        work, gen = reservation
        released, rest = self.heap.scavenge_one(work, max_bytes)
        self.note_scavenged(released)
        assert rest.base == work.base
        assert rest.size() == 0 or released > 0
        return rest, gen

    @rule(reservation=consumes(reservations))
    def unreserve(self, reservation: tuple[AddrRange, int]) -> None:
        r, gen = reservation
        if r.size() and any(r.base < kept.limit and kept.base < r.limit for kept in self.heap.scav.in_use.ranges):
            return  # An overlap, which Go does not notice, breaks the contract.
        self.heap.scavenge_unreserve(r, gen)

    def note_scavenged(self, released: int) -> None:
        """What is scavenged now must be free, in whole physical pages, and of the size that was told."""
        now = self.pages(scavenged=True)
        new = now - self.plain.scavenged
        assert self.plain.scavenged <= now
        assert new <= self.plain.free
        assert len(new) * PAGE_SIZE == released
        groups = {page // self.min_pages for page in new}
        assert len(new) == len(groups) * self.min_pages
        self.plain.scavenged |= new

    def pages(self, *, scavenged: bool) -> set[int]:
        """The numbers of all scavenged pages, or of all free ones."""
        numbers: set[int] = set()
        for ci in chunks_in_use(self.heap):
            chunk = self.heap.chunk_of(ci)
            bits = chunk.scavenged if scavenged else ~chunk.allocated & ALL_PAGES
            first = page_number(chunk_base(ci))
            while bits:
                numbers.add(first + (bits & -bits).bit_length() - 1)
                bits &= bits - 1
        return numbers

    @invariant()
    def bitmaps_equal_the_plain_sets(self) -> None:
        assert self.pages(scavenged=False) == self.plain.free
        assert self.pages(scavenged=True) == self.plain.scavenged

    @invariant()
    def invariants_hold(self) -> None:
        check_invariants(self.heap)


PageHeapMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestPageHeapMachine = PageHeapMachine.TestCase
