"""What the terminal shows of a simulation, and the settings that files carry."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from pymodel.differential.simulate.chart import heap_chart
from pymodel.differential.simulate.pacer import FORCED_AFTER_NS, ROOM_TO_SWEEP_BYTES
from pymodel.differential.simulate.placement import Placement, Surroundings
from pymodel.differential.simulate.plan import Plan
from pymodel.differential.simulate.quantities import NS_PER_SECOND, tell_bytes, tell_time
from pymodel.differential.simulate.results import Results
from pymodel.differential.simulate.table import samples_table
from pymodel.differential.simulate.trace_lines import ScavLine
from pymodel.pageheap.constants import PAGE_SIZE

TRACE_LINE_COUNT = 5
TIMES_WIDTH_MIN = 76
CLOCK_BEHIND_NS_MAX = NS_PER_SECOND


def tell_settings(
    plan: Plan, placement: Placement, surroundings: Surroundings, gogc: int | None, results: Results
) -> dict[str, str]:
    """What was simulated, by name."""
    history = plan.history
    settings = {
        "history": history.origin,
        "GOGC": "off" if gogc is None else str(gogc),
        "GOMAXPROCS": str(surroundings.processor_count),
        "cost of a page": f"{surroundings.page_cost_ns} ns",
        "pages": f"{surroundings.phys_page_size} B, huge {surroundings.phys_huge_page_size} B",
        "GC cycles": f"{plan.cycle_count:,}",
        "operations": f"{len(placement.program.operations):,}",
        "resolution": "; ".join(_resolution(plan, placement)),
    }
    behind_ns = history.duration_ns - results.samples[-1].time_ns if results.samples else 0
    if behind_ns > CLOCK_BEHIND_NS_MAX and results.failure is None:
        settings["clock"] = (
            f"{tell_time(behind_ns)} behind the history: the scavenger had so much to do that a tick stopped early"
        )
    return settings


def _resolution(plan: Plan, placement: Placement) -> Iterator[str]:
    """What was made coarser so that the program stays short."""
    yield f"spans of {tell_bytes(placement.unit_pages * PAGE_SIZE)} and its multiples"
    if len(plan.history.rows) < plan.history.row_count:
        yield f"{plan.history.row_count:,} rows put together to {len(plan.history.rows):,}"
    if plan.repeated_bytes:
        yield f"{tell_bytes(plan.repeated_bytes)} left out that GC cycles would only have collected over and over"
    if plan.room_bytes_min > ROOM_TO_SWEEP_BYTES:
        yield f"GC cycles at least {tell_bytes(plan.room_bytes_min)} apart"
    if plan.forced_after_ns > FORCED_AFTER_NS:
        yield f"a GC cycle by force after {tell_time(plan.forced_after_ns)}, not after two minutes"


def print_results(
    console: Console, settings: dict[str, str], results: Results, logged: Sequence[ScavLine], row_count_max: int
) -> None:
    """Settings, chart, table, and the last trace lines; beside those of a log, its own."""
    width = max(map(len, settings))
    for name, value in settings.items():
        indent = " " * (width + 2)
        lines = textwrap.wrap(value, max(20, console.width - len(indent)), break_on_hyphens=False)
        console.print(Text(f"{name:<{width}}  " + f"\n{indent}".join(lines)))
    console.print()
    for line in heap_chart(results, console.width, ascii_only=console.options.ascii_only):
        console.print(line)
    console.print()
    console.print(samples_table(results, console.width, row_count_max))
    console.print()
    shown = results.trace[-TRACE_LINE_COUNT:]
    console.print(Text(f"the last {len(shown)} of {len(results.trace):,} trace lines:"))
    times = [f"{tell_time(line.time_ns):>11}  " if console.width >= TIMES_WIDTH_MIN else "" for line in shown]
    for time, trace_line in zip(times, shown, strict=True):
        console.print(Text(f"  {time}{trace_line.text}"))
    if logged:
        console.print(Text("the last ones in the log:"))
        for logged_line in logged[-TRACE_LINE_COUNT:]:
            console.print(Text(f"  {'' if not times else ' ' * len(times[0])}{logged_line}"))
    if results.failure:
        console.print(Text(results.failure, "bold red"))
