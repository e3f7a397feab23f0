"""The programs on their way: enough for the targets to have work while the driver compares, few enough for memory."""

from __future__ import annotations

import collections
import time
from collections.abc import Callable, Iterator

from pymodel.differential.generation.workload import Work
from pymodel.differential.running.side_by_side import Comparison, SideBySide

WINDOW_PROGRAM_COUNT = 24
# They are sent many at once: each that is sent by itself wakes threads that take time from the model.
REFILL_PROGRAM_COUNT = 8
WINDOW_OPERATION_COUNT = 20_000


class Window:
    """Sends works ahead, and hands out each with its comparison, in order."""

    def __init__(self, side_by_side: SideBySide, works: Iterator[Work]) -> None:
        self._side_by_side = side_by_side
        self._works = works
        self._sent: collections.deque[Work] = collections.deque()
        self._sent_operation_count = 0
        # Collected early, because somebody needed the targets.
        self._collected: collections.deque[Comparison] = collections.deque()
        self.sent_program_count = 0
        self._seconds = 0.0

    def next(self, may_send: Callable[[int], bool]) -> tuple[Work, Comparison] | None:
        """The next work and what came of it; None at the end.

        `may_send` says whether one more may be sent, given how many were.
        """
        self._fill(may_send)
        if not self._sent:
            return None
        started = time.perf_counter()
        comparison = self._collected.popleft() if self._collected else self._side_by_side.collect()
        self._seconds = time.perf_counter() - started
        work = self._sent.popleft()
        self._sent_operation_count -= len(work.program.operations)
        return work, comparison

    def take_seconds(self) -> float:
        """How long the last comparison was waited for and made; 0 if it was there early, or this was asked before."""
        seconds, self._seconds = self._seconds, 0.0
        return seconds

    def collect_early(self) -> None:
        """Waits for all that was sent, so that the targets are free for other programs."""
        while self._side_by_side.pending_count:
            self._collected.append(self._side_by_side.collect())

    def _fill(self, may_send: Callable[[int], bool]) -> None:
        if len(self._sent) > REFILL_PROGRAM_COUNT:
            return
        while self._has_room() and may_send(self.sent_program_count):
            work = next(self._works, None)
            if work is None:
                return
            self._side_by_side.submit(work.program, work.checkpoint_interval, check=work.is_checked)
            self._sent.append(work)
            self._sent_operation_count += len(work.program.operations)
            self.sent_program_count += 1

    def _has_room(self) -> bool:
        # What was collected early belongs to the first works; nothing may be sent before it is taken.
        return (
            not self._collected
            and len(self._sent) < WINDOW_PROGRAM_COUNT
            and self._sent_operation_count < WINDOW_OPERATION_COUNT
        )
