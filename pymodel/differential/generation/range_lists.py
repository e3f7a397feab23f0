"""Lists of address ranges for the calls on sets of ranges: ascending, disjoint, in one half of the address space."""

from __future__ import annotations

from itertools import pairwise

from pymodel.differential.generation.choices import Choices

# Nine and more ranges make findSucc search by halves, seventeen and more make a set grow its array.
# Go: (*addrRanges).findSucc, (*addrRanges).init, mranges.go.
_LENGTHS = ((1, 1), (2, 4), (5, 8), (9, 12), (13, 20))
_BASES = (0x4000, 0x40_0000, 0x30_0000_0000, 0x7FFF_0000_0000, 0xFFFF_8000_0040_0000, 0xFFFF_FFF0_0000_0000)
_UNITS = (1, 0x2000, 0x40_0000)

Ranges = list[tuple[int, int]]


def range_list(choices: Choices) -> Ranges:
    """One to twenty ranges [base, limit); a gap of nothing between two makes them coalesce when they are added."""
    unit = choices.choose(_UNITS)
    next_base = choices.choose(_BASES)
    ranges = []
    for _ in range(choices.integer(*choices.choose(_LENGTHS))):
        base = next_base + unit * choices.integer(0, 4)
        limit = base + unit * choices.integer(1, 4)
        ranges.append((base, limit))
        next_base = limit
    return ranges


def address_around(choices: Choices, ranges: Ranges) -> int:
    """An address at, beside, in, before or behind one of the ranges."""
    base, limit = choices.choose(ranges)
    way = choices.integer(0, 6)
    if way == 0:
        return base
    if way == 1:
        return limit - 1
    if way == 2:
        return limit
    if way == 3:
        return base - 1
    if way == 4:
        return (base + limit) // 2
    return ranges[0][0] - 0x1000 if way == 5 else ranges[-1][1] + 0x1000


def range_between(choices: Choices, ranges: Ranges) -> tuple[int, int]:
    """A range that overlaps none of them; it may touch the one below, the one above, or both."""
    gaps = [(low[1], high[0]) for low, high in pairwise(ranges) if low[1] < high[0]]
    gaps.append((ranges[-1][1], ranges[-1][1] + 0x8000))
    gaps.append((ranges[0][0] - 0x2000, ranges[0][0]))
    base, limit = choices.choose(gaps)
    if limit - base > 2:
        inset = (limit - base) // 3
        base += inset * choices.integer(0, 1)
        limit -= inset * choices.integer(0, 1)
    return base, limit


def flat(ranges: Ranges) -> tuple[int, ...]:
    """The words of a list: base and limit of each range in turn."""
    return tuple(word for pair in ranges for word in pair)
