"""Summaries: three page counts about the free pages of a region, packed into one 64-bit word.

`start` free pages at the low end of the region, `end` free pages at its high end, and at most `max` free pages in a
row anywhere in it. Three fields of 21 bits hold up to 2^21 - 1 each. A region of 2^21 pages (16 GiB, an entry of the
root level) that is wholly free would need 2^21 in all three, and is written as bit 63 alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from pymodel.pageheap.constants import LOG_MAX_PACKED_VALUE, MAX_PACKED_VALUE
from pymodel.pageheap.failures import index_out_of_range
from pymodel.pageheap.words import MASK64, shift_left

WHOLLY_FREE: Final = 1 << 63
FIELD_MASK: Final = MAX_PACKED_VALUE - 1
END_SHIFT: Final = 2 * LOG_MAX_PACKED_VALUE


def pack_palloc_sum(start: int, most: int, end: int) -> int:
    """Pack three counts; each is cut to 21 bits unless `most` is exactly 2^21, which alone decides on the sentinel.

    Go: packPallocSum, mpagealloc.go.
    """
    if most == MAX_PACKED_VALUE:
        return WHOLLY_FREE
    return (start & FIELD_MASK) | (most & FIELD_MASK) << LOG_MAX_PACKED_VALUE | (end & FIELD_MASK) << END_SHIFT


FREE_REGIONS: Final = {
    log_pages: pack_palloc_sum(1 << log_pages, 1 << log_pages, 1 << log_pages)
    for log_pages in range(LOG_MAX_PACKED_VALUE + 1)
}
"""The summary of a wholly free region of 2^log_pages pages, by log_pages: what most of a large heap is."""


def sum_start(total: int) -> int:
    """Free pages at the low end. Go: pallocSum.start, mpagealloc.go."""
    return MAX_PACKED_VALUE if total & WHOLLY_FREE else total & FIELD_MASK


def sum_max(total: int) -> int:
    """Most free pages in a row. Go: pallocSum.max, mpagealloc.go."""
    return MAX_PACKED_VALUE if total & WHOLLY_FREE else (total >> LOG_MAX_PACKED_VALUE) & FIELD_MASK


def sum_end(total: int) -> int:
    """Free pages at the high end. Go: pallocSum.end, mpagealloc.go."""
    return MAX_PACKED_VALUE if total & WHOLLY_FREE else (total >> END_SHIFT) & FIELD_MASK


def unpack(total: int) -> tuple[int, int, int]:
    """Start, max and end. Go: pallocSum.unpack, mpagealloc.go."""
    if total & WHOLLY_FREE:
        return MAX_PACKED_VALUE, MAX_PACKED_VALUE, MAX_PACKED_VALUE
    return total & FIELD_MASK, (total >> LOG_MAX_PACKED_VALUE) & FIELD_MASK, (total >> END_SHIFT) & FIELD_MASK


def merge_summaries(sums: Sequence[int], log_max_pages: int) -> int:
    """The summary of neighbouring regions of 2^log_max_pages pages each, given theirs from low to high.

    Keeps the summary of what has been merged so far. Panics (index out of range) on no summaries at all. Only the count
    of pages before a region wraps: each of the others grows by at most 2^21 a summary.
    Go: mergeSummaries, mpagealloc.go.
    """
    if not sums:
        raise index_out_of_range(0, 0)
    wholly_free = FREE_REGIONS.get(log_max_pages)
    if wholly_free is not None and sums.count(0) == len(sums) - 1:
        return _merge_with_full(sums)
    return _merge_any(tuple(sums), log_max_pages)


# The same regions often come again at once: the scavenger takes pages and gives them back.
@lru_cache(256)
def _merge_any(sums: tuple[int, ...], log_max_pages: int) -> int:
    """`merge_summaries` of at least one summary."""
    wholly_free = FREE_REGIONS.get(log_max_pages)
    region_pages = shift_left(1, log_max_pages)
    start, most, end = unpack(sums[0])
    pages_before = 0
    for total in sums[1:]:
        pages_before = (pages_before + region_pages) & MASK64
        if total == 0 and region_pages != 0:
            # A full region: the general rule below comes to this.
            if end > most:
                most = end
            end = 0
            continue
        if total == wholly_free:
            next_start = next_most = next_end = region_pages
        elif total & WHOLLY_FREE:
            next_start = next_most = next_end = MAX_PACKED_VALUE
        else:
            next_start = total & FIELD_MASK
            next_most = (total >> LOG_MAX_PACKED_VALUE) & FIELD_MASK
            next_end = (total >> END_SHIFT) & FIELD_MASK
        if start == pages_before:
            start += next_start
        joined = (end + next_start) & MASK64
        if joined > most:
            most = joined
        if next_most > most:
            most = next_most
        if next_end == region_pages:
            end += region_pages
        else:
            end = next_end
    return pack_palloc_sum(start, most, end)


def _merge_with_full(sums: Sequence[int]) -> int:
    """`merge_summaries` where all regions but one are full, the usual case high up in the tree.

    Free pages at an end that meets a full region are at no end any more, and count for the longest run only.
    """
    alone = max(sums)
    if sums[0] != 0 and alone < 1 << END_SHIFT:
        # The first region, with nothing free at its high end.
        return alone
    start, most, end = unpack(alone)
    if sums[0] == 0:
        most = max(start, most)
        start = 0
    if sums[-1] == 0:
        most = max(most, end)
        end = 0
    return pack_palloc_sum(start, most, end)
