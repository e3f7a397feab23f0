"""Putting two operations into one: growths, allocations and durations that only together are large enough."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from pymodel.differential.programs.operations import (
    ALLOC_PAGE_COUNT_MAX,
    GROW_CHUNK_COUNT_MAX,
    SPAN_PAGE_COUNT_MAX,
    TICK_NS_MAX,
)
from pymodel.differential.programs.program import Alloc, Grow, Operation, Program, Span, Tick
from pymodel.differential.shrinking.changing import with_operation, without
from pymodel.differential.shrinking.search import Search


def merge_neighbours(search: Search) -> None:
    """Merges an operation into the next one of its kind, or a growth and an allocation into a span; whatever stands
    between them stays."""
    while search.consider((True, merged) for merged in _merged(search.current)) is not None:
        pass


def _merged(program: Program) -> Iterator[Program]:
    for kind in (Grow, Alloc, Span, Tick):
        places = [index for index, operation in enumerate(program.operations) if isinstance(operation, kind)]
        for first, second in pairwise(places):
            both = _both(program.operations[first], program.operations[second])
            if both is not None:
                yield with_operation(without(program, second, second + 1), first, both)
                yield without(with_operation(program, second, both), first, first + 1)
    if program.pacing:
        yield from _with_spans(program)


def _with_spans(program: Program) -> Iterator[Program]:
    """The program without one of its growths, and a span, which grows by itself, for the next allocation."""
    for index, growth in enumerate(program.operations):
        if not isinstance(growth, Grow):
            continue
        rest = enumerate(program.operations[index:], index)
        place, alloc = next(((at, later) for at, later in rest if isinstance(later, Alloc)), (0, None))
        if alloc is not None and alloc.page_count <= SPAN_PAGE_COUNT_MAX:
            span = Span(alloc.slot, alloc.page_count)
            yield without(with_operation(program, place, span), index, index + 1)


def _both(first: Operation, second: Operation) -> Operation | None:
    """One operation that asks for as much as two; None if that is more than one may ask for."""
    if isinstance(first, Alloc) and isinstance(second, Alloc):
        page_count = first.page_count + second.page_count
        return Alloc(first.slot, page_count) if page_count <= ALLOC_PAGE_COUNT_MAX else None
    if isinstance(first, Span) and isinstance(second, Span):
        page_count = first.page_count + second.page_count
        return Span(first.slot, page_count) if page_count <= SPAN_PAGE_COUNT_MAX else None
    if isinstance(first, Tick) and isinstance(second, Tick):
        duration_ns = first.duration_ns + second.duration_ns
        return Tick(duration_ns) if duration_ns <= TICK_NS_MAX else None
    if isinstance(first, Grow) and isinstance(second, Grow):
        adjacent = first.chunk + first.chunk_count == second.chunk or second.chunk + second.chunk_count == first.chunk
        chunk_count = first.chunk_count + second.chunk_count
        if adjacent and chunk_count <= GROW_CHUNK_COUNT_MAX:
            return Grow(min(first.chunk, second.chunk), chunk_count)
    return None
