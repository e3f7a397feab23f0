"""Nearly the same with plainer or fewer operations: one allocation for two, an allocation for a cache, a collection for
its parts, a tick for two waits, a page that nothing fits for a time that nothing fits.

None of these does exactly what it replaces, so each is only a proposal; but what fails seldom depends on the
difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations, pairwise

from pymodel.differential.programs.operations import (
    ALLOC_PAGE_COUNT_MAX,
    POKED_PHYS_PAGE_SIZE_MAX,
    SPAN_PAGE_COUNT_MAX,
    TICK_NS_MAX,
)
from pymodel.differential.programs.program import (
    SLOT_COUNT_MAX,
    Alloc,
    Cache,
    CacheAlloc,
    Flush,
    Free,
    Gc,
    MarkTermination,
    Operation,
    Pace,
    PokeClock,
    PokePhysPage,
    Program,
    Ready,
    ScavengeCost,
    Span,
    StartGen,
    SweepDone,
    Sysmon,
    Tick,
    Timer,
    Wake,
)
from pymodel.differential.shrinking.changing import with_operation, without
from pymodel.differential.shrinking.search import Search

_PAGES_PER_CACHE = 64
# Long enough for every sleep to end, for a few, for the first one only: that takes a thousand times as long as the work
# before it, of a millisecond and a little more.
_TICKS_NS = (TICK_NS_MAX, 10_000_000_000, 2_000_000_000, 1_200_000_000)
# What a physical page may cost so that a sleep lasts until the controller comes to its upper bound.
_COSTS_NS = (2_500_000, 5_000_000, 7_777_777, 100_000_000)
# Any two allocations may be joined: 40 operations have up to 780 such pairs.
_REPHRASED_OPERATION_COUNT_MAX = 40


def rephrase(search: Search) -> None:
    """Says the same with plainer or fewer operations, until none of the proposals fails; only in short programs."""
    while len(search.current.operations) <= _REPHRASED_OPERATION_COUNT_MAX:
        program = search.current
        if search.consider((True, proposal) for propose in _PROPOSALS for proposal in propose(program)) is None:
            return


def _joined(program: Program) -> Iterator[Program]:
    """Two allocations made one, of which parts are freed where each of the two was."""
    for place, other in combinations(_places(program, Alloc, Span), 2):
        first, second = program.operations[place], program.operations[other]
        assert isinstance(first, (Alloc, Span)) and isinstance(second, (Alloc, Span))
        page_count = first.page_count + second.page_count
        if min(first.page_count, second.page_count) >= 1 and page_count <= _page_count_max(first):
            parts = {first.slot: (0, first.page_count), second.slot: (first.page_count, page_count)}
            operations = tuple(_part_of(operation, first.slot, parts) for operation in program.operations)
            both = replace(first, page_count=page_count)
            yield without(with_operation(replace(program, operations=operations), place, both), other, other + 1)


def _page_count_max(operation: Alloc | Span) -> int:
    return ALLOC_PAGE_COUNT_MAX if isinstance(operation, Alloc) else SPAN_PAGE_COUNT_MAX


def _part_of(operation: Operation, slot: int, parts: dict[int, tuple[int, int]]) -> Operation:
    """A free of one of the slots in `parts` as a free of that part of `slot`; any other operation as it is."""
    if not isinstance(operation, Free) or operation.slot not in parts:
        return operation
    first, limit = parts[operation.slot]
    last = limit if operation.limit is None else min(first + operation.limit, limit)
    return Free(slot, min(first + operation.first, last - 1), last)


def _without_caches(program: Program) -> Iterator[Program]:
    """A cache as the allocation of as many pages: its flush frees them, and what was allocated from it is a part."""
    spans = [operation.slot for operation in program.operations if isinstance(operation, (Alloc, CacheAlloc, Span))]
    slot = max(spans, default=-1) + 1
    if slot == SLOT_COUNT_MAX:
        return
    for place in _places(program, Cache):
        cache = program.operations[place]
        assert isinstance(cache, Cache)
        operations = tuple(
            Free(slot) if operation == Flush(cache.slot) else operation for operation in program.operations
        )
        uncached = with_operation(replace(program, operations=operations), place, Alloc(slot, _PAGES_PER_CACHE))
        yield from (_with_parts(uncached, cache.slot, slot), uncached)


def _with_parts(program: Program, cache: int, slot: int) -> Program:
    """The program without the allocations from a cache: each is the next part of the span in `slot`, freed as such."""
    parts: dict[int, tuple[int, int]] = {}
    operations: list[Operation] = []
    first = 0
    for operation in program.operations:
        if isinstance(operation, CacheAlloc) and operation.cache == cache:
            limit = min(first + max(operation.page_count, 1), _PAGES_PER_CACHE)
            parts[operation.slot] = (min(first, limit - 1), limit)
            first = limit
        else:
            operations.append(_part_of(operation, slot, parts))
    return replace(program, operations=tuple(operations))


def _collections(program: Program) -> Iterator[Program]:
    """A goal and what makes a new generation, or asks for the scavenger, as one cycle of the collector."""
    for goal in _places(program, Gc, MarkTermination, Pace):
        set_goal = program.operations[goal]
        assert isinstance(set_goal, (Gc, MarkTermination, Pace))
        cycle = Gc(set_goal.heap_goal, set_goal.last_heap_goal)
        for other in _places(program, SweepDone, StartGen, Ready):
            for kept, dropped in ((goal, other), (other, goal)):
                yield without(with_operation(program, kept, cycle), dropped, dropped + 1)


def _waits(program: Program) -> Iterator[Program]:
    """Two operations in which the scavenger may run, or be asked to, as one tick, in which sysmon looks and sleeps come
    to their end."""
    for pair in pairwise(_places(program, Ready, Tick, Timer, Wake, Sysmon)):
        for kept, dropped in (pair, pair[::-1]):
            for duration_ns in _TICKS_NS:
                yield without(with_operation(program, kept, Tick(duration_ns)), dropped, dropped + 1)


def _dear_pages(program: Program) -> Iterator[Program]:
    """Pages that cost much, ticks as long as the sleeps that follow from that, and one wait less. A result that differs
    in its last bit does so at every other cost."""
    for place in _places(program, ScavengeCost):
        for cost_ns in _COSTS_NS:
            dear = with_operation(program, place, ScavengeCost(cost_ns))
            for tick in _places(program, Tick):
                dear = with_operation(dear, tick, Tick(TICK_NS_MAX))
            for wait in _places(program, Ready, Tick, Timer, Wake, Sysmon):
                yield without(dear, wait, wait + 1)


def _throws(program: Program) -> Iterator[Program]:
    """A physical page too large to search for, at which the scavenger throws whatever is free, in place of a clock or a
    page at which it throws once it has released something; and one operation less."""
    for place in _places(program, PokeClock, PokePhysPage):
        upset = with_operation(program, place, PokePhysPage(POKED_PHYS_PAGE_SIZE_MAX))
        for other in range(len(program.operations)):
            if other != place:
                yield without(upset, other, other + 1)


def _places(program: Program, *kinds: type[Operation]) -> list[int]:
    return [index for index, operation in enumerate(program.operations) if isinstance(operation, kinds)]


_PROPOSALS: tuple[Callable[[Program], Iterator[Program]], ...] = (
    _joined,
    _without_caches,
    _collections,
    _waits,
    _dear_pages,
    _throws,
)
