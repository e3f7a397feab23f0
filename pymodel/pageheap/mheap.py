"""The heap above the page allocator: it reserves address space, grows into it, and hands out runs of pages.

Address space comes in arenas of 64 MiB. What was reserved last is the *current arena*, and the heap grows from its
bottom, a chunk or more at a time; memory grown is free and counts as released until somebody uses it. When an
allocation does not fit, the heap grows, and since fragments were then to be had but of no use, as much memory is
scavenged as the growth takes the heap above its goal.

Only what concerns pages is here: spans themselves, zeroing and the processors' page caches are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pymodel.pageheap.bgscavenge import SCAVENGE_OFF, gc_pace_scavenger, ready_for_scavenger
from pymodel.pageheap.constants import HEAP_ARENA_BYTES, PAGE_SIZE, PALLOC_CHUNK_PAGES
from pymodel.pageheap.failures import Throw
from pymodel.pageheap.mgcscavenge import heap_retained, print_scav_trace
from pymodel.pageheap.mranges import linear
from pymodel.pageheap.words import MASK64, align_up, signed

if TYPE_CHECKING:
    from pymodel.pageheap.mpagealloc import PageAlloc
    from pymodel.pageheap.runtime import Runtime

ARENA_SPACE_BASE: Final = 1 << 44
"""Where arenas are reserved from, upward. No part of Go, which asks the system."""
ARENA_SPACE_LIMIT: Final = 1 << 47


class Mheap:
    """A page allocator and what (*mheap) adds to it. Go: mheap, mheap.go."""

    def __init__(self, pages: PageAlloc) -> None:
        self.pages = pages
        self.runtime: Runtime = pages.runtime
        self.scavenge_goal = SCAVENGE_OFF
        """Bytes the heap may retain before the scavenger starts: off, as the start-up's first pacing leaves it."""
        self.cur_arena_base = 0
        """Address space that is reserved and not grown into yet is [cur_arena_base, cur_arena_end)."""
        self.cur_arena_end = 0
        self._arena_cursor = ARENA_SPACE_BASE

    def sys_alloc(self, n: int) -> tuple[int, int] | None:
        """Reserve address space for at least `n` bytes: its base and size, in whole arenas; None if there is none.

        The lowest arenas in a row that do not exist yet, above all that was reserved here before.
        Go: (*mheap).sysAlloc, malloc.go, where the system chooses.
        """
        found = self.find_arenas(n)
        if found is not None:
            base, size = found
            self._arena_cursor = base + size
            self.runtime.add_arenas(base, base + size)
        return found

    def find_arenas(self, n: int) -> tuple[int, int] | None:
        """The space that sys_alloc would reserve for `n` bytes."""
        size = align_up(n, HEAP_ARENA_BYTES)
        first = linear(self._arena_cursor) // HEAP_ARENA_BYTES
        for index in sorted(index for index in self.runtime.arenas if index >= first):
            if index >= first + size // HEAP_ARENA_BYTES:
                break
            first = index + 1
        base = first * HEAP_ARENA_BYTES - linear(0)
        return (base, size) if base + size <= ARENA_SPACE_LIMIT else None

    def grow(self, npage: int) -> int | None:
        """Add memory for `npage` pages, in whole chunks: the bytes added; None, after a line of complaint, if there is
        no address space.

        If the current arena is too small, new space is reserved for all of it. Space that continues the current arena
        extends it; otherwise what was left of that is grown first, and counts as added.
        Go: (*mheap).grow, mheap.go.
        """
        runtime = self.runtime
        ask = align_up(npage, PALLOC_CHUNK_PAGES) * PAGE_SIZE & MASK64
        total_growth = 0
        end = (self.cur_arena_base + ask) & MASK64
        new_base = align_up(end, runtime.phys_page_size)
        if new_base > self.cur_arena_end or end < self.cur_arena_base:
            reserved = self.sys_alloc(ask)
            if reserved is None:
                heap_sys = runtime.memstats.heap_sys
                runtime.print("runtime: out of memory: cannot allocate ", ask, "-byte block (", heap_sys, " in use)\n")
                return None
            base, size = reserved
            if base != self.cur_arena_end:
                left = self.cur_arena_end - self.cur_arena_base
                if left != 0:
                    self._add(self.cur_arena_base, left)
                    total_growth += left
                self.cur_arena_base = base
            self.cur_arena_end = base + size
            new_base = align_up(self.cur_arena_base + ask, runtime.phys_page_size)
        base = self.cur_arena_base
        self.cur_arena_base = new_base
        self._add(base, new_base - base)
        return total_growth + new_base - base

    def _add(self, base: int, size: int) -> None:
        """Map reserved address space, which counts as released until it is used, and give it to the page allocator."""
        count_mapped(self.runtime, size)
        self.pages.grow(base, size)

    def alloc_span(self, npages: int) -> tuple[int, int, int]:
        """Allocate `npages` pages, growing if need be: the address, the scavenged bytes among them, and the growth.

        All 0 if the heap cannot grow. What the heap-growth scavenge releases is not added to scav.released.
        Throws if the pages are not to be found even then. Go: the page part of (*mheap).allocSpan, mheap.go.
        """
        base, scav = self.pages.alloc(npages)
        growth = 0
        if base == 0:
            grown = self.grow(npages)
            if grown is None:
                return 0, 0, 0
            growth = grown
            base, scav = self.pages.alloc(npages)
            if base == 0:
                raise Throw("grew heap, but no adequate free space found")
        if growth > 0:
            after = (heap_retained(self.runtime) + growth) & MASK64
            if after > self.scavenge_goal:
                self.pages.scavenge(min(growth, after - self.scavenge_goal))
        count_span(self.runtime, npages, scav)
        return base, scav, growth

    def scavenge_all(self) -> None:
        """Scavenge whatever can be, in a new generation; a trace line, if wanted, gives the new generation and this
        call's bytes only. Go: (*mheap).scavengeAll, mheap.go."""
        self.pages.scavenge_start_gen()
        released = self.pages.scavenge(MASK64)
        if self.runtime.scavtrace > 0:
            print_scav_trace(self.runtime, self.pages.scav.gen, released, True)

    def mark_termination(self, heap_goal: int, last_heap_goal: int) -> None:
        """Pace the scavenger at the end of a mark phase. Go: gcMarkTermination, mgc.go."""
        self.runtime.memstats.last_heap_inuse = self.runtime.memstats.heap_inuse
        gc_pace_scavenger(self, heap_goal, last_heap_goal)

    def sweep_done(self) -> None:
        """Give the scavenger a new generation, and a reason to wake, after the last span is swept. Go: sweepone,
        mgcsweep.go."""
        self.pages.scavenge_start_gen()
        ready_for_scavenger(self.runtime)


def count_mapped(runtime: Runtime, size: int) -> None:
    """Count `size` bytes as mapped and released. Throws, after printing it, if that takes heap_sys out of the
    range of int64; counting nothing never does.

    Go: the accounting of (*mheap).grow, mheap.go; (*sysMemStat).add, mstats.go.
    """
    stats = runtime.memstats
    stats.heap_sys = (stats.heap_sys + size) & MASK64
    if size > 0 and signed(stats.heap_sys) < size:
        runtime.print("runtime: val=", stats.heap_sys, " n=", size, "\n")
        raise Throw("sysMemStat overflow")
    stats.heap_released = (stats.heap_released + size) & MASK64
    stats.stats_released = (stats.stats_released + size) & MASK64


def count_span(runtime: Runtime, npages: int, scav: int) -> None:
    """Count `npages` pages as in use, `scav` bytes of which were released. Go: the accounting of (*mheap).allocSpan,
    mheap.go."""
    stats = runtime.memstats
    stats.heap_inuse = (stats.heap_inuse + npages * PAGE_SIZE) & MASK64
    if scav != 0:
        stats.heap_released = (stats.heap_released - scav) & MASK64
        stats.stats_committed = (stats.stats_committed + scav) & MASK64
        stats.stats_released = (stats.stats_released - scav) & MASK64
