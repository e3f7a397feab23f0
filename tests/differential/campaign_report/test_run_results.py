from __future__ import annotations

import io
import json
from pathlib import Path

from click.testing import CliRunner
from junitparser import Error, Failure, JUnitXml
from rich.console import Console

from pymodel.differential.campaign.blocks import Kind, Sighting
from pymodel.differential.campaign.run_with_workers import ToldFinding, WorkersResult
from pymodel.differential.campaign_report.junit import as_junit
from pymodel.differential.campaign_report.results import Results
from pymodel.differential.campaign_report.run_results import results_of_run
from pymodel.differential.cli import main
from pymodel.differential.errors import HarnessError, TargetDied, TargetGivenUp
from pymodel.differential.programs.program import Program
from pymodel.differential.running.budget import Budget
from pymodel.differential.running.progress import Progress
from pymodel.differential.running.run import Run, RunSettings
from pymodel.differential.running.side_by_side import SideBySide
from pymodel.differential.targets.capabilities import Description
from tests.differential.fake_targets import Answer, FakeTarget, more_released

DESCRIPTIONS = {name: Description(name, "1", "", 1, frozenset(), 1, 1) for name in ("model", "go", "port")}


def run(answer: Answer, folder: Path) -> Results:
    side_by_side = SideBySide([FakeTarget("model", in_process=True), FakeTarget("port", answer)])
    side_by_side.open()
    settings = RunSettings(13, Budget(program_count=40), folder, replay_flags=("--target", "exec:./my-port"))
    result = Run(settings, side_by_side, Progress(Console(file=io.StringIO()), settings.budget)).execute()
    return results_of_run(result, settings, side_by_side.descriptions)


def test_each_divergence_of_a_run_is_a_case_that_says_how_to_replay_it(tmp_path: Path) -> None:
    results = run(more_released, tmp_path)
    assert results.exit_status == 1
    suite = next(iter(JUnitXml.fromstring(as_junit(results))))
    whole, *cases = suite
    assert (whole.name, whole.result) == ("the whole run", [])
    assert len(cases) == len(results.results) == suite.failures > 0
    (failure,) = cases[0].result
    assert isinstance(failure, Failure)
    assert failure.message == "model and port disagree."
    assert f"scavdiff replay {tmp_path}" in failure.text
    assert "--target exec:./my-port" in failure.text


def test_the_failures_of_a_target_are_one_error_with_their_number(tmp_path: Path) -> None:
    failures = iter([True, False, True])

    def sometimes(_: Program, transcript: bytes) -> bytes | HarnessError:
        return TargetDied("port", "ended") if next(failures, False) else transcript

    results = run(sometimes, tmp_path)
    assert results.exit_status == 2
    (case,) = list(next(iter(JUnitXml.fromstring(as_junit(results)))))[1:]
    assert [type(each) for each in case.result] == [Error]
    assert "2 times" in case.result[0].message


def test_what_workers_told_reads_alike_and_what_stopped_them_is_told() -> None:
    sighting = Sighting(
        Kind.DIVERGENCE, "free: searchAddr", 1, "tape", 1, 0.0, "", "the report", 9, 3, 2, alone="port",
        groups=(("model", "go"), ("port",)), function="(*pageAlloc).free, mpagealloc.go",
    )  # fmt: skip
    result = WorkersResult(fatal=TargetGivenUp("port", "failed again and again"))
    result.findings[sighting.signature] = ToldFinding(sighting, Path("f/free.trace"), 12)
    results = results_of_run(result, RunSettings(7, Budget(), Path("f")), DESCRIPTIONS)
    (told,) = results.results
    assert (told.verdict, told.count, told.operation_count) == ("port stands alone among model, go, port.", 12, 3)
    assert told.replay == "scavdiff replay f/free.trace"
    assert results.stopped == "target port failed again and again"
    assert results.targets["go"] == "1 (no Go version)"


def test_the_command_writes_the_results_of_a_run_without_a_divergence(tmp_path: Path) -> None:
    junit, lines = tmp_path / "out.xml", tmp_path / "out.jsonl"
    flags = ["--seed", "1", "--examples", "3", "--junit", str(junit), "--json-lines", str(lines)]
    result = CliRunner().invoke(main, ["run", "--findings", str(tmp_path / "findings"), *flags])
    assert result.exit_code == 0, result.output
    suite = next(iter(JUnitXml.fromfile(str(junit))))
    assert (suite.tests, suite.failures, suite.errors) == (1, 0, 0)
    begin, end = (json.loads(line) for line in lines.read_text().splitlines())
    assert (begin["what"], begin["seed"], end["exit_status"], end["totals"]["programs"]) == ("run", 1, 0, 3)
