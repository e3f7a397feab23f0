"""Figures of `scavdiff run` as a command: with more workers, with more targets, and how its memory grows."""

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


def run_rate(arguments: Sequence[str]) -> float:
    """Operations per second of wall-clock time that a run says of itself."""
    match = _RATE.search(_run(arguments).communicate()[0])
    assert match is not None, "the run did not say its rate"
    return float(match.group(1).replace(",", ""))


def worker_speedup(operation_count: int, rounds: int) -> float:
    """How many times faster two workers are than one: the median of the rounds."""
    ratios = []
    for seed in range(rounds):
        common = ("--seed", str(seed), "--operations", str(operation_count))
        ratios.append(run_rate((*common, "--workers", "2")) / run_rate((*common, "--workers", "1")))
    return statistics.median(ratios)


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
