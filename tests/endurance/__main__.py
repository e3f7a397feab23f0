"""`python -m tests.endurance` kills a campaign again and again, and holds what it comes to against one left in peace.

The campaign holds a target with a planted fault against the model and Go, so that there are findings to lose. Then the
same blocks are run once more and nothing is killed; totals and findings must be equal, to the last operation.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
import time
from pathlib import Path

from pymodel.differential.campaign.budgets import CampaignBudget, parse_budget
from pymodel.differential.generation.workload import BLOCK_PROGRAM_COUNT
from tests.endurance.checking import assert_adds_up, assert_findings_are_files, assert_same
from tests.endurance.disturbance import disturb, run_campaign

FAULT = "ranges joined on one side only"
START_SECONDS = 60


def planted_target(fault: str, *flags: str) -> str:
    """The target that has the fault."""
    return f"exec:{shlex.join([sys.executable, '-m', 'tests.planted', 'serve', fault, *flags])}"


def main(arguments: list[str]) -> None:
    """Prints what was done and what it came to; an assertion fails if something was lost or counted twice."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance", description=__doc__)
    parser.add_argument("--time", default="2m", help="how long the campaign goes on (default: 2m)")
    parser.add_argument("--kills", type=int, default=6, help="how many processes are killed (default: 6)")
    parser.add_argument("--workers", type=int, default=2, help="how many workers (default: 2)")
    parser.add_argument("--seed", type=int, default=1, help="of programs and of moments (default: 1)")
    parser.add_argument("--folder", type=Path, help="where the campaigns are kept (default: a temporary folder)")
    options = parser.parse_args(arguments)
    seconds = parse_budget(options.time).seconds
    if seconds is None:
        parser.error(f"--time {options.time} is no time")
    with tempfile.TemporaryDirectory() as temporary:
        endure(options.folder or Path(temporary), CampaignBudget(seconds=seconds), options)


def endure(folder: Path, budget: CampaignBudget, options: argparse.Namespace) -> None:
    """Runs both campaigns and compares them."""
    assert budget.seconds is not None
    flags = ["--seed", str(options.seed), "--workers", str(options.workers), "--start-seconds", str(START_SECONDS)]
    flags += ["--target", "go", "--target", planted_target(FAULT)]
    began = time.monotonic()
    disturbance = disturb(
        folder / "killed", [*flags, "--budget", options.time], budget.seconds, options.kills, options.seed
    )
    print(f"killed {dict(disturbance.kills)} in {time.monotonic() - began:.0f} s, {disturbance.start_count} starts")
    assert sum(disturbance.kills.values()) == options.kills, disturbance.told
    assert disturbance.status == 1, disturbance.told
    view = assert_adds_up(folder / "killed")
    assert_findings_are_files(view)
    totals = view.totals
    print(f"totals are the ledger's sum: {totals.block_count:,} blocks, {totals.operation_count:,} operations")
    for recovery in view.recoveries:
        print(f"recovered: {recovery.text}")
    for finding in view.harness_errors:
        print(f"harness error: {finding.signature}, {finding.count} programs, {finding.status}")
    program_count = totals.block_count * BLOCK_PROGRAM_COUNT
    peace = run_campaign(folder / "in-peace", [*flags, "--programs", str(program_count)])
    assert peace.returncode == 1, peace.stderr
    assert_same(view, assert_adds_up(folder / "in-peace"))
    print(f"the same blocks in peace: the same totals, and the same {len(view.findings)} findings:")
    for finding in view.findings:
        print(f"  {finding.signature}: {finding.count:,} programs, {finding.operation_count} operations")


if __name__ == "__main__":
    main(sys.argv[1:])
