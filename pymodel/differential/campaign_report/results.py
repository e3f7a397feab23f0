"""What a campaign or a run came to, as plain values: what JUnit XML and JSON lines are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pymodel.differential.campaign.blocks import Kind
from pymodel.differential.campaign.folding import Finding
from pymodel.differential.campaign.view import CampaignView, Totals
from pymodel.differential.campaign_report.shown_findings import replay_of, verdict_of
from pymodel.differential.errors import HarnessError
from pymodel.differential.running.tally import Tally


@dataclass(frozen=True, slots=True)
class Face:
    """A divergence that a finding explains."""

    signature: str
    count: int
    operation_count: int
    replay: str
    program_numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """One finding: `kind` is divergence, harness or slow, `status` open or flaky.

    `known` says why a list lets it fail; empty if none does. `seconds` are those that targets took for a slow program.
    """

    kind: str
    status: str
    signature: str
    verdict: str
    function: str
    count: int
    operation_count: int
    report: str
    replay: str
    alone: str | None = None
    groups: tuple[tuple[str, ...], ...] = ()
    program_numbers: tuple[int, ...] = ()
    first_unix_seconds: float | None = None
    last_unix_seconds: float | None = None
    seconds: Mapping[str, float] | None = None
    known: str = ""
    faces: tuple[Face, ...] = ()

    @property
    def is_failure(self) -> bool:
        """Whether it is wrong, and not only slow or known."""
        return self.kind != Kind.SLOW and not self.known


@dataclass(frozen=True, slots=True)
class Results:
    """`what` is `campaign` or `run`, `stopped` why it ended before its time, empty if it did not."""

    what: str
    name: str
    seed: int
    targets: Mapping[str, str]
    seconds: float
    exit_status: int
    totals: Mapping[str, Any]
    results: tuple[Result, ...]
    stopped: str = ""
    shard: str = ""
    rate_over_time: tuple[Mapping[str, float], ...] = ()
    recoveries: tuple[Mapping[str, Any], ...] = ()


def results_of(view: CampaignView, exit_status: int) -> Results:
    """The results of a campaign, whose exit status is given."""
    return Results(
        "campaign",
        view.folder.resolve().name,
        view.config.seed,
        dict(view.config.targets),
        view.elapsed_seconds,
        exit_status,
        totals_to_plain(view.totals),
        tuple(_result(finding, view) for finding in (*view.findings, *view.harness_errors, *view.slowest)),
        shard=str(view.config.shard),
        rate_over_time=tuple(
            {
                "elapsed_seconds": point.elapsed_seconds,
                "unix_seconds": point.unix_seconds,
                "operations": point.operation_count,
                "findings": point.finding_count,
                "operations_per_second": point.operations_per_second,
            }
            for point in view.rate_over_time
        ),
        recoveries=tuple({"unix_seconds": each.unix_seconds, "text": each.text} for each in view.recoveries),
    )


def with_known(results: Results, reasons: Mapping[str, str], exit_status: int) -> Results:
    """The results with the reasons why findings of some signatures are no news."""
    marked = tuple(replace(result, known=reasons.get(result.signature, "")) for result in results.results)
    return replace(results, results=marked, exit_status=exit_status)


def totals_to_plain(totals: Totals | Tally) -> dict[str, Any]:
    """Counts as JSON has them."""
    return {
        "programs": totals.program_count,
        "programs_outside_contract": totals.outside_program_count,
        "programs_divergent": totals.divergent_program_count,
        "programs_uncompared": totals.uncompared_program_count,
        "operations": totals.operation_count,
        "states": totals.state_count,
        "operations_by_kind": dict(totals.operations),
        "outcomes": dict(totals.outcomes),
        "harness_errors": dict(totals.harness_errors),
        "left_out": [
            {"target": name, "reason": reason, "programs": count}
            for (name, reason), count in sorted(totals.left_out.items())
        ],
    }


def tell_stop(fatal: HarnessError | None, interrupted: bool) -> str:
    """Why a run ended before its time."""
    if fatal is not None:
        return str(fatal)
    return "interrupted" if interrupted else ""


def _result(finding: Finding, view: CampaignView) -> Result:
    return Result(
        finding.kind,
        finding.status,
        finding.signature,
        verdict_of(finding),
        finding.function,
        finding.count,
        finding.operation_count,
        finding.report,
        replay_of(finding, view),
        finding.alone,
        finding.groups,
        tuple(origin.program for origin in finding.origins),
        finding.first_unix_seconds,
        finding.last_unix_seconds,
        finding.seconds or None,
        faces=tuple(
            Face(
                face.signature,
                face.count,
                face.operation_count,
                replay_of(face, view),
                tuple(origin.program for origin in face.origins),
            )
            for face in finding.faces
        ),
    )
