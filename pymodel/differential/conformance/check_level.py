"""Holds targets to each other on the programs of one level, up to the first divergence, which is shrunk and kept."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pymodel.differential.conformance.level_programs import level_works
from pymodel.differential.conformance.levels import Level
from pymodel.differential.errors import HarnessError
from pymodel.differential.generation.workload import Work
from pymodel.differential.running.budget import Budget
from pymodel.differential.running.findings import Finding, print_trace, trace_path, write_atomically
from pymodel.differential.running.minimal import minimal_divergence
from pymodel.differential.running.report import divergence_report, harness_report
from pymodel.differential.running.side_by_side import Comparison, SideBySide
from pymodel.differential.running.tally import count_outcomes
from pymodel.differential.running.window import Window
from pymodel.differential.targets.capabilities import Description


class Standing(StrEnum):
    """What came of a level."""

    PASSED = "passed"
    DEPARTS = "departs"
    BROKEN = "broken"
    """A harness error: the target died, hung, lied or refused."""
    NOT_IMPLEMENTED = "not implemented"
    NOT_COMPARED = "not compared"
    """The target takes none of the level's programs."""


@dataclass(frozen=True, slots=True)
class LevelResult:
    """What came of a level, after how much. `told` says in one line why it did not pass, `report` in many."""

    level: Level
    standing: Standing
    program_count: int = 0
    operation_count: int = 0
    told: str = ""
    report: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """What is run on each level, and what is done with a finding; `replay_flags` give a replay the same targets."""

    seed: int
    budget: Budget
    folder: Path
    replay_flags: Sequence[str]


def missing(level: Level, description: Description) -> str | None:
    """Why a target does not have a level, in words; None if it has."""
    if level.capability in description.capabilities:
        return None
    below = level.capability.below - description.capabilities
    return f"builds on {min(below).words}, which is not there" if below else "Describe does not name it"


def check_level(level: Level, side_by_side: SideBySide, name: str, settings: Settings) -> LevelResult:
    """Runs the level's programs on all targets, of which `name` is the one to be judged; raises only FATAL_ERRORS."""
    description = side_by_side.descriptions[name]
    if (reason := missing(level, description)) is not None:
        return LevelResult(level, Standing.NOT_IMPLEMENTED, told=reason)
    return _Check(level, side_by_side, settings).run(description.operation_count_max)


class _Check:
    def __init__(self, level: Level, side_by_side: SideBySide, settings: Settings) -> None:
        self._level = level
        self._side_by_side = side_by_side
        self._settings = settings
        self._program_count = self._operation_count = 0
        self._started = time.monotonic()

    def run(self, operation_count_max: int) -> LevelResult:
        works = level_works(self._level, self._settings.seed, operation_count_max)
        window = Window(self._side_by_side, works)
        result = None
        left_out = ""
        try:
            while result is None and (taken := window.next(self._may_send)) is not None:
                work, comparison = taken
                self._count(comparison)
                left_out = next(iter(comparison.left_out.values()), left_out)
                result = self._judge(work, comparison, window)
        finally:
            # What is on its way belongs to this level.
            window.collect_early()
        if result is not None:
            return result
        if self._program_count == 0:
            return self._result(Standing.NOT_COMPARED, f"the target takes none of its programs: {left_out}")
        return self._result(Standing.PASSED)

    def _may_send(self, sent_program_count: int) -> bool:
        seconds = time.monotonic() - self._started
        return self._settings.budget.allows_another(sent_program_count, self._operation_count, seconds)

    def _count(self, comparison: Comparison) -> None:
        if len(comparison.transcripts) > 1:
            self._program_count += 1
            self._operation_count += count_outcomes(min(comparison.transcripts.values(), key=len))[0]

    def _judge(self, work: Work, comparison: Comparison, window: Window) -> LevelResult | None:
        """What a comparison makes of the level; None if all agreed."""
        origin = f"program {work.number} of {work.source}, seed {self._settings.seed}"
        if comparison.divergence is not None:
            window.collect_early()
            minimal = minimal_divergence(self._side_by_side, work.program, comparison.divergence)
            path = trace_path(self._settings.folder, minimal.divergence.signature, self._settings.seed)
            finding = Finding(
                minimal.divergence,
                minimal.program,
                origin,
                path,
                original_operation_count=len(work.program.operations),
                found_after_operation_count=self._operation_count,
                found_after_seconds=time.monotonic() - self._started,
                flaky=minimal.flaky,
            )
            report = divergence_report(finding, self._side_by_side.names, self._settings.replay_flags)
            write_atomically(path, print_trace(finding.program, report, finding.divergence.step))
            return self._result(Standing.DEPARTS, finding.divergence.signature, report)
        if comparison.failures:
            return self._broken(work, comparison.failures[0], origin)
        return None

    def _broken(self, work: Work, error: HarnessError, origin: str) -> LevelResult:
        path = trace_path(self._settings.folder, f"{self._level.slug}-broken", self._settings.seed)
        report = harness_report(error, origin, path, self._settings.replay_flags)
        write_atomically(path, print_trace(work.program, report, None))
        return self._result(Standing.BROKEN, str(error), report)

    def _result(self, standing: Standing, told: str = "", report: str = "") -> LevelResult:
        return LevelResult(self._level, standing, self._program_count, self._operation_count, told, report)
