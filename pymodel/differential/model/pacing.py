"""Carries out the operations of pacing on the specification, by the rules that docs/programs.md gives them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pymodel.differential.model import encoding
from pymodel.differential.programs import program as p
from pymodel.differential.programs.check import GROWN_CHUNK_COUNT_MAX
from pymodel.pageheap import virtual_time
from pymodel.pageheap.bgscavenge import gc_pace_scavenger, ready_for_scavenger
from pymodel.pageheap.constants import PAGE_SIZE, PALLOC_CHUNK_BYTES, PALLOC_CHUNK_PAGES
from pymodel.pageheap.mgcscavenge import heap_retained, print_scav_trace
from pymodel.pageheap.mheap import Mheap
from pymodel.pageheap.words import align_up

Handlers = dict[type[p.Operation], Callable[[Any], bytes]]


class GrowthTooLarge(Exception):
    """A span needs more memory than harnesses have; a target answers with the status RESOURCE_EXHAUSTED."""


class BoundedMheap(Mheap):
    """The specification's heap, kept from growing beyond GROWN_CHUNK_COUNT_MAX chunks."""

    def grow(self, npage: int) -> int | None:
        """Grows as the heap does; raises GrowthTooLarge before it takes memory. Go: (*mheap).grow, mheap.go."""
        chunk_count = self.pages.in_use.total_bytes // PALLOC_CHUNK_BYTES + self._growth_chunk_count(npage)
        if chunk_count > GROWN_CHUNK_COUNT_MAX:
            raise GrowthTooLarge(f"the heap would grow to {chunk_count} chunks, of at most {GROWN_CHUNK_COUNT_MAX}")
        return super().grow(npage)

    def _growth_chunk_count(self, npage: int) -> int:
        """Chunks that `npage` pages would bring into use; none if there is no address space for them."""
        ask = align_up(npage, PALLOC_CHUNK_PAGES)
        left = (self.cur_arena_end - self.cur_arena_base) // PAGE_SIZE
        if ask <= left:
            return ask // PALLOC_CHUNK_PAGES
        return (ask + left) // PALLOC_CHUNK_PAGES if self.find_arenas(ask * PAGE_SIZE) is not None else 0


class PacingOperations:
    """The operations of pacing on one heap, whose background scavenger is started.

    `handlers` has one method per kind of operation: it carries the operation out and returns its encoded outcome, or
    lets a GoFailure through. `fill_slot` (slot, address, page count) fills a span slot.
    """

    def __init__(self, heap: Mheap, fill_slot: Callable[[int, int, int], None]) -> None:
        self._heap = heap
        self._runtime = heap.runtime
        self._fill_slot = fill_slot
        virtual_time.start_background_scavenger(heap)
        self.handlers: Handlers = {
            p.Tick: self._tick,
            p.Timer: self._timer,
            p.Sysmon: self._sysmon,
            p.Wake: self._wake,
            p.Ready: self._ready,
            p.Gomaxprocs: self._gomaxprocs,
            p.ScavengeCost: self._scavenge_cost,
            p.Faketime: self._faketime,
            p.Scavtrace: self._scavtrace,
            p.Pace: self._pace,
            p.MarkTermination: self._mark_termination,
            p.SweepDone: self._sweep_done,
            p.Gc: self._gc,
            p.ScavengeAll: self._scavenge_all,
            p.Span: self._span,
            p.HeapRetained: self._heap_retained,
            p.PrintScavTrace: self._print_scav_trace,
            p.PokePhysPage: self._poke_phys_page,
            p.PokeStats: self._poke_stats,
            p.PokeClock: self._poke_clock,
        }

    # Time and waking.

    def _tick(self, operation: p.Tick) -> bytes:
        virtual_time.tick(self._runtime, operation.duration_ns)
        return encoding.RETURNED

    def _timer(self, _: p.Timer) -> bytes:
        return encoding.RETURNED if virtual_time.fire_timer(self._runtime) else encoding.NOTHING

    def _sysmon(self, _: p.Sysmon) -> bytes:
        return encoding.returned_1(int(virtual_time.sysmon(self._runtime)))

    def _wake(self, _: p.Wake) -> bytes:
        virtual_time.wake(self._runtime)
        return encoding.RETURNED

    def _ready(self, _: p.Ready) -> bytes:
        ready_for_scavenger(self._runtime)
        return encoding.RETURNED

    # Settings.

    def _gomaxprocs(self, operation: p.Gomaxprocs) -> bytes:
        self._runtime.gomaxprocs = operation.count
        return encoding.RETURNED

    def _scavenge_cost(self, operation: p.ScavengeCost) -> bytes:
        self._runtime.scavenge_cost_ns = operation.cost_ns
        return encoding.RETURNED

    def _faketime(self, operation: p.Faketime) -> bytes:
        self._runtime.faketime = int(operation.on)
        return encoding.RETURNED

    def _scavtrace(self, operation: p.Scavtrace) -> bytes:
        self._runtime.scavtrace = int(operation.on)
        return encoding.RETURNED

    # The collector's calls, and the heap's.

    def _pace(self, operation: p.Pace) -> bytes:
        gc_pace_scavenger(self._heap, operation.heap_goal, operation.last_heap_goal)
        return encoding.RETURNED

    def _mark_termination(self, operation: p.MarkTermination) -> bytes:
        self._heap.mark_termination(operation.heap_goal, operation.last_heap_goal)
        return encoding.RETURNED

    def _sweep_done(self, _: p.SweepDone) -> bytes:
        self._heap.sweep_done()
        return encoding.RETURNED

    def _gc(self, operation: p.Gc) -> bytes:
        self._heap.mark_termination(operation.heap_goal, operation.last_heap_goal)
        self._heap.sweep_done()
        return encoding.RETURNED

    def _scavenge_all(self, _: p.ScavengeAll) -> bytes:
        self._heap.scavenge_all()
        return encoding.RETURNED

    def _span(self, operation: p.Span) -> bytes:
        address, scav, growth = self._heap.alloc_span(operation.page_count)
        if address != 0:
            self._fill_slot(operation.slot, address, operation.page_count)
        return encoding.returned_3(address, scav, growth)

    def _heap_retained(self, _: p.HeapRetained) -> bytes:
        return encoding.returned_1(heap_retained(self._runtime))

    def _print_scav_trace(self, operation: p.PrintScavTrace) -> bytes:
        print_scav_trace(self._runtime, operation.generation, operation.released, operation.forced)
        return encoding.RETURNED

    # Pokes.

    def _poke_phys_page(self, operation: p.PokePhysPage) -> bytes:
        self._runtime.phys_page_size = operation.byte_count
        return encoding.RETURNED

    def _poke_stats(self, operation: p.PokeStats) -> bytes:
        memstats = self._runtime.memstats
        memstats.heap_sys, memstats.heap_released = operation.heap_sys, operation.heap_released
        memstats.heap_inuse = operation.heap_inuse
        return encoding.RETURNED

    def _poke_clock(self, operation: p.PokeClock) -> bytes:
        self._runtime.now = operation.now_ns
        return encoding.RETURNED
