"""What the page of a campaign says above its findings."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from pymodel.differential.campaign.blocks import Kind
from pymodel.differential.campaign.folding import FLAKY
from pymodel.differential.campaign.view import CampaignView
from pymodel.differential.campaign_report.clock import tell_moment
from pymodel.differential.campaign_report.finding_data import ShownFinding
from pymodel.differential.campaign_report.page import Page, Table, Tile
from pymodel.differential.campaign_report.rate_chart import RateChart, RateStretch, rate_chart
from pymodel.differential.comparison.strictness import strictness_ignoring
from pymodel.differential.programs.operations import KIND_BY_NAME
from pymodel.differential.running.progress import duration
from pymodel.differential.sentences import counted, joined_with_and

ROW_COUNT_MAX = 60


def page_of(view: CampaignView, findings: Sequence[ShownFinding]) -> Page:
    """The page, without what it draws of each finding."""
    totals = view.totals
    return Page(
        title=f"campaign {view.folder.resolve().name}",
        headline=headline(view),
        lead=_lead(view),
        tiles=list(_tiles(view)),
        chart=_chart(view, findings),
        configuration=list(_configuration(view)),
        commands=list(_commands(view)),
        targets=list(_targets(view)),
        no_findings=(
            f"Nothing was found: all targets agreed on every outcome and every state of {totals.program_count:,} "
            f"programs with {totals.operation_count:,} operations."
            if totals.program_count
            else "Nothing was found, and nothing was compared yet."
        ),
        foot=(
            "An operation is counted once, however many targets ran it. Page numbers are within a chunk of 512; "
            "ranges are half-open. The Go function of a finding is where to read first, not a proof."
        ),
        tables=list(_tables(view)),
    )


def headline(view: CampaignView) -> str:
    """What came out, in a few words."""
    divergences = [finding for finding in view.findings if finding.status != FLAKY]
    flaky_count = len(view.findings) - len(divergences)
    parts = [counted(len(divergences), "divergence")] if divergences else []
    parts += [counted(flaky_count, "flaky divergence")] if flaky_count else []
    parts += (
        [counted(len(view.harness_errors), "kind of harness error", "kinds of harness errors")]
        if (view.harness_errors)
        else []
    )
    return f"{joined_with_and(parts) or 'No divergence'} in {counted(view.totals.operation_count, 'operation')}"


def _lead(view: CampaignView) -> str:
    names = [name for name, _ in view.config.targets] or ["nothing yet"]
    return (
        f"{joined_with_and(names)} compared step by step for {duration(view.elapsed_seconds)} "
        f"with programs of seed {view.config.seed}{_part(view)}. {_last_ending(view)}"
    ).strip()


def _part(view: CampaignView) -> str:
    return "" if view.config.shard.count == 1 else f", shard {view.config.shard}"


def _last_ending(view: CampaignView) -> str:
    if not view.sessions:
        return ""
    ended = view.sessions[-1].ended
    return f"Its last run ended: {ended}." if ended else "Its last run goes on, or was killed."


def _tiles(view: CampaignView) -> Iterator[Tile]:
    totals = view.totals
    open_count = sum(finding.status != FLAKY for finding in view.findings)
    yield Tile("divergences", f"{open_count:,}", open_count > 0)
    if len(view.findings) > open_count:
        yield Tile("flaky", f"{len(view.findings) - open_count:,}", True)
    failures = sum(totals.harness_errors.values())
    yield Tile("failures of targets", f"{failures:,}", failures > 0)
    yield Tile("operations", f"{totals.operation_count:,}")
    yield Tile("programs", f"{totals.program_count:,}")
    yield Tile("states compared", f"{totals.state_count:,}")
    yield Tile("of work", duration(view.elapsed_seconds))
    yield Tile("operations a second", f"{view.operations_per_second:,.0f}")


def _chart(view: CampaignView, findings: Sequence[ShownFinding]) -> RateChart | None:
    times = [0.0, *(point.elapsed_seconds for point in view.rate_over_time)]
    stretches = [
        RateStretch(start, end, point.operations_per_second)
        for (start, end), point in zip(pairwise(times), view.rate_over_time, strict=True)
    ]
    marks = [(f.first_at, f"{f.signature}, {f.first_seen}") for f in findings if f.kind != Kind.SLOW]
    return rate_chart(stretches, marks)


def _configuration(view: CampaignView) -> Iterator[tuple[str, str]]:
    config, settings = view.config, view.config.settings
    yield "Folder", str(view.folder)
    yield "Seed", str(config.seed)
    yield "Shard", "all blocks" if config.shard.count == 1 else str(config.shard)
    yield "Compared", str(strictness_ignoring(settings.ignored))
    yield "Blocks", f"{view.totals.block_count:,}, of {config.block_program_count:,} programs each"
    yield (
        "Limits of a target",
        (
            f"{settings.start_seconds:g} s to start, {settings.program_seconds:g} s for a program, "
            f"{settings.memory_mib_max:,} MiB of memory"
        ),
    )
    if config.programs:
        yield "Programs", f"digest {config.programs}"
    if view.sessions:
        yield "Begun", tell_moment(view.sessions[0].began_unix_seconds)


def _commands(view: CampaignView) -> Iterator[tuple[str, str]]:
    folder = str(view.folder)
    yield "Go on with it", shlex.join(["scavdiff", "campaign", "run", folder])
    yield "See how it stands", shlex.join(["scavdiff", "campaign", "status", folder])
    yield "Make this page anew", shlex.join(["scavdiff", "campaign", "report", folder])
    if view.findings or view.harness_errors:
        yield "Run all findings again", shlex.join(["scavdiff", "replay", view.config.settings.findings_folder])


def _targets(view: CampaignView) -> Iterator[tuple[str, str]]:
    yield from view.config.targets


def _tables(view: CampaignView) -> Iterator[Table]:
    totals = view.totals
    if totals.harness_errors:
        words = "Each was charged to one program."
        yield Table("Failures of targets", words, ("What", "Times"), _counts(totals.harness_errors))
    if view.recoveries:
        recovered = [(tell_moment(each.unix_seconds), each.text) for each in view.recoveries[-ROW_COUNT_MAX:]]
        yield Table("Recovered", _of(len(recovered), len(view.recoveries)), ("When", "What"), recovered)
    yield from _what_was_run(view)
    if view.sessions:
        runs = [
            (
                tell_moment(each.began_unix_seconds),
                duration(each.seconds),
                str(each.worker_count),
                each.host,
                each.ended or "not told: it still runs, or was killed",
            )
            for each in view.sessions[-ROW_COUNT_MAX:]
        ]
        words = _of(len(runs), len(view.sessions))
        yield Table("Runs of this campaign", words, ("Begun", "Lasted", "Workers", "Host", "Ended"), runs)


def _what_was_run(view: CampaignView) -> Iterator[Table]:
    totals = view.totals
    if totals.left_out:
        rows = [(name, reason, f"{count:,}") for (name, reason), count in sorted(totals.left_out.items())]
        yield Table(
            "Not run", "Programs that a target could not run.", ("Target", "Why", "Programs"), rows[:ROW_COUNT_MAX]
        )
    if totals.operations:
        never = [name for name in KIND_BY_NAME if name not in totals.operations]
        words = f"Never run: {', '.join(never)}." if never else "Each kind of operation was run."
        yield Table("Operations by kind", words, ("Kind", "Times"), _counts(totals.operations))
    if totals.outcomes:
        yield Table("Outcomes", "", ("What operations did", "Times"), _counts(totals.outcomes))


def _counts(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    """Largest first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(name, f"{count:,}") for name, count in ordered[:ROW_COUNT_MAX]]


def _of(shown: int, count: int) -> str:
    return f"The last {shown:,} of {count:,}." if shown < count else ""
