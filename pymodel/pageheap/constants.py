"""Constants of Go 1.18's page heap on linux/amd64.

A *page* is 8 KiB, a *chunk* is 512 pages (4 MiB) and has one bitmap. The address space of 2^48 bytes is a radix tree
of five levels of summaries over its 2^26 chunks; a *block* is the group of entries that share a parent.
"""

from __future__ import annotations

from typing import Final

# Go: malloc.go, sizeclasses.go.
PAGE_SHIFT: Final = 13
PAGE_SIZE: Final = 1 << PAGE_SHIFT
HEAP_ADDR_BITS: Final = 48
ARENA_BASE_OFFSET: Final = 0xFFFF800000000000
MIN_PHYS_PAGE_SIZE: Final = 4096
MAX_PHYS_PAGE_SIZE: Final = 512 << 10
LOG_HEAP_ARENA_BYTES: Final = 26
HEAP_ARENA_BYTES: Final = 1 << LOG_HEAP_ARENA_BYTES
ARENA_L2_ENTRIES: Final = 1 << 22

# Go: mpagealloc.go.
LOG_PALLOC_CHUNK_PAGES: Final = 9
PALLOC_CHUNK_PAGES: Final = 1 << LOG_PALLOC_CHUNK_PAGES
LOG_PALLOC_CHUNK_BYTES: Final = LOG_PALLOC_CHUNK_PAGES + PAGE_SHIFT
PALLOC_CHUNK_BYTES: Final = 1 << LOG_PALLOC_CHUNK_BYTES
SUMMARY_LEVELS: Final = 5
SUMMARY_LEVEL_BITS: Final = 3
SUMMARY_L0_BITS: Final = 14
PALLOC_CHUNKS_L1_BITS: Final = 13
PALLOC_CHUNKS_L2_BITS: Final = 13
PALLOC_SUM_BYTES: Final = 8
LOG_MAX_PACKED_VALUE: Final = 21
MAX_PACKED_VALUE: Final = 1 << LOG_MAX_PACKED_VALUE
FREE_CHUNK_SUM: Final = (
    PALLOC_CHUNK_PAGES | PALLOC_CHUNK_PAGES << LOG_MAX_PACKED_VALUE | PALLOC_CHUNK_PAGES << (2 * LOG_MAX_PACKED_VALUE)
)

# By level, root first. Go: mpagealloc_64bit.go.
LEVEL_BITS: Final = (14, 3, 3, 3, 3)
LEVEL_SHIFT: Final = (34, 31, 28, 25, 22)
LEVEL_LOG_PAGES: Final = (21, 18, 15, 12, 9)
LEAF: Final = SUMMARY_LEVELS - 1

# Go: mpagecache.go.
PAGE_CACHE_PAGES: Final = 64

# Go: mgcscavenge.go.
MAX_PAGES_PER_PHYS_PAGE: Final = MAX_PHYS_PAGE_SIZE // PAGE_SIZE
SCAVENGE_RESERVATION_SHARDS: Final = 64

# Addresses in the offset space, see mranges. Go: mranges.go.
MIN_OFF_ADDR: Final = ARENA_BASE_OFFSET
MAX_OFF_ADDR: Final = 0x00007FFFFFFFFFFF
"""Inclusive: the last address, not the one after it."""
MAX_SEARCH_ADDR: Final = MAX_OFF_ADDR
