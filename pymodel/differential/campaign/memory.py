"""Ends a target that takes too much memory, before the machine does; which program it was is told as of any death."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Sequence

import psutil

from pymodel.differential.errors import HarnessError, TargetDied, TargetOutgrew
from pymodel.differential.targets.target import Target

MEMORY_MIB_MAX = 2048
LOOK_SECONDS = 0.1
MIB = 1 << 20


class MemoryWatch:
    """Looks at the resident memory of the targets' processes, a group each, for as long as the `with` block lasts."""

    def __init__(self, targets: Sequence[Target], bytes_max: int) -> None:
        self._targets = targets
        self._bytes_max = bytes_max
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_again_and_again, daemon=True)
        # By target: how large it was when it was killed. Written by the thread, taken by `excuse`.
        self._killed_at: dict[str, int] = {}

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def excuse(self, error: HarnessError) -> HarnessError:
        """The error, or, for the death of a target that was killed here, one that says why."""
        size = self._killed_at.pop(error.target, None)
        if size is None or not isinstance(error, TargetDied):
            return error
        limit = f"{self._bytes_max // MIB:,} MiB"
        what = f"grew to {size // MIB:,} MiB, more than the {limit} that it may have, and was killed"
        return TargetOutgrew(error.target, what, stderr_lines=error.stderr_lines)

    def _look_again_and_again(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            for target in self._targets:
                process_id = process_id_of(target)
                size = resident_bytes(process_id) if process_id is not None else 0
                if process_id is not None and size > self._bytes_max:
                    self._killed_at[target.name] = size
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(process_id, signal.SIGKILL)


def process_id_of(target: Target) -> int | None:
    """The process that leads the target's group, if the driver started one."""
    process_id = getattr(getattr(target, "endpoint", target), "process_id", None)
    return process_id if isinstance(process_id, int) else None


def resident_bytes(process_id: int) -> int:
    """What a process and all that it started hold; 0 if it has ended."""
    try:
        process = psutil.Process(process_id)
        return sum(_resident(each) for each in (process, *process.children(recursive=True)))
    except psutil.Error:
        return 0


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
