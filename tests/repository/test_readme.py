"""The README's example of a divergence is what the tester prints."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from pymodel.differential.running.status_table import StatusTable
from pymodel.differential.running.statuses import Judgement, Replayed, Status
from tests.repository.tree import ROOT, tracked_texts

MARK = "  <- first difference"
# Lines that only a campaign prints.
OF_A_CAMPAIGN = ("found in program", "replay: ")


def test_the_readmes_divergence_is_what_its_program_gives(tmp_path: Path) -> None:
    (block,) = re.findall(r"```\n(divergence: .*?)```", tracked_texts()["README.md"], re.DOTALL)
    program, _, differences = block.partition("\n\nafter operation")
    header, _, operations = program.partition("\n\n")
    trace = tmp_path / "readme.trace"
    trace.write_text("pageheap program 1\n" + operations.replace(MARK, "") + "\n")
    target = shlex.join([sys.executable, "-m", "tests.planted", "serve", "scavenged bits survive an allocation"])
    command = [sys.executable, "-m", "pymodel.differential.cli", "replay", str(trace), f"--target=exec:{target}"]
    replay = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert replay.returncode == 1, replay.stderr
    printed = replay.stdout.splitlines()
    shown = [*header.splitlines(), *operations.splitlines()[1:], *f"after operation{differences}".splitlines()]
    wanted = [line.strip() for line in shown if line and not line.startswith(OF_A_CAMPAIGN)]
    assert len(wanted) == 6
    assert [line for line in wanted if not any(found.endswith(line) for found in printed)] == []


def test_the_readmes_replay_is_what_replay_prints() -> None:
    (block,) = re.findall(r"```\n(STILL FAILS .*?)```", tracked_texts()["README.md"], re.DOTALL)
    judgements = (
        Judgement(
            Path("scavdiff-findings/alloc-chunk-scavenged-1.trace"),
            Status.STILL_FAILS,
            "alloc: chunk.scavenged",
            1,
            "issue 12",
        ),
        Judgement(Path("scavdiff-findings/free-summary-7.trace"), Status.FIXED, "was free: summary", 0),
    )
    table = StatusTable([judgement.path for judgement in judgements], 200)
    assert block.splitlines() == [*map(table.row, judgements), Replayed(judgements).totals]
