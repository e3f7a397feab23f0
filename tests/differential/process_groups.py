"""The processes of a group, which must all end when what started them does."""

from __future__ import annotations

import subprocess
import time


def processes_of_group(group: str) -> list[str]:
    """Those that have not ended, as ps tells of them."""
    listed = subprocess.run(["ps", "-o", "pid=,stat=", "-s", group], stdout=subprocess.PIPE, text=True, check=False)
    return [line for line in listed.stdout.splitlines() if " Z" not in line]


def assert_all_end(group: str, seconds_max: float = 60) -> None:
    """Waits for the group to end, and fails if it does not."""
    deadline = time.monotonic() + seconds_max
    while processes_of_group(group) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_of_group(group) == []
