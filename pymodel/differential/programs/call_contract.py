"""Whether a direct call keeps its function's contract (docs/programs.md, the end of "Calls").

Shrinking asks this, so that a program within the contract stays within it while its arguments become simpler.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from pymodel.differential.programs.calls import CALL_FUNCTIONS, ListForm
from pymodel.differential.programs.program import Call

_ALIGNMENTS = frozenset((1, 2, 4, 8, 16, 32, 64))
_OFFSET_BASE = 0xFFFF_8000_0000_0000
_WORD = (1 << 64) - 1

Named = dict[str, int]
"""The values of a call by name; of a bitmap, the word of its lowest pages."""


def _page(named: Named) -> bool:
    return named["i"] < 512


def _pages(named: Named) -> bool:
    return named["n"] >= 1 and named["i"] + named["n"] <= 512


def _level(named: Named) -> bool:
    return named["level"] <= 4


def _alignment(named: Named) -> bool:
    return named["min"] in _ALIGNMENTS


def _one_half(named: Named) -> bool:
    return _is_range(named["base"], named["limit"])


def _subtractable(named: Named) -> bool:
    base, limit, b_base, b_limit = (named[name] for name in ("base", "limit", "b_base", "b_limit"))
    strictly_inside = base < b_base and b_limit < limit
    return _is_range(base, limit) and _is_range(b_base, b_limit) and not strictly_inside


_RULES: dict[str, Callable[[Named], bool]] = {
    "get": _page,
    "block64": _page,
    "set_block64": _page,
    "clear_block64": _page,
    "set_range": _pages,
    "clear_range": _pages,
    "popcnt_range": _pages,
    "find": lambda named: 1 <= named["npages"] <= 512 and named["search_idx"] < 512,
    "find_bit_range64": lambda named: 1 <= named["n"] <= 64,
    "fill_aligned": lambda named: named["m"] in _ALIGNMENTS,
    "has_scavenge_candidate": _alignment,
    "find_scavenge_candidate": lambda named: (
        _alignment(named) and named["search_idx"] < 512 and 1 <= named["max"] <= 512
    ),
    "off_addr_to_level_index": _level,
    "level_index_to_off_addr": _level,
    "addrs_to_summary_range": lambda named: _level(named) and _one_half(named),
    "block_align_summary_range": _level,
    "make_addr_range": _one_half,
    "range_contains": _one_half,
    "range_remove_greater_equal": _one_half,
    "range_subtract": _subtractable,
    "ranges_add": lambda named: named["base"] < named["limit"] and _one_half(named),
}


def _is_range(base: int, limit: int) -> bool:
    """Whether base ≤ limit, both in one half of the address space."""
    return base <= limit and (base >= _OFFSET_BASE) == (limit >= _OFFSET_BASE) and _is_address(base)


def _is_address(word: int) -> bool:
    return word < 1 << 47 or word >= _OFFSET_BASE


def call_keeps_contract(call: Call) -> bool:
    """Whether the arguments are within the contract of the function; the call must be valid."""
    takes = CALL_FUNCTIONS[call.function].takes
    named, at = {}, 0
    for name, form in takes.values:
        named[name] = call.arguments[at]
        at += form.word_count
    rule = _RULES.get(call.function)
    if rule is not None and not rule(named):
        return False
    rest = call.arguments[at:]
    if takes.rest is ListForm.RANGES:
        return _keeps_ranges(call.function, named, rest)
    return bool(rest) or takes.rest is None


def _keeps_ranges(function: str, named: Named, words: tuple[int, ...]) -> bool:
    """Whether the list is ascending, disjoint and not empty, and a range that is added overlaps none of it."""
    ranges = sorted(zip(words[::2], words[1::2], strict=True))
    if not ranges or ranges != list(zip(words[::2], words[1::2], strict=True)):
        return False
    if function == "ranges_add":
        ranges = sorted([*ranges, (named["base"], named["limit"])])
    sound = all(base < limit and _is_range(base, limit) for base, limit in ranges)
    one_half = ranges[0][0] >= _OFFSET_BASE or ranges[-1][0] < 1 << 47
    return sound and one_half and all(low[1] <= high[0] for low, high in pairwise(ranges))
