"""The page heap over virtual time, drawn on a terminal: in use, free but kept, given back; one column a while.

Where a column stands for several samples it shows the highest of each height, so that peaks are not lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from pymodel.differential.simulate.quantities import tell_bytes, tell_time
from pymodel.differential.simulate.results import Results, Sample

HEIGHT = 14
AXIS_WIDTH = 10
COLUMN_COUNT_MAX = 160


@dataclass(frozen=True, slots=True)
class Glyphs:
    """What the three parts of the heap, and the axis, are drawn with."""

    in_use: str
    kept: str
    released: str
    axis: str


BLOCKS = Glyphs("█", "▒", "·", "│")
ASCII = Glyphs("#", "+", ".", "|")
STYLES = {"in_use": "blue", "kept": "yellow", "released": "dim"}


@dataclass(frozen=True, slots=True)
class Bar:
    """One column, in bytes from the bottom up: the tops of what is in use, retained, and all the heap's."""

    in_use: int
    retained: int
    heap: int


def heap_chart(results: Results, width: int, *, ascii_only: bool = False) -> Iterator[Text]:
    """The lines of the chart, at most `width` columns each; none without samples."""
    if not results.samples:
        return
    glyphs = ASCII if ascii_only else BLOCKS
    bars = list(_bars(results.samples, min(COLUMN_COUNT_MAX, width - AXIS_WIDTH - 1)))
    top = max(bar.heap for bar in bars) or 1
    yield _legend(glyphs)
    for row in range(HEIGHT, 0, -1):
        # A row is filled where the bar reaches its middle.
        floor = (2 * row - 1) * top // (2 * HEIGHT)
        label = tell_bytes(top * row // HEIGHT) if row in (HEIGHT, HEIGHT // 2) else ""
        line = Text(f"{label:>{AXIS_WIDTH - 1}} {glyphs.axis}")
        for bar in bars:
            _draw(line, bar, floor, glyphs)
        yield line
    yield _time_axis(results.samples[-1].time_ns, len(bars))


def _bars(samples: Sequence[Sample], count: int) -> Iterator[Bar]:
    """The samples in columns of equal time. A column without a sample repeats the one before."""
    duration_ns = samples[-1].time_ns or 1
    columns: list[list[Sample]] = [[] for _ in range(count)]
    for sample in samples:
        columns[min(count - 1, sample.time_ns * count // duration_ns)].append(sample)
    bar = Bar(0, 0, 0)
    for column in columns:
        if column:
            retained = max(s.retained_bytes for s in column)
            heap = max(s.retained_bytes + s.released_bytes for s in column)
            bar = Bar(max(s.heap_inuse_bytes for s in column), retained, heap)
        yield bar


def _draw(line: Text, bar: Bar, floor: int, glyphs: Glyphs) -> None:
    if bar.in_use > floor:
        line.append(glyphs.in_use, STYLES["in_use"])
    elif bar.retained > floor:
        line.append(glyphs.kept, STYLES["kept"])
    elif bar.heap > floor:
        line.append(glyphs.released, STYLES["released"])
    else:
        line.append(" ")


def _legend(glyphs: Glyphs) -> Text:
    return Text.assemble(
        (glyphs.in_use, STYLES["in_use"]),
        " in use  ",
        (glyphs.kept, STYLES["kept"]),
        " free, kept  ",
        (glyphs.released, STYLES["released"]),
        " given back",
    )


def _time_axis(duration_ns: int, width: int) -> Text:
    end = tell_time(duration_ns)
    return Text(f"{'':{AXIS_WIDTH}} 0{end:>{max(len(end) + 1, width - 1)}}")
