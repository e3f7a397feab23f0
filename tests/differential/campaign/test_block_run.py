from __future__ import annotations

from pathlib import Path

import pytest

from pymodel.differential.campaign.block_run import RETRIED_COUNT_MAX, Telling
from pymodel.differential.campaign.blocks import BlockResult, Job, Kind, Sighting
from pymodel.differential.campaign.folding import fold
from pymodel.differential.campaign.run_with_workers import NEVER_SLOW
from pymodel.differential.campaign.sources import works_of
from pymodel.differential.errors import BadInput, HarnessError, TargetDied, TargetGivenUp
from pymodel.differential.generation.workload import BLOCK_PROGRAM_COUNT
from pymodel.differential.programs.program import Call, Program
from pymodel.differential.programs.text import parse_program
from pymodel.differential.running.side_by_side import SideBySide
from tests.differential.campaign.fakes import CALLS, run_job, side_by_side_of, wrong_call
from tests.differential.fake_targets import Answer, FakeTarget, right

SEED = 5
FOLDER = Path("findings")


def run(*answers: Answer, job: Job | None = None) -> BlockResult:
    job = job or Job(SEED, 0, slow_seconds_min=NEVER_SLOW)
    return run_job(job, side_by_side_of(*answers), Telling(FOLDER))


def only(result: BlockResult, kind: str) -> Sighting:
    (sighting,) = (each for each in result.sightings if each.kind == kind)
    return sighting


def test_a_block_of_targets_that_agree_is_counts_only() -> None:
    result = run(right)
    assert result.is_whole
    assert result.sightings == ()
    assert 0 < result.tally.program_count < BLOCK_PROGRAM_COUNT
    assert result.tally.left_out.total() + result.tally.program_count >= BLOCK_PROGRAM_COUNT


def test_a_divergence_is_shrunk_told_and_counted() -> None:
    sighting = only(run(wrong_call("pack_palloc_sum")), Kind.DIVERGENCE)
    assert sighting.signature == "sum returned in packPallocSum"
    assert sighting.count > 1
    assert sighting.operation_count == 1
    assert sighting.original_operation_count > 1
    assert len(parse_program(sighting.trace).program.operations) == 1
    assert sighting.trace.startswith("pageheap program 1\n# divergence: call pack_palloc_sum: outcome.sum\n")
    assert f"program {sighting.program} of seed {SEED}, {sighting.source}, in block 0" in sighting.report
    assert sighting.groups == (("model",), ("port",))
    assert sighting.function == "packPallocSum, mpagealloc.go"
    assert set(sighting.transcripts) == {"model", "port"}
    assert sighting.alone is None


def test_what_is_known_is_counted_and_not_shrunk_again() -> None:
    new = only(run(wrong_call("pack_palloc_sum")), Kind.DIVERGENCE)
    job = Job(SEED, 0, known=(new.signature,), slow_seconds_min=NEVER_SLOW)
    known = only(run(wrong_call("pack_palloc_sum"), job=job), Kind.DIVERGENCE)
    assert (known.signature, known.count, known.program) == (new.signature, new.count, new.program)
    assert not known.is_told
    assert known.report == ""


def test_each_of_several_targets_is_told_of_by_its_own_fault_and_stands_alone() -> None:
    result = run(wrong_call("pack_palloc_sum"), right, wrong_call("merge_summaries"))
    found = {each.signature: each for each in result.sightings}
    assert set(found) == {"port: sum returned in packPallocSum", "port#3: sum returned in mergeSummaries"}
    for signature, sighting in found.items():
        assert sighting.alone == signature.partition(":")[0]
        assert f"{sighting.alone} stands alone; " in sighting.report
        assert sighting.operation_count == 1


def test_a_fault_is_not_hidden_by_one_that_shows_earlier() -> None:
    first, second = wrong_call("pack_palloc_sum"), wrong_call("merge_summaries")
    alone = only(run(right, second), Kind.DIVERGENCE)
    among = {each.signature.partition(": ")[2]: each for each in run(first, second).sightings}
    assert among["sum returned in mergeSummaries"].count == alone.count


def test_two_targets_with_one_fault_between_them_are_told_of_each_by_itself() -> None:
    result = run(wrong_call("pack_palloc_sum"), wrong_call("pack_palloc_sum"), right)
    found = {each.signature: each for each in result.sightings}
    assert set(found) == {f"{name}: sum returned in packPallocSum" for name in ("port", "port#2")}
    # Among those who answered as the model did.
    assert [sighting.groups for sighting in found.values()] == [
        (("model", "port#3"), ("port",)),
        (("model", "port#3"), ("port#2",)),
    ]
    assert [sighting.alone for sighting in found.values()] == ["port", "port#2"]


def test_a_model_that_differs_from_all_stands_alone() -> None:
    answer = wrong_call("pack_palloc_sum")
    side_by_side = SideBySide([
        FakeTarget("model", answer, in_process=True, capabilities=CALLS),
        *(FakeTarget("port", capabilities=CALLS) for _ in range(2)),
    ])  # fmt: skip
    side_by_side.open()
    result = run_job(Job(SEED, 0, slow_seconds_min=NEVER_SLOW), side_by_side, Telling(FOLDER))
    assert [each.signature for each in result.sightings] == ["model: sum returned in packPallocSum"]
    assert result.sightings[0].alone == "model"
    assert result.sightings[0].groups == (("port", "port#2"), ("model",))


def test_limits_cut_a_block_short_after_a_whole_program() -> None:
    whole = run(right)
    by_programs = run(right, job=Job(SEED, 0, program_count_max=50, slow_seconds_min=NEVER_SLOW))
    assert not by_programs.is_whole
    assert by_programs.tally.left_out.total() + by_programs.tally.program_count >= 50
    limit = whole.tally.operation_count // 2
    by_operations = run(right, job=Job(SEED, 0, operation_count_max=limit, slow_seconds_min=NEVER_SLOW))
    assert not by_operations.is_whole
    assert limit <= by_operations.tally.operation_count < whole.tally.operation_count


def test_a_block_ends_at_so_many_new_findings() -> None:
    answer = wrong_call("pack_palloc_sum", "merge_summaries")
    result = run(answer, job=Job(SEED, 0, new_finding_count_max=1, slow_seconds_min=NEVER_SLOW))
    assert len(result.sightings) == 1
    assert not result.is_whole
    assert len(run(answer).sightings) == 2


def fails(times: int) -> Answer:
    """Fails so many times on one program, and is right otherwise."""
    failed: list[Program] = []

    def answer(program: Program, transcript: bytes) -> bytes | HarnessError:
        if len(program.operations) > 10 and failed[:1] in ([], [program]) and len(failed) < times:
            failed.append(program)
            return TargetDied("port", "died", exit_status="killed by SIGKILL", stderr_lines=["last words"])
        return transcript

    return answer


def test_a_program_that_a_target_failed_once_is_compared_the_second_time() -> None:
    result, peace = run(fails(1)), run(right)
    sighting = only(result, Kind.HARNESS)
    assert sighting.signature == "port: TargetDied"
    assert sighting.flaky
    assert sighting.count == 1
    assert "  | last words" in sighting.report
    assert result.tally.harness_errors == {"port: TargetDied": 1}
    assert result.tally.program_count == peace.tally.program_count
    assert result.tally.operations == peace.tally.operations


def test_a_program_that_a_target_fails_again_is_charged_and_left_out() -> None:
    result, peace = run(fails(2)), run(right)
    sighting = only(result, Kind.HARNESS)
    assert not sighting.flaky
    assert sighting.count == 1
    assert result.tally.program_count == peace.tally.program_count - 1
    assert result.tally.uncompared_program_count == peace.tally.uncompared_program_count + 1
    assert len(parse_program(sighting.trace).program.operations) == sighting.operation_count > 10


def test_a_target_that_fails_often_is_believed() -> None:
    asked = 0

    def answer(program: Program, transcript: bytes) -> bytes | HarnessError:
        nonlocal asked
        if len(program.operations) % 2:
            asked += 1
            return TargetDied("port", "died")
        return transcript

    sighting = only(run(answer), Kind.HARNESS)
    assert asked == sighting.count + RETRIED_COUNT_MAX


def test_a_target_that_fails_everything_is_given_up() -> None:
    with pytest.raises(TargetGivenUp, match="port was given up: it failed 10 programs in a row"):
        run(lambda *_: TargetDied("port", "died"))


def test_a_divergence_that_does_not_show_again_is_flaky_and_kept_raw() -> None:
    wrong, times = wrong_call("pack_palloc_sum"), iter([True])

    def answer(program: Program, transcript: bytes) -> bytes | HarnessError:
        differing = wrong(program, transcript)
        return differing if differing != transcript and next(times, False) else transcript

    sighting = only(run(answer), Kind.DIVERGENCE)
    assert sighting.flaky
    assert sighting.operation_count == sighting.original_operation_count
    assert set(sighting.transcripts) == {"model", "port"}
    assert "did not show again" in sighting.report


def test_the_slowest_programs_are_told_with_the_time_that_each_target_took() -> None:
    slow = [each for each in run(right, job=Job(SEED, 0)).sightings if each.kind == Kind.SLOW]
    assert 0 < len(slow) <= 2
    for sighting in slow:
        assert set(sighting.seconds) == {"model", "port"}
        assert all(seconds > 0 for seconds in sighting.seconds.values())
        assert parse_program(sighting.trace).program.operations


def test_a_source_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput, match="source of work 'elsewhere' is not one of: generated"):
        works_of(Job(SEED, 0, source="elsewhere"))


def test_what_follows_from_another_fault_is_told_as_a_face_of_it() -> None:
    # A port whose packPallocSum is wrong, and mergeSummaries, which calls it, in the same way.
    found = {each.signature: each for each in run(wrong_call("pack_palloc_sum", "merge_summaries")).sightings}
    cause, face = found["sum returned in packPallocSum"], found["sum returned in mergeSummaries"]
    assert (cause.face_of, face.face_of) == ("", "sum returned in packPallocSum")
    assert "# comes from: sum returned in packPallocSum\n" in face.trace
    assert face.report.endswith("\ncomes from: sum returned in packPallocSum")
    assert face.is_told
    assert parse_program(face.trace).program.operations


def test_a_cause_that_was_not_shown_by_itself_is_told_and_not_counted() -> None:
    right_alone = wrong_call("pack_palloc_sum", "merge_summaries")

    def answer(program: Program, transcript: bytes) -> bytes | HarnessError:
        # As it is found: only programs of one call ask for the function by itself.
        asked = {each.function for each in program.operations if isinstance(each, Call)}
        return (
            transcript
            if "pack_palloc_sum" in asked and len(program.operations) > 1
            else right_alone(program, transcript)
        )

    found = {each.signature: each for each in run(answer).sightings}
    cause = found["sum returned in packPallocSum"]
    assert cause.count == 0
    assert cause.is_told
    assert "found as: sum returned in mergeSummaries" in cause.report
    (finding,) = fold([run(answer)]).findings()
    assert finding.signature == cause.signature
    assert finding.count == found["sum returned in mergeSummaries"].count > 0
