"""What is measured: operations, and the processor time that they took of this process and of those it started."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tools.soak import descendants

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Sample:
    """One round of a part. `busiest_seconds` is the processor time of the busiest process: what the round takes at
    least on a machine with a core for each."""

    operation_count: int
    processor_seconds: float
    busiest_seconds: float
    wall_seconds: float

    @property
    def rate(self) -> float:
        """Operations per second of processor time, all processes together."""
        return self.operation_count / self.processor_seconds

    @property
    def critical_rate(self) -> float:
        """Operations per second of the busiest process's processor time."""
        return self.operation_count / self.busiest_seconds


class Part(Protocol):
    """Something to be measured, round after round."""

    name: str

    def measure(self, seed: int) -> Sample:
        """Runs one round; rounds of equal seed do equal work, as far as the part has any choice."""

    def close(self) -> None:
        """Ends the processes that the part started."""


def median_rate(samples: Iterable[Sample]) -> float:
    """The median of the rates."""
    return statistics.median(sample.rate for sample in samples)


def sample(work: Callable[[], int]) -> Sample:
    """Measures `work`, which returns how many operations it did, with all processes that this one has started."""
    others = {pid: processor_seconds(pid) for pid in descendants(os.getpid())}
    wall, own = time.perf_counter(), time.process_time()
    operation_count = work()
    own = time.process_time() - own
    wall = time.perf_counter() - wall
    spent = [own, *(processor_seconds(pid) - before for pid, before in others.items())]
    return Sample(operation_count, sum(spent), max(spent), wall)


def processor_seconds(pid: int) -> float:
    """What a process has used of all processors, in its threads' sum; to a hundredth of a second."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND
