"""The rate of a campaign over time, as the numbers of an SVG drawing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pymodel.differential.running.progress import duration

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 960, 230, 70, 940, 12, 200
MARK_COUNT_MAX = 100
STRETCH_COUNT_MAX = 120
_STEPS_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)


@dataclass(frozen=True, slots=True)
class RateStretch:
    """The rate in operations a second between `start` and `end`, in seconds since the campaign began."""

    start: float
    end: float
    rate: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis or below it: its place in SVG units, and its words."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class RateChart:
    """The drawing; `words` say the same to those who do not see it."""

    words: str
    line: str
    area: str
    y_ticks: Sequence[Tick]
    x_ticks: Sequence[Tick]
    marks: Sequence[Tick]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    bottom: int = BOTTOM


def rate_chart(stretches: Sequence[RateStretch], marks: Iterable[tuple[float, str]]) -> RateChart | None:
    """The chart of at least one stretch of time; `marks` are times and what was found then."""
    stretches = _merged([stretch for stretch in stretches if stretch.end > stretch.start])
    if not stretches:
        return None
    end = stretches[-1].end
    top = _round_up(max(1.0, *(stretch.rate for stretch in stretches)))

    def x(seconds: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * min(seconds, end) / end, 1)

    def y(rate: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * rate / top, 1)

    strokes = "L".join(f"{x(s.start)} {y(s.rate)}L{x(s.end)} {y(s.rate)}" for s in stretches)
    return RateChart(
        _words(stretches),
        f"M{strokes}",
        f"M{x(stretches[0].start)} {BOTTOM}L{strokes}L{x(end)} {BOTTOM}Z",
        [Tick(y(top * part / 4), tell_rate(top * part / 4)) for part in range(5)],
        [Tick(x(seconds), duration(seconds)) for seconds in _times(end)],
        [Tick(x(seconds), label) for seconds, label in sorted(marks)[:MARK_COUNT_MAX]],
    )


def tell_rate(rate: float) -> str:
    """Operations a second, short: `850`, `12.5k`, `2M`."""
    for unit, factor in (("M", 1e6), ("k", 1e3)):
        if rate >= factor:
            return f"{rate / factor:.4g}{unit}"
    return f"{rate:.4g}"


def _merged(stretches: Sequence[RateStretch]) -> list[RateStretch]:
    """Neighbours as one, until each is long enough to be seen."""
    least = stretches[-1].end / STRETCH_COUNT_MAX if stretches else 0.0
    merged: list[RateStretch] = []
    for stretch in stretches:
        if merged and _length(merged[-1]) < least:
            merged[-1] = _as_one(merged[-1], stretch)
        else:
            merged.append(stretch)
    if len(merged) > 1 and _length(merged[-1]) < least:
        last = merged.pop()
        merged[-1] = _as_one(merged[-1], last)
    return merged


def _length(stretch: RateStretch) -> float:
    return stretch.end - stretch.start


def _as_one(first: RateStretch, second: RateStretch) -> RateStretch:
    count = first.rate * _length(first) + second.rate * _length(second)
    return RateStretch(first.start, second.end, count / (second.end - first.start))


def _words(stretches: Sequence[RateStretch]) -> str:
    seconds = sum(map(_length, stretches))
    mean = sum(stretch.rate * _length(stretch) for stretch in stretches) / seconds
    rates = [stretch.rate for stretch in stretches]
    return (
        f"{mean:,.0f} operations a second over {duration(seconds)}; "
        f"the slowest part {min(rates):,.0f}, the fastest {max(rates):,.0f}."
    )


def _round_up(value: float) -> float:
    """The next number whose fourth is round."""
    power = 1.0
    while power * 10 < value:
        power *= 10
    return next(power * factor for factor in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10) if power * factor >= value)


def _times(end: float) -> list[float]:
    """Round times, at most nine."""
    step = next((step for step in _STEPS_SECONDS if end / step <= 8), 86400 * -(-int(end) // (8 * 86400)))
    return [float(at) for at in range(0, int(end) + 1, step)]
