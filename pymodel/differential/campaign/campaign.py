"""One run of a campaign: from where the ledger ends to the end of the budget."""

from __future__ import annotations

import enum
import math
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pymodel.differential.campaign.blocks import BlockResult, Job, Kind
from pymodel.differential.campaign.budgets import CampaignBudget
from pymodel.differential.campaign.configuration import (
    Configuration,
    refuse_if_changed,
    with_targets,
    write_configuration,
)
from pymodel.differential.campaign.findings_folder import remove_slow_but, restore_findings, write_finding
from pymodel.differential.campaign.folding import FLAKY, Folded
from pymodel.differential.campaign.in_order import InOrder
from pymodel.differential.campaign.ledger import Ledger
from pymodel.differential.campaign.pool import Workers
from pymodel.differential.campaign.progress import CampaignProgress, campaign_line
from pymodel.differential.campaign.recovery import note_what_was_cut_off, open_or_recover
from pymodel.differential.corpus.guidance import AHEAD_COUNT_MAX, Guidance
from pymodel.differential.errors import HarnessError, WorkerFailed

WAIT_SECONDS = 0.25
# How long blocks under way may go on when the time is over; what does not come by then is not counted.
GRACE_SECONDS = 60.0
CORPUS_NAME = "corpus"


class Ending(enum.Enum):
    """How a run of a campaign ended."""

    FINISHED = "finished"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class CampaignSettings:
    """How to go on, as opposed to what the campaign is: none of it shows in totals or findings.

    A `worker_count` of 0 stands for the workers of a cluster.
    """

    folder: Path
    budget: CampaignBudget
    worker_count: int


class Campaign:
    """A campaign whose lock is held. `start_workers` starts them, and is given what is to be told of those that die."""

    def __init__(
        self,
        configuration: Configuration,
        settings: CampaignSettings,
        start_workers: Callable[[Callable[[str], None]], Workers],
        progress: CampaignProgress,
    ) -> None:
        self._configuration = configuration
        self._settings = settings
        self._start_workers = start_workers
        self._progress = progress
        self._folded = Folded()
        self._guidance: Guidance | None = None
        self._session = 0
        self._elapsed_before = 0.0
        self._operation_count_before = 0
        self._started = time.monotonic()

    def execute(self) -> Ending:
        """Runs to the end of the budget or to Ctrl-C; raises HarnessError for a target that cannot go on."""
        (self._settings.folder / CORPUS_NAME).mkdir(parents=True, exist_ok=True)
        with open_or_recover(self._settings.folder, self._configuration.shard, self._progress.note) as ledger:
            self._resume(ledger)
            if self._is_over() or not self._settings.budget.allows_block(self._first_block()):
                return Ending.FINISHED
            return self._run(ledger)

    def _run(self, ledger: Ledger) -> Ending:
        self._session = ledger.begin_session(self._settings.worker_count)
        self._started = time.monotonic()
        how = "failed"
        try:
            with closing(self._start_workers(self._progress.note)) as workers:
                self._work(workers, ledger)
            how = Ending.FINISHED.value
            return Ending.FINISHED
        except KeyboardInterrupt:
            how = Ending.INTERRUPTED.value
            return Ending.INTERRUPTED
        except (HarnessError, WorkerFailed) as error:
            how = f"stopped: {error}"
            raise
        finally:
            ledger.end_session(self._session, time.monotonic() - self._started, how)

    def _resume(self, ledger: Ledger) -> None:
        """Takes up what the ledger holds, and mends the folder of findings."""
        for row in ledger.rows():
            self._folded.add(row.result)
        if self._configuration.settings.guided:
            folder = self._settings.folder / CORPUS_NAME
            self._guidance = Guidance(folder, self._configuration.shard, [row.result for row in ledger.rows()])
        note_what_was_cut_off(ledger, self._progress.note)
        self._elapsed_before = ledger.elapsed_seconds()
        self._operation_count_before = self._folded.tally.operation_count
        ledger.note("budget", self._settings.budget.to_text())
        found = [
            finding for kind in (Kind.DIVERGENCE, Kind.HARNESS, Kind.SLOW) for finding in self._folded.findings(kind)
        ]
        count = restore_findings(self._findings_folder, found)
        if count:
            text = f"{count:,} traces of findings were missing or cut off, and are written again from the ledger"
            ledger.add_recovery(text)
            self._progress.note(text)
        if self._folded.blocks:
            blocks, operations = len(self._folded.blocks), self._folded.tally.operation_count
            self._progress.note(f"going on behind {blocks:,} blocks, {operations:,} operations")

    def _work(self, workers: Workers, ledger: Ledger) -> None:
        ahead = AHEAD_COUNT_MAX if self._guidance is not None else math.inf
        in_order = InOrder(workers, self._blocks(), self._job, ahead)
        over_since: float | None = None
        while True:
            more = not self._is_over() and in_order.give(self._settings.budget.allows_block)
            if not more and not in_order.under_way_count:
                return
            for result in in_order.take(WAIT_SECONDS):
                self._check_targets(workers)
                self._commit(ledger, result)
                if self._is_over_by_count():
                    return
            if self._is_over():
                over_since = over_since or time.monotonic()
                if time.monotonic() - over_since > GRACE_SECONDS:
                    return
            self._progress.update(self._line)

    def _blocks(self) -> Iterator[int]:
        return self._configuration.shard.blocks(frozenset(self._folded.blocks))

    def _first_block(self) -> int:
        return next(self._blocks())

    def _job(self, block: int) -> Job:
        job = Job(
            self._configuration.seed,
            block,
            known=self._folded.known_before(block),
            slow_seconds_min=self._folded.slow_seconds_min(),
        )
        return job if self._guidance is None else self._guidance.job(job)

    def _commit(self, ledger: Ledger, result: BlockResult) -> None:
        """Keeps a block in the ledger first, and then what follows from it in the folder."""
        ledger.record(result, self._session, time.monotonic() - self._started)
        if self._guidance is not None:
            self._guidance.add(result)
        news = {sighting.signature: sighting for sighting in result.sightings}
        for kind, signature in self._folded.add(result):
            finding = self._folded.finding(kind, signature)
            if kind == Kind.SLOW:
                continue
            path = write_finding(self._findings_folder, finding)
            if len(finding.origins) <= 1 and not news[signature].face_of:
                flaky = " (did not show again)" if finding.status == FLAKY else ""
                self._progress.note(f"{finding.kind}: {signature}{flaky}, {finding.operation_count} operations: {path}")
        if any(sighting.kind == Kind.SLOW for sighting in result.sightings):
            slowest = self._folded.findings(Kind.SLOW)
            for finding in slowest:
                write_finding(self._findings_folder, finding)
            remove_slow_but(self._findings_folder, slowest)

    def _check_targets(self, workers: Workers) -> None:
        """The targets of all runs of a campaign must be the same; the first run says which they are."""
        now = with_targets(self._configuration, workers.descriptions)
        refuse_if_changed(self._configuration, now, self._settings.folder)
        if now != self._configuration:
            self._configuration = now
            write_configuration(self._settings.folder, now)

    @property
    def _findings_folder(self) -> Path:
        return Path(self._configuration.settings.findings_folder)

    def _elapsed(self) -> float:
        return self._elapsed_before + (time.monotonic() - self._started if self._session else 0.0)

    def _is_over(self) -> bool:
        budget, shard = self._settings.budget, self._configuration.shard
        return budget.is_reached(self._folded.tally.operation_count, self._elapsed(), shard)

    def _is_over_by_count(self) -> bool:
        budget, shard = self._settings.budget, self._configuration.shard
        return budget.is_reached(self._folded.tally.operation_count, 0.0, shard)

    def _line(self) -> str:
        tally, seconds = self._folded.tally, time.monotonic() - self._started
        budget, shard = self._settings.budget, self._configuration.shard
        done = self._elapsed()
        return campaign_line(
            operation_count=tally.operation_count,
            rate=(tally.operation_count - self._operation_count_before) / seconds if seconds > 0 else 0.0,
            finding_count=self._folded.finding_count(),
            flaky_count=self._folded.flaky_count(),
            crash_count=tally.harness_errors.total(),
            corpus_count=len(self._guidance) if self._guidance is not None else 0,
            seconds_left=budget.seconds_left(done, len(self._folded.blocks), tally.operation_count, shard),
        )
