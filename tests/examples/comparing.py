"""Holds a port to the specification, as `scavdiff run` does."""

from __future__ import annotations

import io
from contextlib import closing
from pathlib import Path

from rich.console import Console

from pymodel.differential.running.budget import Budget
from pymodel.differential.running.progress import Progress
from pymodel.differential.running.run import Run, RunResult, RunSettings
from pymodel.differential.running.side_by_side import SideBySide
from pymodel.differential.targets.target_specs import TimeLimits, make_target

LIMITS = TimeLimits(start_seconds=60)
# For `scavdiff smoke`, whose own limits are for somebody who waits at a machine that does nothing else.
PATIENCE = ("--start-seconds", "60", "--program-seconds", "60")


def compare_with_model(
    *specs: str, operation_count: int, folder: Path, seed: int = 1, stop_after: int = 1
) -> tuple[RunResult, str]:
    """Compares targets with the specification until the first finding or so many operations; what it did, and told."""
    budget = Budget(operation_count=operation_count)
    settings = RunSettings(seed, budget, folder, stop_after)
    targets = [make_target(spec, spec, LIMITS) for spec in ("model", *specs)]
    told = io.StringIO()
    with closing(SideBySide(targets)) as side_by_side:
        side_by_side.open()
        result = Run(settings, side_by_side, Progress(Console(file=told, width=120), budget)).execute()
    return result, told.getvalue()
