from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from pymodel.differential.errors import BadInput, HarnessError, TargetDied, TargetGivenUp
from pymodel.differential.generation.workload import CHECKED_EVERY, DRAWN, workload
from pymodel.differential.programs.program import Grow, Program, Scavenge
from pymodel.differential.programs.text import parse_program
from pymodel.differential.running import run as run_module
from pymodel.differential.running.budget import Budget
from pymodel.differential.running.findings import STEP_MARK, Finding
from pymodel.differential.running.progress import Progress
from pymodel.differential.running.run import Run, RunResult, RunSettings
from pymodel.differential.running.side_by_side import SideBySide
from pymodel.differential.running.summary import summary
from pymodel.wire import pageheap_pb2
from tests.differential.fake_targets import Answer, FakeTarget, more_released, right

SEED = 13


def run(
    answer: Answer, folder: Path, *, program_count: int = 40, stop_after: int = 10, seed: int = SEED
) -> tuple[RunResult, str, SideBySide]:
    """Runs programs on the specification and on a target that answers so; the result, and what was told."""
    side_by_side = SideBySide([FakeTarget("model", in_process=True), FakeTarget("port", answer)])
    side_by_side.open()
    told = io.StringIO()
    budget = Budget(program_count=program_count)
    progress = Progress(Console(file=told, width=200), budget)
    result = Run(RunSettings(seed, budget, folder, stop_after), side_by_side, progress).execute()
    return result, told.getvalue(), side_by_side


def test_targets_that_agree_leave_no_trace(tmp_path: Path) -> None:
    result, told, _ = run(right, tmp_path / "findings")
    assert result.exit_status == 0
    assert result.tally.program_count == 40
    assert told == ""
    assert not (tmp_path / "findings").exists()


def test_free_memory_is_given_back_now_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given_back: list[bool] = []
    monkeypatch.setattr(run_module, "give_back_free_memory", lambda: given_back.append(True))
    monkeypatch.setattr(run_module, "GIVE_BACK_PROGRAM_COUNT", 15)
    run(right, tmp_path)
    assert len(given_back) == 2


def test_a_divergence_is_shrunk_and_its_trace_replays_it(tmp_path: Path) -> None:
    result, told, side_by_side = run(more_released, tmp_path)
    assert result.exit_status == 1
    finding = next(iter(result.findings.values()))
    assert len(finding.program.operations) <= 6
    text = finding.path.read_text()
    assert parse_program(text).program == finding.program
    assert text.startswith("pageheap program 1\n# divergence: ")
    assert f"# {STEP_MARK}\n" in text
    assert f"replay: scavdiff replay {finding.path}" in told
    again = side_by_side.run([finding.program])[0].divergence
    assert again is not None
    assert again.signature == finding.divergence.signature


def test_one_signature_is_one_finding_however_many_programs_show_it(tmp_path: Path) -> None:
    result, told, _ = run(more_released, tmp_path, program_count=100)
    assert sum(finding.count for finding in result.findings.values()) == result.tally.divergent_program_count
    assert result.tally.divergent_program_count > len(result.findings)
    assert told.count("divergence: ") == len(result.findings)
    assert len(list(tmp_path.glob("*.trace"))) == len(result.findings)


def test_the_run_stops_after_so_many_findings(tmp_path: Path) -> None:
    result, _, _ = run(more_released, tmp_path, program_count=1000, stop_after=1)
    assert len(result.findings) == 1
    assert result.tally.program_count < 1000


def test_the_same_seed_gives_the_same_findings(tmp_path: Path) -> None:
    first, second = (run(more_released, tmp_path, stop_after=2)[0] for _ in range(2))
    assert first.findings == {
        signature: replace_time(finding, first.findings[signature].found_after_seconds)
        for signature, finding in second.findings.items()
    }
    assert first.tally == second.tally


def replace_time(finding: Finding, seconds: float) -> Finding:
    finding.found_after_seconds = seconds
    return finding


def test_another_seed_gives_other_programs(tmp_path: Path) -> None:
    assert run(right, tmp_path)[0].tally != run(right, tmp_path, seed=SEED + 1)[0].tally


def failing_on(condition: Callable[[Program], bool], error: HarnessError) -> Answer:
    return lambda program, transcript: error if condition(program) else transcript


def test_a_harness_error_is_told_once_counted_always_and_the_run_goes_on(tmp_path: Path) -> None:
    error = TargetDied("port", "died", exit_status="exit status 3", stderr_lines=["last words"])
    result, told, _ = run(failing_on(lambda program: len(program.operations) % 3 == 0, error), tmp_path)
    count = result.tally.harness_errors["port: TargetDied"]
    assert count > 1
    assert result.tally.program_count + count == 40
    assert told.count("target port died (exit status 3)") == 1
    assert "  | last words" in told
    assert result.exit_status == 2
    trace = tmp_path / f"harness-port-TargetDied-{SEED}.trace"
    assert len(parse_program(trace.read_text()).program.operations) % 3 == 0


def test_a_divergence_outranks_a_harness_error_in_the_exit_status(tmp_path: Path) -> None:
    def answer(program: Program, transcript: bytes) -> bytes | HarnessError:
        if len(program.operations) % 3 == 0:
            return TargetDied("port", "died")
        return more_released(program, transcript)

    result, _, _ = run(answer, tmp_path)
    assert result.tally.harness_errors.total() > 0
    assert result.findings
    assert result.exit_status == 1


def test_a_target_that_fails_every_program_is_given_up(tmp_path: Path) -> None:
    result, _, _ = run(failing_on(lambda program: True, TargetDied("port", "died")), tmp_path)
    assert str(result.fatal) == "target port was given up: it failed 10 programs in a row"
    assert result.tally.harness_errors == {"port: TargetDied": 10}
    assert result.exit_status == 2


def test_a_finding_is_kept_if_the_target_is_given_up_while_it_is_shrunk(tmp_path: Path) -> None:
    asked: list[Program] = []

    def answer(program: Program, transcript: bytes) -> bytes | HarnessError:
        wrong = more_released(program, transcript)
        asked.append(program)
        if wrong != transcript and asked.count(program) > 1:
            return TargetGivenUp("port", "was given up")
        return wrong

    result, told, _ = run(answer, tmp_path)
    assert result.fatal is not None
    assert len(result.findings) == 1
    assert "divergence: " in told
    assert len(list(tmp_path.glob("*.trace"))) == 1


def test_what_does_not_show_again_is_kept_raw(tmp_path: Path) -> None:
    wrong_once = iter([more_released])

    def answer(program: Program, transcript: bytes) -> bytes:
        if more_released(program, transcript) == transcript:
            return transcript
        return next(wrong_once, right)(program, transcript)

    result, told, _ = run(answer, tmp_path)
    finding = next(iter(result.findings.values()))
    assert finding.flaky
    assert "did not show again" in told
    assert len(list(tmp_path.glob("*.model.transcript"))) == 1
    assert len(list(tmp_path.glob("*.port.transcript"))) == 1
    assert result.exit_status == 1


def test_an_interrupted_run_ends_cleanly_and_keeps_its_counts(tmp_path: Path) -> None:
    def answer(program: Program, transcript: bytes) -> bytes:
        if Scavenge in map(type, program.operations):
            raise KeyboardInterrupt
        return transcript

    result, _, side_by_side = run(answer, tmp_path)
    assert result.interrupted
    assert result.exit_status == 130
    assert "interrupted\n" in summary(result, side_by_side, SEED)


def test_the_one_that_stands_alone_is_named(tmp_path: Path) -> None:
    targets = [FakeTarget("model", in_process=True), FakeTarget("go"), FakeTarget("rust", more_released)]
    side_by_side = SideBySide(targets)
    side_by_side.open()
    told = io.StringIO()
    budget = Budget(program_count=40)
    Run(RunSettings(SEED, budget, tmp_path, 1), side_by_side, Progress(Console(file=told, width=200), budget)).execute()
    assert "rust stands alone; model, go agree" in told.getvalue()


def test_the_summary_tells_what_was_compared_found_and_left_out(tmp_path: Path) -> None:
    result, _, side_by_side = run(more_released, tmp_path)
    text = summary(result, side_by_side, SEED)
    assert f"seed       {SEED}\n" in text
    assert "strictness everything, exactly" in text
    assert f"{result.tally.operation_count:,} operations" in text
    assert "outcomes   returned " in text
    assert "not compared\n  other ports: " in text
    assert text.count("divergence: ") == len(result.findings)


def test_the_summary_fits_a_narrow_terminal_and_keeps_counts_beside_their_names(tmp_path: Path) -> None:
    result, _, side_by_side = run(right, tmp_path)
    lines = summary(result, side_by_side, SEED, width=60).splitlines()
    assert max(map(len, lines)) <= 60
    operations = lines[lines.index(next(line for line in lines if line.startswith("operations"))) :]
    assert all(line[:11].strip() in ("", "operations") for line in operations[:2])
    assert not any(line.strip()[0].isdigit() for line in operations if line.startswith(" " * 11))


def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match=r"cannot write .*file/.*\.trace: (Not a directory|File exists)"):
        run(more_released, tmp_path / "file")


def test_programs_of_a_run_are_valid_and_of_many_sources() -> None:
    works = [work for work, _ in zip(workload(SEED), range(200), strict=False)]
    assert [work.number for work in works] == list(range(200))
    assert len({work.source for work in works}) > 8
    assert any(work.program.outside_contract for work in works)
    assert any(Grow in map(type, work.program.operations) for work in works)
    assert {work.checkpoint_interval for work in works} == {0, 16}


def test_targets_that_lie_alike_are_found_without_the_model(tmp_path: Path) -> None:
    def lie(_: Program, transcript: bytes) -> bytes:
        message = pageheap_pb2.Transcript.FromString(transcript)
        message.end.heap_sys += 1
        return message.SerializeToString()

    side_by_side = SideBySide([FakeTarget("a", lie), FakeTarget("b", lie)])
    side_by_side.open()
    budget = Budget(program_count=CHECKED_EVERY + 1)
    result = Run(
        RunSettings(SEED, budget, tmp_path), side_by_side, Progress(Console(file=io.StringIO()), budget)
    ).execute()
    # Each lie takes one target out, and the other is then alone.
    assert dict(result.tally.harness_errors) == {"a: TargetLied": 2}


def test_programs_that_are_searched_for_contradictions_are_of_every_kind() -> None:
    works = [work for work, _ in zip(workload(SEED), range(900), strict=False)]
    checked = [work for work in works if work.is_checked]
    assert len(checked) == 900 // CHECKED_EVERY + 1
    assert {work.checkpoint_interval for work in checked} == {0, 16}
    assert {work.source == DRAWN for work in checked} == {True, False}
