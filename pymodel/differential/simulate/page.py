"""Results as one HTML page that needs nothing else: the chart is inline SVG, and there is no script."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise

import jinja2

from pymodel.differential.simulate.quantities import MIB, tell_bytes, tell_time
from pymodel.differential.simulate.results import Results, Sample, thinned
from pymodel.differential.simulate.table import COLUMNS

WIDTH, LEFT, RIGHT = 960, 76, 24
HEAP_HEIGHT, RATIO_HEIGHT = 300, 120
POINT_COUNT_MAX = 1200
TABLE_ROW_COUNT_MAX = 60
TRACE_LINE_COUNT_MAX = 200
_HOUR_STEPS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 21600, 43200, 86400)


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis: its place in SVG units, and its words."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Path:
    """A line or an area of the chart: its class in the style sheet, its words, its SVG path."""

    kind: str
    label: str
    data: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A chart, `height` SVG units high."""

    height: int
    y_ticks: Sequence[Tick]
    x_ticks: Sequence[Tick]
    paths: Sequence[Path]


def as_html(results: Results, title: str, settings: Mapping[str, str]) -> str:
    """The page."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(files(__package__).joinpath("page.html.j2").read_text(encoding="utf-8"))
    rows = list(thinned(results.at_row_ends, TABLE_ROW_COUNT_MAX))
    return template.render(
        title=title,
        settings=settings,
        failure=results.failure,
        width=WIDTH,
        left=LEFT,
        right=WIDTH - RIGHT,
        heap=_heap_panel(results.samples) if results.samples else None,
        ratio=_ratio_panel(results.samples) if results.samples else None,
        headings=[column.heading for column in COLUMNS],
        rows=[[column.cell(sample) for column in COLUMNS] for sample in rows],
        sample_count=len(results.at_row_ends),
        trace=[(tell_time(line.time_ns), line.text) for line in results.trace[-TRACE_LINE_COUNT_MAX:]],
        trace_count=len(results.trace),
    )


def _heap_panel(samples: Sequence[Sample]) -> Panel:
    shown = list(_peaks_kept(samples))
    top = max(sample.retained_bytes + sample.released_bytes for sample in shown) or MIB
    scale = _Scale(samples[-1].time_ns, float(top), HEAP_HEIGHT)
    step = _byte_step(top)
    return Panel(
        HEAP_HEIGHT,
        [Tick(scale.y(value), tell_bytes(value)) for value in range(0, top + 1, step)],
        _time_ticks(scale),
        [
            Path("released", "given back", scale.area(shown, lambda s: s.retained_bytes + s.released_bytes)),
            Path("retained", "free, kept", scale.area(shown, lambda s: s.retained_bytes)),
            Path("inuse", "in use", scale.area(shown, lambda s: s.heap_inuse_bytes)),
            Path("goal", "scavenger's goal", scale.pieces(shown, lambda s: s.scavenge_goal_bytes)),
        ],
    )


def _ratio_panel(samples: Sequence[Sample]) -> Panel:
    shown = list(_peaks_kept(samples))
    top = max(max(sample.sleep_ratio for sample in shown), 0.001)
    scale = _Scale(samples[-1].time_ns, top, RATIO_HEIGHT)
    return Panel(
        RATIO_HEIGHT,
        [Tick(scale.y(value), f"{value:.3g}") for value in (0.0, top / 2, top)],
        _time_ticks(scale),
        [Path("ratio", "sleep ratio", scale.line(shown, lambda s: s.sleep_ratio))],
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """From time and value to SVG units: the value 0 is at the bottom, `top` at the top."""

    duration_ns: int
    top: float
    height: int

    def x(self, time_ns: int) -> float:
        """Where a time is."""
        return round(LEFT + (WIDTH - LEFT - RIGHT) * time_ns / (self.duration_ns or 1), 1)

    def y(self, value: float) -> float:
        """Where a value is."""
        return round(self.height * (1 - value / self.top), 1)

    def line(self, samples: Sequence[Sample], value: Callable[[Sample], float]) -> str:
        """A line through the samples."""
        return "M" + "L".join(f"{self.x(s.time_ns)} {self.y(value(s))}" for s in samples)

    def area(self, samples: Sequence[Sample], value: Callable[[Sample], float]) -> str:
        """The area below that line."""
        first, last = self.x(samples[0].time_ns), self.x(samples[-1].time_ns)
        return f"{self.line(samples, value)}L{last} {self.height}L{first} {self.height}Z"

    def pieces(self, samples: Sequence[Sample], value: Callable[[Sample], int | None]) -> str:
        """A level stroke from each sample that has the value, and fits, to the next sample."""
        parts = []
        for sample, following in pairwise(samples):
            held = value(sample)
            if held is not None and held <= self.top:
                parts.append(f"M{self.x(sample.time_ns)} {self.y(held)}H{self.x(following.time_ns)}")
        return "".join(parts)


def _peaks_kept(samples: Sequence[Sample]) -> Iterator[Sample]:
    """Few enough samples to draw: of each group of neighbours those with least and most in use, and most retained."""
    size = -(-3 * len(samples) // POINT_COUNT_MAX)
    for start in range(0, len(samples), size):
        group = samples[start : start + size]
        by_use = sorted(range(len(group)), key=lambda at: group[at].heap_inuse_bytes)
        fullest = max(range(len(group)), key=lambda at: group[at].retained_bytes)
        yield from (group[at] for at in sorted({by_use[0], by_use[-1], fullest}))


def _byte_step(top: int) -> int:
    """A round step that makes about five of `top`."""
    step = 1 << max(0, (top // 5).bit_length() - 1)
    return step if top // step <= 8 else 2 * step


def _time_ticks(scale: _Scale) -> list[Tick]:
    """Marks at round times, at most ten."""
    duration_s = scale.duration_ns // 10**9
    step_s = next((step for step in _HOUR_STEPS if duration_s // step <= 10), 86400 * -(-duration_s // 864000))
    return [Tick(scale.x(at * 10**9), _clock(at)) for at in range(0, duration_s + 1, step_s)]


def _clock(at_s: int) -> str:
    return f"{at_s // 3600}:{at_s // 60 % 60:02}" if at_s % 60 == 0 else tell_time(at_s * 10**9)[:-2]
