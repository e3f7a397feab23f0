"""`scavdiff campaign …`: flags in, exit statuses out."""

from __future__ import annotations

import os
import secrets
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from rich.console import Console

from pymodel.differential.campaign.budgets import CampaignBudget, parse_budget, parse_count
from pymodel.differential.campaign.campaign import Campaign, CampaignSettings, Ending
from pymodel.differential.campaign.configuration import (
    Configuration,
    read_configuration,
    refuse_if_changed,
    with_programs,
    write_configuration,
)
from pymodel.differential.campaign.dask_workers import DaskWorkers
from pymodel.differential.campaign.known import without_known
from pymodel.differential.campaign.ledger import FILE_NAME, Damaged, Ledger
from pymodel.differential.campaign.lock import locked
from pymodel.differential.campaign.memory import MEMORY_MIB_MAX
from pymodel.differential.campaign.merge import merge
from pymodel.differential.campaign.pool import WorkerPool, Workers
from pymodel.differential.campaign.progress import CampaignProgress
from pymodel.differential.campaign.settings import WorkerSettings
from pymodel.differential.campaign.shards import Shard
from pymodel.differential.campaign.status import status_text, workers_in_words
from pymodel.differential.campaign.view import exit_status, read_campaign
from pymodel.differential.campaign_report.command import report
from pymodel.differential.errors import BadInput
from pymodel.differential.generation.workload import SEED_MAX, keep_hypothesis_files_away
from pymodel.differential.options import target_options
from pymodel.differential.running.known_failing import KnownFailing
from pymodel.differential.running.run import INTERRUPTED_STATUS

EXIT_HELP = """Exit status: 0 no divergence; 1 a divergence, flaky ones too; 2 a harness error (a target that died, hung
or broke the protocol) and no divergence, a target or worker that cannot go on, or bad input; 130 interrupted."""

SETTING_BY_FLAG = {
    "specs": "specs",
    "model": "model",
    "ignored": "ignored",
    "start_seconds": "start_seconds",
    "program_seconds": "program_seconds",
    "memory_mib": "memory_mib_max",
    "guided": "guided",
}

FolderArgument = click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))


@click.group()
def campaign() -> None:
    """Fuzz for hours, survive anything, and keep what was found.

    A campaign is a folder: campaign.json says what it is, ledger.sqlite3 holds every block that was run, findings/ a
    trace for each finding, corpus/ programs worth keeping, log.txt what happened.

    \b
    scavdiff campaign run DIR --budget 2h    begin, or go on
    scavdiff campaign status DIR             totals and findings, in words
    scavdiff campaign merge A B --into C     put shards together
    scavdiff campaign report DIR             a page for a person, files for CI
    """


campaign.add_command(report)


@campaign.command("run", epilog=EXIT_HELP)
@FolderArgument
@click.option("--budget", "budget_text", metavar="TIME|COUNT", help="How long, or how many operations: 90m, 2h, 1e9.")
@click.option("--operations", "operation_text", metavar="COUNT", help="Stop after so many operations: 1e9.")
@click.option("--programs", "program_text", metavar="COUNT", help="Stop after the blocks with so many programs.")
@click.option("--workers", type=click.IntRange(min=1), help="Worker processes.  [default: one for each processor]")
@click.option("--dask", "dask_address", metavar="ADDRESS", help="Work on the Dask cluster of this scheduler instead.")
@click.option("--shard", "shard_text", metavar="I/N", default="1/1", show_default=True, help="Do only this part.")
@click.option("--seed", type=click.IntRange(0, SEED_MAX), help="Where programs come from.  [default: a new one, kept]")
@click.option(
    "--memory-mib",
    type=click.IntRange(min=1),
    default=MEMORY_MIB_MAX,
    show_default=True,
    help="A target that takes more memory is killed, and the program charged with it.",
)
@click.option(
    "--guided",
    is_flag=True,
    help="Make three of four blocks from a corpus of programs that reached something rare. go is then the Go target "
    "that counts what it reaches: make counting.",
)
@target_options(("go",))
@click.pass_context
def run(
    ctx: click.Context,
    /,
    folder: Path,
    budget_text: str | None,
    operation_text: str | None,
    program_text: str | None,
    workers: int | None,
    dask_address: str | None,
    **flags: Any,
) -> None:
    """Run the campaign in DIR: begin it, or go on where it was stopped or killed.

    Budgets count the whole campaign, all its runs together, and end it after whole blocks of programs. What the
    campaign is (seed, shard, targets, limits) is fixed when it begins; budget and workers may change.

    \b
    scavdiff campaign run nightly --budget 2h
    scavdiff campaign run nightly
    scavdiff campaign run part3 --shard 3/8 --seed 7 --programs 1e6
    scavdiff campaign run rare --budget 2h --guided
    scavdiff campaign run nightly --dask tcp://scheduler:8786
    scavdiff campaign run port --budget 1e8 --target 'exec:./my-port --flag'
    """
    keep_hypothesis_files_away()
    if workers is not None and dask_address is not None:
        raise BadInput("--workers and --dask cannot be given both: the cluster says how many workers there are")
    budget = _budget(budget_text, operation_text, program_text)
    worker_count = 0 if dask_address is not None else workers or len(os.sched_getaffinity(0))
    with ExitStack() as stack:
        stack.enter_context(locked(folder))
        configuration = _configuration(ctx, folder, flags)
        budget = budget if not budget.is_none else _kept_budget(folder)
        progress = stack.enter_context(CampaignProgress(Console(stderr=True), folder))
        _say_what_begins(progress, folder, configuration, budget, worker_count)
        stack.callback(signal.signal, signal.SIGTERM, signal.signal(signal.SIGTERM, _interrupt))
        settings = CampaignSettings(folder, budget, worker_count)
        start = _workers_of(configuration, worker_count, dask_address)
        ending = Campaign(configuration, settings, start, progress).execute()
    view = read_campaign(folder)
    click.echo(status_text(view), nl=False)
    if ending is Ending.INTERRUPTED:
        click.echo("interrupted; the same command goes on from here", err=True)
    sys.exit(INTERRUPTED_STATUS if ending is Ending.INTERRUPTED else exit_status(view))


@campaign.command(epilog="Exit status: that of the campaign so far: 0, 1 or 2, as `scavdiff campaign run` says.")
@FolderArgument
@click.option(
    "--known-failing",
    "known_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A list as `scavdiff replay` takes it: what it names does not count for the exit status.",
)
def status(folder: Path, known_path: Path | None) -> None:
    """Tell what the campaign in DIR has done and found, while it runs too."""
    view = read_campaign(folder)
    click.echo(status_text(view), nl=False)
    if known_path is not None:
        view, known = without_known(view, KnownFailing.read(known_path))
        click.echo("".join(f"{line}\n" for line in known), nl=False)
    sys.exit(exit_status(view))


@campaign.command("merge", epilog="Exit status: 0 if they were merged, 2 for bad input.")
@click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--into", required=True, metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
def merge_command(folders: tuple[Path, ...], into: Path) -> None:
    """Add the blocks of the campaigns in DIR... to the one in the folder --into, which is made if there is none.

    Their configurations must be equal but for the shard. A block counts once, however often it is merged.

    \b
    scavdiff campaign merge part1 part2 part3 --into whole
    """
    count = merge(folders, into, lambda text: click.echo(text, err=True))
    totals = read_campaign(into).totals
    click.echo(
        f"{count:,} blocks were new; {into} holds {totals.block_count:,} blocks, {totals.program_count:,} programs, "
        f"{totals.operation_count:,} operations"
    )


def _budget(budget_text: str | None, operation_text: str | None, program_text: str | None) -> CampaignBudget:
    budget = parse_budget(budget_text) if budget_text is not None else CampaignBudget()
    if operation_text is not None:
        if budget.operation_count is not None:
            raise BadInput(f"--budget {budget_text} and --operations {operation_text} both say how many operations")
        budget = replace(budget, operation_count=parse_count(operation_text))
    if program_text is not None:
        budget = replace(budget, program_count=parse_count(program_text))
    return budget


def _kept_budget(folder: Path) -> CampaignBudget:
    """The budget that the campaign was last given."""
    text = None
    try:
        if (folder / FILE_NAME).is_file():
            with Ledger(folder / FILE_NAME) as ledger:
                text = ledger.noted("budget")
    except Damaged:
        pass
    if text is None:
        raise BadInput("the campaign has no budget yet; name one, such as --budget 2h or --operations 1e9")
    return CampaignBudget.from_text(text)


def _configuration(ctx: click.Context, folder: Path, flags: dict[str, Any]) -> Configuration:
    """The campaign's configuration: the one that it was begun with, or a new one; refuses flags that say another."""
    kept = read_configuration(folder)
    if kept is not None:
        given = {name for name in flags if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE}
        now = with_programs(_changed(kept, {name: flags[name] for name in given}))
        refuse_if_changed(kept, now, folder)
        return kept
    if (folder / FILE_NAME).exists():
        raise BadInput(f"{folder} holds a ledger but no campaign.json; it cannot be known what the ledger is of")
    seed = secrets.randbits(32) if flags["seed"] is None else flags["seed"]
    blank = Configuration(seed, Shard(), WorkerSettings(findings_folder=str(folder / "findings")))
    configuration = with_programs(_changed(blank, {**flags, "seed": seed}))
    write_configuration(folder, configuration)
    return configuration


def _changed(configuration: Configuration, flags: dict[str, Any]) -> Configuration:
    """The configuration as flags say it."""
    changes = {SETTING_BY_FLAG[flag]: value for flag, value in flags.items() if flag in SETTING_BY_FLAG}
    return replace(
        configuration,
        seed=flags.get("seed", configuration.seed),
        shard=Shard.parse(flags["shard_text"]) if "shard_text" in flags else configuration.shard,
        settings=replace(configuration.settings, **changes),
    )


def _say_what_begins(
    progress: CampaignProgress, folder: Path, configuration: Configuration, budget: CampaignBudget, worker_count: int
) -> None:
    shard = f", shard {configuration.shard}" if configuration.shard.count > 1 else ""
    progress.note(f"campaign {folder}: seed {configuration.seed}{shard}, {budget}, {workers_in_words(worker_count)}")


def _workers_of(
    configuration: Configuration, count: int, dask_address: str | None
) -> Callable[[Callable[[str], None]], Workers]:
    if dask_address is not None:
        return lambda note: DaskWorkers(dask_address, configuration.settings, note)
    return lambda note: WorkerPool(configuration.settings, count, note)


def _interrupt(_: int, __: object) -> None:
    raise KeyboardInterrupt
