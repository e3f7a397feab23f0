"""How long a test waits: for what must come, as long as a busy machine may take; for what never comes, not long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pymodel.differential.targets.remote import RemoteTarget
from pymodel.differential.targets.target import ModelTarget

SECONDS_MAX = 60.0


def wait_until(holds: Callable[[], object], seconds_max: float = SECONDS_MAX) -> None:
    """Returns as soon as it holds; fails if it does not within the time."""
    deadline = time.monotonic() + seconds_max
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds_max:g} s"
        time.sleep(0.01)


@contextmanager
def time_for_a_program(target: RemoteTarget | ModelTarget, seconds: float) -> Iterator[None]:
    """Lets the target take so long for what is received within: a limit that only a program that hangs is to meet."""
    before, target._program_seconds = target._program_seconds, seconds
    try:
        yield
    finally:
        target._program_seconds = before
