"""Conversions as Go 1.18 makes them on amd64; the expected values were taken from Go itself."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymodel.pageheap.floats import divide, from_bits, to_bits, to_int64, to_uint64

INDEFINITE = 1 << 63


@pytest.mark.parametrize(
    ("x", "word"),
    [
        (0.0, 0),
        (-0.0, 0),
        (0.9, 0),
        (-0.9, 0),
        (1.5, 1),
        (2.0**63 - 1024, (1 << 63) - 1024),
        (2.0**63, 1 << 63),
        (2.0**64 - 2048, 0xFFFFFFFFFFFFF800),
        (2.0**64, INDEFINITE),
        (1e300, INDEFINITE),
        (math.inf, INDEFINITE),
        (-math.inf, INDEFINITE),
        (math.nan, INDEFINITE),
        (-1.0, 0xFFFFFFFFFFFFFFFF),
        (-1.5, 0xFFFFFFFFFFFFFFFF),
        (-(2.0**63), INDEFINITE),
        (-(2.0**64), INDEFINITE),
    ],
)
def test_float_to_unsigned(x: float, word: int) -> None:
    assert to_uint64(x) == word


@pytest.mark.parametrize(
    ("x", "integer"),
    [
        (-0.9, 0),
        (-1.9, -1),
        (2.0**63 - 1024, (1 << 63) - 1024),
        (2.0**63, -INDEFINITE),
        (-(2.0**63), -INDEFINITE),
        (-(2.0**63) - 2048, -INDEFINITE),
        (math.inf, -INDEFINITE),
        (-math.inf, -INDEFINITE),
        (math.nan, -INDEFINITE),
    ],
)
def test_float_to_signed(x: float, integer: int) -> None:
    assert to_int64(x) == integer


@pytest.mark.parametrize(
    ("x", "y", "quotient"),
    [
        (1.0, 0.0, math.inf),
        (-1.0, 0.0, -math.inf),
        (1.0, -0.0, -math.inf),
        (-math.inf, -0.0, math.inf),
        (0.0, 0.0, math.nan),
        (-0.0, 0.0, math.nan),
        (math.nan, 0.0, math.nan),
        (math.inf, math.inf, math.nan),
        (1.0, math.nan, math.nan),
        (1e308, 1e-308, math.inf),
        (0.0, -5.0, -0.0),
        (1.0, 3.0, 1 / 3),
    ],
)
def test_division_never_fails(x: float, y: float, quotient: float) -> None:
    assert repr(divide(x, y)) == repr(quotient)


@given(st.integers(0, (1 << 64) - 1))
def test_bits_go_through_unchanged(bits: int) -> None:
    assert to_bits(from_bits(bits)) == bits


@pytest.mark.parametrize(
    ("word", "nearest"),
    [
        ((1 << 53) + 1, 1 << 53),
        ((1 << 53) + 3, (1 << 53) + 4),
        ((1 << 64) - 1, 1 << 64),
        ((1 << 63) + 1024, 1 << 63),
        ((1 << 63) + 1025, (1 << 63) + 2048),
        ((1 << 63) + 3072, (1 << 63) + 4096),
    ],
)
def test_words_become_the_nearest_float_and_the_even_one_of_two(word: int, nearest: int) -> None:
    assert int(float(word)) == nearest
