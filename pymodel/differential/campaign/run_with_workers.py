"""`scavdiff run --workers N`: a run divided among processes, with the totals and findings that one would come to."""

from __future__ import annotations

import base64
import itertools
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from pymodel.differential.campaign.blocks import BlockResult, Job, Kind, Sighting
from pymodel.differential.campaign.in_order import InOrder
from pymodel.differential.campaign.pool import WorkerPool, Workers
from pymodel.differential.campaign.settings import WorkerSettings
from pymodel.differential.comparison.strictness import Strictness, strictness_ignoring
from pymodel.differential.errors import HarnessError
from pymodel.differential.generation.workload import BLOCK_PROGRAM_COUNT
from pymodel.differential.running.findings import slug, trace_path, write_atomically
from pymodel.differential.running.progress import Progress
from pymodel.differential.running.run import ResultOf, RunSettings
from pymodel.differential.running.summary import WIDTH_MAX, summary
from pymodel.differential.targets.capabilities import Description

WAIT_SECONDS = 0.25
# Programs that take long are no findings of a run.
NEVER_SLOW = 1e9
# How long workers may take to stop in the middle of a block.
STOP_SECONDS_MAX = 10.0


@dataclass(slots=True)
class ToldFinding:
    """A finding as a worker told it."""

    sighting: Sighting
    path: Path
    count: int

    @property
    def flaky(self) -> bool:
        """Whether it did not show again."""
        return self.sighting.flaky


WorkersResult = ResultOf[ToldFinding]


class RunWithWorkers:
    """One run over workers that were started `of_run`."""

    def __init__(self, settings: RunSettings, workers: Workers, progress: Progress) -> None:
        self._settings = settings
        self._workers = workers
        self._progress = progress
        self._in_order = InOrder(workers, itertools.count(), self._job)
        self._harness_seen: set[str] = set()
        self._jobs: dict[int, Job] = {}
        self._started = time.monotonic()
        self.result = WorkersResult()

    def execute(self) -> WorkersResult:
        """Runs to the end of the budget, to the last finding wanted, to a fatal error or to Ctrl-C."""
        self._started = time.monotonic()
        try:
            self._work()
        except HarnessError as error:
            self.result.fatal = error
        except KeyboardInterrupt:
            self.result.interrupted = True
            self._gather()
        self.result.seconds = time.monotonic() - self._started
        return self.result

    def _work(self) -> None:
        while True:
            if self._is_out_of_time():
                self._gather()
                return
            more = self._in_order.give(self._allows)
            if not more and not self._in_order.under_way_count:
                return
            for result in self._in_order.take(WAIT_SECONDS):
                if self._accept(result):
                    return
            self._progress.update(self.result.tally, len(self.result.findings))

    def _allows(self, block: int) -> bool:
        limit = self._settings.budget.program_count
        return limit is None or block * BLOCK_PROGRAM_COUNT < limit

    def _job(self, block: int) -> Job:
        limit = self._settings.budget.program_count
        left = None if limit is None else limit - block * BLOCK_PROGRAM_COUNT
        operation_limit = self._settings.budget.operation_count
        self._jobs[block] = Job(
            self._settings.seed,
            block,
            known=tuple(self.result.findings),
            slow_seconds_min=NEVER_SLOW,
            program_count_max=left if left is not None and left < BLOCK_PROGRAM_COUNT else None,
            # A number of programs is kept to exactly.
            sweep=limit is None,
            # What an earlier block still may add to both can only bring the end nearer.
            operation_count_max=None
            if operation_limit is None
            else operation_limit - self.result.tally.operation_count,
            new_finding_count_max=self._settings.stop_after - len(self.result.findings),
        )
        return self._jobs[block]

    def _is_out_of_time(self) -> bool:
        limit = self._settings.budget.seconds
        return limit is not None and time.monotonic() - self._started >= limit

    def _accept(self, result: BlockResult) -> bool:
        """Counts a block, or the part of it that one process would have come to; whether that is the end."""
        given = self._jobs.pop(result.block)
        cut = self._cut(result)
        if cut is None:
            self._count(result)
            return False
        self._count(result if cut == given else self._run_again(cut))
        return True

    def _cut(self, result: BlockResult) -> Job | None:
        """The job that ends where the run is to end; None if that is not within the block."""
        known, limit = self.result.findings, self._settings.budget.operation_count
        left = None if limit is None else limit - self.result.tally.operation_count
        wanted_count = self._settings.stop_after - len(known)
        new_count = sum(signature not in known for signature in result.signatures)
        if (left is None or result.tally.operation_count < left) and new_count < wanted_count:
            return None
        return self._job(result.block)

    def _run_again(self, job: Job) -> BlockResult:
        """Runs a block up to a limit; all other blocks are of no more interest."""
        while self._workers.idle_count() == 0:
            self._workers.wait(WAIT_SECONDS)
        self._workers.give(job)
        while True:
            for result in self._workers.wait(WAIT_SECONDS):
                if result.block == job.block:
                    return result

    def _gather(self) -> None:
        """Counts what the workers have of the blocks under way."""
        self._workers.stop()
        deadline = time.monotonic() + STOP_SECONDS_MAX
        while self._in_order.under_way_count and time.monotonic() < deadline:
            for result in self._in_order.take(WAIT_SECONDS):
                self._count(result)
        for result in self._in_order.take_all():
            self._count(result)

    def _count(self, result: BlockResult) -> None:
        self.result.tally.add(result.tally)
        for sighting in sorted(result.sightings, key=lambda each: each.program):
            if sighting.kind == Kind.DIVERGENCE:
                self._count_finding(sighting)
            elif sighting.kind == Kind.HARNESS and sighting.signature not in self._harness_seen:
                self._harness_seen.add(sighting.signature)
                self._keep(sighting, self._path(f"harness-{slug(sighting.signature)}"))

    def _count_finding(self, sighting: Sighting) -> None:
        known = self.result.findings.get(sighting.signature)
        if known is not None:
            known.count += sighting.count
            return
        path = self._path(sighting.signature)
        self.result.findings[sighting.signature] = ToldFinding(sighting, path, sighting.count)
        self._keep(sighting, path)

    def _path(self, name: str) -> Path:
        return trace_path(self._settings.findings_folder, name, self._settings.seed)

    def _keep(self, sighting: Sighting, path: Path) -> None:
        if sighting.trace:
            write_atomically(path, sighting.trace)
        for name, encoded in sighting.transcripts.items() if sighting.flaky else ():
            write_atomically(path.with_suffix(f".{slug(name)}.transcript"), base64.b64decode(encoded))
        self._progress.note(sighting.report)


@dataclass(frozen=True, slots=True)
class _Targets:
    """What a summary says of targets that workers hold."""

    descriptions: Mapping[str, Description]
    strictness: Strictness


def run_with_workers(
    settings: RunSettings,
    worker_settings: WorkerSettings,
    count: int,
    console: Console,
    record: Callable[[WorkersResult, Mapping[str, Description]], None],
) -> int:
    """Runs, prints what a run in one process prints, and hands the result to `record`; the exit status."""
    strictness = strictness_ignoring(worker_settings.ignored)

    def note(text: str) -> None:
        console.print(Text(text), soft_wrap=True)

    with closing(WorkerPool(worker_settings, count, note)) as workers:
        while not workers.descriptions:
            workers.wait(WAIT_SECONDS)
        names = " and ".join(workers.descriptions)
        click.echo(f"seed {settings.seed}, {settings.budget}, {names}, {count} workers", err=True)
        with Progress(console, settings.budget) as progress:
            result = RunWithWorkers(settings, workers, progress).execute()
        targets = _Targets(workers.descriptions, strictness)
    width = shutil.get_terminal_size((WIDTH_MAX, 0)).columns
    click.echo(summary(result, targets, settings.seed, width), nl=False)
    record(result, targets.descriptions)
    return result.exit_status
