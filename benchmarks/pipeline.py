"""Whole runs, as `scavdiff run` makes them, each kind in a process of its own.

`python -m benchmarks.pipeline OPERATIONS TARGET...` connects to the targets, and for each seed that it reads it makes a
run of that many operations and answers with the sample. With `--no-series` before the operations, all programs are
sent, and one that fails early makes the operations a few less.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path

from rich.console import Console

from benchmarks.binaries import ROOT
from benchmarks.parts import works_of
from benchmarks.sampling import Sample, sample
from pymodel.differential.running.budget import Budget
from pymodel.differential.running.progress import Progress
from pymodel.differential.running.run import Run, RunSettings
from pymodel.differential.running.side_by_side import SideBySide
from pymodel.differential.targets.target_specs import TimeLimits, make_target

NO_SERIES = "--no-series"


class Pipeline:
    """The part: runs of `operation_count` operations over the targets; `environment` is added to the process's own."""

    def __init__(
        self,
        name: str,
        operation_count: int,
        specs: Sequence[str] = ("model", "go"),
        environment: Mapping[str, str] | None = None,
        *,
        with_series: bool = True,
    ) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "benchmarks.pipeline"),
                *([] if with_series else [NO_SERIES]),
                *(str(operation_count), *specs),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | (environment or {}),
        )

    def measure(self, seed: int) -> Sample:
        """Makes one run."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{seed}\n")
        self._process.stdin.flush()
        return Sample(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """Ends the process, which ends its targets."""
        self._process.communicate()


def run_once(side_by_side: SideBySide, seed: int, budget: Budget, folder: Path) -> int:
    """Makes a run; returns how many operations it compared. Raises RuntimeError if not all was well."""
    run = Run(RunSettings(seed, budget, folder), side_by_side, Progress(Console(file=io.StringIO()), budget))
    result = run.execute()
    if result.exit_status != 0:
        raise RuntimeError(f"a run that is to be measured ended with status {result.exit_status}: {result}")
    return result.tally.operation_count


def main(arguments: Sequence[str]) -> None:
    """Answers each seed on standard input with a sample on standard output."""
    with_series = arguments[0] != NO_SERIES
    arguments = arguments[0 if with_series else 1 :]
    operation_count, specs = int(arguments[0]), arguments[1:]
    targets = [make_target(spec, spec, TimeLimits()) for spec in specs]
    with closing(SideBySide(targets)) as side_by_side, tempfile.TemporaryDirectory() as folder:
        side_by_side.open()
        for line in sys.stdin:
            seed = int(line)
            budget = Budget(operation_count=operation_count)
            if not with_series:
                # A run that is asked for a number of programs sends all of them.
                budget = Budget(program_count=len(works_of(seed, operation_count)))
            measured = sample(partial(run_once, side_by_side, seed, budget, Path(folder)))
            print(json.dumps(asdict(measured)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
