"""Fused multiply-add, which Python 3.11 lacks; other processors, and amd64 with GOAMD64=v3, have it."""

from __future__ import annotations

import math
from fractions import Fraction


def fused_multiply_add(x: float, y: float, z: float) -> float:
    """`x * y + z`, rounded once. The sign of a zero is that of the twice rounded sum."""
    if not (math.isfinite(x) and math.isfinite(y) and math.isfinite(z)):
        # The product of two finite numbers may be rounded to infinity only when it is on its own.
        return z if math.isfinite(x) and math.isfinite(y) else x * y + z
    exact = Fraction(x) * Fraction(y) + Fraction(z)
    if exact == 0:
        return x * y + z
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf
