"""Histories from the log of a real program: what a Go 1.18 program printed with GODEBUG=gctrace=1,scavtrace=1.

Each line of gctrace is a row: between two cycles the heap grew from what the first left to what the second found, and
the second left the rest. Lines that are neither of gctrace nor of scavtrace are the program's own and are passed over.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from pymodel.differential.errors import BadInput
from pymodel.differential.simulate.history import (
    ROW_COUNT_MAX,
    History,
    HistoryBuilder,
    ImpossibleRow,
    LoggedCycle,
    Row,
)
from pymodel.differential.simulate.lines import read_lines
from pymodel.differential.simulate.trace_lines import (
    GcLine,
    ScavLine,
    is_gc_line,
    is_scav_line,
    parse_gc_line,
    parse_scav_line,
)


@dataclass(frozen=True, slots=True)
class TraceLog:
    """A log: the history in it, and its last lines of scavtrace, to be shown beside the simulated ones."""

    history: History
    scav_lines: tuple[ScavLine, ...]


def log_history(path: Path) -> TraceLog:
    """The log in a file; raises BadInput, which names file and line."""
    with read_lines(path) as lines:
        return parse_log(lines, str(path))


def parse_log(lines: Iterable[str], name: str) -> TraceLog:
    """The log in these lines, which errors call `name`."""
    reader = _Reader()
    line_number = 0
    for line_number, line in enumerate(lines, start=1):
        try:
            reader.read_line(line)
        except (ValueError, ImpossibleRow) as error:
            raise BadInput(f"{name}:{line_number}: {error}") from None
    if line_number == 0:
        raise BadInput(f"{name}:1: the log is empty")
    return reader.finish(name, line_number)


@dataclass(slots=True)
class _Reader:
    """Reads the lines of one log, in order. A row waits for its successor, as a forced release may follow it."""

    builder: HistoryBuilder = field(default_factory=HistoryBuilder)
    scav_lines: collections.deque[ScavLine] = field(default_factory=lambda: collections.deque(maxlen=ROW_COUNT_MAX))
    processor_count: int = 0
    _before: GcLine | None = None
    _waiting: Row | None = None

    def read_line(self, line: str) -> None:
        """Reads one line; raises ValueError or ImpossibleRow."""
        text = line.removesuffix("\n").removesuffix("\r")
        if not (is_gc_line(text) or is_scav_line(text)):
            return
        if not line.endswith("\n"):
            raise ValueError("the log is cut off in this line")
        if is_gc_line(text):
            self._read_gc(parse_gc_line(text))
        else:
            self._read_scav(parse_scav_line(text))

    def finish(self, name: str, line_count: int) -> TraceLog:
        """The whole log."""
        if self._waiting is None:
            what = "only lines of scavtrace, which tell no time" if self.scav_lines else "no line of gctrace"
            raise BadInput(
                f"{name}:{line_count}: the log has {what}; run the program with GODEBUG=gctrace=1,scavtrace=1"
            )
        self.builder.add(self._waiting)
        if self._waiting.end_ns == 0:
            raise BadInput(f"{name}:{line_count}: the log ends at 0 s, so no time passes in it")
        origin = f"{name}, {self.builder.row_count:,} GC cycles"
        history = History(
            origin, self.builder.finish(), self.builder.row_count, paced=False, processor_count=self.processor_count
        )
        return TraceLog(history, tuple(self.scav_lines))

    def _read_gc(self, line: GcLine | None) -> None:
        if line is None:
            raise ValueError("the line of gctrace is not whole, or not of Go 1.18")
        before = self._before
        expected = before.number + 1 if before else 1
        if line.number != expected:
            raise ValueError(f"gc {line.number} where gc {expected} should be: part of the log is missing")
        if before is not None and line.time_ns < before.time_ns:
            raise ValueError(f"time goes backwards: {line.time_ns / 1e9:g} s after {before.time_ns / 1e9:g} s")
        if line.processor_count == 0:
            raise ValueError("0 P: a program has at least one processor")
        live_bytes = before.marked_bytes if before else 0
        # Sizes are rounded down to MiB, so a cycle may seem to have found less than the one before left.
        end_bytes = max(line.end_bytes, live_bytes, line.marked_bytes)
        if self._waiting is not None:
            self.builder.add(self._waiting)
        self._waiting = Row(
            _later(line.time_ns, self._waiting),
            end_bytes - live_bytes,
            end_bytes - line.marked_bytes,
            LoggedCycle(line.goal_bytes),
        )
        self._before, self.processor_count = line, line.processor_count

    def _read_scav(self, line: ScavLine | None) -> None:
        if line is None:
            raise ValueError("the line of scavtrace is not whole, or not of Go 1.18")
        self.scav_lines.append(line)
        if line.forced and self._waiting is not None and self._waiting.cycle is not None:
            self._waiting = replace(self._waiting, cycle=replace(self._waiting.cycle, release_all=True))


def _later(time_ns: int, before: Row | None) -> int:
    """The time of a cycle; a log tells milliseconds, so two cycles may seem to be at once."""
    return time_ns if before is None else max(time_ns, before.end_ns + 1)
