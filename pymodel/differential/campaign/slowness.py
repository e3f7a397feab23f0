"""The programs that take longest: performance outliers are findings."""

from __future__ import annotations

import heapq
import itertools
import time

from pymodel.differential.errors import HarnessError
from pymodel.differential.generation.workload import Work
from pymodel.differential.programs.codec import encode_program
from pymodel.differential.running.side_by_side import SideBySide
from pymodel.differential.targets.target import EncodedProgram

SLOWEST_COUNT = 10
"""So many are kept of a campaign."""

KEPT_OF_BLOCK_COUNT = 2
# Numbers that no other program in flight has.
_FIRST_ID = 1 << 48


class Slowness:
    """Times the programs of a block; keeps the slowest that took more than `seconds_min`."""

    def __init__(self, seconds_min: float) -> None:
        self._seconds_min = seconds_min
        self._slowest: list[tuple[float, int, Work]] = []

    def took(self, work: Work, seconds: float) -> None:
        """Notes how long the driver waited for `work`."""
        if seconds > self._seconds_min:
            heapq.heappush(self._slowest, (seconds, work.number, work))
            if len(self._slowest) > KEPT_OF_BLOCK_COUNT:
                heapq.heappop(self._slowest)

    def measured(self, side_by_side: SideBySide) -> list[tuple[Work, dict[str, float]]]:
        """The slowest again, each alone and on one target after the other; those that again took long, with seconds."""
        kept = []
        for (_, _, work), number in zip(self._slowest, itertools.count(_FIRST_ID), strict=False):
            seconds = _seconds_by_target(side_by_side, work, number)
            if seconds and max(seconds.values()) > self._seconds_min:
                kept.append((work, seconds))
        return kept


def _seconds_by_target(side_by_side: SideBySide, work: Work, program_id: int) -> dict[str, float]:
    request = EncodedProgram(program_id, work.program, encode_program(work.program, program_id, 0))
    seconds: dict[str, float] = {}
    for target in side_by_side.targets:
        started = time.perf_counter()
        try:
            target.send(request)
            target.receive()
        except HarnessError:
            continue
        seconds[target.name] = time.perf_counter() - started
    return seconds
