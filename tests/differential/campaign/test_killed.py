"""The short form of `python -m tests.endurance`, with targets that have little to do."""

from __future__ import annotations

from pathlib import Path

from pymodel.differential.generation.workload import BLOCK_PROGRAM_COUNT
from tests.endurance.__main__ import planted_target
from tests.endurance.checking import assert_adds_up, assert_findings_are_files, assert_same
from tests.endurance.disturbance import disturb, run_campaign

BLOCK_COUNT = 6
PROGRAM_COUNT = str(BLOCK_COUNT * BLOCK_PROGRAM_COUNT)
TARGET = planted_target("sentinel forgotten", "--only", "BITS", "RANGES", "SUMMARIES")
FLAGS = ["--seed", "9", "--workers", "2", "--start-seconds", "60", "--target", TARGET, "--programs", PROGRAM_COUNT]


def test_a_campaign_killed_again_and_again_comes_to_what_it_would_have_come_to(tmp_path: Path) -> None:
    peace = run_campaign(tmp_path / "peace", FLAGS)
    assert peace.returncode == 1, peace.stderr
    undisturbed = assert_adds_up(tmp_path / "peace")
    assert undisturbed.totals.block_count == BLOCK_COUNT
    assert undisturbed.findings
    seconds = undisturbed.elapsed_seconds
    disturbance = disturb(tmp_path / "killed", FLAGS, seconds, kill_count=4, seed=1, block_count=BLOCK_COUNT)
    assert disturbance.status == 1, disturbance.told
    assert sum(disturbance.kills.values()) == 4, disturbance.told
    view = assert_adds_up(tmp_path / "killed")
    assert_same(view, undisturbed)
    assert_findings_are_files(view)
    cut_off_count = sum("was cut off; the ledger holds" in recovery.text for recovery in view.recoveries)
    assert cut_off_count == sum(session.ended == "cut off" for session in view.sessions), disturbance.told
