"""Test the tester: the fused multiply-add that is planted is one."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.planted.fused import fused_multiply_add

finite = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("x", "y", "z", "fused"),
    [
        # The exact product is 1 + 2^-29 + 2^-60, of which rounding twice loses the last term.
        (1 + 2.0**-30, 1 + 2.0**-30, -1.0, 2.0**-29 + 2.0**-60),
        (1 + 2.0**-30, 1 + 2.0**-30, -(1 + 2.0**-29), 2.0**-60),
        (1e308, 10.0, -math.inf, -math.inf),
        (1e308, 10.0, -1e308, math.inf),
        (1e308, 2.0, -1e308, 1e308),
        (2.0**-1074, 0.5, 2.0**-1074, 2.0**-1073),
        (-1.0, 1e308, -1.7e308, -math.inf),
        (-0.0, 1.0, -0.0, -0.0),
        (1.0, 1.0, -1.0, 0.0),
    ],
)
def test_a_fused_multiply_add_rounds_once(x: float, y: float, z: float, fused: float) -> None:
    result = fused_multiply_add(x, y, z)
    assert result == fused
    assert math.copysign(1.0, result) == math.copysign(1.0, fused)


def test_no_number_gives_no_number() -> None:
    assert math.isnan(fused_multiply_add(math.nan, 1.0, 1.0))
    assert math.isnan(fused_multiply_add(math.inf, 0.0, 1.0))


@given(finite, finite)
def test_adding_nothing_is_only_a_product_and_multiplying_by_one_only_a_sum(x: float, y: float) -> None:
    assert fused_multiply_add(x, y, 0.0) == x * y
    assert fused_multiply_add(x, 1.0, y) == x + y
