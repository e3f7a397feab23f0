"""A campaign in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

from pymodel.differential.campaign.blocks import Kind
from pymodel.differential.campaign.findings_folder import finding_path
from pymodel.differential.campaign.folding import FLAKY, Finding
from pymodel.differential.campaign.view import CampaignView
from pymodel.differential.running.progress import duration

LABEL_WIDTH = 12
ORIGIN_COUNT_MAX = 5


def status_text(view: CampaignView) -> str:
    """Totals, findings, harness errors, slowest programs, what was recovered; lines ended by line feeds."""
    return "".join(f"{line}\n" for line in _lines(view))


def _lines(view: CampaignView) -> Iterator[str]:
    totals, config = view.totals, view.config
    shard = f", shard {config.shard}" if config.shard.count > 1 else ""
    yield _labelled("campaign", f"{view.folder}, seed {config.seed}{shard}")
    yield _labelled("targets", ", ".join(f"{name} {version}" for name, version in config.targets) or "not known yet")
    yield _labelled(
        "compared",
        f"{totals.block_count:,} blocks, {totals.program_count:,} programs, {totals.outside_program_count:,} of them "
        f"outside the contract, {totals.operation_count:,} operations, {totals.state_count:,} whole states in "
        f"{duration(view.elapsed_seconds)} ({view.operations_per_second:,.0f} operations/s)",
    )
    yield _labelled("operations", _counts(totals.operations))
    yield _labelled("outcomes", _counts(totals.outcomes))
    for (name, reason), count in sorted(totals.left_out.items()):
        yield _labelled("left out", f"{count:,} programs for {name}: {reason}")
    if totals.uncompared_program_count:
        yield _labelled(
            "left out", f"{totals.uncompared_program_count:,} programs that fewer than two targets answered"
        )
    for session in view.sessions:
        began = _when(session.began_unix_seconds)
        workers = workers_in_words(session.worker_count)
        ended = session.ended or "runs, or was cut off"
        yield _labelled("run", f"{began}, {workers}, {duration(session.seconds)}: {ended}")
    for recovery in view.recoveries:
        yield _labelled("recovered", f"{_when(recovery.unix_seconds)}: {recovery.text}")
    for finding in view.harness_errors:
        yield ""
        yield from _harness_lines(view, finding)
    for finding in view.findings:
        yield ""
        yield from _divergence_lines(view, finding)
    if view.slowest:
        yield ""
        yield "slowest programs"
        yield from (_slow_line(finding) for finding in view.slowest)
    yield ""
    yield _verdict(view)


def workers_in_words(count: int) -> str:
    """How many workers; 0 stands for those of a cluster."""
    return {0: "a Dask cluster", 1: "1 worker"}.get(count, f"{count} workers")


def _labelled(label: str, text: str) -> str:
    return f"{label:<{LABEL_WIDTH}}{text}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in Counter(counts).most_common())


def _when(unix_seconds: float) -> str:
    return datetime.fromtimestamp(unix_seconds).isoformat(" ", "seconds")


def _harness_lines(view: CampaignView, finding: Finding) -> Iterator[str]:
    yield f"harness error: {finding.signature}, {_how_often(finding)}"
    yield from (f"  {line}" for line in finding.report.splitlines())
    if finding.trace:
        yield f"  program: {finding_path(view.folder / 'findings', finding.kind, finding.signature)}"


def _divergence_lines(view: CampaignView, finding: Finding) -> Iterator[str]:
    yield f"divergence: {finding.signature}, {_how_often(finding)}"
    yield f"  {_who(finding)}"
    shortened = f"{finding.operation_count} operations, made from {finding.original_operation_count}"
    yield f"  {'not shrunk: ' if finding.status == FLAKY else ''}{shortened}"
    origins = [f"{origin.program} ({origin.source})" for origin in finding.origins[:ORIGIN_COUNT_MAX]]
    more = len(finding.origins) - len(origins)
    yield f"  programs: {', '.join(origins)}{f', and in {more:,} blocks more' if more > 0 else ''}"
    yield f"  trace: {finding_path(view.folder / 'findings', Kind.DIVERGENCE, finding.signature)}"
    for face in finding.faces:
        yield f"  shows as: {face.signature}, {face.count:,} programs, {face.operation_count} operations"


def _how_often(finding: Finding) -> str:
    flaky = ", did not show again when it was tried (flaky)" if finding.status == FLAKY else ""
    first, last = _when(finding.first_unix_seconds), _when(finding.last_unix_seconds)
    return f"{finding.count:,} programs, first {first}, last {last}{flaky}"


def _who(finding: Finding) -> str:
    if finding.alone is not None:
        others = [name for group in finding.groups for name in group if name != finding.alone]
        return f"{finding.alone} stands alone; {', '.join(others)} agree"
    return " against ".join(", ".join(group) for group in finding.groups)


def _slow_line(finding: Finding) -> str:
    times = ", ".join(f"{name} {seconds:.3f} s" for name, seconds in finding.seconds.items())
    origin = finding.origins[0]
    return f"  program {origin.program} ({origin.source}), {finding.operation_count:,} operations: {times}"


def _verdict(view: CampaignView) -> str:
    open_count = sum(finding.status != FLAKY for finding in view.findings)
    flaky_count = len(view.findings) - open_count
    if not view.findings:
        return "no divergence"
    flaky = f", {flaky_count:,} of them flaky" if flaky_count else ""
    return f"{len(view.findings):,} divergences{flaky}"
