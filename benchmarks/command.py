"""Figures of `scavdiff run` as a command: two at once, and how its memory grows."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

from benchmarks.binaries import ROOT
from tools.soak import descendants, resident_kib

SAMPLE_SECONDS = 0.05
LAST_SAMPLE_COUNT = 10
_RATE = re.compile(r"\(([\d,]+) operations/s\)")


def speedup_of_two(operation_count: int, rounds: int) -> float:
    """How many times as much two runs at once compare as one alone, in wall-clock time: the median of the rounds."""
    ratios = []
    for seed in range(rounds):
        alone = _rate(_run(("--seed", str(seed), "--operations", str(operation_count))))
        both = [_run(("--seed", str(seed + other), "--operations", str(operation_count))) for other in (0, rounds)]
        ratios.append(sum(map(_rate, both)) / alone)
    return statistics.median(ratios)


def _rate(run: subprocess.Popen[str]) -> float:
    """Operations per second of wall-clock time that a run says of itself at its end."""
    match = _RATE.search(run.communicate()[0])
    assert match is not None, "the run did not say its rate"
    return float(match.group(1).replace(",", ""))


def resident_memory(operation_count: int) -> tuple[float, float]:
    """MiB of the driver, and of its target, towards the end of a run of so many operations."""
    process = _run(("--seed", "1", "--operations", str(operation_count)))
    samples: list[tuple[int, int]] = []
    while process.poll() is None:
        sizes = resident_kib(process.pid), sum(map(resident_kib, descendants(process.pid)))
        if all(sizes):
            samples.append(sizes)
        time.sleep(SAMPLE_SECONDS)
    process.communicate()
    driver, targets = zip(*samples[-LAST_SAMPLE_COUNT:], strict=True)
    return max(driver) / 1024, max(targets) / 1024


def _run(arguments: Sequence[str]) -> subprocess.Popen[str]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pymodel.differential.cli", "run", "--findings", folder, *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT)
