"""`scavdiff smoke`, `scavdiff conformance` and `scavdiff export`: flags in, exit statuses out."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import click

from pymodel.differential.conformance.check_level import Settings
from pymodel.differential.conformance.conformance import check_levels, settings_line, told
from pymodel.differential.conformance.levels import LEVELS
from pymodel.differential.conformance.smoke import SmokeTest
from pymodel.differential.conformance.suite import check_suite, export_suite
from pymodel.differential.errors import BadInput
from pymodel.differential.generation.workload import SEED_MAX
from pymodel.differential.options import TARGET_HELP
from pymodel.differential.running.budget import Budget
from pymodel.differential.running.side_by_side import SideBySide
from pymodel.differential.targets.endpoints import START_SECONDS_MAX
from pymodel.differential.targets.target import PROGRAM_SECONDS_MAX
from pymodel.differential.targets.target_specs import TimeLimits, make_target

FINDINGS_FOLDER = Path("scavdiff-findings")
SECONDS_PER_LEVEL = 10.0
CONFORMANCE_EXIT_HELP = """Exit status: 0 each level that the port names conforms, and with --level also all up to that
one are there; 1 a level departs, or none conforms, or one that --level asks for is not there; 2 a harness error (the
port died, hung, refused or broke the protocol) or bad input; 130 interrupted."""

SMOKE_START_SECONDS = 3.0
SMOKE_PROGRAM_SECONDS = 1.0
SMOKE_EXIT_HELP = """Exit status: 0 the adapter works and the algorithm agrees; 1 the adapter works and the algorithm
departs; 2 the adapter is broken, or bad input; 130 interrupted."""
EXPORT_EXIT_HELP = """Exit status: 0 written, or all as the specification says; 1 --check found something; 2 bad
input."""

target_option = click.option("--target", "spec", required=True, metavar="SPEC", help=TARGET_HELP)
start_option = click.option(
    "--start-seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=START_SECONDS_MAX,
    show_default=True,
    help="How long the port may take to start.",
)


@click.command(epilog=CONFORMANCE_EXIT_HELP)
@target_option
@click.option(
    "--against",
    "references",
    multiple=True,
    default=("model",),
    show_default=True,
    metavar="SPEC",
    help="What the port is held to; may be given several times: --against model --against go.",
)
@click.option("--level", "number", type=click.IntRange(1, len(LEVELS)), help="The last level to check.  [default: all]")
@click.option("--seed", type=click.IntRange(0, SEED_MAX), default=1, show_default=True, help="What programs are made.")
@click.option("--programs", "program_count", type=click.IntRange(min=1), help="So many programs on each level.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    help=f"So long on each level.  [default: {SECONDS_PER_LEVEL:g} if --programs is not given]",
)
@click.option(
    "--findings",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=FINDINGS_FOLDER,
    show_default=True,
    help="Folder for the traces of what is found.",
)
@start_option
@click.option(
    "--program-seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=PROGRAM_SECONDS_MAX,
    show_default=True,
    help="How long the port may take for one program before it counts as hung.",
)
def conformance(
    spec: str,
    references: tuple[str, ...],
    number: int | None,
    seed: int,
    program_count: int | None,
    seconds: float | None,
    folder: Path,
    start_seconds: float,
    program_seconds: float,
) -> None:
    """Tell which levels a port has reached: bits, ranges, summaries, page allocator, page cache, scavenge, pacing.

    Each level has programs that hold nothing of those above. At its first divergence a level ends: the program is
    shrunk, told in the words of the page heap, and kept as a trace that `scavdiff replay` runs.

    \b
    scavdiff conformance --target 'stdio:./my-port'
    scavdiff conformance --target 'stdio:./my-port' --level 4 --against model --against go
    scavdiff conformance --target unix:/tmp/my-port.sock --level 1 --programs 1000
    """
    if program_count is None and seconds is None:
        seconds = SECONDS_PER_LEVEL
    limits = TimeLimits(start_seconds, program_seconds)
    port = make_target(spec, spec, limits)
    others = [make_target(reference, reference, limits) for reference in references]
    model = "model" in references
    flags = ["--target", spec]
    for reference in references:
        flags += [] if reference == "model" else ["--target", reference]
    settings = Settings(
        seed, Budget(program_count, None, seconds), folder, (*flags, *([] if model else ["--no-model"]))
    )
    wanted = LEVELS[number - 1] if number is not None else None
    with closing(SideBySide([port, *others])) as side_by_side:
        side_by_side.open()
        click.echo(settings_line([port.name, *(other.name for other in others)], settings), err=True)
        result = check_levels(side_by_side, port.name, settings, wanted, click.echo)
        click.echo(told(result, port.name, side_by_side.descriptions[port.name]))
    sys.exit(result.exit_status)


@click.command(epilog=SMOKE_EXIT_HELP)
@target_option
@click.option(
    "--start-seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=SMOKE_START_SECONDS,
    show_default=True,
    help="How long the port may take to start.",
)
@click.option(
    "--program-seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=SMOKE_PROGRAM_SECONDS,
    show_default=True,
    help="How long the port may take for one program before it counts as hung.",
)
def smoke(spec: str, start_seconds: float, program_seconds: float) -> None:
    """Tell in seconds whether a port's adapter is broken or its algorithm wrong.

    Checks Describe, an empty program, a short program for each capability, many programs sent ahead, checkpoints, and
    that malformed programs are refused. Each check gets a line, and the last line says what it comes to.

    \b
    scavdiff smoke --target 'stdio:./my-port'
    """
    with closing(make_target(spec, spec, TimeLimits(start_seconds, program_seconds))) as target:
        if target.in_process:
            raise BadInput(f"target {spec!r} has no adapter to try; name a port, as in --target 'stdio:./my-port'")
        result = SmokeTest(target, lambda check: click.echo(str(check))).run()
    click.echo(f"\n{result}")
    sys.exit(result.exit_status)


@click.command(epilog=EXPORT_EXIT_HELP)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--level", "number", type=click.IntRange(1, len(LEVELS)), help="The last level to export.  [default: all]"
)
@click.option("--check", is_flag=True, help="Write nothing; hold the suite in DIR to the specification.")
def export(folder: Path, number: int | None, check: bool) -> None:
    """Write traces with all that is expected of them as JSON, for a port's own tests.

    The suite is the same each time, byte for byte. docs/suite-format.md says how to read it.

    \b
    scavdiff export suite
    scavdiff export --level 4 suite
    scavdiff export --check suite
    """
    if not check:
        count = export_suite(folder, LEVELS[:number])
        click.echo(f"{folder}: {count} traces")
        return
    if number is not None:
        raise BadInput("--check looks at the levels that are there; leave --level out")
    count, problems = check_suite(folder)
    for problem in problems:
        click.echo(str(problem))
    click.echo(
        f"{folder}: {count} traces, {len(problems)} problems" if problems else f"{folder}: {count} traces, all right"
    )
    sys.exit(1 if problems else 0)
