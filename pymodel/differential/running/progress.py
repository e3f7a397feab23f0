"""What a run shows of itself while it works: a line that moves on a terminal, a line every ten seconds in a log."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from pymodel.differential.running.budget import Budget
from pymodel.differential.running.tally import Tally

TERMINAL_INTERVAL_SECONDS = 0.25
LOG_INTERVAL_SECONDS = 10.0


class Progress:
    """Shows a run's progress on `console`, never more often than that is useful."""

    def __init__(self, console: Console, budget: Budget, now: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._budget = budget
        self._now = now
        self._started = now()
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        self._interval = TERMINAL_INTERVAL_SECONDS if self._live is not None else LOG_INTERVAL_SECONDS
        self._last_shown = self._started

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def update(self, tally: Tally, finding_count: int) -> None:
        """Shows the counts, if the last time is long enough ago."""
        now = self._now()
        if now - self._last_shown < self._interval:
            return
        self._last_shown = now
        line = progress_line(tally, finding_count, now - self._started, self._budget)
        if self._live is not None:
            self._live.update(Text(line, no_wrap=True, overflow="ellipsis"), refresh=True)
        else:
            self._console.print(line, soft_wrap=True, highlight=False)

    def note(self, text: str) -> None:
        """Prints a line that stays."""
        self._console.print(Text(text), soft_wrap=True)


def progress_line(tally: Tally, finding_count: int, seconds: float, budget: Budget) -> str:
    """Programs, compared operations, rate, time left; what was found only if something was."""
    rate = tally.operation_count / seconds if seconds > 0 else 0.0
    parts = [
        f"{tally.program_count:,} programs",
        f"{tally.operation_count:,} operations",
        f"{rate:,.0f}/s",
    ]
    left = _seconds_left(budget.share_done(tally.program_count, tally.operation_count, seconds), seconds)
    if left is not None:
        parts.append(f"{duration(left)} left")
    if finding_count:
        parts.append(f"{finding_count} found")
    error_count = tally.harness_errors.total()
    if error_count:
        parts.append(f"{error_count} harness errors")
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """1:05, or 2:03:04."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def _seconds_left(share_done: float, seconds: float) -> float | None:
    return seconds * (1 - share_done) / share_done if share_done > 0 else None
