"""Runs the tester against a target with a planted fault, and says what it made of it."""

from __future__ import annotations

import io
import shlex
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from pymodel.differential.running.budget import Budget
from pymodel.differential.running.findings import Finding
from pymodel.differential.running.progress import Progress
from pymodel.differential.running.run import Run, RunResult, RunSettings
from pymodel.differential.running.side_by_side import SideBySide
from pymodel.differential.targets.target_specs import TimeLimits, make_target

ROOT = Path(__file__).resolve().parents[2]
# Rare states must have time to come up: the rarest fault here needs some 20,000 operations in the median.
OPERATION_COUNT_MAX = 200_000


@dataclass(frozen=True, slots=True)
class Detection:
    """What a run against a planted fault came to; `told` is all that it printed."""

    result: RunResult
    told: str

    @property
    def finding(self) -> Finding | None:
        """The first finding, if there is one."""
        return next(iter(self.result.findings.values()), None)


def planted_spec(fault_name: str, *flags: str) -> str:
    """The target that has the fault, served with these flags; run from the repository's root."""
    return f"exec:{shlex.join([sys.executable, '-m', 'tests.planted', 'serve', fault_name, *flags])}"


def detect(
    fault_name: str,
    seed: int,
    folder: Path,
    *,
    budget: Budget | None = None,
    stop_after: int = 1,
    limits: TimeLimits | None = None,
) -> Detection:
    """Runs until the first finding or the end of the budget. Raises what keeps the target from starting."""
    budget = budget or Budget(operation_count=OPERATION_COUNT_MAX)
    limits = limits or TimeLimits(start_seconds=60)
    spec = planted_spec(fault_name)
    settings = RunSettings(seed, budget, folder, stop_after, ("--target", spec))
    targets = [make_target(name, name, limits) for name in ("model", spec)]
    told = io.StringIO()
    with closing(SideBySide(targets)) as side_by_side:
        side_by_side.open()
        console = Console(file=told, width=120)
        result = Run(settings, side_by_side, Progress(console, budget)).execute()
    return Detection(result, told.getvalue())
