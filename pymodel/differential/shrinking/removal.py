"""Removing operations: ranges of halving size, each single one, and pairs that need each other.

Removing any operation leaves a valid program (docs/programs.md, "Slots"), so nothing is mended afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from pymodel.differential.programs.program import Program
from pymodel.differential.shrinking.changing import without
from pymodel.differential.shrinking.search import Search

# Pairs of so many operations are about 300 candidates.
_PAIRED_OPERATION_COUNT_MAX = 25


def remove_ranges(search: Search) -> None:
    """Removes ranges of operations: halves, quarters and so on down to single ones.

    Each size goes from the end to the beginning, since what comes first is more often what the rest needs. If this
    removes nothing, no single operation of the current program can be removed (unless the limits were reached).
    """
    size = max(len(search.current.operations) // 2, 1)
    while size >= 1:
        limit: int | None = len(search.current.operations)
        while limit is not None and limit > 0:
            limit = search.consider(_removals(search.current, limit, size))
        size //= 2


def _removals(program: Program, limit: int, size: int) -> Iterator[tuple[int, Program]]:
    """The program without each range of `size` that ends at or before `limit`; the tag is where that range began."""
    for end in range(limit, 0, -size):
        first = max(end - size, 0)
        yield first, without(program, first, end)


def remove_pairs(search: Search) -> None:
    """Removes two operations at once, of which neither can go alone; only in short programs."""
    while len(search.current.operations) <= _PAIRED_OPERATION_COUNT_MAX:
        program = search.current
        if search.consider((True, _without_two(program, *pair)) for pair in _pairs(program)) is None:
            return


def _pairs(program: Program) -> Iterator[tuple[int, int]]:
    return combinations(range(len(program.operations)), 2)


def _without_two(program: Program, first: int, second: int) -> Program:
    return without(without(program, second, second + 1), first, first + 1)
