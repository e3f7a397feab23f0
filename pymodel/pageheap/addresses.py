"""Address arithmetic of the radix tree: from an address to its chunk, its page and its summary at each level.

Chunks are numbered in the offset space (see mranges): chunk 0 holds address 0xffff800000000000. All of it is pure and
wraps modulo 2^64, so that no input is an error; only a level outside [0, 5) is. Summary indices are Go's `int`.
"""

from __future__ import annotations

from pymodel.pageheap.constants import (
    ARENA_BASE_OFFSET,
    LEVEL_BITS,
    LEVEL_SHIFT,
    LOG_PALLOC_CHUNK_BYTES,
    PAGE_SHIFT,
    PALLOC_CHUNK_BYTES,
    PALLOC_CHUNKS_L2_BITS,
    SUMMARY_LEVELS,
)
from pymodel.pageheap.failures import index_out_of_range
from pymodel.pageheap.words import MASK64, align_down, align_up, signed


def chunk_index(addr: int) -> int:
    """Index of the chunk that holds `addr`. Go: chunkIndex, mpagealloc.go."""
    return ((addr - ARENA_BASE_OFFSET) & MASK64) >> LOG_PALLOC_CHUNK_BYTES


def chunk_base(ci: int) -> int:
    """First address of chunk `ci`. Go: chunkBase, mpagealloc.go."""
    return (ci * PALLOC_CHUNK_BYTES + ARENA_BASE_OFFSET) & MASK64


def chunk_page_index(addr: int) -> int:
    """Index, within its chunk, of the page that holds `addr`. Go: chunkPageIndex, mpagealloc.go."""
    return (addr & (PALLOC_CHUNK_BYTES - 1)) >> PAGE_SHIFT


def chunk_l1(ci: int) -> int:
    """Index of the L2 block that holds chunk `ci`. Go: chunkIdx.l1, mpagealloc.go."""
    return ci >> PALLOC_CHUNKS_L2_BITS


def chunk_l2(ci: int) -> int:
    """Index of chunk `ci` within its L2 block. Go: chunkIdx.l2, mpagealloc.go."""
    return ci & ((1 << PALLOC_CHUNKS_L2_BITS) - 1)


def _check_level(level: int) -> None:
    if not 0 <= level < SUMMARY_LEVELS:
        raise index_out_of_range(level, SUMMARY_LEVELS)


def off_addr_to_level_index(level: int, addr: int) -> int:
    """Index into summary[level] of the entry that covers `addr`. Go: offAddrToLevelIndex, mpagealloc.go."""
    _check_level(level)
    return ((addr - ARENA_BASE_OFFSET) & MASK64) >> LEVEL_SHIFT[level]


def level_index_to_off_addr(level: int, index: int) -> int:
    """First address that summary[level][index] covers. Go: levelIndexToOffAddr, mpagealloc.go."""
    _check_level(level)
    return ((index << LEVEL_SHIFT[level]) + ARENA_BASE_OFFSET) & MASK64


def addrs_to_summary_range(level: int, base: int, limit: int) -> tuple[int, int]:
    """Entries [lo, hi) of summary[level] that cover the addresses [base, limit).

    The last address, limit - 1, decides `hi`: an entry that only `limit` itself falls into is not needed.
    Go: addrsToSummaryRange, mpagealloc.go.
    """
    _check_level(level)
    lo = ((base - ARENA_BASE_OFFSET) & MASK64) >> LEVEL_SHIFT[level]
    hi = (((limit - 1 - ARENA_BASE_OFFSET) & MASK64) >> LEVEL_SHIFT[level]) + 1
    return lo, hi


def block_align_summary_range(level: int, lo: int, hi: int) -> tuple[int, int]:
    """[lo, hi) widened to whole blocks of its level. Go: blockAlignSummaryRange, mpagealloc.go."""
    _check_level(level)
    entries_per_block = 1 << LEVEL_BITS[level]
    return signed(align_down(lo & MASK64, entries_per_block)), signed(align_up(hi & MASK64, entries_per_block))
