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


def test_minus_zero_is_not_below_a_minimum_of_zero() -> None:
    c = PIController(kp=1.0, ti=0.0, tt=0.0, minimum=0.0, maximum=1.0)
    c.err_integral = -0.0
    output, ok = c.next(0.0, -0.0, 1.0)
    assert (math.copysign(1.0, output), ok) == (-1.0, True)


def test_the_two_parts_of_the_integral_are_added_before_it_is() -> None:
    c = crit_sleep_controller()
    c.err_integral = -0.018259651632236196
    # The values were chosen so that adding the parts one after the other rounds differently.
    c.next(0.2550690257394217, 0.01, 1120000.0)
    assert c.err_integral.hex() == "-0x1.81cbbeaa24a40p-5"


def test_the_other_user_of_the_controller_goes_below_zero() -> None:
    c = PIController(kp=0.9, ti=4.0, tt=1000.0, minimum=-1000.0, maximum=1000.0)
    assert c.next(3.0, 1.0, 1.0) == (-1.8, True)
    assert c.err_integral == (0.9 * 1.0 / 4.0) * (1.0 - 3.0)
    assert c.next(5000.0, 0.0, 1.0) == (-1000.0, True)


@pytest.mark.parametrize("minimum", [math.nan, math.inf, -math.inf])
def test_whatever_the_minimum_is_it_is_what_an_overflow_returns(minimum: float) -> None:
    c = PIController(kp=1.0, ti=0.0, tt=0.0, minimum=minimum, maximum=1.0)
    output, ok = c.next(math.inf, 0.0, 1.0)
    assert (repr(output), ok) == (repr(minimum), False)


def test_a_minimum_that_is_no_number_clamps_nothing() -> None:
    c = PIController(kp=1.0, ti=0.0, tt=0.0, minimum=math.nan, maximum=math.nan)
    assert c.next(0.0, -5e300, 1.0) == (-5e300, True)


def test_an_infinite_bound_that_clamps_overflows_the_integral() -> None:
    c = PIController(kp=1.0, ti=1.0, tt=1.0, minimum=math.inf, maximum=math.inf)
    assert c.next(0.0, 1.0, 1.0) == (math.inf, False)
    assert (c.err_overflow, c.input_overflow) == (True, False)
