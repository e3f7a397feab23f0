"""Series: many programs of one kind, made from a seed by rules that every language can repeat. docs/series.md has them.

A target makes the programs itself, so that a message stands for thousands of operations, and answers with a digest of
each transcript. `Series.program` makes the same programs here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pymodel.differential.programs.program import (
    Alloc,
    Cache,
    CacheAlloc,
    Flush,
    Free,
    Grow,
    Operation,
    Program,
    Reserve,
    Scavenge,
    ScavengeOne,
    StartGen,
    Unreserve,
)

Entry = TypeVar("Entry")

KINDS = (
    "grow",
    "alloc",
    "free",
    "cache",
    "cache_alloc",
    "flush",
    "start_gen",
    "scavenge",
    "reserve",
    "scavenge_one",
    "unreserve",
)
"""What each of Series.weights is the weight of."""

DIGEST_BYTE_COUNT = 16
# The length of a canonical transcript's field program_id, which comes first.
_ID_BYTE_COUNT = 9

_PAGES_PER_CHUNK = 512
_CACHE_COUNT_MAX = 12
_RESERVATION_COUNT_MAX = 8
_LOWER_HALF, _UPPER_HALF = (1, 1 << 25), (1 - (1 << 25), -1)

_WORD = (1 << 64) - 1
_GAMMA = 0x9E37_79B9_7F4A_7C15
_MIX_1 = 0xBF58_476D_1CE4_E5B9
_MIX_2 = 0x94D0_49BB_1331_11EB

Interval = tuple[int, int, int]
"""The lowest and the highest number, both included, and how often the interval is taken."""


@dataclass(frozen=True, slots=True)
class Series:
    """Many programs of one kind; the fields are those of the protocol's Series, the page sizes those of its Program."""

    seed: int
    program_count: int
    operation_count: int
    weights: tuple[int, ...]
    page_counts: tuple[Interval, ...]
    byte_counts: tuple[Interval, ...]
    chunk_counts: tuple[Interval, ...]
    chunk_count_max: int
    chunk: int
    gap_max: int
    part_percent: int
    filled_percent: int
    phys_page_size: int = 4096
    phys_huge_page_size: int = 2 << 20

    @property
    def heap(self) -> Program:
        """A program without operations on the same heap."""
        return Program((), self.phys_page_size, self.phys_huge_page_size)

    def program(self, index: int) -> Program:
        """The program with an index in [0, program_count)."""
        operations = tuple(_Maker(self, index).operations())
        return Program(operations, self.phys_page_size, self.phys_huge_page_size)


def digest_of(transcript: bytes) -> bytes:
    """The digest that stands for a transcript in the canonical encoding: which program's it is does not matter."""
    return hashlib.sha256(memoryview(transcript)[_ID_BYTE_COUNT:]).digest()[:DIGEST_BYTE_COUNT]


def mix(word: int) -> int:
    """The output function of splitmix64."""
    word = ((word ^ word >> 30) * _MIX_1) & _WORD
    word = ((word ^ word >> 27) * _MIX_2) & _WORD
    return word ^ word >> 31


class _Maker:
    """Makes one program. Every decision takes one word of the program's stream."""

    def __init__(self, series: Series, index: int) -> None:
        self._series = series
        self._state = mix((series.seed + (index + 1) * _GAMMA) & _WORD)
        self._made: list[Operation] = []
        self._low = self._high = series.chunk
        self._chunk_count = self._pages_live = 0
        # Slot, page count and pages that may be left.
        self._spans: list[tuple[int, int, int]] = []
        self._caches: list[int] = []
        self._reservations: list[int] = []
        self._span_slot = self._cache_slot = self._reservation_slot = 0

    def operations(self) -> list[Operation]:
        """All operations of the program."""
        series, made = self._series, self._made
        is_filled = self._boolean(series.filled_percent)
        made.append(self._grow())
        if is_filled and series.operation_count > 1 and self._chunk_count > 0:
            made.append(self._alloc_pages(_PAGES_PER_CHUNK * self._chunk_count))
        makers: list[Callable[[], Operation]] = [getattr(self, f"_{kind}") for kind in KINDS]
        weights = [(maker, weight) for maker, weight in zip(makers, series.weights, strict=True)]
        total = sum(series.weights)
        while len(made) < series.operation_count:
            point = self._below(total)
            for make, weight in weights:
                if point < weight:
                    made.append(make())
                    break
                point -= weight
        return made

    # Decisions.

    def _below(self, limit: int) -> int:
        """A number in [0, limit)."""
        self._state = z = (self._state + _GAMMA) & _WORD
        z = ((z ^ z >> 30) * _MIX_1) & _WORD
        z = ((z ^ z >> 27) * _MIX_2) & _WORD
        return (z ^ z >> 31) * limit >> 64

    def _integer(self, low: int, high: int) -> int:
        """A number in [low, high]."""
        return low + self._below(high - low + 1)

    def _boolean(self, percent: int) -> bool:
        """True in `percent` of a hundred cases."""
        return self._below(100) >= 100 - percent

    def _number(self, table: tuple[Interval, ...]) -> int:
        """A number of one of the intervals."""
        point = self._below(sum(weight for _, _, weight in table))
        for low, high, weight in table:
            if point < weight:
                return self._integer(low, high)
            point -= weight
        raise AssertionError("a point lies below the sum of the weights")

    # Operations.

    def _grow(self) -> Operation:
        """Growth where there is room for it, else an allocation."""
        series = self._series
        count = min(self._number(series.chunk_counts), series.chunk_count_max - self._chunk_count)
        first = self._place(count)
        fits = any(low <= first <= limit - count for low, limit in (_LOWER_HALF, _UPPER_HALF))
        if count == 0 or not fits:
            return self._alloc()
        self._chunk_count += count
        self._low, self._high = min(self._low, first), max(self._high, first + count)
        return Grow(first, count)

    def _place(self, count: int) -> int:
        """The first of so many chunks: above or below what has grown, apart from it, or within."""
        way, step = self._below(5), self._integer(1, self._series.gap_max)
        if way <= 1:
            return self._high
        if way == 2:
            return self._low - count
        if way == 3:
            return self._high + step
        return self._low + self._below(self._high - self._low + 1)

    def _alloc(self) -> Operation:
        """An allocation; once more is asked for than has grown, mostly a free instead."""
        if self._pages_live > self._chunk_count * _PAGES_PER_CHUNK and self._boolean(70):
            return self._free()
        return self._alloc_pages(self._number(self._series.page_counts))

    def _alloc_pages(self, page_count: int) -> Operation:
        return Alloc(self._new_span(page_count), page_count)

    def _new_span(self, page_count: int) -> int:
        slot = self._span_slot
        self._span_slot += 1
        self._pages_live += page_count
        self._spans.append((slot, page_count, page_count))
        return slot

    def _free(self) -> Operation:
        """A free of a span or of a part of it, now and then of a slot that may be empty."""
        spans = self._spans
        if not spans or self._boolean(2):
            return Free(self._below(self._span_slot + 1))
        place = self._below(len(spans))
        slot, page_count, left = spans[place]
        if page_count > 1 and self._boolean(self._series.part_percent):
            first, limit = self._part(page_count)
            freed = min(left, limit - first)
            self._pages_live -= freed
            if freed == left:
                _remove(spans, place)
            else:
                spans[place] = slot, page_count, left - freed
            return Free(slot, first, limit)
        self._pages_live -= left
        _remove(spans, place)
        return Free(slot)

    def _part(self, page_count: int) -> tuple[int, int]:
        """Pages of a span: at its start, at its end, or few of them anywhere."""
        way = self._below(4)
        if way == 0:
            return 0, self._integer(1, page_count)
        if way == 1:
            return self._below(page_count), page_count
        first = self._below(page_count)
        return first, self._integer(first + 1, min(first + 12, page_count))

    def _cache(self) -> Operation:
        if len(self._caches) >= _CACHE_COUNT_MAX:
            return self._flush()
        slot = self._cache_slot
        self._cache_slot += 1
        self._caches.append(slot)
        return Cache(slot)

    def _cache_alloc(self) -> Operation:
        """An allocation from a cache that was not flushed, or its flush: it may be empty by then."""
        caches = self._caches
        if not caches:
            return self._cache()
        place = self._below(len(caches))
        slot = caches[place]
        if self._boolean(15):
            _remove(caches, place)
            return Flush(slot)
        page_count = self._integer(1, 1 << self._below(7))
        return CacheAlloc(self._new_span(page_count), slot, page_count)

    def _flush(self) -> Operation:
        caches = self._caches
        if not caches or self._boolean(3):
            return Flush(self._below(self._cache_slot + 1))
        place = self._below(len(caches))
        slot = caches[place]
        _remove(caches, place)
        return Flush(slot)

    def _start_gen(self) -> Operation:
        return StartGen()

    def _scavenge(self) -> Operation:
        byte_count = self._number(self._series.byte_counts)
        return Scavenge(byte_count, self._boolean(50))

    def _reserve(self) -> Operation:
        if len(self._reservations) >= _RESERVATION_COUNT_MAX:
            return self._unreserve()
        slot = self._reservation_slot
        self._reservation_slot += 1
        self._reservations.append(slot)
        return Reserve(slot)

    def _scavenge_one(self) -> Operation:
        if not self._reservations:
            return self._reserve()
        slot = self._reservations[self._below(len(self._reservations))]
        return ScavengeOne(slot, self._number(self._series.byte_counts))

    def _unreserve(self) -> Operation:
        reservations = self._reservations
        if not reservations or self._boolean(2):
            return Unreserve(self._below(self._reservation_slot + 1))
        place = self._below(len(reservations))
        slot = reservations[place]
        _remove(reservations, place)
        return Unreserve(slot)


def _remove(entries: list[Entry], place: int) -> None:
    """Takes an entry out; the last one takes its place."""
    last = entries.pop()
    if place < len(entries):
        entries[place] = last
