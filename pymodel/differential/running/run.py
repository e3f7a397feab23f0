"""The loop of `scavdiff run`: generate, run side by side, compare, shrink, keep, go on."""

from __future__ import annotations

import collections
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pymodel.differential.errors import HarnessError, TargetGivenUp
from pymodel.differential.generation.workload import Work, workload
from pymodel.differential.running.budget import Budget
from pymodel.differential.running.findings import Finding, print_trace, slug, trace_path, write_atomically
from pymodel.differential.running.garbage import few_collections
from pymodel.differential.running.minimal import Minimal, minimal_divergence
from pymodel.differential.running.progress import Progress
from pymodel.differential.running.report import divergence_report, harness_report
from pymodel.differential.running.side_by_side import FATAL_ERRORS, Comparison, SideBySide
from pymodel.differential.running.tally import Tally

DISTINCT_FINDING_COUNT_MAX = 10
# Enough for the targets to have work while the driver compares; few enough to bound memory.
WINDOW_PROGRAM_COUNT = 8
WINDOW_OPERATION_COUNT = 20_000
FRUITLESS_PROGRAM_COUNT_MAX = 10
INTERRUPTED_STATUS = 130


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What a run is to do. `replay_flags` are the flags that give a replay the same targets."""

    seed: int
    budget: Budget
    findings_folder: Path
    stop_after: int = DISTINCT_FINDING_COUNT_MAX
    replay_flags: tuple[str, ...] = ()


@dataclass(slots=True)
class RunResult:
    """What a run did and found. `fatal` ended it early: a target that cannot go on."""

    tally: Tally = field(default_factory=Tally)
    findings: dict[str, Finding] = field(default_factory=dict)
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


class Run:
    """One run over open targets."""

    def __init__(self, settings: RunSettings, side_by_side: SideBySide, progress: Progress) -> None:
        self._settings = settings
        self._side_by_side = side_by_side
        self._progress = progress
        self._works: Iterator[Work] = workload(settings.seed)
        self._window: collections.deque[Work] = collections.deque()
        self._window_operation_count = 0
        # Collected early, because shrinking needed the targets.
        self._collected: collections.deque[Comparison] = collections.deque()
        self._sent_count = 0
        self._fruitless_counts: collections.Counter[str] = collections.Counter()
        self._started = time.monotonic()
        self.result = RunResult()

    def execute(self) -> RunResult:
        """Runs to the end of the budget, to the last finding wanted, to a fatal error or to Ctrl-C."""
        self._started = time.monotonic()
        try:
            with few_collections():
                while self._fill_window() or self._window:
                    self._take_oldest()
                    if len(self.result.findings) >= self._settings.stop_after:
                        break
        except FATAL_ERRORS as error:
            self.result.fatal = error
        except KeyboardInterrupt:
            self.result.interrupted = True
        self.result.seconds = time.monotonic() - self._started
        return self.result

    def _fill_window(self) -> bool:
        """Sends programs until enough are on their way; whether any was sent."""
        sent = False
        while self._window_has_room() and self._within_budget():
            work = next(self._works)
            self._side_by_side.submit(work.program, work.checkpoint_interval, check=work.is_checked)
            self._window.append(work)
            self._window_operation_count += len(work.program.operations)
            self._sent_count += 1
            sent = True
        return sent

    def _window_has_room(self) -> bool:
        # What was collected early belongs to the window's first programs; nothing may be sent before it is taken.
        return (
            not self._collected
            and len(self._window) < WINDOW_PROGRAM_COUNT
            and self._window_operation_count < WINDOW_OPERATION_COUNT
        )

    def _within_budget(self) -> bool:
        seconds = time.monotonic() - self._started
        return self._settings.budget.allows_another(self._sent_count, self.result.tally.operation_count, seconds)

    def _take_oldest(self) -> None:
        comparison = self._collected.popleft() if self._collected else self._side_by_side.collect()
        work = self._window.popleft()
        self._window_operation_count -= len(work.program.operations)
        self._count(work, comparison)
        for error in comparison.failures:
            self._record_failure(work, error)
        self._check_fruitless(comparison)
        if comparison.divergence is not None:
            self._record_divergence(work, comparison)
        self._progress.update(self.result.tally, len(self.result.findings))

    def _count(self, work: Work, comparison: Comparison) -> None:
        tally = self.result.tally
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

    def _check_fruitless(self, comparison: Comparison) -> None:
        """Raises TargetGivenUp for a target that fails one program after the other."""
        for name in comparison.transcripts:
            self._fruitless_counts[name] = 0
        for error in comparison.failures:
            self._fruitless_counts[error.target] += 1
            if self._fruitless_counts[error.target] >= FRUITLESS_PROGRAM_COUNT_MAX:
                what = f"was given up: it failed {FRUITLESS_PROGRAM_COUNT_MAX} programs in a row"
                raise TargetGivenUp(error.target, what, stderr_lines=error.stderr_lines) from error

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
            self._collect_early()
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

    def _collect_early(self) -> None:
        while self._side_by_side.pending_count:
            self._collected.append(self._side_by_side.collect())

    def _origin(self, work: Work) -> str:
        return f"program {work.number} of seed {self._settings.seed}, {work.source}"
