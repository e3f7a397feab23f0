"""Findings of a campaign that are no news, because a list says that they may be found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pymodel.differential.campaign.findings_folder import finding_path
from pymodel.differential.campaign.folding import Finding
from pymodel.differential.campaign.view import CampaignView
from pymodel.differential.programs.text import parse_program
from pymodel.differential.running.expectation import expectation_of
from pymodel.differential.running.known_failing import KnownFailing


def without_known(view: CampaignView, known: KnownFailing) -> tuple[CampaignView, list[str]]:
    """The campaign without the findings that `known` lists, and a line for each of these.

    The list names a finding as a replay does: by its trace, or by the signature in the first comment of its trace.
    """
    lines: list[str] = []

    def news(findings: Iterable[Finding]) -> tuple[Finding, ...]:
        kept = []
        for finding in findings:
            reason = reason_of(view, finding, known)
            if reason is None:
                kept.append(finding)
            else:
                lines.append(f"known to fail: {finding.signature} ({reason})")
        return tuple(kept)

    return replace(view, findings=news(view.findings), harness_errors=news(view.harness_errors)), lines


def reason_of(view: CampaignView, finding: Finding, known: KnownFailing) -> str | None:
    """Why a finding is no news; None if it is.

    It is none if it is listed itself, or if all that showed it are: lists may name faces, which are found first.
    """
    reasons = [_own_reason(view, each, known) for each in (finding, *finding.faces)]
    if reasons[0] is not None or finding.own_count or None in reasons[1:]:
        return reasons[0]
    return "; ".join(dict.fromkeys(filter(None, reasons))) or None


def _own_reason(view: CampaignView, finding: Finding, known: KnownFailing) -> str | None:
    path = finding_path(view.folder / "findings", finding.kind, finding.signature)
    signature = expectation_of(parse_program(finding.trace)).signature if finding.trace else None
    return known.reason(path, () if signature is None else (signature,))
