from __future__ import annotations

import math

import pytest

from pymodel.pageheap.mgcpacer import PIController


def crit_sleep_controller() -> PIController:
    """The background scavenger's controller. Go: bgscavenge, mgcscavenge.go."""
    return PIController(kp=0.3375, ti=3.2e6, tt=1e9, minimum=0.001, maximum=1000.0)


def state(c: PIController) -> tuple[str, bool, bool]:
    return c.err_integral.hex(), c.err_overflow, c.input_overflow


def test_the_output_is_clamped_and_the_integral_wound_back() -> None:
    c = crit_sleep_controller()
    assert c.next(0.5, 0.01, 1e6) == (0.001, True)
    prop = 0.3375 * (0.01 - 0.5)
    assert c.err_integral == (0.3375 * 1e6 / 3.2e6) * (0.01 - 0.5) + (1e6 / 1e9) * (0.001 - prop)


def test_an_output_at_its_bound_passes_through() -> None:
    c = PIController(kp=1.0, ti=0.0, tt=0.0, minimum=0.0, maximum=1.0)
    output, ok = c.next(0.0, -0.0, 1.0)
    assert (math.copysign(1.0, output), ok) == (1.0, True)
    output, ok = c.next(-0.0, -0.0, 1.0)
    c.kp = -1.0
    output, ok = c.next(0.0, 0.0, 1.0)
    assert (output, ok) == (0.0, True)
    assert [c.next(-x, 0.0, 1.0)[0] for x in (-1.0, 2.0)] == [1.0, 0.0]


def test_no_integral_without_time_constants() -> None:
    for ti, tt in ((0.0, 1.0), (1.0, 0.0)):
        c = PIController(kp=1.0, ti=ti, tt=tt, minimum=-9.0, maximum=9.0)
        assert c.next(1.0, 3.0, 1.0) == (2.0, True)
        assert c.err_integral == 0.0


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan, 1e308])
def test_an_input_that_overflows_resets_and_is_flagged_for_good(bad: float) -> None:
    c = crit_sleep_controller()
    c.kp = 1e3
    c.err_integral = 5.0
    assert c.next(bad, 0.01, 1e6) == (0.001, False)
    assert state(c) == ((0.0).hex(), False, True)
    c.reset()
    assert c.input_overflow


def test_an_integral_that_overflows_resets_and_is_flagged_for_good() -> None:
    c = crit_sleep_controller()
    assert c.next(1.0, 0.01, 1e308) == (0.001, True) or c.err_overflow
    c.err_integral = -1.7e308
    assert c.next(1e300, 0.01, 1e20) == (0.001, False)
    assert state(c) == ((0.0).hex(), True, False)
