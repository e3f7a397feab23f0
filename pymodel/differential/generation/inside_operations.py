"""Makers of the operations within the contract. Each turns choices into one operation and notes what it sets up."""

from __future__ import annotations

from pymodel.differential.generation.call_arguments import call_within_contract
from pymodel.differential.generation.choices import Interval, Weighted
from pymodel.differential.generation.maker import (
    BLOCK_COUNT_MAX,
    CHUNKS_PER_BLOCK,
    PAGES_PER_CHUNK,
    Maker,
    place,
)
from pymodel.differential.generation.placements import Placement, above
from pymodel.differential.programs.program import (
    SLOT_COUNT_MAX,
    Alloc,
    Cache,
    CacheAlloc,
    Flush,
    Free,
    Grow,
    Operation,
    Reserve,
    Scavenge,
    ScavengeOne,
    StartGen,
    Unreserve,
)

# More caches or reservations than this are not kept waiting: one is flushed or given back first.
_CACHE_COUNT_MAX = 12
_RESERVATION_COUNT_MAX = 8

_CACHE_PAGE_COUNTS: Weighted[Interval] = Weighted({(1, 1): 8, (2, 15): 6, (16, 63): 1, (64, 64): 1})


def grow(maker: Maker, placements: Weighted[Placement]) -> Operation:
    """Growth where one of the placements puts it; nothing new once the heap is as large as its shape allows."""
    return grow_by(maker, placements, maker.choices.within(maker.tables.chunk_counts))


def grow_by(maker: Maker, placements: Weighted[Placement], chunk_count: int) -> Operation:
    """Growth by so many chunks, fewer if the heap may not become so large."""
    choices = maker.choices
    chunk_count = min(chunk_count, maker.tables.chunk_count_max - maker.chunk_count)
    if chunk_count < 1 or not maker.afford(chunk_count):
        if maker.grown and choices.boolean(10):
            first, chunk_count = choices.choose(maker.grown)
            return Grow(place(first, chunk_count), chunk_count)
        return alloc(maker)
    first = place(choices.weighted(placements)(maker, chunk_count), chunk_count)
    if len(maker.blocks) >= BLOCK_COUNT_MAX and first // CHUNKS_PER_BLOCK not in maker.blocks:
        first = place(above(maker, chunk_count), chunk_count)
    maker.note_growth(first, chunk_count)
    return Grow(first, chunk_count)


def alloc(maker: Maker) -> Operation:
    """An allocation. Once more is asked for than has grown, mostly a free instead: the heap stays nearly full."""
    choices = maker.choices
    if maker.pages_live > maker.chunk_count * PAGES_PER_CHUNK and choices.boolean(70):
        return free(maker)
    return alloc_pages(maker, choices.within(maker.tables.page_counts))


def alloc_pages(maker: Maker, page_count: int) -> Operation:
    """An allocation of so many pages, or of one if the program holds too much work already."""
    if page_count > 2 * PAGES_PER_CHUNK and not maker.afford(min(page_count // PAGES_PER_CHUNK, maker.chunk_count)):
        page_count = 1
    if maker.span_slot >= SLOT_COUNT_MAX:
        return free(maker)
    return Alloc(maker.new_span(page_count), page_count)


def free(maker: Maker) -> Operation:
    """A free of a whole span or of some of its pages; now and then of a slot that is empty."""
    choices, spans = maker.choices, maker.spans
    if not spans or choices.boolean(2):
        return Free(choices.integer(0, min(maker.span_slot, SLOT_COUNT_MAX - 1)))
    index = choices.integer(0, len(spans) - 1)
    slot, page_count, _ = spans[index]
    if page_count > 1 and choices.boolean(maker.tables.part_percent):
        first, limit = _part(maker, page_count)
        maker.note_part(index, limit - first)
        return Free(slot, first, limit)
    maker.drop_span(index)
    return Free(slot)


def _part(maker: Maker, page_count: int) -> tuple[int, int]:
    """Pages [first, limit) of a span: at either end, anywhere, or about the edge of a word or a huge page."""
    choices = maker.choices
    way = choices.integer(0, 9)
    if way <= 2:
        return 0, choices.integer(1, page_count)
    if way <= 4:
        return choices.integer(0, page_count - 1), page_count
    if way <= 7 or page_count < 64:
        first = choices.integer(0, page_count - 1)
        return first, choices.integer(first + 1, min(first + 12, page_count))
    unit = 64 if page_count < 512 else choices.choose((64, 128, 256, 512))
    first = max(choices.integer(0, page_count // unit) * unit + choices.integer(-1, 1), 0)
    return first, first + choices.choose((1, unit - 1, unit, unit + 1))


def cache(maker: Maker) -> Operation:
    """A page cache; if many wait already, a flush."""
    if maker.cache_slot >= SLOT_COUNT_MAX or (len(maker.caches) >= _CACHE_COUNT_MAX and maker.choices.boolean(80)):
        return flush(maker)
    return Cache(maker.new_cache())


def cache_alloc(maker: Maker) -> Operation:
    """An allocation from a cache that has not been flushed; from one that is likely to be empty, mostly a flush."""
    if not maker.caches:
        return cache(maker)
    if maker.span_slot >= SLOT_COUNT_MAX:
        return free(maker)
    choices, caches = maker.choices, maker.caches
    index = choices.integer(0, len(caches) - 1)
    source, left = caches[index]
    if left <= 0 and choices.boolean(80):
        return Flush(caches.pop(index)[0])
    page_count = choices.within(_CACHE_PAGE_COUNTS)
    caches[index] = (source, left - page_count)
    return CacheAlloc(maker.new_span(page_count), source, page_count)


def flush(maker: Maker) -> Operation:
    """A flush of any waiting cache, not of the latest first; now and then one that is flushed or empty already."""
    choices, caches = maker.choices, maker.caches
    if not caches or choices.boolean(3):
        return Flush(choices.integer(0, min(maker.cache_slot, SLOT_COUNT_MAX - 1)))
    return Flush(caches.pop(choices.integer(0, len(caches) - 1))[0])


def start_gen(_maker: Maker) -> Operation:
    """A new scavenge generation, whatever is reserved."""
    return StartGen()


def scavenge(maker: Maker) -> Operation:
    """A scavenge of few bytes up to all; it may walk the whole heap, so a large heap sees few of them."""
    if not maker.afford(maker.chunk_count):
        return start_gen(maker)
    choices = maker.choices
    return Scavenge(choices.within(maker.tables.byte_counts), choices.boolean(50))


def reserve(maker: Maker) -> Operation:
    """A reservation; if many are held already, one is given back."""
    full = len(maker.reservations) >= _RESERVATION_COUNT_MAX
    if maker.reservation_slot >= SLOT_COUNT_MAX or (full and maker.choices.boolean(80)):
        return unreserve(maker)
    return Reserve(maker.new_reservation())


def scavenge_one(maker: Maker) -> Operation:
    """A scavenge within a reservation, of this generation or an earlier one."""
    if not maker.reservations:
        return reserve(maker)
    if not maker.afford(maker.chunk_count // 64 + 1):
        return start_gen(maker)
    choices = maker.choices
    low, high = choices.weighted(maker.tables.byte_counts)
    return ScavengeOne(choices.choose(maker.reservations), choices.integer(low, high))


def unreserve(maker: Maker) -> Operation:
    """A reservation given back, of this generation or an earlier one."""
    choices, reservations = maker.choices, maker.reservations
    if not reservations or choices.boolean(2):
        return Unreserve(choices.integer(0, min(maker.reservation_slot, SLOT_COUNT_MAX - 1)))
    return Unreserve(reservations.pop(choices.integer(0, len(reservations) - 1)))


def call(maker: Maker) -> Operation:
    """A direct call of a pure function."""
    return call_within_contract(maker.choices)
