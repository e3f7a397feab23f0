"""Allocation histories: how many bytes a program allocated, and how many of its bytes died, over virtual time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pymodel.differential.simulate.quantities import NS_PER_SECOND, tell_bytes

ROW_COUNT_MAX = 4096
"""Rows that a history holds; of a longer one neighbours are put together, so that memory stays bounded."""

LIVE_BYTES_MAX = 16 << 30
ALLOCATED_BYTES_MAX = 1 << 60
DURATION_NS_MAX = 10_000 * 3600 * NS_PER_SECOND


class ImpossibleRow(Exception):
    """A row cannot follow those before it; the text says why."""


@dataclass(frozen=True, slots=True)
class LoggedCycle:
    """A GC cycle that a log reports at the end of its row: the goal in force during it, in bytes.

    `release_all` says that the program gave all free memory back after it (Go: debug.FreeOSMemory).
    """

    heap_goal: int
    release_all: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """What happened since the row before, up to `end_ns`: bytes allocated, then bytes that died, then a GC cycle."""

    end_ns: int
    allocated_bytes: int
    dead_bytes: int
    cycle: LoggedCycle | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Rows in order of time. `paced` says that GC cycles are for the pacer to place; else the rows carry them.

    `row_count` is how many rows there were before neighbours were put together.
    """

    origin: str
    rows: tuple[Row, ...]
    row_count: int
    paced: bool = True
    processor_count: int | None = None

    @property
    def duration_ns(self) -> int:
        """When the last row ends."""
        return self.rows[-1].end_ns


class HistoryBuilder:
    """Takes rows one at a time, checks each against those before it, and keeps their number bounded."""

    def __init__(self, row_count_max: int = ROW_COUNT_MAX) -> None:
        self.rows: list[Row] = []
        self.row_count = 0
        self.live_bytes = 0
        self._row_count_max = row_count_max
        self._end_ns = 0
        self._allocated_bytes = 0

    def add(self, row: Row) -> None:
        """Takes the next row; raises ImpossibleRow."""
        if row.end_ns < self._end_ns or (self.row_count and row.end_ns == self._end_ns):
            raise ImpossibleRow(f"time does not go forward: {_seconds(row.end_ns)} s after {_seconds(self._end_ns)} s")
        if row.end_ns > DURATION_NS_MAX:
            raise ImpossibleRow(f"more than {DURATION_NS_MAX // (3600 * NS_PER_SECOND)} hours")
        live_before = self.live_bytes + row.allocated_bytes
        if row.dead_bytes > live_before:
            raise ImpossibleRow(f"{row.dead_bytes} bytes are freed, but only {live_before} are allocated")
        self.live_bytes = live_before - row.dead_bytes
        self._allocated_bytes += row.allocated_bytes
        if self.live_bytes > LIVE_BYTES_MAX:
            raise ImpossibleRow(
                f"{tell_bytes(self.live_bytes)} are in use at once, more than {tell_bytes(LIVE_BYTES_MAX)}"
            )
        if self._allocated_bytes > ALLOCATED_BYTES_MAX:
            raise ImpossibleRow(f"more than {ALLOCATED_BYTES_MAX} bytes are allocated in all")
        self._end_ns = row.end_ns
        self.row_count += 1
        self.rows.append(row)
        if len(self.rows) > 2 * self._row_count_max:
            self._halve()

    def finish(self) -> tuple[Row, ...]:
        """The rows, at most `row_count_max`."""
        if len(self.rows) > self._row_count_max:
            self._halve()
        return tuple(self.rows)

    def _halve(self) -> None:
        pairs = zip(self.rows[::2], self.rows[1::2], strict=False)
        odd = self.rows[-1:] if len(self.rows) % 2 else []
        self.rows = [_together(first, second) for first, second in pairs] + odd


def _together(first: Row, second: Row) -> Row:
    """Two neighbours as one row. With cycles of their own, what the first cycle collected is left out.

    Else the one cycle that is left would find the garbage of both, and the heap would seem larger than it ever was.
    """
    allocated, dead = first.allocated_bytes + second.allocated_bytes, first.dead_bytes + second.dead_bytes
    if first.cycle is None or second.cycle is None:
        return Row(second.end_ns, allocated, dead)
    peak = max(first.allocated_bytes, allocated - first.dead_bytes)
    cycle = replace(second.cycle, release_all=first.cycle.release_all or second.cycle.release_all)
    return Row(second.end_ns, peak, peak - (allocated - dead), cycle)


def _seconds(ns: int) -> str:
    return f"{ns / NS_PER_SECOND:g}"
