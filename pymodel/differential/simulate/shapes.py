"""Generated histories: how the bytes in use of a made-up program go over time, plus what it allocates and drops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from pymodel.differential.simulate.history import History, HistoryBuilder, Row
from pymodel.differential.simulate.quantities import tell_bytes

ROW_COUNT = 1440

Curve = Callable[[Fraction, int], Fraction]
"""From the part of the duration that is over, and the number of periods in it, to the part of the peak in use."""

_FLOOR = Fraction(1, 8)


@dataclass(frozen=True, slots=True)
class ShapeSettings:
    """How large and how long. `churn_bytes_per_second` are allocated and dropped at once, all the time."""

    duration_ns: int
    peak_bytes: int
    period_count: int
    churn_bytes_per_second: int


def _steady(part: Fraction, _: int) -> Fraction:
    return min(Fraction(1), part * 100)


def _burst(part: Fraction, period_count: int) -> Fraction:
    in_period = part * period_count % 1
    return Fraction(1) if Fraction(4, 10) <= in_period < Fraction(5, 10) else _FLOOR


def _sawtooth(part: Fraction, period_count: int) -> Fraction:
    return _FLOOR + (1 - _FLOOR) * (part * period_count % 1)


def _leak(part: Fraction, _: int) -> Fraction:
    return part


def _idle_after_peak(part: Fraction, _: int) -> Fraction:
    if part < Fraction(1, 10):
        return part * 10
    return Fraction(1) if part < Fraction(2, 10) else Fraction(1, 16)


SHAPES: dict[str, Curve] = {
    "steady": _steady,
    "burst": _burst,
    "sawtooth": _sawtooth,
    "leak": _leak,
    "idle-after-peak": _idle_after_peak,
}


def shape_history(name: str, settings: ShapeSettings) -> History:
    """The history of a shape. An idle program allocates nothing, not even churn."""
    curve = SHAPES[name]
    builder = HistoryBuilder()
    live = 0
    for number in range(1, ROW_COUNT + 1):
        part = Fraction(number, ROW_COUNT)
        target = int(settings.peak_bytes * curve(part, settings.period_count))
        idle = name == "idle-after-peak" and target == live
        churn = 0 if idle else settings.churn_bytes_per_second * settings.duration_ns // (10**9 * ROW_COUNT)
        end_ns = settings.duration_ns * number // ROW_COUNT
        builder.add(Row(end_ns, churn + max(0, target - live), churn + max(0, live - target)))
        live = target
    hours = settings.duration_ns / 3.6e12
    origin = f"shape {name}, {hours:g} h, peak {tell_bytes(settings.peak_bytes)}"
    return History(origin, builder.finish(), builder.row_count)
