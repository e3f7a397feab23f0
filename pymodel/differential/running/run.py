"""The loop of `scavdiff run`: generate, run side by side, compare, shrink, keep, go on."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from pymodel.differential.errors import HarnessError
from pymodel.differential.generation.series_choice import series_of_run
from pymodel.differential.generation.workload import Work, workload
from pymodel.differential.running.allocator import give_back_free_memory
from pymodel.differential.running.budget import Budget
from pymodel.differential.running.findings import Finding, print_trace, slug, trace_path, write_atomically
from pymodel.differential.running.fruitless import Fruitless
from pymodel.differential.running.garbage import few_collections
from pymodel.differential.running.minimal import Minimal, minimal_divergence
from pymodel.differential.running.progress import Progress
from pymodel.differential.running.report import divergence_report, harness_report
from pymodel.differential.running.side_by_side import FATAL_ERRORS, Comparison, SideBySide
from pymodel.differential.running.sweep import SweepingWindow, can_sweep
from pymodel.differential.running.tally import Tally
from pymodel.differential.running.window import Window

DISTINCT_FINDING_COUNT_MAX = 10
# So that the holes that they leave in the heap do not add up.
GIVE_BACK_PROGRAM_COUNT = 500
INTERRUPTED_STATUS = 130


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What a run is to do. `replay_flags` are the flags that give a replay the same targets."""

    seed: int
    budget: Budget
    findings_folder: Path
    stop_after: int = DISTINCT_FINDING_COUNT_MAX
    replay_flags: tuple[str, ...] = ()


FoundT = TypeVar("FoundT")


@dataclass(slots=True)
class ResultOf(Generic[FoundT]):
    """What a run did and found. `fatal` ended it early: a target that cannot go on."""

    tally: Tally = field(default_factory=Tally)
    findings: dict[str, FoundT] = field(default_factory=dict)
    fatal: HarnessError | None = None
    interrupted: bool = False
    seconds: float = 0.0

    @property
    def exit_status(self) -> int:
        """130 if interrupted, 1 if there is a divergence, 2 if there is only a harness error, 0 otherwise."""
        if self.interrupted:
            return INTERRUPTED_STATUS
        if self.findings:
            return 1
        return 2 if self.fatal is not None or self.tally.harness_errors else 0


RunResult = ResultOf[Finding]


class Run:
    """One run over open targets."""

    def __init__(self, settings: RunSettings, side_by_side: SideBySide, progress: Progress) -> None:
        self._settings = settings
        self._side_by_side = side_by_side
        self._progress = progress
        self._fruitless = Fruitless()
        self._taken_count = 0
        self._started = time.monotonic()
        self.result = RunResult()
        self._window: Window | SweepingWindow = Window(side_by_side, workload(settings.seed))
        # A number of programs is kept to exactly.
        if settings.budget.program_count is None and can_sweep(side_by_side):
            self._window = SweepingWindow(
                self._window,
                side_by_side,
                series_of_run(settings.seed),
                self.result.tally,
                settings.budget.operation_count,
            )

    def execute(self) -> RunResult:
        """Runs to the end of the budget, to the last finding wanted, to a fatal error or to Ctrl-C."""
        self._started = time.monotonic()
        try:
            with few_collections():
                while not self._is_done() and (taken := self._window.next(self._within_budget)) is not None:
                    self._take(*taken)
        except FATAL_ERRORS as error:
            self.result.fatal = error
        except KeyboardInterrupt:
            self.result.interrupted = True
        self.result.seconds = time.monotonic() - self._started
        return self.result

    def _is_done(self) -> bool:
        """Whether what is on its way is of no more interest, so that the window's size does not show in the result."""
        limit = self._settings.budget.operation_count
        return len(self.result.findings) >= self._settings.stop_after or (
            limit is not None and self.result.tally.operation_count >= limit
        )

    def _within_budget(self, sent_program_count: int) -> bool:
        seconds = time.monotonic() - self._started
        return self._settings.budget.allows_another(sent_program_count, self.result.tally.operation_count, seconds)

    def _take(self, work: Work, comparison: Comparison) -> None:
        self._count(work, comparison)
        for error in comparison.failures:
            self._record_failure(work, error)
        self._fruitless.check(comparison)
        if comparison.divergence is not None:
            self._record_divergence(work, comparison)
        self._progress.update(self.result.tally, len(self.result.findings))
        self._taken_count += 1
        if self._taken_count % GIVE_BACK_PROGRAM_COUNT == 0:
            give_back_free_memory()

    def _count(self, work: Work, comparison: Comparison) -> None:
        tally = self.result.tally
        if comparison.left_out:
            tally.left_out.update(comparison.left_out.items())
        if len(comparison.transcripts) > 1:
            tally.add_compared(work.source, work.program, comparison.transcripts)
        else:
            tally.uncompared_program_count += 1

    def _record_failure(self, work: Work, error: HarnessError) -> None:
        """Counts a harness error; the first of its kind from a target is told and its program kept."""
        kind = f"{error.target}: {type(error).__name__}"
        self.result.tally.harness_errors[kind] += 1
        if self.result.tally.harness_errors[kind] > 1:
            return
        path = trace_path(self._settings.findings_folder, f"harness-{slug(kind)}", self._settings.seed)
        report = harness_report(error, self._origin(work), path, self._settings.replay_flags)
        write_atomically(path, print_trace(work.program, report, None))
        self._progress.note(report)

    def _record_divergence(self, work: Work, comparison: Comparison) -> None:
        """Counts a divergence; the first of its signature is shrunk, kept and told."""
        assert comparison.divergence is not None
        self.result.tally.divergent_program_count += 1
        signature = comparison.divergence.signature
        known = self.result.findings.get(signature)
        if known is not None:
            known.count += 1
            return
        minimal = Minimal(work.program, comparison.divergence)
        seconds = time.monotonic() - self._started
        try:
            self._window.collect_early()
            minimal = minimal_divergence(self._side_by_side, work.program, comparison.divergence)
        finally:
            # Also if shrinking is interrupted, or a target cannot go on.
            self._keep(work, comparison, minimal, seconds)

    def _keep(self, work: Work, comparison: Comparison, minimal: Minimal, seconds: float) -> None:
        """Makes a finding: tells it, writes its trace and, where it did not show again, what the targets answered."""
        signature = minimal.divergence.signature
        path = trace_path(self._settings.findings_folder, signature, self._settings.seed)
        finding = Finding(
            minimal.divergence,
            minimal.program,
            self._origin(work),
            path,
            original_operation_count=len(work.program.operations),
            found_after_operation_count=self.result.tally.operation_count,
            found_after_seconds=seconds,
            flaky=minimal.flaky,
        )
        self.result.findings[signature] = finding
        report = divergence_report(finding, self._side_by_side.names, self._settings.replay_flags)
        write_atomically(path, print_trace(finding.program, report, finding.divergence.step))
        if finding.flaky:
            for name, transcript in comparison.transcripts.items():
                write_atomically(path.with_suffix(f".{slug(name)}.transcript"), transcript)
        self._progress.note(report)

    def _origin(self, work: Work) -> str:
        return f"program {work.number} of seed {self._settings.seed}, {work.source}"
