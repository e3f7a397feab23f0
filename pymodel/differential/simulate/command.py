"""`scavdiff simulate`: flags in, a simulation run, results shown and written."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from pymodel.differential.errors import BadInput
from pymodel.differential.programs.text import print_program
from pymodel.differential.running.findings import write_atomically
from pymodel.differential.simulate.csv_history import HEADER, csv_history
from pymodel.differential.simulate.export import as_csv, as_json
from pymodel.differential.simulate.history import DURATION_NS_MAX, LIVE_BYTES_MAX, History
from pymodel.differential.simulate.page import as_html
from pymodel.differential.simulate.placement import Placement, Surroundings, place
from pymodel.differential.simulate.plan import Plan, make_plan
from pymodel.differential.simulate.quantities import MIB, parse_bytes, tell_bytes
from pymodel.differential.simulate.results import Results, read_results
from pymodel.differential.simulate.running import Run, run_alone, run_compared
from pymodel.differential.simulate.shapes import SHAPES, ShapeSettings, shape_history
from pymodel.differential.simulate.telling import print_results, tell_settings
from pymodel.differential.simulate.trace_lines import ScavLine
from pymodel.differential.simulate.trace_log import log_history

HOURS = 24.0
PEAK = "256MiB"
PERIOD_COUNT = 8
CHURN_SECONDS = 300
GOGC_MIN, GOGC_MAX = 1, 1000
NS_PER_HOUR = 3_600_000_000_000
PERIOD_COUNT_MAX = 100
# Flags that say something about a shape, and nothing about a file.
SHAPE_FLAGS = ("hours", "peak_bytes", "period_count", "churn_bytes")


class Bytes(click.ParamType[int]):
    """A number of bytes: 1048576, 64MiB, 1.5GiB; at most `count_max`."""

    name = "bytes"

    def __init__(self, count_min: int, count_max: int) -> None:
        self._count_min, self._count_max = count_min, count_max

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number of bytes in a flag's text."""
        if isinstance(value, int):
            return value
        try:
            count = parse_bytes(value)
        except ValueError as error:
            self.fail(f"{value!r} {error}", param, ctx)
        if not self._count_min <= count <= self._count_max:
            bounds = f"from {tell_bytes(self._count_min)} to {tell_bytes(self._count_max)}"
            self.fail(f"{value!r} is not in the range {bounds}", param, ctx)
        return count


class Hours(click.ParamType[float]):
    """Hours of virtual time, as whole nanoseconds."""

    name = "hours"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The hours in a flag's text; NaN and infinities are none."""
        try:
            hours = float(value)
        except ValueError:
            hours = math.nan
        if not (math.isfinite(hours) and 1 / 3600 <= hours <= DURATION_NS_MAX / NS_PER_HOUR):
            most = DURATION_NS_MAX // NS_PER_HOUR
            self.fail(f"{value!r} is not a number of hours from 1/3600 (a second) to {most}", param, ctx)
        return hours


class Gogc(click.ParamType["int | None"]):
    """GOGC: a percentage, or off."""

    name = "percent|off"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        """The percentage in a flag's text; None for off."""
        if value is None or value == "off":
            return None
        text = str(value)
        if not (text.isascii() and text.isdecimal() and GOGC_MIN <= int(text) <= GOGC_MAX):
            self.fail(f"{text!r} is neither `off` nor a percentage from {GOGC_MIN} to {GOGC_MAX}", param, ctx)
        return int(text)


@dataclass(frozen=True, slots=True)
class Outputs:
    """The files that are wanted."""

    csv: Path | None
    json: Path | None
    html: Path | None
    trace: Path | None


def _output(flag: str, what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(flag, f"{flag[2:]}_path", type=click.Path(dir_okay=False, path_type=Path), help=what)


@click.command(
    epilog="""Exit status: 0 done, and no divergence; 1 a divergence; 2 a harness error or bad input; 130
interrupted."""
)
@click.option("--shape", type=click.Choice(list(SHAPES)), help="A generated history.")
@click.option(
    "--history", "csv_file", type=click.Path(path_type=Path), help=f"A history as CSV; its first line is {HEADER}"
)
@click.option(
    "--log",
    "log_file",
    type=click.Path(path_type=Path),
    help="What a real program printed with GODEBUG=gctrace=1.",
)
@click.option("--hours", type=Hours(), default=HOURS, show_default=True, help="Virtual time of a shape.")
@click.option(
    "--peak",
    "peak_bytes",
    type=Bytes(MIB, LIVE_BYTES_MAX),
    default=PEAK,
    show_default=True,
    help="Most that a shape has live.",
)
@click.option(
    "--periods",
    "period_count",
    type=click.IntRange(1, PERIOD_COUNT_MAX),
    default=PERIOD_COUNT,
    show_default=True,
    help="Teeth or bursts of a shape.",
)
@click.option(
    "--churn",
    "churn_bytes",
    type=Bytes(0, LIVE_BYTES_MAX),
    help=f"Bytes a second that a shape allocates and drops.  [default: the peak in {CHURN_SECONDS} s]",
)
@click.option("--gogc", type=Gogc(), default=100, show_default=True, help="GOGC of the simulated program.")
@click.option(
    "--gomaxprocs",
    type=click.IntRange(1, 4096),
    help="GOMAXPROCS of that program.  [default: the log's, or 4]",
)
@click.option(
    "--page-cost",
    "page_cost_ns",
    type=click.IntRange(0, 10**9),
    default=10_000,
    show_default=True,
    help="Virtual nanoseconds that giving back one physical page takes.",
)
@click.option("--target", "specs", multiple=True, help="A target to compare with, as `scavdiff run` takes it.")
@click.option("--rows", "row_count", type=click.IntRange(1, 1000), default=20, show_default=True, help="Table rows.")
@click.option("--width", type=click.IntRange(min=40), help="Columns.  [default: the terminal's]")
@_output("--csv", "Write every sample as CSV.")
@_output("--json", "Write settings, samples and trace lines as JSON.")
@_output("--html", "Write one page with a chart, which needs no network.")
@_output("--trace", "Write the program that was run, for `scavdiff replay` and `scavdiff show`.")
@click.option(
    "--findings",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("scavdiff-findings"),
    show_default=True,
    help="Folder for the trace of a divergence.",
)
@click.pass_context
def simulate(
    context: click.Context,
    shape: str | None,
    csv_file: Path | None,
    log_file: Path | None,
    hours: float,
    peak_bytes: int,
    period_count: int,
    churn_bytes: int | None,
    gogc: int | None,
    gomaxprocs: int | None,
    page_cost_ns: int,
    specs: tuple[str, ...],
    row_count: int,
    width: int | None,
    csv_path: Path | None,
    json_path: Path | None,
    html_path: Path | None,
    trace_path: Path | None,
    folder: Path,
) -> None:
    """Show what the scavenger makes of an allocation history, in virtual time.

    The history is a shape, a CSV file or the log of a real program. It becomes a program of spans, GC cycles and ticks,
    which the specification runs, and with --target others too, compared step by step. docs/simulation.md has the rules.

    \b
    scavdiff simulate --shape sawtooth --hours 24 --target go
    scavdiff simulate --history load.csv --gogc 50 --html load.html
    GODEBUG=gctrace=1,scavtrace=1 ./server 2> server.log; scavdiff simulate --log server.log
    """
    if [shape, csv_file, log_file].count(None) != 2:
        raise BadInput("exactly one of --shape, --history and --log says what is simulated")
    history: History
    logged: tuple[ScavLine, ...] = ()
    if shape is not None:
        churn = peak_bytes // CHURN_SECONDS if churn_bytes is None else churn_bytes
        history = shape_history(shape, ShapeSettings(int(hours * NS_PER_HOUR), peak_bytes, period_count, churn))
    else:
        _refuse_shape_flags(context)
        if csv_file is not None:
            history = csv_history(csv_file)
        else:
            assert log_file is not None
            log = log_history(log_file)
            history, logged = log.history, log.scav_lines
    surroundings = Surroundings(gomaxprocs or history.processor_count or Surroundings().processor_count, page_cost_ns)
    plan = make_plan(history, gogc)
    placement = place(plan, surroundings)
    run = _run(placement, specs, history.origin, folder)
    results = read_results(placement, run.transcript)
    settings = tell_settings(plan, placement, surroundings, gogc, results)
    print_results(Console(width=width, highlight=False), settings, results, logged, row_count)
    _write(Outputs(csv_path, json_path, html_path, trace_path), plan, placement, results, settings)
    if run.verdict:
        click.echo(run.verdict)
    sys.exit(run.exit_status)


def _refuse_shape_flags(context: click.Context) -> None:
    for name in SHAPE_FLAGS:
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            flag = next(param.opts[0] for param in context.command.params if param.name == name)
            raise BadInput(f"{flag} is about a --shape; a file says that itself")


def _run(placement: Placement, specs: Sequence[str], origin: str, folder: Path) -> Run:
    if not specs:
        return run_alone(placement.program)
    flags = tuple(flag for spec in specs for flag in ("--target", spec))
    return run_compared(placement.program, specs, f"the simulation of {origin}", folder, flags)


def _write(outputs: Outputs, plan: Plan, placement: Placement, results: Results, settings: dict[str, str]) -> None:
    if outputs.csv:
        write_atomically(outputs.csv, as_csv(results))
    if outputs.json:
        write_atomically(outputs.json, as_json(results, settings))
    if outputs.html:
        write_atomically(outputs.html, as_html(results, f"Scavenger simulation: {plan.history.origin}", settings))
    if outputs.trace:
        write_atomically(outputs.trace, print_program(placement.program))
    for path in (outputs.csv, outputs.json, outputs.html, outputs.trace):
        if path:
            click.echo(f"wrote {path}")
