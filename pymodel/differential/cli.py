"""The command line: flags and arguments in, exit statuses out; all work is done elsewhere."""

from __future__ import annotations

import secrets
import shutil
import sys
import traceback
from collections.abc import Mapping
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from pymodel.differential.campaign.commands import campaign
from pymodel.differential.campaign.run_with_workers import WorkersResult, run_with_workers
from pymodel.differential.campaign.settings import WorkerSettings
from pymodel.differential.campaign_report.command import result_options, write_results
from pymodel.differential.campaign_report.run_results import results_of_run
from pymodel.differential.conformance.commands import conformance, export, smoke
from pymodel.differential.errors import BadInput, HarnessError, ScavdiffError
from pymodel.differential.generation.workload import SEED_MAX, keep_hypothesis_files_away
from pymodel.differential.options import EXIT_HELP, TARGET_HELP, target_options
from pymodel.differential.running.allocator import map_large_blocks
from pymodel.differential.running.budget import DEFAULT_SECONDS, Budget
from pymodel.differential.running.findings import write_atomically
from pymodel.differential.running.known_failing import KnownFailing
from pymodel.differential.running.opening import open_targets, replay_flags
from pymodel.differential.running.progress import Progress
from pymodel.differential.running.replay import replay_text
from pymodel.differential.running.replay_junit import replay_junit
from pymodel.differential.running.run import DISTINCT_FINDING_COUNT_MAX, INTERRUPTED_STATUS, Run, RunResult, RunSettings
from pymodel.differential.running.show import show_trace
from pymodel.differential.running.side_by_side import SideBySide
from pymodel.differential.running.status_table import StatusTable, replay_many
from pymodel.differential.running.statuses import traces_in
from pymodel.differential.running.summary import WIDTH_MAX, summary
from pymodel.differential.simulate.command import simulate
from pymodel.differential.targets.capabilities import PROTOCOL_VERSION, Description
from pymodel.differential.targets.target_specs import TimeLimits, make_target

FINDINGS_FOLDER = Path("scavdiff-findings")
REPLAY_EXIT_HELP = """Exit status: 0 no divergence but those that --known-failing lists; 1 a divergence, whatever else
happened, or a wrong entry in that list; 2 a harness error, a STALE trace or bad input; 130 interrupted."""


class Failure(click.ClickException):
    """What the user reads of a ScavdiffError: one sentence, then a target's last words."""

    exit_code = 2

    def __init__(self, error: ScavdiffError) -> None:
        lines = [str(error)]
        if isinstance(error, HarnessError):
            lines += [f"  | {line}" for line in error.stderr_lines]
        super().__init__("\n".join(lines))


class Group(click.Group):
    """A group whose exit statuses are those of EXIT_HELP, whatever a command raises."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs a command; errors of ours become sentences, without a traceback."""
        try:
            return super().invoke(ctx)
        except ScavdiffError as error:
            raise Failure(error) from error
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            raise click.exceptions.Exit(INTERRUPTED_STATUS) from None
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except OSError as error:
            what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
            raise Failure(BadInput(f"the system refused: {what}")) from error
        except Exception:
            # Python's own status for this is 1, which would read as a divergence.
            traceback.print_exc()
            click.echo("scavdiff itself failed; this says nothing of any target", err=True)
            raise click.exceptions.Exit(Failure.exit_code) from None


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(
    version("pymodel"), prog_name="scavdiff", message=f"%(prog)s %(version)s, protocol version {PROTOCOL_VERSION}"
)
def main() -> None:
    """Holds ports of Go 1.18's page heap to Go's own code, and to a Python specification, step by step.

    \b
    scavdiff run                        compare the model with Go for a minute
    scavdiff replay FILE.trace          run a trace again and see each step
    scavdiff replay DIR                 see which of many traces are fixed
    scavdiff show FILE.trace            see the page heap after each step
    scavdiff describe --target SPEC     ask a target who it is
    scavdiff smoke --target SPEC        tell a broken adapter from a wrong algorithm
    scavdiff conformance --target SPEC  see which levels a port has reached
    scavdiff export DIR                 write traces for a port's own tests
    scavdiff campaign run DIR           compare for hours, and go on after anything
    scavdiff simulate --shape sawtooth  see the scavenger at work in virtual time
    """


main.add_command(simulate)
main.add_command(campaign)
main.add_command(conformance)
main.add_command(smoke)
main.add_command(export)


@main.command(epilog=EXIT_HELP)
@target_options(("go",))
@click.option("--examples", "program_count", type=click.IntRange(min=1), help="Stop after so many programs.")
@click.option("--operations", "operation_count", type=click.IntRange(min=1), help="Stop after so many operations.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    help=f"Stop after so many seconds.  [default: {DEFAULT_SECONDS:g} if no other limit is given]",
)
@click.option(
    "--seed",
    type=click.IntRange(0, SEED_MAX),
    help="Where the programs come from; the same seed makes the same programs.  [default: a new one, printed]",
)
@click.option(
    "--stop-after",
    type=click.IntRange(min=1),
    default=DISTINCT_FINDING_COUNT_MAX,
    show_default=True,
    help="Stop at so many divergences of different signatures; until then the run goes on.",
)
@click.option(
    "--findings",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=FINDINGS_FOLDER,
    show_default=True,
    help="Folder for the traces of what is found.",
)
@click.option(
    "--workers",
    "worker_count",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Divide the run among so many processes, each with targets of its own.",
)
@result_options
def run(
    specs: tuple[str, ...],
    ignored: tuple[str, ...],
    model: bool,
    program_seconds: float,
    start_seconds: float,
    program_count: int | None,
    operation_count: int | None,
    seconds: float | None,
    seed: int | None,
    stop_after: int,
    folder: Path,
    worker_count: int,
    junit_path: Path | None,
    json_path: Path | None,
) -> None:
    """Generate programs, run them on all targets, and compare every state.

    A divergence is shrunk, told in the words of the page heap, and kept as a trace that `scavdiff replay` runs.

    \b
    scavdiff run --seed 7 --examples 1000
    scavdiff run --workers 8 --seconds 600
    scavdiff run --target unix:/tmp/my-port.sock --seconds 300
    scavdiff run --no-model --target go --target 'exec:./my-port --flag'
    """
    if program_count is None and operation_count is None and seconds is None:
        seconds = DEFAULT_SECONDS
    keep_hypothesis_files_away()
    map_large_blocks()
    budget = Budget(program_count, operation_count, seconds)
    seed = secrets.randbits(32) if seed is None else seed
    limits = TimeLimits(start_seconds, program_seconds)
    settings = RunSettings(seed, budget, folder, stop_after, replay_flags(specs, model, ignored))
    console = Console(stderr=True)

    def record(result: RunResult | WorkersResult, descriptions: Mapping[str, Description]) -> None:
        write_results(results_of_run(result, settings, descriptions), junit_path, json_path)

    if worker_count > 1:
        worker_settings = WorkerSettings(
            specs, model, ignored, start_seconds, program_seconds, findings_folder=str(folder), of_run=True
        )
        sys.exit(run_with_workers(settings, worker_settings, worker_count, console, record))
    with closing(open_targets(specs, model, ignored, limits)) as side_by_side:
        click.echo(f"seed {seed}, {budget}, {' and '.join(side_by_side.names)}", err=True)
        with Progress(console, budget) as progress:
            result = Run(settings, side_by_side, progress).execute()
        click.echo(summary(result, side_by_side, seed, shutil.get_terminal_size((WIDTH_MAX, 0)).columns), nl=False)
        record(result, side_by_side.descriptions)
    sys.exit(result.exit_status)


@main.command(epilog=REPLAY_EXIT_HELP)
@click.argument("paths", metavar="DIR|FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--known-failing",
    "known_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A list of what may fail, in lines `TRACE-OR-SIGNATURE  # WHY`. An entry that no longer fails, or that names "
    "nothing, fails the run.",
)
@click.option(
    "--junit", "junit_path", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="JUnit XML for CI."
)
@target_options(("go",))
def replay(
    paths: tuple[Path, ...],
    known_path: Path | None,
    junit_path: Path | None,
    specs: tuple[str, ...],
    ignored: tuple[str, ...],
    model: bool,
    program_seconds: float,
    start_seconds: float,
) -> None:
    """Run stored traces on all targets, and tell what became of what they were kept for.

    Of one FILE each step is printed, with what each target did. Of several, and of a folder with all in and below it,
    each trace gets a row: FIXED, STILL FAILS or CHANGED, by what its first comment says that it showed; AGREES, if it
    says nothing and the targets agree; STALE, if it cannot be run.

    \b
    scavdiff replay scavdiff-findings/alloc-search-addr-7.trace
    scavdiff replay --target 'exec:./my-port' scavdiff-findings
    scavdiff replay --target 'exec:./my-port' --known-failing known-failing.txt regressions
    """
    known = KnownFailing() if known_path is None else KnownFailing.read(known_path)
    one = paths[0] if len(paths) == 1 and not paths[0].is_dir() else None
    traces = [] if one is not None else traces_in(paths)
    with closing(open_targets(specs, model, ignored, TimeLimits(start_seconds, program_seconds))) as side_by_side:
        if one is not None:
            text, replayed = replay_text(one, side_by_side, known)
            click.echo(text, nl=False)
        else:
            table = StatusTable(traces, shutil.get_terminal_size((WIDTH_MAX, 0)).columns)
            replayed = replay_many(traces, side_by_side, known, table, click.echo)
    if junit_path is not None:
        write_atomically(junit_path, replay_junit(replayed))
    sys.exit(replayed.exit_status)


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--target", "spec", default="model", show_default=True, help="Whose state to show.")
@click.option("--width", type=click.IntRange(min=40), help="Columns.  [default: the terminal's]")
def show(file: Path, spec: str, width: int | None) -> None:
    """Draw the page heap after each step of the trace FILE.

    One row per chunk; neighbours that are equal are folded into one. Colours only on a terminal, and not with NO_COLOR.

    \b
    scavdiff show tests/traces/q1.trace
    scavdiff show --target go scavdiff-findings/alloc-search-addr-7.trace
    """
    console = Console(width=width, highlight=False, soft_wrap=False)
    with closing(make_target(spec, spec, TimeLimits())) as target:
        show_trace(file, target, console)


@main.command()
@click.option("--target", "specs", multiple=True, default=("go",), show_default=True, help=TARGET_HELP)
def describe(specs: tuple[str, ...]) -> None:
    """Ask targets who they are and what they can run.

    \b
    scavdiff describe --target go --target model
    scavdiff describe --target 127.0.0.1:4118
    """
    with closing(SideBySide([make_target(spec, spec, TimeLimits()) for spec in specs])) as side_by_side:
        side_by_side.open()
        for name, description in side_by_side.descriptions.items():
            capabilities = ", ".join(capability.words for capability in sorted(description.capabilities))
            click.echo(
                f"{name}\n  version        {description.version}\n  go             {description.go_version}\n"
                f"  protocol       {description.protocol_version}\n  capabilities   {capabilities or 'none'}\n"
                f"  operations     at most {description.operation_count_max:,} in a program\n"
                f"  program bytes  at most {description.program_bytes_max:,}"
            )


if __name__ == "__main__":
    main()
