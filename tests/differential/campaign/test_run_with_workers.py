from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import pytest
from rich.console import Console

from pymodel.differential.campaign import run_with_workers
from pymodel.differential.campaign.block_run import Telling
from pymodel.differential.campaign.run_with_workers import RunWithWorkers, WorkersResult
from pymodel.differential.programs.text import parse_program
from pymodel.differential.running import run as run_module
from pymodel.differential.running.budget import Budget
from pymodel.differential.running.progress import Progress
from pymodel.differential.running.run import Run, RunResult, RunSettings
from tests.differential.campaign.fakes import (
    Clock,
    FakeWorkers,
    TimedWorkers,
    cached_workload,
    run_job,
    side_by_side_of,
    wrong_call,
)
from tests.differential.fake_targets import Answer, right

SEED = 5
FAULTY = wrong_call("pack_palloc_sum", "merge_summaries")


def settings(folder: Path, budget: Budget, stop_after: int) -> RunSettings:
    return RunSettings(SEED, budget, folder, stop_after)


def alone(
    monkeypatch: pytest.MonkeyPatch, answer: Answer, folder: Path, budget: Budget, stop_after: int = 10
) -> RunResult:
    """What one process comes to."""
    progress = Progress(Console(file=io.StringIO()), budget)
    monkeypatch.setattr(run_module, "workload", cached_workload)
    return Run(settings(folder, budget, stop_after), side_by_side_of(answer), progress).execute()


def divided(
    answer: Answer, folder: Path, budget: Budget, stop_after: int = 10, worker_count: int = 3, seed: int = 0
) -> WorkersResult:
    """What workers come to whose results come in any order."""
    workers = FakeWorkers(side_by_side_of(answer), worker_count, folder, of_run=True, seed=seed)
    progress = Progress(Console(file=io.StringIO()), budget)
    return RunWithWorkers(settings(folder, budget, stop_after), workers, progress).execute()


def counts(findings: Mapping[str, object]) -> dict[str, int]:
    return {signature: getattr(finding, "count") for signature, finding in findings.items()}  # noqa: B009


@pytest.mark.parametrize(
    ("budget", "stop_after"),
    [
        (Budget(program_count=500), 10),
        (Budget(operation_count=1200), 10),
        (Budget(operation_count=3000, program_count=450), 2),
        (Budget(program_count=800), 1),
        (Budget(operation_count=1500), 3),
    ],
    ids=str,
)
def test_workers_come_to_what_one_process_comes_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, budget: Budget, stop_after: int
) -> None:
    one = alone(monkeypatch, FAULTY, tmp_path / "one", budget, stop_after)
    many = divided(FAULTY, tmp_path / "many", budget, stop_after)
    assert many.tally == one.tally
    assert counts(many.findings) == counts(one.findings)
    assert list(many.findings) == list(one.findings)
    for signature, finding in one.findings.items():
        assert parse_program(many.findings[signature].path.read_text()).program == finding.program
    assert many.exit_status == one.exit_status


def test_what_agrees_is_no_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = divided(right, tmp_path, Budget(program_count=400))
    assert result.exit_status == 0
    assert result.tally == alone(monkeypatch, right, tmp_path, Budget(program_count=400)).tally
    assert list(tmp_path.iterdir()) == []


def test_time_ends_a_run_with_what_workers_have_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(run_with_workers, "time", clock)
    workers = TimedWorkers(clock, side_by_side_of(right), 3, tmp_path, of_run=True)
    progress = Progress(Console(file=io.StringIO()), Budget())
    result = RunWithWorkers(settings(tmp_path, Budget(seconds=1.5), 10), workers, progress).execute()
    # Three at once: one came in time to be followed by a fourth.
    blocks = [run_job(job, side_by_side_of(right), Telling(tmp_path, of_run=True)) for job in workers.given]
    assert len(blocks) == 4
    assert result.tally.program_count == sum(block.tally.program_count for block in blocks) > 0
    assert result.exit_status == 0
