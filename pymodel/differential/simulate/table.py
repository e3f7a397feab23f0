"""Samples as a table that fits the terminal: the narrower, the fewer columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich import box
from rich.table import Table

from pymodel.differential.simulate.quantities import tell_bytes, tell_time
from pymodel.differential.simulate.results import Results, Sample, thinned


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, what a sample has in it, and from what width of the terminal on it is shown."""

    heading: str
    cell: Callable[[Sample], str]
    width_min: int = 0


def _goal(byte_count: int | None) -> str:
    return "off" if byte_count is None else tell_bytes(byte_count)


COLUMNS = (
    Column("time", lambda s: tell_time(s.time_ns)),
    Column("live", lambda s: tell_bytes(s.live_bytes), 76),
    Column("in use", lambda s: tell_bytes(s.heap_inuse_bytes)),
    Column("retained", lambda s: tell_bytes(s.retained_bytes)),
    Column("released", lambda s: tell_bytes(s.released_bytes)),
    Column("scav. goal", lambda s: _goal(s.scavenge_goal_bytes)),
    Column("GC goal", lambda s: _goal(s.heap_goal_bytes), 90),
    Column("GCs", lambda s: f"{s.cycle_count}", 100),
    Column("scavenger", lambda s: s.scavenger, 112),
    Column("sleep ratio", lambda s: f"{s.sleep_ratio:.4g}", 126),
    Column("error integral", lambda s: f"{s.err_integral:.4g}", 144),
    Column("cooldown", lambda s: f"{s.cooldown_ns / 1e9:.1f} s", 156),
)


def samples_table(results: Results, width: int, row_count_max: int) -> Table:
    """At most so many samples, evenly chosen from the ends of the history's steps."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    columns = [column for column in COLUMNS if column.width_min <= width]
    for column in columns:
        table.add_column(column.heading, justify="right", no_wrap=True)
    for sample in thinned(results.at_row_ends, row_count_max):
        table.add_row(*(column.cell(sample) for column in columns))
    return table
