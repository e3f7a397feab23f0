"""Floating point as Go 1.18 does it on amd64: what Python's floats leave out.

Both are IEEE 754 binary64, and each operation rounds once, to nearest even: sums, products and quotients written in
Go's order agree bit for bit, and so does `float(n)` with Go's float64(n) for an integer of up to 64 bits. Three things
differ and stand here: division by zero, conversion to integers, and the bits of a number.
"""

from __future__ import annotations

import math
import struct
from typing import Final

from pymodel.pageheap.words import MASK64

INTEGER_INDEFINITE: Final = -(1 << 63)
"""What the processor makes of a number that no int64 can hold, NaN included."""


def divide(x: float, y: float) -> float:
    """Go's `x / y`: a quotient by zero is infinite, or NaN if `x` is zero or NaN."""
    if y != 0:
        return x / y
    if x == 0 or math.isnan(x):
        return math.nan
    return math.copysign(math.inf, x) * math.copysign(1.0, y)


def to_int64(x: float) -> int:
    """Go's int64(x): truncated towards zero; -2^63 for whatever does not fit.

    Go: the instruction CVTTSD2SQ on amd64. Other processors saturate; the language leaves it open.
    """
    return int(x) if -(2.0**63) <= x < 2.0**63 else INTEGER_INDEFINITE


def to_uint64(x: float) -> int:
    """Go's uint64(x): truncated; of what does not fit, what amd64's conversion to int64 makes.

    Numbers from 2^63 up are converted without their highest bit, which is then set. NaN and numbers from 2^64 up give
    2^63, and a negative number wraps. Go: float64ToUint64, cmd/compile/internal/ssagen/ssa.go.
    """
    if x < 2.0**63:
        return to_int64(x) & MASK64
    return to_int64(x - 2.0**63) & MASK64 | 1 << 63


def to_bits(x: float) -> int:
    """The bits of `x` as a word. Go: math.Float64bits."""
    bits: int = struct.unpack("<Q", struct.pack("<d", x))[0]
    return bits


def from_bits(bits: int) -> float:
    """The float64 with these bits. Go: math.Float64frombits."""
    x: float = struct.unpack("<d", struct.pack("<Q", bits))[0]
    return x
