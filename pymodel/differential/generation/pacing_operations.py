"""Makers of the operations that pace the scavenger, within the contract."""

from __future__ import annotations

from collections.abc import Callable

from pymodel.differential.generation.choices import Interval, Weighted
from pymodel.differential.generation.inside_operations import alloc, free
from pymodel.differential.generation.maker import PAGES_PER_CHUNK, Maker
from pymodel.differential.generation.pacing_goals import goals
from pymodel.differential.generation.pi_arguments import call_controller
from pymodel.differential.programs.operations import SPAN_PAGE_COUNT_MAX
from pymodel.differential.programs.program import (
    SLOT_COUNT_MAX,
    Faketime,
    Gc,
    Gomaxprocs,
    HeapRetained,
    MarkTermination,
    Operation,
    Pace,
    PrintScavTrace,
    Ready,
    ScavengeAll,
    ScavengeCost,
    Scavtrace,
    Span,
    SweepDone,
    Sysmon,
    Tick,
    Timer,
    Wake,
)

PAGES_PER_ARENA = 8192

# A background scavenger takes 64 KiB at a time, at about the work of three visits to a chunk; where it finds nothing it
# looks a hundred times.
_VISITS_PER_EMPTY_ROUND = 30
_PAGES_PER_ROUND = 64

# With so many spans a program may have asked for as many chunks as a program may grow.
_SPAN_COUNT_MAX = 10_000

_PROCESSOR_COUNTS: Weighted[Interval] = Weighted({(1, 1): 4, (2, 8): 4, (9, 64): 2, (65, 4095): 1, (4096, 4096): 3})
_COSTS: Weighted[Interval] = Weighted(
    {
        (0, 0): 5,
        (1, 1): 1,
        (100, 1000): 2,
        (10_000, 10_000): 3,
        (5_000, 70_000): 4,
        (70_000, 1_000_000): 4,
        (10_000_000, 1_000_000_000): 3,
    }
)
# Within an arena, to its end, beyond it, and of several.
_ARENA_PAGE_COUNTS: Weighted[Interval] = Weighted(
    {
        (1, 600): 6,
        (1000, 4096): 3,
        (7679, 7681): 2,
        (8191, 8193): 4,
        (8192, 8192): 2,
        (8704, 17000): 2,
    }
)


def _settled(maker: Maker, operation: Operation, pages: int) -> Operation:
    """An operation in which the scavenger may run for so many pages, if the program can afford it."""
    pages = min(pages, maker.pages_loose)
    if not maker.afford(pages * 3 // 8 + _VISITS_PER_EMPTY_ROUND):
        return HeapRetained()
    maker.pages_loose -= pages
    return operation


def tick(maker: Maker) -> Operation:
    """Sysmon looks, and time passes: less than a sleep, about one, or enough for many."""
    return _settled(maker, Tick(maker.choices.within(maker.tables.durations)), maker.pages_loose)


def timer(maker: Maker) -> Operation:
    """The sleep ends in time, however long it is."""
    return _settled(maker, Timer(), _PAGES_PER_ROUND)


def sysmon(maker: Maker) -> Operation:
    """The system monitor wakes the scavenger if that was asked for."""
    return _settled(maker, Sysmon(), _PAGES_PER_ROUND)


def wake(maker: Maker) -> Operation:
    """The scavenger woken before its time."""
    return _settled(maker, Wake(), _PAGES_PER_ROUND)


def ready(_maker: Maker) -> Operation:
    """The system monitor is asked to wake the scavenger."""
    return Ready()


def gomaxprocs(maker: Maker) -> Operation:
    """Another number of processors."""
    return Gomaxprocs(maker.choices.within(_PROCESSOR_COUNTS))


def scavenge_cost(maker: Maker) -> Operation:
    """Another cost of a physical page: none, so that the clock seems to stand still, next to none, usual, much."""
    return ScavengeCost(maker.choices.within(_COSTS))


def faketime(maker: Maker) -> Operation:
    """Fake time, off more often than on."""
    return Faketime(maker.choices.boolean(40))


def scavtrace(maker: Maker) -> Operation:
    """Trace lines, on more often than off."""
    return Scavtrace(maker.choices.boolean(70))


def pace(maker: Maker) -> Operation:
    """New goals at any time, as when GOGC is set."""
    return Pace(*goals(maker, maker.pages_marked))


def mark_termination(maker: Maker) -> Operation:
    """New goals at the end of a mark phase."""
    maker.pages_marked = maker.pages_live
    return MarkTermination(*goals(maker, maker.pages_marked))


def sweep_done(_maker: Maker) -> Operation:
    """A new generation, and the wish that the scavenger wakes."""
    return SweepDone()


def gc(maker: Maker) -> Operation:
    """A whole cycle of the collector: new goals, a new generation, and the wish that the scavenger wakes."""
    maker.pages_marked = maker.pages_live
    return Gc(*goals(maker, maker.pages_marked))


def scavenge_all(maker: Maker) -> Operation:
    """Everything given back."""
    if not maker.afford(maker.chunk_count):
        return SweepDone()
    maker.pages_loose = 0
    return ScavengeAll()


def span(maker: Maker) -> Operation:
    """An allocation that grows the heap if it must; of as many pages as the program's others, or about an arena's."""
    choices = maker.choices
    table = maker.tables.page_counts if choices.boolean(60) else _ARENA_PAGE_COUNTS
    if maker.pages_live > maker.pages_grown and choices.boolean(40):
        return free(maker)
    return span_pages(maker, choices.within(table))


def span_pages(maker: Maker, page_count: int) -> Operation:
    """An allocation of so many pages that grows the heap if it must, but not beyond what its shape may cost."""
    chunk_count = -(-page_count // PAGES_PER_CHUNK)
    if page_count > SPAN_PAGE_COUNT_MAX or not maker.afford(chunk_count):
        page_count = chunk_count = 1
    if maker.span_slot >= min(SLOT_COUNT_MAX, _SPAN_COUNT_MAX):
        return alloc(maker)
    if maker.pages_live + page_count > maker.pages_grown:
        maker.chunk_count += chunk_count
    return Span(maker.new_span(page_count), page_count)


def heap_retained(_maker: Maker) -> Operation:
    """What the heap retains."""
    return HeapRetained()


def print_scav_trace(maker: Maker) -> Operation:
    """A trace line of any generation and number of bytes."""
    choices = maker.choices
    generation = choices.choose((0, 1, 7, (1 << 31) - 1, 1 << 31, (1 << 32) - 1))
    released = choices.choose((0, 1, 1023, 1024, 65536, (1 << 63) - 1, 1 << 63, (1 << 64) - 1))
    return PrintScavTrace(generation, released, choices.boolean(50))


def pi_call(maker: Maker) -> Operation:
    """A direct call of the controller."""
    return call_controller(maker.choices)


PACING: dict[str, Callable[[Maker], Operation]] = {
    make.__name__: make
    for make in (
        tick,
        timer,
        sysmon,
        wake,
        ready,
        gomaxprocs,
        scavenge_cost,
        faketime,
        scavtrace,
        pace,
        mark_termination,
        sweep_done,
        gc,
        scavenge_all,
        span,
        heap_retained,
        print_scav_trace,
        pi_call,
    )
}
"""The makers by the names that shapes give them."""
