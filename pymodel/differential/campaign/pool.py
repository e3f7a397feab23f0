"""Workers as processes of this machine: started, given jobs, replaced when they die."""

from __future__ import annotations

import collections
import contextlib
import itertools
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Protocol

from pymodel.differential.campaign.blocks import BlockResult, Job, Kind, Sighting, job_to_plain, result_from_plain
from pymodel.differential.campaign.messages import (
    Lines,
    description_from_plain,
    failure_of,
    parse_message,
    write_message,
)
from pymodel.differential.campaign.settings import WorkerSettings
from pymodel.differential.errors import WorkerFailed
from pymodel.differential.running.tally import Tally
from pymodel.differential.targets.capabilities import Description

COMMAND = (sys.executable, "-m", "pymodel.differential.campaign.worker")
# A block that has killed so many workers is left out, and told.
DEATH_OF_BLOCK_COUNT_MAX = 3
# So many workers in a row that end before they are ready end the campaign.
DEATH_AT_START_COUNT_MAX = 3
STOP_SECONDS_MAX = 2.0
_READ_BYTES = 1 << 16


class Workers(Protocol):
    """Whatever runs jobs."""

    descriptions: Mapping[str, Description]

    def idle_count(self) -> int:
        """How many jobs may be given now."""

    def give(self, job: Job) -> None:
        """Starts a job; there is an idle worker."""

    def wait(self, seconds: float) -> Sequence[BlockResult]:
        """The results that come within `seconds`, or as soon as there is one.

        Raises HarnessError for a target that cannot go on, BadInput, or WorkerFailed.
        """

    def stop(self) -> None:
        """Asks all workers to cut their jobs short; what they have so far comes as results that are not whole."""

    def close(self) -> None:
        """Ends all workers at once."""


@dataclass(slots=True)
class _Worker:
    number: int
    process: subprocess.Popen[bytes]
    lines: Lines = field(default_factory=Lines)
    is_ready: bool = False
    job: Job | None = None
    stopped: bool = False

    @property
    def output(self) -> IO[bytes]:
        assert self.process.stdout is not None
        return self.process.stdout

    def say(self, kind: str, value: Any) -> None:
        """Sends a message; one that is dying does not hear it, and its end is noticed where its answers are read."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            write_message(self.process.stdin, kind, value)  # type: ignore[arg-type]


class WorkerPool:
    """`count` processes. `note` is told in a sentence of each that died."""

    def __init__(
        self, settings: WorkerSettings, count: int, note: Callable[[str], None], log: IO[bytes] | None = None
    ) -> None:
        self.descriptions: Mapping[str, Description] = {}
        self._settings = settings
        self._note = note
        self._log = log
        self._numbers = itertools.count(1)
        self._selector = selectors.DefaultSelector()
        self._workers: list[_Worker] = []
        self._waiting: collections.deque[Job] = collections.deque()
        self._deaths_of_blocks: collections.Counter[int] = collections.Counter()
        self._deaths_at_start_count = 0
        self._results: list[BlockResult] = []
        self._is_stopping = False
        for _ in range(count):
            self._start()

    def process_ids(self) -> list[int]:
        """The workers' processes."""
        return [worker.process.pid for worker in self._workers]

    def idle_count(self) -> int:
        """How many jobs may be given now."""
        idle = sum(worker.is_ready and worker.job is None for worker in self._workers)
        return max(0, idle - len(self._waiting))

    def give(self, job: Job) -> None:
        """Starts a job; there is an idle worker."""
        self._waiting.append(job)
        self._hand_out()

    def wait(self, seconds: float) -> Sequence[BlockResult]:
        """The results that come within `seconds`, or as soon as there is one, or as soon as a worker is ready."""
        deadline = time.monotonic() + seconds
        idle_before = self.idle_count()
        while not self._results and self.idle_count() <= idle_before:
            ready = self._selector.select(max(0.0, deadline - time.monotonic()))
            for key, _ in ready:
                self._hear(key.data)
            self._hand_out()
            if not ready:
                break
        results, self._results = self._results, []
        return results

    def stop(self) -> None:
        """Asks all workers to cut their jobs short."""
        self._is_stopping = True
        self._waiting.clear()
        for worker in self._workers:
            worker.say("stop", True)

    def close(self) -> None:
        """Ends all workers at once."""
        for worker in self._workers:
            _end(worker)
        self._workers.clear()
        self._selector.close()

    def _start(self) -> None:
        process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            # So that Ctrl-C reaches only the driver.
            start_new_session=True,
        )
        worker = _Worker(next(self._numbers), process)
        self._workers.append(worker)
        self._selector.register(worker.output, selectors.EVENT_READ, worker)
        worker.say("settings", self._settings.to_plain())

    def _hand_out(self) -> None:
        for worker in self._workers:
            if self._waiting and worker.is_ready and worker.job is None:
                worker.job = self._waiting.popleft()
                worker.say("job", job_to_plain(worker.job))

    def _hear(self, worker: _Worker) -> None:
        data = os.read(worker.output.fileno(), _READ_BYTES)
        if not data:
            self._replace(worker)
            return
        for line in worker.lines.feed(data):
            kind, value = parse_message(line)
            failure = failure_of(kind, value)
            if failure is not None:
                raise failure
            if kind == "ready":
                worker.is_ready = True
                self._deaths_at_start_count = 0
                self.descriptions = {name: description_from_plain(plain) for name, plain in value.items()}
            else:
                self._results.append(result_from_plain(value))
                worker.job = None

    def _replace(self, worker: _Worker) -> None:
        """Puts another in the place of one that died, and its job back in front."""
        self._selector.unregister(worker.output)
        self._workers.remove(worker)
        status = _end(worker)
        if not worker.is_ready:
            self._deaths_at_start_count += 1
            if self._deaths_at_start_count >= DEATH_AT_START_COUNT_MAX:
                raise WorkerFailed(
                    f"{DEATH_AT_START_COUNT_MAX} workers in a row ended before they were ready ({status})"
                )
        job = worker.job
        where = f" in block {job.block}, which is run again" if job is not None else ""
        self._note(f"worker {worker.number} ended ({status}){where}")
        if job is not None and not self._is_stopping:
            self._deaths_of_blocks[job.block] += 1
            if self._deaths_of_blocks[job.block] >= DEATH_OF_BLOCK_COUNT_MAX:
                self._results.append(left_out(job, status))
            else:
                self._waiting.appendleft(job)
        if not self._is_stopping:
            self._start()


def left_out(job: Job, status: str) -> BlockResult:
    """The result of a block that kills every worker: no counts, and a harness error that says so."""
    report = (
        f"harness error (WorkerFailed): block {job.block} of seed {job.seed} ended {DEATH_OF_BLOCK_COUNT_MAX} workers "
        f"({status}); it is left out"
    )
    sighting = Sighting(
        Kind.HARNESS,
        "scavdiff: WorkerFailed",
        program=0,
        source="",
        count=1,
        unix_seconds=time.time(),
        report=report,
    )
    return BlockResult(
        job.seed, job.block, Tally(harness_errors=collections.Counter({"scavdiff: WorkerFailed": 1})), (sighting,), 0.0
    )


def _end(worker: _Worker) -> str:
    """Ends the process, if it has not ended; its targets end with it. Returns how it ended."""
    for stream in (worker.process.stdin, worker.process.stdout):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        worker.process.wait(STOP_SECONDS_MAX)
    if worker.process.poll() is None:
        worker.process.kill()
    status = worker.process.wait()
    return f"exit status {status}" if status >= 0 else f"killed by {signal.Signals(-status).name}"
