"""Figures of `scavdiff run` as a command: what two workers bring, and how its memory grows."""

from __future__ import annotations

import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.binaries import ROOT
from benchmarks.sampling import Sample
from tools.soak import descendants, resident_kib

SAMPLE_SECONDS = 0.05
LAST_SAMPLE_COUNT = 10
_RATE = re.compile(r"\(([\d,]+) operations/s\)")


@dataclass(frozen=True, slots=True)
class Dividing:
    """What two workers bring: their speed by that of one, in wall-clock time and in processor time.

    The second is what dividing costs by itself: 1 if two workers need as much for an operation as one.
    """

    speedup: float
    efficiency: float


def dividing_among_two(operation_count: int, rounds: int) -> Dividing:
    """Runs of as many operations with one worker and with two, in turn: the medians of the rounds."""
    speedups, efficiencies = [], []
    for seed in range(rounds):
        alone, both = (_timed(operation_count, seed, worker_count) for worker_count in (1, 2))
        speedups.append(alone.wall_seconds / both.wall_seconds)
        efficiencies.append(both.rate / alone.rate)
    return Dividing(statistics.median(speedups), statistics.median(efficiencies))


def _timed(operation_count: int, seed: int, worker_count: int) -> Sample:
    """A run, without what it takes to start; the wall-clock time is what the run says of itself."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    arguments = ("--seed", str(seed), "--operations", str(operation_count), "--workers", str(worker_count))
    rate = _rate(_run(arguments))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Sample(operation_count, seconds, seconds, operation_count / rate)


def _rate(run: subprocess.Popen[str]) -> float:
    """Operations per second of wall-clock time that a run says of itself at its end."""
    match = _RATE.search(" ".join(run.communicate()[0].split()))
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
