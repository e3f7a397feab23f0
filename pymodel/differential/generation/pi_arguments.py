"""Arguments for direct calls of the pacing controller: both sets of its parameters, and numbers at every edge."""

from __future__ import annotations

import struct
from collections.abc import Callable

from pymodel.differential.generation.bit_patterns import WORD
from pymodel.differential.generation.choices import Choices, Weighted
from pymodel.differential.programs.program import Call

IDEAL_FRACTION = 0.01


def float_bits(number: float) -> int:
    """The bits of a float64 as a word."""
    (bits,) = struct.unpack("<Q", struct.pack("<d", number))
    assert isinstance(bits, int)
    return bits


# kp, ti, tt, min, max: of the background scavenger, and of the pacer's other controller. Go: bgscavenge,
# mgcscavenge.go; gcControllerState.init, mgcpacer.go.
_PARAMETERS = ((0.3375, 3.2e6, 1e9, 0.001, 1000.0), (0.9, 4.0, 1000.0, -1000.0, 1000.0))
_ERR_INTEGRAL, _INPUT, _SETPOINT, _PERIOD = 5, 8, 9, 10
_FLAG_PLACES = (6, 7)
_FLOATS, _WORDS = struct.Struct("<11d"), struct.Struct("<11Q")
_MIN, _MAX = 3, 4

_NAN, _SIGNALLING_NAN, _NAN_WITH_PAYLOAD = 0x7FF8_0000_0000_0001, 0x7FF0_0000_0000_0001, 0xFFFA_BCDE_F012_3456
_LARGEST_SUBNORMAL, _LEAST_NORMAL, _LARGEST = 0x000F_FFFF_FFFF_FFFF, 0x0010_0000_0000_0000, 0x7FEF_FFFF_FFFF_FFFF
_EDGES = (
    *map(float_bits, (0.0, -0.0, 1.0, -1.0, float("inf"), float("-inf"), 1e300, -1e300, 1e-300, 2.0**53, 2.0**63)),
    *(_NAN, _SIGNALLING_NAN, _NAN_WITH_PAYLOAD, 1, _LARGEST_SUBNORMAL, _LEAST_NORMAL, _LARGEST, _LARGEST | 1 << 63),
)


def any_float(choices: Choices) -> int:
    """The bits of a number at an edge of its kind, of a plain one of either sign, or of any at all."""
    way = choices.integer(0, 5)
    if way <= 2:
        return choices.choose(_EDGES)
    if way <= 4:
        return float_bits(choices.integer(-(1 << 40), 1 << 40) * 10.0 ** choices.integer(-20, 20))
    return choices.integer(0, WORD)


def _plain(choices: Choices) -> list[int]:
    """A sample as bgscavenge takes it: some fraction of the processors' time, over a millisecond up to hours."""
    parameters = choices.choose(_PARAMETERS)
    err_integral = choices.integer(-1 << 30, 1 << 32) / 2.0**20
    period = float(choices.integer(1, 1 << choices.integer(10, 44)))
    fraction = choices.integer(0, 1 << 32) / 2.0 ** choices.integer(32, 44)
    numbers = (*parameters, 0.0 if choices.boolean(30) else err_integral, 0, 0, fraction, IDEAL_FRACTION, period)
    words = list(_WORDS.unpack(_FLOATS.pack(*numbers)))
    for place in _FLAG_PLACES:
        words[place] = choices.choose((0, 0, 0, 1, 2, 1 << 63))
    return words


def _at_a_clamp(choices: Choices) -> list[int]:
    """The input is what it should be, so that the output before clamping is the integral: a bound, or right beside."""
    words = _plain(choices)
    words[_INPUT] = words[_SETPOINT]
    bound = words[choices.choose((_MIN, _MAX))]
    words[_ERR_INTEGRAL] = (bound + choices.choose((-1, 0, 0, 1))) & WORD
    if choices.boolean(20):
        # Zeros of both signs: neither is below nor above the other. The difference of these two is negative.
        words[_SETPOINT], words[_INPUT] = 1 << 63, 0
        words[_ERR_INTEGRAL] = choices.choose((0, 1 << 63))
        words[choices.choose((_MIN, _MAX))] = choices.choose((0, 1 << 63))
    return words


def _overflowing(choices: Choices) -> list[int]:
    """Too much for the output, or, where that is still a number, for the integral."""
    words = _plain(choices)
    huge = float_bits(choices.choose((1.7e308, 1e308, -1.7e308, float("inf"))))
    way = choices.integer(0, 3)
    if way == 0:
        words[_INPUT] = huge
        words[_ERR_INTEGRAL] = float_bits(choices.choose((1.7e308, -1.7e308, 0.0)))
    elif way == 1:
        words[_PERIOD] = huge
        words[_INPUT] = float_bits(float(choices.integer(-1 << 50, 1 << 50)))
    elif way == 2:
        # The integral's two terms are infinities of unlike sign.
        words[_PERIOD] = float_bits(1.7e308)
        words[_INPUT] = float_bits(choices.choose((1e20, -1e20)))
    else:
        words[_PERIOD] = float_bits(float("inf"))
        words[_INPUT] = words[_SETPOINT]
    return words


def _without_integral(choices: Choices) -> list[int]:
    """A time constant is a zero of either sign."""
    words = _plain(choices)
    words[choices.choose((1, 2))] = choices.choose((0, 1 << 63))
    return words


def _odd(choices: Choices) -> list[int]:
    """A plain sample in which some numbers are any at all."""
    words = _plain(choices)
    for _ in range(choices.integer(1, 4)):
        words[choices.choose((0, 1, 2, 3, 4, 5, 8, 9, 10))] = any_float(choices)
    return words


_SAMPLES: Weighted[Callable[[Choices], list[int]]] = Weighted(
    {_plain: 6, _at_a_clamp: 4, _overflowing: 4, _without_integral: 1, _odd: 5}
)


def call_controller(choices: Choices) -> Call:
    """A call of `pi_next`, now and then of `pi_reset`; no argument is outside their contract."""
    if choices.boolean(8):
        return Call("pi_reset", (any_float(choices), choices.integer(0, 2), choices.integer(0, 2)))
    return Call("pi_next", tuple(choices.weighted(_SAMPLES)(choices)))
