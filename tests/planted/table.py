"""Prints, for each planted fault, how fast it is found and how short its program becomes."""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pymodel.differential.errors import HarnessError
from pymodel.differential.running.budget import Budget
from pymodel.differential.targets.target_specs import TimeLimits
from tests.planted.detection import ROOT, detect
from tests.planted.faults import WRONG_BEHAVIOURS, WRONG_RULES, WrongBehaviour, WrongRule

# Limits short enough for a table; the default ones are for real targets.
BEHAVIOUR_LIMITS = TimeLimits(start_seconds=10, program_seconds=2)
BEHAVIOUR_BUDGET = Budget(program_count=60)


@dataclass(frozen=True, slots=True)
class Row:
    """One fault over several seeds: medians, and the longest program that any seed was shrunk to."""

    fault: str
    found_as: str
    missed_count: int
    seconds: float
    operation_count: float
    shrunk_count: float
    shrunk_count_max: int
    allowed_count: int | None

    @property
    def is_good(self) -> bool:
        """Whether every seed found it and shrank it enough."""
        return self.missed_count == 0 and (self.allowed_count is None or self.shrunk_count_max <= self.allowed_count)


def rule_row(rule: WrongRule, seeds: Sequence[int], folder: Path) -> Row:
    """Measures a wrong rule."""
    findings = [detect(rule.name, seed, folder).finding for seed in seeds]
    found = [finding for finding in findings if finding is not None]
    lengths = [len(finding.program.operations) for finding in found] or [0]
    signatures = [finding.divergence.signature for finding in found] or ["not found"]
    return Row(
        rule.name,
        statistics.mode(signatures),
        len(findings) - len(found),
        statistics.median([finding.found_after_seconds for finding in found] or [0.0]),
        statistics.median([finding.found_after_operation_count for finding in found] or [0]),
        statistics.median(lengths),
        max(lengths),
        rule.operation_count_max,
    )


def behaviour_row(behaviour: WrongBehaviour, seeds: Sequence[int], folder: Path) -> Row:
    """Measures a wrong behaviour: it is found if its harness error is charged, whatever else happens."""
    counts: list[int] = []
    missed_count = 0
    for seed in seeds:
        try:
            result = detect(behaviour.name, seed, folder, budget=BEHAVIOUR_BUDGET, limits=BEHAVIOUR_LIMITS).result
        except HarnessError as error:
            missed_count += type(error).__name__ != behaviour.error
        else:
            counts.append(result.tally.harness_errors.total())
            missed_count += not any(kind.endswith(behaviour.error) for kind in result.tally.harness_errors)
    found_as = f"{behaviour.error}, {statistics.median(counts):g} programs" if counts else f"{behaviour.error} at start"
    return Row(behaviour.name, found_as, missed_count, 0.0, 0, 0, 0, None)


def format_row(row: Row) -> str:
    """A line of the table."""
    verdict = "ok" if row.is_good else f"MISSED by {row.missed_count}" if row.missed_count else "TOO LONG"
    if row.allowed_count is None:
        return f"{row.fault:<44} {'':>9} {'':>11} {'':>8} {'':>9}  {verdict:<12} {row.found_as}"
    shrunk = f"{row.shrunk_count:g} ({row.shrunk_count_max})"
    return (
        f"{row.fault:<44} {row.seconds:>7.2f} s {row.operation_count:>11,.0f} {shrunk:>8} {row.allowed_count:>9}  "
        f"{verdict:<12} {row.found_as}"
    )


def main(arguments: list[str]) -> None:
    """Prints the table; exits 1 if a fault was missed or not shrunk enough."""
    parser = argparse.ArgumentParser(prog="python -m tests.planted", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="how many seeds, from 1 (default: 5)")
    parser.add_argument("--only", help="only faults whose name contains this")
    options = parser.parse_args(arguments)
    seeds = range(1, options.seeds + 1)
    os.chdir(ROOT)
    print(f"seeds 1 to {options.seeds}; medians; the longest shrunk program in brackets")
    print(f"{'fault':<44} {'time':>9} {'operations':>11} {'shrunk':>8} {'allowed':>9}  {'verdict':<12} found as")
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for fault in (*WRONG_RULES, *WRONG_BEHAVIOURS):
            if options.only and options.only not in fault.name:
                continue
            if isinstance(fault, WrongRule):
                row = rule_row(fault, seeds, Path(folder))
            else:
                row = behaviour_row(fault, seeds, Path(folder))
            good = good and row.is_good
            print(format_row(row), flush=True)
    sys.exit(0 if good else 1)
