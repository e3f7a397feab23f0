"""What must hold of a campaign's ledger, checked without the code that folds it."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymodel.differential.campaign.findings_folder import finding_path
from pymodel.differential.campaign.view import CampaignView, read_campaign

# Timing, and what kills add: they are no property of programs.
INCIDENTAL = ("harness_errors",)


@dataclass(frozen=True, slots=True)
class LedgerSum:
    """Counts added up over the rows, by name, and how many programs showed each divergence."""

    blocks: list[int]
    counts: Counter[str]
    divergences: Counter[str]


def ledger_sum(folder: Path) -> LedgerSum:
    """Adds up the rows with nothing but SQLite and JSON."""
    connection = sqlite3.connect(folder / "ledger.sqlite3")
    rows = connection.execute("SELECT block, result FROM blocks ORDER BY block").fetchall()
    connection.close()
    counts: Counter[str] = Counter()
    divergences: Counter[str] = Counter()
    for _, text in rows:
        result = json.loads(text)
        counts.update({name: value for name, value in result["tally"].items() if isinstance(value, int)})
        divergences.update(
            {each["signature"]: each.get("count", 0) for each in result["sightings"] if each["kind"] == "divergence"}
        )
    return LedgerSum([block for block, _ in rows], counts, divergences)


def assert_adds_up(folder: Path) -> CampaignView:
    """The totals that are told are the sum of the ledger, and the ledger holds each block once, without a gap."""
    view, rows = read_campaign(folder), ledger_sum(folder)
    shard = view.config.shard
    expected = [shard.number - 1 + shard.count * index for index in range(len(rows.blocks))]
    assert rows.blocks == expected, rows.blocks
    totals = view.totals
    told = {name: getattr(totals, name) for name in rows.counts}
    assert told == dict(rows.counts), (told, rows.counts)
    seen = {each.signature: each.own_count for finding in view.findings for each in (finding, *finding.faces)}
    assert seen == dict(rows.divergences)
    return view


def comparable(view: CampaignView) -> dict[str, Any]:
    """What campaigns over the same blocks must have in common: all totals, and all of each finding but its times."""
    totals = {name: getattr(view.totals, name) for name in type(view.totals).__slots__ if name not in INCIDENTAL}
    findings = {
        each.signature: (
            each.status,
            each.count,
            [(origin.program, origin.source, origin.block) for origin in each.origins],
            [line for line in each.trace.splitlines() if not line.startswith("# replay: ")],
            each.alone,
            each.groups,
            each.function,
            [(face.signature, face.count, face.operation_count) for face in each.faces],
        )
        for each in view.findings
    }
    return {"totals": totals, "findings": findings}


def assert_same(disturbed: CampaignView, undisturbed: CampaignView) -> None:
    """Nothing was lost, and nothing counted twice."""
    one, other = comparable(disturbed), comparable(undisturbed)
    assert one["totals"] == other["totals"]
    assert set(one["findings"]) == set(other["findings"])
    for signature, finding in one["findings"].items():
        assert finding == other["findings"][signature], signature


def assert_findings_are_files(view: CampaignView) -> None:
    """Each finding has its trace in the folder."""
    for finding in (*view.findings, *view.harness_errors):
        path = finding_path(view.folder / "findings", finding.kind, finding.signature)
        assert path.read_text() == finding.trace
