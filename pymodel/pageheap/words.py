"""Arithmetic on 64-bit words: what Go's `uint`, `uintptr` and `uint64` do, said explicitly.

Python's integers do not wrap. Every sum, difference, product or left shift that may leave [0, 2^64) is therefore
reduced by `& MASK64` at the place where Go's own arithmetic would wrap.
"""

from __future__ import annotations

from typing import Final

WORD_BITS: Final = 64
MASK64: Final = (1 << 64) - 1
NOT_FOUND: Final = MASK64
"""The result ^uint(0): "no such page"."""


def align_up(n: int, alignment: int) -> int:
    """Round `n` up to a multiple of `alignment`, a power of two, modulo 2^64: near the top the result is 0.

    Go: alignUp, stubs.go.
    """
    return (n + alignment - 1) & MASK64 & ~(alignment - 1)


def align_down(n: int, alignment: int) -> int:
    """Round `n` down to a multiple of `alignment`, a power of two.

    Go: alignDown, stubs.go.
    """
    return n & ~(alignment - 1)


def shift_left(x: int, count: int) -> int:
    """Go's `x << count` on a 64-bit word: all bits are gone once `count` reaches 64."""
    return (x << count) & MASK64 if count < WORD_BITS else 0


def low_mask(count: int) -> int:
    """Go's `(1 << count) - 1` on a 64-bit word: `count` ones, and all 64 for any larger count."""
    return (1 << count) - 1 if count < WORD_BITS else MASK64


def trailing_zeros(x: int) -> int:
    """Index of the lowest set bit of `x`, which is not zero."""
    return (x & -x).bit_length() - 1


def signed(x: int) -> int:
    """The 64-bit word `x` read as Go's `int`."""
    return x - (1 << 64) if x >> 63 else x


def int64(x: int) -> int:
    """The integer `x` reduced to Go's `int64`, which wraps."""
    return signed(x & MASK64)
