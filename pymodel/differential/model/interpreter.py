"""Runs programs on the specification and writes down what happened, as a transcript in the canonical encoding.

Each operation is carried out by the rule that docs/programs.md gives it. Statistics are kept as the callers in mheap.go
keep them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pymodel.differential.model import encoding
from pymodel.differential.model.calling import call_function
from pymodel.differential.model.observed import LEVEL_CHUNK_SHIFTS
from pymodel.differential.model.observing import Observer
from pymodel.differential.model.pacing import BoundedMheap, PacingOperations
from pymodel.differential.model.watching import WatchedPageAlloc
from pymodel.differential.programs import program as p
from pymodel.pageheap.constants import ARENA_BASE_OFFSET, PAGE_SIZE, PALLOC_CHUNK_BYTES
from pymodel.pageheap.failures import GoFailure, RuntimePanic, Throw
from pymodel.pageheap.mheap import count_mapped, count_span
from pymodel.pageheap.mpagecache import PageCache
from pymodel.pageheap.mranges import AddrRange
from pymodel.pageheap.runtime import Runtime, Scavenge
from pymodel.pageheap.words import MASK64, align_down, align_up

CHUNK_INDEX_OFFSET = (-ARENA_BASE_OFFSET & MASK64) // PALLOC_CHUNK_BYTES


def run_on_specification(program: p.Program, program_id: int, checkpoint_interval: int = 0) -> bytes:
    """The transcript of a valid program on a clean page heap.

    Every operation whose 1-based number is a multiple of `checkpoint_interval`, if that is not zero, carries a complete
    observation.
    """
    world = _World(program)
    observer, handlers = world.observer, world.handlers
    start = observer.complete()
    steps = []
    for number, operation in enumerate(program.operations, start=1):
        failed = False
        try:
            outcome = handlers[type(operation)](operation)
        except GoFailure as failure:
            outcome = _failure_outcome(failure)
            failed = True
        if checkpoint_interval and number % checkpoint_interval == 0:
            observation = observer.complete()
        else:
            observation = observer.changes(look_everywhere=failed)
        steps.append(encoding.step(outcome, world.runtime.take_printed(), observation))
        if failed:
            break
    end = observer.complete()
    world.take_apart()
    return encoding.transcript(program_id, start, steps, end)


def _failure_outcome(failure: GoFailure) -> bytes:
    if isinstance(failure, RuntimePanic):
        return encoding.panicked(failure.kind, failure.text)
    assert isinstance(failure, Throw), "a failure is a throw or a panic"
    return encoding.thrown(failure.text)


@dataclass(slots=True)
class _Span:
    """What a span slot holds. `owned` are the page ranges it still owns, half-open, ascending, apart."""

    base: int
    page_count: int
    owned: list[tuple[int, int]]


@dataclass(slots=True)
class _Reservation:
    """What a reservation slot holds."""

    range: AddrRange
    generation: int


def _chunk_base(chunk: int) -> int:
    """Address of a chunk named as programs name it."""
    return chunk * PALLOC_CHUNK_BYTES & MASK64


class _World:
    """A page heap, its surroundings, and the slots of a program that runs on them.

    `handlers` has one method per kind of operation: it carries the operation out and returns its encoded outcome, or
    lets a GoFailure through.
    """

    def __init__(self, program: p.Program) -> None:
        self.runtime = Runtime(program.phys_page_size, program.phys_huge_page_size)
        self.pages = WatchedPageAlloc(self.runtime)
        self.heap = BoundedMheap(self.pages)
        self.observer = Observer(self.pages, self.heap if program.pacing else None)
        self._memstats = self.runtime.memstats
        self._spans: dict[int, _Span] = {}
        self._caches: dict[int, PageCache] = {}
        self._reservations: dict[int, _Reservation] = {}
        self.handlers: dict[type[p.Operation], Callable[[Any], bytes]] = {
            p.Grow: self._grow,
            p.Alloc: self._alloc,
            p.Free: self._free,
            p.Cache: self._cache,
            p.CacheAlloc: self._cache_alloc,
            p.Flush: self._flush,
            p.StartGen: self._start_gen,
            p.Scavenge: self._scavenge,
            p.Reserve: self._reserve,
            p.ScavengeOne: self._scavenge_one,
            p.Unreserve: self._unreserve,
            p.Call: self._call,
            p.GrowAt: self._grow_at,
            p.FreeAt: self._free_at,
            p.ScavengeAt: self._scavenge_at,
            p.UnreserveAt: self._unreserve_at,
            p.PokeSummary: self._poke_summary,
            p.PokeChunk: self._poke_chunk,
            p.PokeSearchAddr: self._poke_search_addr,
        }
        if program.pacing:
            pacing = PacingOperations(self.heap, self._fill_slot)
            self.handlers |= pacing.handlers
            # Left to `take_apart`.
            pacing.handlers.clear()

    def take_apart(self) -> None:
        """Ends the world: what holds each other lets go, so that all is freed at once, without a search for cycles."""
        self.handlers.clear()
        self.runtime.scavenge = Scavenge()

    # Growing.

    def _grow(self, operation: p.Grow) -> bytes:
        first = operation.chunk + CHUNK_INDEX_OFFSET
        if self.observer.any_in_use(range(first, first + operation.chunk_count)):
            return encoding.NOTHING
        base, size = _chunk_base(operation.chunk), operation.chunk_count * PALLOC_CHUNK_BYTES
        if base < self.heap.cur_arena_end and self.heap.cur_arena_base < base + size:
            return encoding.NOTHING
        self.runtime.add_arenas(base, (base + size) & MASK64)
        count_mapped(self.runtime, size)
        self.pages.grow(base, size)
        return encoding.RETURNED

    def _grow_at(self, operation: p.GrowAt) -> bytes:
        limit = align_up(operation.base + operation.size & MASK64, PALLOC_CHUNK_BYTES)
        self.runtime.add_arenas(align_down(operation.base, PALLOC_CHUNK_BYTES), limit)
        self.pages.grow(operation.base, operation.size)
        return encoding.RETURNED

    # Allocating and freeing.

    def _alloc(self, operation: p.Alloc) -> bytes:
        address, scav = self.pages.alloc(operation.page_count)
        if address != 0:
            self._fill_slot(operation.slot, address, operation.page_count)
            count_span(self.runtime, operation.page_count, scav)
        return encoding.returned_2(address, scav)

    def _cache_alloc(self, operation: p.CacheAlloc) -> bytes:
        cache = self._caches.get(operation.cache)
        if cache is None:
            return encoding.NOTHING
        address, scav = cache.alloc(operation.page_count)
        if address != 0:
            self._fill_slot(operation.slot, address, operation.page_count)
            count_span(self.runtime, operation.page_count, scav)
        return encoding.returned_5(address, scav, cache.base, cache.cache, cache.scav)

    def _fill_slot(self, slot: int, base: int, page_count: int) -> None:
        self._spans[slot] = _Span(base, page_count, [(0, page_count)] if page_count else [])

    def _free(self, operation: p.Free) -> bytes:
        span = self._spans.get(operation.slot)
        if span is None:
            return encoding.NOTHING
        if operation.limit is None:
            del self._spans[operation.slot]
            runs = span.owned
        else:
            runs = _take_pages(span, operation.first, operation.limit)
        if not runs:
            return encoding.NOTHING
        memstats = self._memstats
        for first, limit in runs:
            page_count = limit - first
            memstats.heap_inuse = memstats.heap_inuse - page_count * PAGE_SIZE & MASK64
            self.pages.free(span.base + first * PAGE_SIZE & MASK64, page_count, False)
        return encoding.returned_1(len(runs))

    def _free_at(self, operation: p.FreeAt) -> bytes:
        self.pages.free(operation.base, operation.page_count, operation.scavenged)
        return encoding.RETURNED

    # Page caches.

    def _cache(self, operation: p.Cache) -> bytes:
        cache = self._caches[operation.slot] = self.pages.alloc_to_cache()
        return encoding.returned_3(cache.base, cache.cache, cache.scav)

    def _flush(self, operation: p.Flush) -> bytes:
        cache = self._caches.get(operation.cache)
        if cache is None:
            return encoding.NOTHING
        cache.flush(self.pages)
        return encoding.RETURNED

    # Scavenging.

    def _start_gen(self, _: p.StartGen) -> bytes:
        self.pages.scavenge_start_gen()
        return encoding.RETURNED

    def _scavenge(self, operation: p.Scavenge) -> bytes:
        released = self.pages.scavenge(operation.byte_count)
        if operation.counted:
            self.pages.scav.released = self.pages.scav.released + released & MASK64
        return encoding.returned_1(released)

    def _reserve(self, operation: p.Reserve) -> bytes:
        reserved, generation = self.pages.scavenge_reserve()
        self._reservations[operation.slot] = _Reservation(reserved, generation)
        return encoding.returned_3(reserved.base, reserved.limit, generation)

    def _scavenge_one(self, operation: p.ScavengeOne) -> bytes:
        reservation = self._reservations.get(operation.reservation)
        if reservation is None:
            return encoding.NOTHING
        released, rest = self.pages.scavenge_one(reservation.range, operation.byte_count_max)
        reservation.range = rest
        return encoding.returned_3(released, rest.base, rest.limit)

    def _scavenge_at(self, operation: p.ScavengeAt) -> bytes:
        work = AddrRange(operation.base, operation.limit)
        released, rest = self.pages.scavenge_one(work, operation.byte_count_max)
        return encoding.returned_3(released, rest.base, rest.limit)

    def _unreserve(self, operation: p.Unreserve) -> bytes:
        reservation = self._reservations.pop(operation.reservation, None)
        if reservation is None:
            return encoding.NOTHING
        self.pages.scavenge_unreserve(reservation.range, reservation.generation)
        return encoding.RETURNED

    def _unreserve_at(self, operation: p.UnreserveAt) -> bytes:
        self.pages.scavenge_unreserve(AddrRange(operation.base, operation.limit), operation.generation)
        return encoding.RETURNED

    # Calls and pokes.

    def _call(self, operation: p.Call) -> bytes:
        return encoding.returned_list(call_function(operation.function, operation.arguments, self.runtime))

    def _poke_summary(self, operation: p.PokeSummary) -> bytes:
        level, index = operation.level, operation.index
        if not self.observer.has_summary(level, index):
            return encoding.NOTHING
        self.pages.summary[level].poke(index, operation.value)
        # Some chunk on whose path it lies.
        self.pages.touched.add(index << LEVEL_CHUNK_SHIFTS[level])
        return encoding.RETURNED

    def _poke_chunk(self, operation: p.PokeChunk) -> bytes:
        index = operation.chunk + CHUNK_INDEX_OFFSET & MASK64
        chunk = self.observer.chunk_in_use(index)
        if chunk is None:
            return encoding.NOTHING
        chunk.allocated, chunk.scavenged = operation.allocated, operation.scavenged
        self.pages.touched.add(index)
        return encoding.RETURNED

    def _poke_search_addr(self, operation: p.PokeSearchAddr) -> bytes:
        self.pages.search_addr = operation.address
        return encoding.RETURNED


def _take_pages(span: _Span, first: int, limit: int) -> list[tuple[int, int]]:
    """Takes the pages of [first, limit) that a span still owns out of it; as ascending maximal runs."""
    taken, kept = [], []
    for low, high in span.owned:
        cut_low, cut_high = max(low, first), min(high, limit)
        if cut_low >= cut_high:
            kept.append((low, high))
            continue
        taken.append((cut_low, cut_high))
        kept += [part for part in ((low, cut_low), (cut_high, high)) if part[0] < part[1]]
    span.owned = kept
    return taken
