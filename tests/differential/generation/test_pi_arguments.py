from __future__ import annotations

import math
import struct
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pymodel.differential.generation.choices import TapeChoices
from pymodel.differential.generation.pi_arguments import any_float, call_controller, float_bits
from pymodel.differential.model.calling import call_function
from pymodel.differential.programs.check import check_program
from pymodel.differential.programs.program import Call, Program
from pymodel.pageheap.runtime import Runtime
from tests.differential.contract_checker import complaints

tapes = st.integers(0, (1 << 64) - 1).map(TapeChoices)
CALL_COUNT = 3000


def number(bits: int) -> float:
    (value,) = struct.unpack("<d", struct.pack("<Q", bits))
    assert isinstance(value, float)
    return value


def calls(function: str) -> list[Call]:
    made = [call_controller(TapeChoices(seed)) for seed in range(CALL_COUNT)]
    return [call for call in made if call.function == function]


def results() -> list[tuple[Call, tuple[int, ...]]]:
    """Samples, and what the specification makes of them: output, ok, integral, both flags."""
    runtime = Runtime(4096, 2 << 20)
    return [(call, tuple(call_function(call.function, call.arguments, runtime))) for call in calls("pi_next")]


@given(tapes)
def test_calls_are_valid_and_within_the_contract(tape: TapeChoices) -> None:
    program = Program((call_controller(tape),), pacing=True)
    check_program(program)
    assert complaints(program) == []


def test_floats_are_of_every_kind() -> None:
    kinds: Counter[str] = Counter()
    for seed in range(1000):
        bits = any_float(TapeChoices(seed))
        value = number(bits)
        kinds["nan"] += math.isnan(value)
        kinds["signalling nan"] += math.isnan(value) and not bits >> 51 & 1
        kinds["infinite"] += math.isinf(value)
        kinds["negative zero"] += bits == 1 << 63
        kinds["subnormal"] += 0 < abs(value) < 2.0**-1022
        kinds["huge"] += math.isfinite(value) and abs(value) > 1e299
        kinds["plain"] += 1e-6 < abs(value) < 1e6
    assert min(kinds.values()) >= 10
    assert len(kinds) == 7


def test_most_samples_have_the_parameters_of_a_controller_of_go() -> None:
    sets = Counter(tuple(map(number, call.arguments[:5])) for call in calls("pi_next"))
    scavenger, pacer = (0.3375, 3.2e6, 1e9, 0.001, 1000.0), (0.9, 4.0, 1000.0, -1000.0, 1000.0)
    assert sets[scavenger] > CALL_COUNT / 4 and sets[pacer] > CALL_COUNT / 4
    assert sets[scavenger] + sets[pacer] < CALL_COUNT


def test_outputs_are_at_either_clamp_and_just_inside_and_just_outside_of_it() -> None:
    seen: Counter[str] = Counter()
    for call, (output, ok, *_) in results():
        least, most, integral = (number(call.arguments[place]) for place in (3, 4, 5))
        at_setpoint = number(call.arguments[8]) == number(call.arguments[9])
        if not ok or not at_setpoint:
            continue
        for bound, name in ((least, "min"), (most, "max")):
            for raw in (math.nextafter(bound, -math.inf), bound, math.nextafter(bound, math.inf)):
                seen[f"{name} {(raw > bound) - (raw < bound):+}"] += raw == integral
        seen["negative zero"] += output == 1 << 63
    assert min(seen.values()) >= 10
    assert len(seen) == 7


def test_samples_overflow_in_every_way_and_not_at_all() -> None:
    seen: Counter[str] = Counter()
    for call, (_, ok, _, err_overflow, input_overflow) in results():
        flags_before = tuple(int(bool(flag)) for flag in call.arguments[6:8])
        name = "fine" if ok else "integral" if err_overflow > flags_before[0] else "input"
        seen[name] += 1
        seen["flag kept"] += bool(ok) and (err_overflow, input_overflow) == flags_before != (0, 0)
        seen["no integral"] += bool(ok) and not (number(call.arguments[1]) and number(call.arguments[2]))
    assert min(seen.values()) >= 30
    assert set(seen) == {"fine", "integral", "input", "flag kept", "no integral"}


def test_a_fused_multiplication_would_be_seen_in_many_samples() -> None:
    """Where the integral differs if the products of its sum are not rounded."""
    from fractions import Fraction

    different = 0
    for call, (_, ok, integral, *_) in results()[:600]:
        values = [number(word) for word in call.arguments]
        if not ok or not all(map(math.isfinite, values)):
            continue
        kp, ti, tt, least, most, before, _, _, sample, setpoint, period = values
        if not ti or not tt:
            continue
        prop = kp * (setpoint - sample)
        raw = prop + before
        clamped = min(max(raw, least), most)
        try:
            first = Fraction(kp * period / ti) * Fraction(setpoint - sample)
            second = (period / tt) * (clamped - raw)
            fused = before + float(first + Fraction(second))
        except OverflowError:
            continue
        different += float_bits(fused) != integral
    assert different > 10
