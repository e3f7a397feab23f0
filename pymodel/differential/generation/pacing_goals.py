"""Heap goals for pacing: the pair that gcPaceScavenger takes, aimed at each of its branches.

The scavenger's goal is the last cycle's pages in use times the ratio of the pair, a tenth on top, rounded up to
physical pages; it is then compared with what the heap retains. What is in use and retained is only known roughly here,
but in a short program it is often right, and then a goal can be aimed at the very page.
"""

from __future__ import annotations

from collections.abc import Callable

from pymodel.differential.generation.choices import Choices, Weighted
from pymodel.differential.generation.maker import PAGE_BYTES, Maker
from pymodel.differential.programs.program import ALL_BYTES

Goals = tuple[int, int]
"""The heap goal and the one before, in bytes."""


def _no_history(maker: Maker, _in_use: int) -> Goals:
    return maker.choices.choose((0, 4 << 20, ALL_BYTES)), 0


def _collector_off(maker: Maker, in_use: int) -> Goals:
    """GOGC=off: the ratio is so large that the goal may be beyond 2^63, or beyond 2^64."""
    return ALL_BYTES, maker.choices.choose((1, 2, 3, max(in_use, 1), 4 << 20, 1 << 62, 1 << 63, ALL_BYTES))


def _collector_on_again(maker: Maker, in_use: int) -> Goals:
    """After GOGC=off the last goal is all there is, and the scavenger's goal becomes next to nothing."""
    return maker.choices.choose((2 * in_use, 4 << 20)), ALL_BYTES


def _beyond(maker: Maker, in_use: int) -> Goals:
    """The scaled pages in use at 2^63 or 2^64, and beside: where the conversion and the roundings change their ways."""
    choices = maker.choices
    scale = max(in_use, 1)
    most = choices.choose((1 << 63, 1 << 64, (1 << 64) * 10 // 11))
    return min(most // scale * 4096 + choices.integer(-1, 1), ALL_BYTES), 4096


def _scaled(maker: Maker, in_use: int) -> Goals:
    """As a collector sets them: twice what is live, about as much as last time."""
    choices = maker.choices
    last = max(2 * in_use, 4 << 20)
    return last * choices.integer(25, 200) // 100, last


def _aimed(maker: Maker, in_use: int) -> Goals:
    """The goal just at what is retained, about a physical page below or above, or at some part of it."""
    choices = maker.choices
    if not in_use:
        return _scaled(maker, in_use)
    page, retained = maker.phys_page_size, maker.pages_peak * PAGE_BYTES
    way = choices.integer(0, 5)
    if way <= 2:
        goal = retained - page * choices.choose((-1, 0, 0, 1, 1, 2)) + choices.choose((-1, 0, 0, 1))
    elif way == 3:
        goal = retained - choices.integer(0, 2 * page)
    else:
        goal = retained * choices.integer(1, 15) // 16
    return _pair_for(maker, in_use, goal)


def _pair_for(maker: Maker, in_use: int, goal: int) -> Goals:
    """A pair that makes the scavenger's goal so many bytes, rounded up; now and then a page more or less."""
    choices = maker.choices
    # A tenth comes on top, and the rounding is up: a little less gives the same goal, one too much the next.
    scaled = max(goal, 0) * 10 // 11 - choices.choose((0, 0, 1, maker.phys_page_size // 4))
    factor = choices.choose((1, 1, 3, 1000))
    return max(scaled, 0) * factor, in_use * factor


def _least(maker: Maker, _in_use: int) -> Goals:
    """Nearly everything is to be given back."""
    return maker.choices.choose((0, 1, 4096)), 1 << 40


def _any(maker: Maker, _in_use: int) -> Goals:
    choices = maker.choices
    return _any_size(choices), _any_size(choices)


def _any_size(choices: Choices) -> int:
    return choices.integer(0, (1 << choices.integer(1, 64)) - 1)


_WAYS: Weighted[Callable[[Maker, int], Goals]] = Weighted(
    {
        _aimed: 12,
        _scaled: 6,
        _least: 6,
        _collector_off: 3,
        _collector_on_again: 3,
        _beyond: 2,
        _no_history: 2,
        _any: 2,
    }
)


def goals(maker: Maker, pages_in_use: int) -> Goals:
    """Goals for a heap that had so many pages in use when the last mark phase ended."""
    return maker.choices.weighted(_WAYS)(maker, pages_in_use * PAGE_BYTES)


def goals_below(maker: Maker, pages_in_use: int, page_count: int) -> Goals:
    """Goals that let the heap retain so many pages less than it does."""
    return _pair_for(maker, pages_in_use * PAGE_BYTES, (maker.pages_peak - page_count) * PAGE_BYTES)


def aimed_goals(maker: Maker, pages_in_use: int) -> Goals:
    """Goals near what the heap retains."""
    return _aimed(maker, pages_in_use * PAGE_BYTES)
