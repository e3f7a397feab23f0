"""How the C library gives memory back to the operating system.

Transcripts of several megabytes come and go among small objects that stay. glibc raises the size from which a block is
mapped by itself whenever such a block is freed; then large blocks end up in the heap, and a hole that one leaves is
never given back. A fixed size keeps the driver's resident memory flat over a long run.
"""

from __future__ import annotations

import ctypes
import sys

# From malloc.h of glibc.
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8

LARGE_BLOCK_BYTES = 256 * 1024
ARENA_COUNT_MAX = 2


def map_large_blocks() -> bool:
    """Lets every large block be mapped by itself, and threads share arenas; whether the C library could be told."""
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES) and mallopt(_M_ARENA_MAX, ARENA_COUNT_MAX))
