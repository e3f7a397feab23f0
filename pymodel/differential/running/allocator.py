"""How the C library gives memory back to the operating system.

Transcripts of several megabytes come and go among small objects that stay. glibc raises the size from which a block is
mapped by itself whenever such a block is freed; then large blocks end up in the heap, and a hole that one leaves is
never given back. A fixed size helps against that. Small blocks leave holes as well, some 5 MiB after two million
operations; what is free in the middle of the heap goes back when it is asked for.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

# From malloc.h of glibc.
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8

LARGE_BLOCK_BYTES = 256 * 1024
ARENA_COUNT_MAX = 2


def map_large_blocks() -> bool:
    """Lets every large block be mapped by itself, and threads share arenas; whether the C library could be told."""
    mallopt = _function("mallopt")
    if mallopt is None:
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES) and mallopt(_M_ARENA_MAX, ARENA_COUNT_MAX))


def give_back_free_memory() -> bool:
    """Gives all pages that are free in the heap back; whether any were. Takes about a millisecond."""
    malloc_trim = _function("malloc_trim")
    return malloc_trim is not None and bool(malloc_trim(ctypes.c_size_t(0)))


def _function(name: str) -> Callable[..., int] | None:
    """A function of the C library, if it has one of that name."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform.startswith("linux") else None
