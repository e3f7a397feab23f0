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
_COMPARED = re.compile(r"([\d,]+) operations, [\d,]+ whole states in \S+ \(([\d,]+) operations/s\)")


@dataclass(frozen=True, slots=True)
class Dividing:
    """What two workers bring: their speed by that of one, in wall-clock time and in processor time.

    The second is what dividing costs by itself: 1 if two workers need as much for an operation as one.
    """

    speedup: float
    efficiency: float


def dividing_among_two(seconds: float, rounds: int) -> Dividing:
    """Runs of so many seconds with one worker and with two, in turn: the medians of the rounds."""
    speedups, efficiencies = [], []
    for seed in range(rounds):
        alone, both = (_sample_of_run(seconds, seed, worker_count) for worker_count in (1, 2))
        speedups.append(both.operation_count / both.wall_seconds / (alone.operation_count / alone.wall_seconds))
        efficiencies.append(both.rate / alone.rate)
    return Dividing(statistics.median(speedups), statistics.median(efficiencies))


def _sample_of_run(seconds: float, seed: int, worker_count: int) -> Sample:
    """What a run says of itself, without its start; and the processor time of all its processes, with it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = _run(("--seed", str(seed), "--seconds", str(seconds), "--workers", str(worker_count)))
    text = " ".join(run.communicate()[0].split())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    match = _COMPARED.search(text)
    assert match is not None, f"the run did not say what it compared: {text}"
    operation_count, rate = (int(number.replace(",", "")) for number in match.groups())
    processor_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Sample(operation_count, processor_seconds, processor_seconds, operation_count / max(rate, 1))


def resident_memory(operation_count: int) -> tuple[float, float]:
    """MiB of the driver, and of its target, towards the end of a run of so many operations."""
    process = _run(("--seed", "1", "--operations", str(operation_count)))
    samples: list[tuple[int, int]] = []
    while process.poll() is None:
        sizes = resident_kib(process.pid), sum(map(resident_kib, descendants(process.pid)))
        if all(sizes):
            samples.append(sizes)
        time.sleep(SAMPLE_SECONDS)
    text, _ = process.communicate()
    assert process.returncode == 0, f"a run that is to be measured found something: {text}"
    driver, targets = zip(*samples[-LAST_SAMPLE_COUNT:], strict=True)
    return max(driver) / 1024, max(targets) / 1024


def _run(arguments: Sequence[str]) -> subprocess.Popen[str]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pymodel.differential.cli", "run", "--findings", folder, *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT)
