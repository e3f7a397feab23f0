"""`python -m tests.planted campaign` holds many planted faults in one campaign, and tells what it made of each.

Faults in one target would hide one another: of a program only the first difference is seen, and the common faults
differ in nearly all. So each fault is a target of its own, named after it, and all of them run the same programs beside
the model. A finding says which target stands alone, and a target that was told of is left out of the look for what
others do later in the same program. Each fault must come out as one finding.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pymodel.differential.campaign.view import CampaignView, read_campaign
from pymodel.differential.running.findings import slug
from tests.endurance.disturbance import run_campaign
from tests.planted.detection import planted_spec
from tests.planted.faults import WRONG_RULES, WrongRule

FAULT_COUNT = 22


def main(arguments: Sequence[str]) -> None:
    """Prints a table; exits 1 if a fault was not found as one finding, not shrunk enough, or charged to another."""
    parser = argparse.ArgumentParser(prog="python -m tests.planted campaign", description=__doc__)
    parser.add_argument("--faults", type=int, default=FAULT_COUNT, help="how many faults (default: 22)")
    parser.add_argument("--budget", default="1e5", help="operations or time (default: 1e5)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the campaign is kept (default: a temporary folder)")
    options = parser.parse_args(arguments)
    rules = WRONG_RULES[: options.faults]
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary) / "campaign"
        flags = ["--budget", options.budget, "--seed", str(options.seed), "--workers", str(options.workers)]
        flags += ["--start-seconds", "120", "--program-seconds", "300"]
        flags += [flag for rule in rules for flag in ("--target", target_of(rule))]
        run = run_campaign(folder, flags)
        if run.returncode != 1:
            sys.exit(run.stderr)
        sys.exit(0 if told(read_campaign(folder), rules) else 1)


def target_of(rule: WrongRule) -> str:
    """The target that has the fault and is called by it."""
    return planted_spec(rule.name, "--as", slug(rule.name))


def told(view: CampaignView, rules: Sequence[WrongRule]) -> bool:
    """Prints what was found of each fault; whether each was found, shrunk and charged to its own target."""
    by_target = Counter(finding.signature.partition(": ")[0] for finding in view.findings)
    good = set(by_target) == {slug(rule.name) for rule in rules}
    totals = view.totals
    print(f"{totals.operation_count:,} operations on {len(rules) + 1} targets: {len(view.findings)} findings")
    for rule in rules:
        mine = [each for each in view.findings if each.signature.startswith(f"{slug(rule.name)}: ")]
        alone = sum(each.alone == slug(rule.name) for each in mine)
        best = min(mine, key=lambda each: each.operation_count, default=None)
        enough = len(mine) == 1 and mine[0].operation_count <= rule.operation_count_max
        good = good and enough
        length = best.operation_count if best is not None else 0
        first = best.signature.partition(": ")[2] if best is not None else "NOT FOUND"
        verdict = "ok" if enough else "MISSED"
        face_count = sum(len(each.faces) for each in mine)
        print(
            f"{rule.name:<46} {verdict:<7} {len(mine):>2} findings, alone in {alone:>2}; "
            f"{length} operations of at most {rule.operation_count_max}, {face_count} faces: {first}"
        )
    for target in sorted(set(by_target) - {slug(rule.name) for rule in rules}):
        print(f"charged to {target}: {by_target[target]}")
    for finding in view.harness_errors:
        print(f"harness error: {finding.signature}, {finding.count}, {finding.status}")
    return good
