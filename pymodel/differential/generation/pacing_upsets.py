"""Makers of what upsets pacing, outside the contract: no processor, a clock set at will, statistics that are not so.

None of them keeps a target busy for long: a clock or a page size may make a search's work count for nothing, but then
each search releases memory, or finds none and takes time of its own.
"""

from __future__ import annotations

from collections.abc import Callable

from pymodel.differential.generation.maker import PAGE_BYTES, Maker
from pymodel.differential.programs.operations import INT64_MAX, INT64_MIN
from pymodel.differential.programs.program import (
    ALL_BYTES,
    SLOT_COUNT_MAX,
    Gomaxprocs,
    Operation,
    PokeClock,
    PokePhysPage,
    PokeStats,
    Span,
)

_NS_PER_SECOND = 10**9
# 12288 is no power of two but less than two pages, so that candidates are still looked for page by page.
_PHYS_PAGE_SIZES = (12288, 12288, 4096, 8192, 20480, 24576, 65536, 1 << 19, 1 << 20, (1 << 20) - 4096)
# No number of pages near those that a target could grow by, but for the last of all address space.
_WILD_PAGE_COUNTS = (0, (1 << 34) - (1 << 31) + 1, 1 << 34, 1 << 35, (1 << 40) - 511, 1 << 40)


def gomaxprocs_any(maker: Maker) -> Operation:
    """No processor at all, so that the fraction of its time is infinite, or very many."""
    return Gomaxprocs(maker.choices.choose((0, 0, 0, 1, 4097, (1 << 31) - 1)))


def span_any(maker: Maker) -> Operation:
    """No page, or more than there is address space for."""
    if maker.span_slot >= SLOT_COUNT_MAX:
        return Gomaxprocs(1)
    page_count = maker.choices.choose(_WILD_PAGE_COUNTS)
    return Span(maker.new_span(1), page_count)


def poke_phys_page(maker: Maker) -> Operation:
    """A physical page that is larger than what a scavenge releases, or no power of two."""
    choices = maker.choices
    size = choices.choose(_PHYS_PAGE_SIZES) if choices.boolean(80) else 4096 * choices.integer(1, 256)
    return PokePhysPage(size)


def poke_stats(maker: Maker) -> Operation:
    """Nothing retained, less than nothing, more in use than retained, or near what really is."""
    choices = maker.choices
    peak = maker.pages_peak * PAGE_BYTES
    way = choices.integer(0, 4)
    if way == 0:
        heap_sys = choices.choose((0, peak, ALL_BYTES))
        return PokeStats(heap_sys, heap_sys, peak)
    if way == 1:
        return PokeStats(peak, peak + choices.choose((1, PAGE_BYTES, 1 << 40)), peak)
    if way == 2:
        return PokeStats(peak + PAGE_BYTES, peak, choices.choose((peak, 1 << 57, (1 << 64) // 100 + 1, ALL_BYTES)))
    if way == 3:
        return PokeStats(peak + choices.integer(0, 1 << 20), choices.integer(0, peak), choices.integer(0, peak))
    return PokeStats(ALL_BYTES, choices.choose((0, 1, 1 << 63)), choices.choose((0, peak, 1 << 63, ALL_BYTES)))


def poke_clock(maker: Maker) -> Operation:
    """The clock set back, before its beginning, or so far on that a sleep ends after the end of time."""
    choices = maker.choices
    now = choices.choose((0, 1, -1, INT64_MIN, INT64_MAX, INT64_MAX - _NS_PER_SECOND, 5 * _NS_PER_SECOND))
    if choices.boolean(40):
        now = choices.integer(0, 1 << choices.integer(20, 45)) * choices.choose((1, 1, -1))
    return PokeClock(now)


PACING_UPSETS: dict[str, Callable[[Maker], Operation]] = {
    make.__name__: make for make in (gomaxprocs_any, span_any, poke_phys_page, poke_stats, poke_clock)
}
"""The makers by the names that shapes give them."""
