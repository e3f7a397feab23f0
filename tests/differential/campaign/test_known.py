"""`scavdiff campaign status --known-failing`: what a list names is no news."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pymodel.differential.campaign.blocks import Kind
from pymodel.differential.campaign.configuration import Configuration
from pymodel.differential.campaign.findings_folder import finding_path
from pymodel.differential.campaign.folding import Finding
from pymodel.differential.campaign.known import without_known
from pymodel.differential.campaign.settings import WorkerSettings
from pymodel.differential.campaign.shards import Shard
from pymodel.differential.campaign.view import CampaignView, Totals, exit_status
from pymodel.differential.programs.program import Grow, Program
from pymodel.differential.running.findings import print_trace
from pymodel.differential.running.known_failing import KnownFailing

NO_TOTALS = Totals(0, 0, 0, 0, 0, 0, 0, {}, {}, {}, {}, {})
OF_THE_CAMPAIGN = "chunk.scavenged differs in allocRange"


def finding(kind: str, signature: str, head: str) -> Finding:
    trace = print_trace(Program((Grow(0xC000, 1),)), head, None)
    return Finding(kind, signature, "open", 1, 0.0, 0.0, (), trace, head, 1, 1, None, "", None, (), {}, {})


def campaign(folder: Path, *findings: Finding) -> CampaignView:
    divergences = tuple(each for each in findings if each.kind == Kind.DIVERGENCE)
    harness_errors = tuple(each for each in findings if each.kind == Kind.HARNESS)
    configuration = Configuration(1, Shard(), WorkerSettings())
    return CampaignView(folder, configuration, NO_TOTALS, 0.0, (), divergences, harness_errors, (), (), ())


def divergence() -> Finding:
    return finding(Kind.DIVERGENCE, OF_THE_CAMPAIGN, "divergence: alloc: chunk.scavenged")


def death() -> Finding:
    return finding(Kind.HARNESS, "port: TargetDied", "harness error (TargetDied): target port died")


@pytest.mark.parametrize(
    ("entries", "status", "told"),
    [
        ((), 1, []),
        (("alloc: chunk.scavenged",), 2, [f"known to fail: {OF_THE_CAMPAIGN} (why)"]),
        (("harness error (TargetDied)",), 1, ["known to fail: port: TargetDied (why)"]),
        (
            ("alloc: chunk.scavenged", "harness error (TargetDied)"),
            0,
            [f"known to fail: {OF_THE_CAMPAIGN} (why)", "known to fail: port: TargetDied (why)"],
        ),
        # A finding that is not there says nothing: it may be found the next night.
        (("free: summary",), 1, []),
    ],
)
def test_what_is_listed_does_not_count(tmp_path: Path, entries: tuple[str, ...], status: int, told: list[str]) -> None:
    (tmp_path / "list").write_text("".join(f"{entry}  # why\n" for entry in entries))
    view, lines = without_known(campaign(tmp_path, divergence(), death()), KnownFailing.read(tmp_path / "list"))
    assert exit_status(view) == status
    assert lines == told


def test_a_finding_may_be_named_by_its_trace(tmp_path: Path) -> None:
    path = finding_path(tmp_path / "findings", Kind.DIVERGENCE, OF_THE_CAMPAIGN)
    (tmp_path / "list").write_text(f"findings/{path.name}  # why\n")
    view, lines = without_known(campaign(tmp_path, divergence()), KnownFailing.read(tmp_path / "list"))
    assert (exit_status(view), len(lines)) == (0, 1)


@pytest.mark.parametrize(
    ("entries", "own_count", "is_news"),
    [
        (("alloc: chunk.scavenged",), 1, False),
        (("free: summary", "span: summary"), 0, False),
        # It was shown as itself too, or in a way that is not listed.
        (("free: summary", "span: summary"), 1, True),
        (("free: summary",), 0, True),
    ],
)
def test_a_finding_is_listed_by_itself_or_by_all_that_showed_it(
    tmp_path: Path, entries: tuple[str, ...], own_count: int, is_news: bool
) -> None:
    path = tmp_path / "known-failing.txt"
    path.write_text("".join(f"{entry}  # why\n" for entry in entries))
    faces = tuple(finding(Kind.DIVERGENCE, name, f"divergence: {name}") for name in ("free: summary", "span: summary"))
    known = KnownFailing.read(path)
    view, _ = without_known(campaign(tmp_path, replace(divergence(), faces=faces, count=2 + own_count)), known)
    assert bool(view.findings) == is_news
    assert known.problems() == ()
