"""The findings of a campaign in the words of its page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pymodel.differential.campaign.blocks import Kind
from pymodel.differential.campaign.findings_folder import finding_path
from pymodel.differential.campaign.folding import FLAKY, Finding
from pymodel.differential.campaign.view import CampaignView
from pymodel.differential.campaign_report.clock import elapsed_at, tell_moment
from pymodel.differential.campaign_report.finding_data import ShownFinding
from pymodel.differential.campaign_report.names import joined, listed
from pymodel.differential.running.opening import replay_flags
from pymodel.differential.running.progress import duration
from pymodel.differential.running.report import replay_command
from pymodel.differential.sentences import counted

ORIGIN_COUNT_MAX = 12


def shown_findings(view: CampaignView) -> list[ShownFinding]:
    """Divergences, then harness errors, then the slowest programs, numbered from 1."""
    findings = (*view.findings, *view.harness_errors, *view.slowest)
    return [_shown(number, finding, view) for number, finding in enumerate(findings, 1)]


def replay_of(finding: Finding, view: CampaignView) -> str:
    """The command that runs a finding's trace again on the same targets."""
    settings = view.config.settings
    path = finding_path(Path(settings.findings_folder), finding.kind, finding.signature)
    return replay_command(path, replay_flags(settings.specs, settings.model, settings.ignored))


def verdict_of(finding: Finding) -> str:
    """Who disagrees with whom, who failed or who was slow, in a sentence."""
    groups = [joined(group) for group in finding.groups]
    if finding.kind == Kind.SLOW:
        times = ", ".join(f"{name} {seconds:.3f} s" for name, seconds in finding.seconds.items())
        return f"Among the slowest programs: {times}."
    if finding.kind == Kind.HARNESS:
        verdict = f"Target {groups[0] if groups else 'unknown'} failed; this says nothing of what it computes."
    elif finding.alone is not None:
        others = [name for group in finding.groups for name in group if name != finding.alone]
        verdict = f"{finding.alone} stands alone; {joined(others)} agree."
    elif len(groups) == 2:
        verdict = f"{groups[0]} {_verb(finding.groups[0])} with {groups[1]}."
    else:
        verdict = f"No two of {joined(name for group in finding.groups for name in group)} agree." if groups else ""
    return f"{verdict} It did not show again when its program was run again." if finding.status == FLAKY else verdict


def who(finding: Finding) -> str:
    """The same in as few words as a table has room for."""
    if finding.seconds:
        slowest = max(finding.seconds, key=lambda name: finding.seconds[name])
        return f"{slowest} {finding.seconds[slowest]:.3f} s"
    if finding.kind != Kind.DIVERGENCE:
        return listed(name for group in finding.groups for name in group)
    if finding.alone is not None:
        return f"{finding.alone} alone"
    return " ≠ ".join(map(listed, finding.groups))


def _shown(number: int, finding: Finding, view: CampaignView) -> ShownFinding:
    first = elapsed_at(finding.first_unix_seconds, view.rate_over_time)
    last = elapsed_at(finding.last_unix_seconds, view.rate_over_time)
    return ShownFinding(
        number=number,
        signature=finding.signature,
        kind=finding.kind,
        status=finding.status,
        function=finding.function,
        who=who(finding),
        verdict=verdict_of(finding),
        count=finding.count,
        operation_count=finding.operation_count,
        first_at=first,
        last_at=last,
        first_seen=duration(first),
        last_seen=duration(last),
        trace=finding.trace,
        step=finding.step,
        report=finding.report,
        replay=replay_of(finding, view),
        facts=tuple(_facts(finding, view, first, last)),
        notes=tuple(map(_face, finding.faces)),
        transcripts=_concerned(finding),
    )


def _face(face: Finding) -> str:
    """What else the same fault shows as, and where its trace is."""
    seen, length = counted(face.count, "program"), counted(face.operation_count, "operation")
    name = finding_path(Path(), face.kind, face.signature).name
    return f"Shows as well as: {face.signature}, in {seen}, shrunk to {length}: {name}."


def _concerned(finding: Finding) -> dict[str, bytes]:
    """What the targets answered that the finding is about, those first that most agree with."""
    names = [name for group in finding.groups for name in group] or list(finding.transcripts)
    return {name: finding.transcripts[name] for name in names if finding.transcripts.get(name)}


def _facts(finding: Finding, view: CampaignView, first: float, last: float) -> Iterator[tuple[str, str]]:
    if finding.function:
        yield "Read first", finding.function
    yield "Seen", "in 1 program" if finding.count == 1 else f"in {finding.count:,} programs"
    yield "First seen", _when(finding.first_unix_seconds, first)
    if finding.count > 1:
        yield "Last seen", _when(finding.last_unix_seconds, last)
    yield "Programs", _programs(finding, view.config.seed)
    before, after = finding.original_operation_count, finding.operation_count
    yield "Length", f"{after:,} operations, shrunk from {before:,}" if after < before else f"{after:,} operations"


def _when(unix_seconds: float, elapsed_seconds: float) -> str:
    return f"{duration(elapsed_seconds)} ({tell_moment(unix_seconds)})"


def _programs(finding: Finding, seed: int) -> str:
    numbers = [str(origin.program) for origin in finding.origins]
    shown = ", ".join(numbers[:ORIGIN_COUNT_MAX])
    more = f" and, in other blocks, {len(numbers) - ORIGIN_COUNT_MAX:,} more" if len(numbers) > ORIGIN_COUNT_MAX else ""
    return f"{shown}{more} of seed {seed}"


def _verb(names: Sequence[str]) -> str:
    return "disagrees" if len(names) == 1 else "disagree"
