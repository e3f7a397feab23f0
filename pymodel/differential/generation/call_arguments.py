"""Arguments for direct calls of the pure functions, within each function's contract (docs/programs.md, "Calls")."""

from __future__ import annotations

from collections.abc import Callable, Collection

from pymodel.differential.generation.bit_patterns import WORD, allocated_and_scavenged, bitmap, page_edge, page_run
from pymodel.differential.generation.choices import Choices, Weighted
from pymodel.differential.generation.range_lists import address_around, flat, range_between, range_list
from pymodel.differential.programs.calls import bits_to_words
from pymodel.differential.programs.program import Call

Words = tuple[int, ...]

LEVEL_LOG_PAGES = (21, 18, 15, 12, 9)
LEVEL_SHIFTS = (34, 31, 28, 25, 22)
SENTINEL = 1 << 63
_ALIGNMENTS = (1, 2, 4, 8, 16, 32, 64)
_ADDRESS_EDGES = (0, 1 << 22, 0x30_0000_0000, 1 << 46, (1 << 47) - 1, 0xFFFF_8000_0000_0000, 0xFFFF_FFFF_FFC0_0000)


def packed_summary(choices: Choices, log_pages: int) -> int:
    """A summary of 2^log_pages pages such as Go can hold: all free, all allocated, or start, max and end that agree."""
    pages = 1 << log_pages
    way = choices.integer(0, 5)
    if way == 0:
        return 0
    if way == 1:
        return SENTINEL if log_pages == 21 else pages | pages << 21 | pages << 42
    start, end = choices.integer(0, pages - 1), 0
    if way <= 3:
        start >>= choices.integer(0, log_pages)
    if pages - start > 1:
        end = choices.integer(0, pages - start - 1)
    longest = max(start, end)
    room = pages - start - end - 2
    if way == 5 and room > longest:
        longest = choices.integer(longest, room)
    return start | longest << 21 | end << 42


def address(choices: Choices) -> int:
    """An address that the 48-bit offset space has, often at an edge of a chunk, a level's entry or the space."""
    if choices.boolean(30):
        return choices.choose(_ADDRESS_EDGES)
    entry = 1 << choices.choose(LEVEL_SHIFTS)
    aligned = choices.integer(0, (1 << 48) - 1) & -entry
    offset = min(max(aligned + choices.choose((-1, 0, 1, 0x2000, 0x1FFFFF)), 0), (1 << 48) - 1)
    return (offset + 0xFFFF_8000_0000_0000) & WORD


def _bits_page(choices: Choices) -> Words:
    return (*bits_to_words(bitmap(choices)), min(page_edge(choices), 511))


def _bits_run(choices: Choices) -> Words:
    first, limit = page_run(choices)
    return (*bits_to_words(bitmap(choices)), first, limit - first)


def _bits_block(choices: Choices) -> Words:
    return (*_bits_page(choices), choices.integer(0, WORD))


def _bits(choices: Choices) -> Words:
    return bits_to_words(bitmap(choices))


def _find(choices: Choices) -> Words:
    npages = choices.integer(*choices.choose(((1, 1), (2, 8), (2, 64), (62, 66), (65, 512), (126, 130), (505, 512))))
    search_idx = 0 if choices.boolean(40) else min(page_edge(choices), 511)
    return (*bits_to_words(bitmap(choices)), npages, search_idx)


def _find_bit_range64(choices: Choices) -> Words:
    bits = bitmap(choices) & WORD
    return (bits, choices.integer(1, 64) if choices.boolean(50) else choices.integer(1, 6))


def _fill_aligned(choices: Choices) -> Words:
    return (bitmap(choices) & WORD, choices.choose(_ALIGNMENTS))


def _has_scavenge_candidate(choices: Choices) -> Words:
    allocated, scavenged = allocated_and_scavenged(choices)
    return (*bits_to_words(allocated), *bits_to_words(scavenged), choices.choose(_ALIGNMENTS))


def _find_scavenge_candidate(choices: Choices) -> Words:
    has = _has_scavenge_candidate(choices)
    search_idx = 511 if choices.boolean(50) else min(page_edge(choices), 511)
    low, high = choices.choose(((1, 1), (1, 16), (1, 512), (63, 65), (255, 257), (512, 512)))
    return (*has[:-1], search_idx, has[-1], choices.integer(low, high))


def _pack_palloc_sum(choices: Choices) -> Words:
    top = choices.choose((0, 1, 512, 4096, (1 << 21) - 1, 1 << 21))
    return tuple(choices.integer(0, top) if choices.boolean(50) else top for _ in range(3))


def _unpack(choices: Choices) -> Words:
    return (packed_summary(choices, choices.choose(LEVEL_LOG_PAGES)),)


def _merge_summaries(choices: Choices) -> Words:
    log_pages = choices.choose(LEVEL_LOG_PAGES[1:])
    count = 8 if choices.boolean(70) else choices.integer(1, 8)
    if choices.boolean(15):
        pages = 1 << log_pages
        return (log_pages, *[pages | pages << 21 | pages << 42] * count)
    return (log_pages, *[packed_summary(choices, log_pages) for _ in range(count)])


def _address(choices: Choices) -> Words:
    return (address(choices),)


def _chunk(choices: Choices) -> Words:
    return (((address(choices) + (1 << 47)) & WORD) >> 22,)


def _level_address(choices: Choices) -> Words:
    return (choices.integer(0, 4), address(choices))


def _level_index(choices: Choices) -> Words:
    level = choices.integer(0, 4)
    return (level, choices.integer(0, (1 << 48 - LEVEL_SHIFTS[level]) - 1))


def _same_half(choices: Choices) -> tuple[int, int]:
    """Two addresses in ascending order in the same half of the address space."""
    base = address(choices)
    span = 1 << choices.integer(0, 40)
    top = WORD if base >> 63 else (1 << 47) - 1
    return base, min(base + choices.integer(0, span), top)


def _level_range(choices: Choices) -> Words:
    base, limit = _same_half(choices)
    return (choices.integer(0, 4), base, limit)


def _level_block(choices: Choices) -> Words:
    level, index = _level_index(choices)
    return (level, index, index + choices.integer(0, 100))


def _base_limit(choices: Choices) -> Words:
    return _same_half(choices)


def _range_address(choices: Choices) -> Words:
    base, limit = choices.choose(range_list(choices))
    return (base, limit, address_around(choices, [(base, limit)]))


def _range_subtract(choices: Choices) -> Words:
    """Any two ranges but b strictly inside a, which throws."""
    ranges = range_list(choices)
    base, limit = choices.choose(ranges)
    points = sorted((address_around(choices, ranges), address_around(choices, [(base, limit)])))
    b_base, b_limit = points[0], points[1] + choices.integer(0, 1)
    if base < b_base and b_limit < limit:
        b_base = base
    return (base, limit, b_base, b_limit)


def _address_ranges(choices: Choices) -> Words:
    ranges = range_list(choices)
    return (address_around(choices, ranges), *flat(ranges))


def _ranges_add(choices: Choices) -> Words:
    ranges = range_list(choices)
    return (*range_between(choices, ranges), *flat(ranges))


def _ranges_remove_last(choices: Choices) -> Words:
    ranges = range_list(choices)
    last_size = ranges[-1][1] - ranges[-1][0]
    byte_count = choices.choose((0, 1, last_size - 1, last_size, last_size + 1, last_size // 2, 1 << 40))
    return (byte_count, *flat(ranges))


def _ranges_clone_into(choices: Choices) -> Words:
    ranges = range_list(choices)
    return (choices.integer(0, len(ranges)), *flat(ranges))


# A weight is the number of cases that a function tells apart, roughly.
_FUNCTIONS: tuple[tuple[str, Callable[[Choices], Words], int], ...] = (
    ("get", _bits_page, 1),
    ("block64", _bits_page, 1),
    ("set_range", _bits_run, 3),
    ("clear_range", _bits_run, 3),
    ("set_block64", _bits_block, 1),
    ("clear_block64", _bits_block, 1),
    ("popcnt_range", _bits_run, 3),
    ("summarize", _bits, 6),
    ("find", _find, 8),
    ("find_bit_range64", _find_bit_range64, 3),
    ("fill_aligned", _fill_aligned, 3),
    ("has_scavenge_candidate", _has_scavenge_candidate, 3),
    ("find_scavenge_candidate", _find_scavenge_candidate, 8),
    ("pack_palloc_sum", _pack_palloc_sum, 1),
    ("unpack", _unpack, 1),
    ("merge_summaries", _merge_summaries, 4),
    ("chunk_index", _address, 1),
    ("chunk_base", _chunk, 1),
    ("chunk_page_index", _address, 1),
    ("off_addr_to_level_index", _level_address, 1),
    ("level_index_to_off_addr", _level_index, 1),
    ("addrs_to_summary_range", _level_range, 1),
    ("block_align_summary_range", _level_block, 1),
    ("make_addr_range", _base_limit, 1),
    ("range_contains", _range_address, 1),
    ("range_subtract", _range_subtract, 2),
    ("range_remove_greater_equal", _range_address, 1),
    ("ranges_find_succ", _address_ranges, 3),
    ("ranges_find_addr_greater_equal", _address_ranges, 2),
    ("ranges_contains", _address_ranges, 2),
    ("ranges_add", _ranges_add, 4),
    ("ranges_remove_last", _ranges_remove_last, 2),
    ("ranges_remove_greater_equal", _address_ranges, 3),
    ("ranges_clone_into", _ranges_clone_into, 1),
)
CallTable = Weighted[tuple[str, Callable[[Choices], Words]]]
"""Functions and what draws their arguments, by weight."""


def call_table(names: Collection[str] | None = None) -> CallTable:
    """The functions of these names; all, if none are given."""
    return Weighted(
        {(name, arguments): weight for name, arguments, weight in _FUNCTIONS if names is None or name in names}
    )


_TABLE = call_table()


def call_within_contract(choices: Choices, table: CallTable = _TABLE) -> Call:
    """A call of any function of the table, with arguments that keep its contract."""
    name, arguments = choices.weighted(table)
    return Call(name, arguments(choices))
