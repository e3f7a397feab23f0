"""Makers of the operations outside the contract: what a careful caller never does, and what Go then makes of it.

No argument made here lets Go's code run for long or take much memory:

* `grow_at` maps at most 32 GiB (8192 chunks). Larger spans reach the chunk map's loop, which takes 1 MiB per 32 GiB.
* `free_at` walks from chunk to chunk only while the chunk map has a block for them, and panics at the first missing.
* `unreserve_at` and `scavenge_at` ranges are short, or lie where the summaries are not mapped: scavengeOne reads the
  topmost leaf summary first. A long range of mapped zeros would be walked chunk by chunk.
* Summaries that lie send `find` to other addresses, never round in circles: each level is passed once, and the
  allocation that follows stops at the first chunk without a block.
"""

from __future__ import annotations

from collections.abc import Callable

from pymodel.differential.generation.bit_patterns import WORD, bitmap
from pymodel.differential.generation.call_arguments import LEVEL_LOG_PAGES, SENTINEL, packed_summary
from pymodel.differential.generation.choices import Choices, Interval, Weighted
from pymodel.differential.generation.inside_operations import alloc, cache
from pymodel.differential.generation.maker import (
    CANONICAL_CHUNK,
    CHUNK_BYTES,
    CHUNK_MIN,
    PAGE_BYTES,
    PAGES_PER_CHUNK,
    Maker,
)
from pymodel.differential.programs.program import (
    ALL_BYTES,
    SLOT_COUNT_MAX,
    Alloc,
    CacheAlloc,
    FreeAt,
    GrowAt,
    Operation,
    PokeChunk,
    PokeSearchAddr,
    PokeSummary,
    ScavengeAt,
    UnreserveAt,
)

_OFFSET_BASE_CHUNK = 1 << 25
_SPACE_EDGES = (0, PAGE_BYTES, 1 << 46, (1 << 47) - 1, 1 << 47, 0xFFFF_8000_0000_0000, ALL_BYTES, 1 << 63)
_GROW_SIZE_MAX = 8192 * CHUNK_BYTES

# No number of pages near 2^30: a target that keeps pages in a list would die of it, and Go has no case there.
_WILD_PAGE_COUNTS = (0, 0, 0, 65, 128, 192, 256, 512, 513, 1 << 21, 1 << 51, (1 << 51) + 1, 1 << 63, ALL_BYTES)
_WILD_CACHE_PAGE_COUNTS = (0, 0, 65, 66, 96, 128, 128, 192, 256, 1 << 13, 1 << 20, ALL_BYTES)
_PAGE_COUNTS: Weighted[Interval] = Weighted({(1, 1): 4, (1, 64): 4, (64, 600): 3, (500, 5000): 1})


def _chunk(maker: Maker) -> int:
    """A chunk that has grown, mostly; else one beside it, or one in the next arena."""
    choices = maker.choices
    if not maker.grown:
        return CANONICAL_CHUNK
    first, count = choices.choose(maker.grown)
    if choices.boolean(20):
        return first + choices.choose((-1, count, count + 17))
    return first + choices.integer(0, min(count - 1, 63))


def _chunk_address(chunk: int) -> int:
    return chunk * CHUNK_BYTES & WORD


def _page_address(maker: Maker) -> int:
    """The address of a page, mostly of a chunk in use, now and then between pages or at an edge of the space."""
    choices = maker.choices
    if choices.boolean(6):
        return choices.choose(_SPACE_EDGES)
    page = choices.integer(0, PAGES_PER_CHUNK - 1) if choices.boolean(70) else 0
    address = _chunk_address(_chunk(maker)) + page * PAGE_BYTES & WORD
    return address + choices.integer(1, PAGE_BYTES - 1) if choices.boolean(5) else address


def _page_count(choices: Choices) -> int:
    return choices.within(_PAGE_COUNTS)


def alloc_any(maker: Maker) -> Operation:
    """An allocation of no page at all, or of more than there are addresses for."""
    if maker.span_slot >= SLOT_COUNT_MAX:
        return alloc(maker)
    page_count = maker.choices.choose(_WILD_PAGE_COUNTS)
    return Alloc(_noted_span(maker, page_count), page_count)


def cache_alloc_any(maker: Maker) -> Operation:
    """An allocation of no page or of more than a cache holds."""
    if not maker.caches or maker.span_slot >= SLOT_COUNT_MAX:
        return cache(maker)
    page_count = maker.choices.choose(_WILD_CACHE_PAGE_COUNTS)
    source, _ = maker.choices.choose(maker.caches)
    return CacheAlloc(_noted_span(maker, page_count), source, page_count)


def _noted_span(maker: Maker, page_count: int) -> int:
    """A span slot, noted with a page count that later frees of a part of it can be drawn from."""
    return maker.new_span(min(max(page_count, 1), PAGES_PER_CHUNK))


def grow_at(maker: Maker) -> Operation:
    """Growth that is not of whole chunks, or overlaps, or is empty, or leaves its half of the address space."""
    choices = maker.choices
    way = choices.integer(0, 10)
    if way == 10:
        # Over several growths: the summaries of all but the nearest are mapped anew, and forgotten by that.
        below = choices.integer(1, 3)
        return _noted_growth(maker, _chunk(maker) - below, 0, choices.integer(600, 3000) * CHUNK_BYTES)
    if way == 0:
        return GrowAt(choices.choose(_SPACE_EDGES), choices.choose((0, PAGE_BYTES, CHUNK_BYTES, 3 * CHUNK_BYTES)))
    if way == 1:
        # Around a chunk in use on both sides: what is to be mapped would have a hole ("bad prune").
        below = choices.integer(1, 4000)
        return _noted_growth(maker, _chunk(maker) - below, 0, (below + choices.integer(1, 4000)) * CHUNK_BYTES)
    if way == 2:
        # From the upper half across address 0.
        below = choices.integer(1, 3)
        return GrowAt(_chunk_address(-below), choices.integer(below, below + 2) * CHUNK_BYTES)
    if way == 3:
        # The first chunk of the offset space, which grow's test for its first growth takes for none.
        return _noted_growth(maker, CHUNK_MIN - 1, 0, choices.integer(1, 2) * CHUNK_BYTES)
    base = choices.choose((0, 0, PAGE_BYTES, 256 * PAGE_BYTES, CHUNK_BYTES - PAGE_BYTES, choices.integer(1, 4095)))
    size = choices.choose((0, PAGE_BYTES, 511 * PAGE_BYTES, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 4095))
    chunk = _chunk(maker) + choices.integer(0, 4)
    return _noted_growth(maker, chunk, base, size)


def _noted_growth(maker: Maker, chunk: int, offset: int, size: int) -> Operation:
    size = min(size, _GROW_SIZE_MAX)
    chunk_count = (offset + size + CHUNK_BYTES - 1) // CHUNK_BYTES
    if not maker.afford(chunk_count):
        return alloc(maker)
    if chunk_count:
        maker.note_growth(chunk, chunk_count)
    return GrowAt(_chunk_address(chunk) + offset & WORD, size)


def free_at(maker: Maker) -> Operation:
    """A free that nobody allocated: twice, past the end, of nothing, of what is not mapped, or said to be scavenged."""
    choices = maker.choices
    page_count = choices.choose(_WILD_PAGE_COUNTS) if choices.boolean(15) else _page_count(choices)
    return FreeAt(_page_address(maker), page_count, choices.boolean(30))


def scavenge_at(maker: Maker) -> Operation:
    """A scavenge of a range that nobody reserved: unaligned, empty, not mapped, or with free pages all the same."""
    base, limit = _range(maker)
    choices = maker.choices
    return ScavengeAt(base, limit, choices.choose((0, 1, PAGE_BYTES, 1 << 21, ALL_BYTES)))


def unreserve_at(maker: Maker) -> Operation:
    """A range given back that nobody reserved: unaligned, empty, in the set already, or of another generation."""
    base, limit = _range(maker)
    choices = maker.choices
    return UnreserveAt(base, limit, choices.integer(0, 3) if choices.boolean(90) else (1 << 32) - 1)


def _range(maker: Maker) -> tuple[int, int]:
    choices = maker.choices
    if choices.boolean(6):
        base = choices.choose(_SPACE_EDGES) & -CHUNK_BYTES
    else:
        base = _page_address(maker) if choices.boolean(15) else _chunk_address(_chunk(maker))
    size = choices.choose((0, PAGE_BYTES, 100 * PAGE_BYTES, CHUNK_BYTES, 2 * CHUNK_BYTES, 5 * CHUNK_BYTES, 16383, -1))
    return base, base + size & WORD


def poke_summary(maker: Maker) -> Operation:
    """A summary on the path of a chunk in use that no longer tells the truth."""
    choices = maker.choices
    level = choices.integer(0, 4)
    index = _chunk(maker) + _OFFSET_BASE_CHUNK >> 3 * (4 - level)
    return PokeSummary(level, max(index, 0), _lie(choices, level))


def _lie(choices: Choices, level: int) -> int:
    """A summary that Go could hold at that level, or one that no entry of that level can have."""
    way = choices.integer(0, 9)
    if way <= 5:
        return packed_summary(choices, LEVEL_LOG_PAGES[level])
    if way == 6:
        return packed_summary(choices, choices.choose(LEVEL_LOG_PAGES))
    if way == 7:
        return SENTINEL
    if way == 8:
        # Much in the middle, nothing at either end: the search has to go down.
        return choices.integer(1, 1 << LEVEL_LOG_PAGES[level]) << 21
    return choices.integer(0, WORD)


def poke_chunk(maker: Maker) -> Operation:
    """Bitmaps that disagree with the summaries, and perhaps pages that are allocated and scavenged at once."""
    choices = maker.choices
    allocated, scavenged = bitmap(choices), bitmap(choices)
    return PokeChunk(_chunk(maker), allocated, scavenged if choices.boolean(50) else scavenged & ~allocated)


def poke_search_addr(maker: Maker) -> Operation:
    """A search address above free pages, below the heap, where nothing is mapped, or outside the address space."""
    return PokeSearchAddr(_page_address(maker))


OUTSIDE: dict[str, Callable[[Maker], Operation]] = {
    "alloc_any": alloc_any,
    "cache_alloc_any": cache_alloc_any,
    "grow_at": grow_at,
    "free_at": free_at,
    "scavenge_at": scavenge_at,
    "unreserve_at": unreserve_at,
    "poke_summary": poke_summary,
    "poke_chunk": poke_chunk,
    "poke_search_addr": poke_search_addr,
}
