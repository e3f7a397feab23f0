from __future__ import annotations

import io

from rich.console import Console

from pymodel.differential.running.budget import Budget
from pymodel.differential.running.progress import Progress, duration, progress_line
from pymodel.differential.running.tally import Tally


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def tally() -> Tally:
    return Tally(program_count=1234, operation_count=60_000)


def test_the_line_tells_programs_operations_rate_and_time_left() -> None:
    line = progress_line(tally(), 0, 20.0, Budget(seconds=60))
    assert line == "1,234 programs · 60,000 operations · 3,000/s · 0:40 left"


def test_the_line_tells_what_went_wrong_only_if_something_did() -> None:
    counts = tally()
    counts.harness_errors["go: TargetDied"] = 3
    assert progress_line(counts, 2, 20.0, Budget()).endswith("3,000/s · 2 found · 3 harness errors")


def test_a_log_gets_a_line_every_ten_seconds_and_no_control_characters() -> None:
    clock, log = Clock(), io.StringIO()
    console = Console(file=log, force_terminal=False)
    with Progress(console, Budget(seconds=60), clock) as progress:
        for _ in range(250):
            clock.seconds += 0.1
            progress.update(tally(), 0)
        progress.note("something that is [not markup]")
    assert len(log.getvalue().splitlines()) == 3
    assert "\x1b" not in log.getvalue()
    assert "something that is [not markup]" in log.getvalue()


def test_a_terminal_gets_one_line_that_moves_and_is_gone_at_the_end() -> None:
    clock, screen = Clock(), io.StringIO()
    console = Console(file=screen, force_terminal=True, width=60)
    with Progress(console, Budget(seconds=60), clock) as progress:
        for _ in range(20):
            clock.seconds += 0.1
            progress.update(tally(), 0)
    assert "1,234 programs" in screen.getvalue()
    # The last thing written goes up to the line and erases it.
    assert screen.getvalue().endswith("\x1b[1A\x1b[2K")


def test_durations_are_told_as_clocks_tell_them() -> None:
    assert [duration(seconds) for seconds in (0, 59.6, 3599, 7384)] == ["0:00", "1:00", "59:59", "2:03:04"]
