"""What a campaign shows while it works: a line that moves on a terminal, a line a minute in a log."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from pymodel.differential.errors import BadInput
from pymodel.differential.running.progress import duration

TERMINAL_INTERVAL_SECONDS = 0.25
LOG_INTERVAL_SECONDS = 60.0
LOG_NAME = "log.txt"


class CampaignProgress:
    """Shows lines on `console` and keeps notes, and a line a minute, in the campaign's log."""

    def __init__(self, console: Console, folder: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._path = folder / LOG_NAME
        self._now = now
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        self._last_shown = self._last_logged = now()

    def __enter__(self) -> Self:
        try:
            self._log = self._path.open("a", encoding="utf-8")
        except OSError as error:
            raise BadInput(f"cannot write {self._path}: {error.strerror}") from error
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
        self._log.close()

    def update(self, line: Callable[[], str]) -> None:
        """Shows what `line` says, if the last time is long enough ago."""
        now = self._now()
        if self._live is not None and now - self._last_shown >= TERMINAL_INTERVAL_SECONDS:
            self._last_shown = now
            self._live.update(Text(line(), no_wrap=True, overflow="ellipsis"), refresh=True)
        if now - self._last_logged >= LOG_INTERVAL_SECONDS:
            self._last_logged = now
            self._keep(line())
            if self._live is None:
                self._console.print(Text(line()), soft_wrap=True)

    def note(self, text: str) -> None:
        """Prints and keeps lines that stay."""
        self._console.print(Text(text), soft_wrap=True)
        self._keep(text)

    def _keep(self, text: str) -> None:
        when = datetime.now().isoformat(" ", "seconds")
        self._log.write("".join(f"{when}  {line}\n" for line in text.splitlines()))
        self._log.flush()


def campaign_line(
    *,
    operation_count: int,
    rate: float,
    finding_count: int,
    flaky_count: int,
    crash_count: int,
    corpus_count: int,
    seconds_left: float | None,
) -> str:
    """Rate, total, distinct findings, crashes, corpus, time left."""
    parts = [
        f"{rate:,.0f} operations/s",
        f"{operation_count:,} in all",
        f"{finding_count:,} findings" + (f" ({flaky_count:,} flaky)" if flaky_count else ""),
        f"{crash_count:,} crashes",
        f"{corpus_count:,} in the corpus",
    ]
    if seconds_left is not None:
        parts.append(f"{duration(seconds_left)} left")
    return " · ".join(parts)
