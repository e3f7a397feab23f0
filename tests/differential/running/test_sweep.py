"""Series: digests that agree are counted, any others are shown in full, and a share of those that agree as well."""

from __future__ import annotations

import dataclasses
import io
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from pymodel.differential.comparison.strictness import strictness_ignoring
from pymodel.differential.errors import HarnessError, TargetDied
from pymodel.differential.generation.series_choice import SeriesWork, series_from_seed
from pymodel.differential.generation.workload import Work
from pymodel.differential.programs.program import Program, Scavenge
from pymodel.differential.programs.series import digest_of
from pymodel.differential.running.budget import Budget
from pymodel.differential.running.progress import Progress
from pymodel.differential.running.run import Run, RunSettings
from pymodel.differential.running.side_by_side import Comparison, SideBySide
from pymodel.differential.running.sweep import (
    DIFFERING_SHOWN_MAX,
    SERIES_COUNT_OF_ROUND,
    SHOWN_EVERY,
    SweepingWindow,
    can_sweep,
    shown_indices,
)
from pymodel.differential.running.tally import Tally
from pymodel.differential.running.window import Window
from pymodel.differential.targets.capabilities import ALL_CAPABILITIES, Capability
from pymodel.wire import pageheap_pb2
from tests.differential.fake_targets import FakeTarget, more_released

PROGRAM_COUNT = 12
# Its first series scavenges.
SCAVENGING_SEED = 2


def small_series() -> Iterator[SeriesWork]:
    """As a run makes them, but of few and short programs."""
    for number in itertools.count():
        work = series_from_seed(1, number)
        series = dataclasses.replace(work.series, program_count=PROGRAM_COUNT, operation_count=12)
        yield dataclasses.replace(work, series=series)


def opened(*targets: FakeTarget) -> SideBySide:
    side_by_side = SideBySide(targets)
    side_by_side.open()
    return side_by_side


def sweep_once(*targets: FakeTarget, limit: int | None = None) -> tuple[list[tuple[Work, Comparison]], Tally]:
    """What one round shows, and the tally, in which what is shown is not yet counted."""
    side_by_side = opened(*targets)
    tally = Tally()
    window = SweepingWindow(Window(side_by_side, iter(())), side_by_side, small_series(), tally, limit)
    return list(iter(lambda: window.next(lambda _: True), None)), tally


def failures_of(shown: list[tuple[Work, Comparison]]) -> list[HarnessError]:
    return [error for _, comparison in shown for error in comparison.failures]


def test_programs_that_agree_are_counted_and_one_of_each_series_is_shown() -> None:
    shown, tally = sweep_once(FakeTarget("a"), FakeTarget("b"))
    assert len(shown) == SERIES_COUNT_OF_ROUND
    assert tally.series_program_count == SERIES_COUNT_OF_ROUND * (PROGRAM_COUNT - 1)
    assert tally.series_operation_count == tally.operation_count == 12 * tally.series_program_count
    assert all(comparison.divergence is None and not comparison.failures for _, comparison in shown)
    assert all(len(comparison.transcripts) == 2 for _, comparison in shown)


def test_a_shown_program_is_named_so_that_it_can_be_made_again() -> None:
    shown, _ = sweep_once(FakeTarget("a"), FakeTarget("b"))
    works = dict(enumerate(itertools.islice(small_series(), SERIES_COUNT_OF_ROUND)))
    for work, _ in shown:
        series_number, index = divmod(work.number, 4096)
        assert works[series_number].series.program(index) == work.program
        assert work.source == f"series {works[series_number].shape}"


def test_the_share_that_is_shown_takes_other_programs_of_each_series() -> None:
    answers = opened(FakeTarget("a"), FakeTarget("b")).run_series([next(small_series()).series])[0]
    work = next(small_series())
    long = dataclasses.replace(work, series=dataclasses.replace(work.series, program_count=3 * SHOWN_EVERY))
    later = dataclasses.replace(long, number=5)
    assert shown_indices(long, answers, set()) == [0, SHOWN_EVERY, 2 * SHOWN_EVERY]
    assert shown_indices(later, answers, set()) == [5, SHOWN_EVERY + 5, 2 * SHOWN_EVERY + 5]
    assert shown_indices(long, answers, set(range(1, 40))) == [*range(1 + DIFFERING_SHOWN_MAX), SHOWN_EVERY, 128][:11]


def test_a_program_whose_digests_differ_is_shown_with_its_divergence() -> None:
    shown, tally = sweep_once(FakeTarget("a"), FakeTarget("b", more_released))
    diverging = [work for work, comparison in shown if comparison.divergence is not None]
    assert diverging
    assert all(Scavenge in map(type, work.program.operations) for work in diverging)
    assert not failures_of(shown)
    assert tally.series_program_count + tally.divergent_program_count + len(shown) == SERIES_COUNT_OF_ROUND * 12


def test_a_run_without_the_model_finds_and_shrinks_what_series_show(tmp_path: Path) -> None:
    side_by_side = opened(FakeTarget("a"), FakeTarget("b", more_released))
    budget = Budget(operation_count=3000)
    settings = RunSettings(SCAVENGING_SEED, budget, tmp_path, stop_after=1)
    told = io.StringIO()
    result = Run(settings, side_by_side, Progress(Console(file=told, width=200), budget)).execute()
    (finding,) = result.findings.values()
    assert len(finding.program.operations) <= 6
    assert finding.origin.split(", ")[1].startswith("series ")


def with_other_digest(answer: bytes) -> bytes:
    message = pageheap_pb2.Transcript.FromString(answer)
    message.digests = bytes(16) + message.digests[16:]
    return message.SerializeToString()


def test_a_digest_that_is_not_that_of_the_transcript_is_a_lie() -> None:
    liar = FakeTarget("b", answer_to_series=with_other_digest)
    shown, _ = sweep_once(FakeTarget("a"), liar)
    assert {(error.target, type(error).__name__) for error in failures_of(shown)} == {("b", "TargetLied")}
    assert all("another digest than that of its transcript" in str(error) for error in failures_of(shown))
    assert len(failures_of(shown)) == liar.restart_count == SERIES_COUNT_OF_ROUND


def test_targets_whose_digests_are_alike_but_of_nothing_are_found_by_the_share_that_is_shown() -> None:
    def all_zero(answer: bytes) -> bytes:
        message = pageheap_pb2.Transcript.FromString(answer)
        message.digests = bytes(len(message.digests))
        return message.SerializeToString()

    targets = [FakeTarget(name, answer_to_series=all_zero) for name in ("a", "b")]
    shown, _ = sweep_once(*targets)
    assert {error.target for error in failures_of(shown)} == {"a", "b"}


def test_transcripts_that_contradict_themselves_alike_are_found_by_the_share_that_is_shown() -> None:
    def lie(_: Program, transcript: bytes) -> bytes:
        message = pageheap_pb2.Transcript.FromString(transcript)
        message.end.heap_sys += 1
        return message.SerializeToString(deterministic=True)

    shown, _ = sweep_once(FakeTarget("a", lie), FakeTarget("b", lie))
    assert any("do not add up" in str(error) for error in failures_of(shown))


def test_digests_of_another_encoding_are_charged_and_are_no_divergence() -> None:
    def with_its_end_twice(_: Program, transcript: bytes) -> bytes:
        end = pageheap_pb2.Transcript.FromString(transcript).end
        return (
            transcript
            + pageheap_pb2.Transcript(end=pageheap_pb2.Observation(complete=end.complete)).SerializeToString()
        )

    shown, _ = sweep_once(FakeTarget("a"), FakeTarget("b", with_its_end_twice))
    assert all(comparison.divergence is None for _, comparison in shown)
    assert {str(error).removeprefix("target b ") for error in failures_of(shown)} == {
        "digests transcripts that are not in the canonical encoding"
    }


@pytest.mark.parametrize(
    "answer", [b"\xff", b"", pageheap_pb2.Transcript(program_id=1, digests=bytes(16)).SerializeToString()]
)
def test_an_answer_that_is_no_digests_is_charged_once_and_its_programs_are_shown(answer: bytes) -> None:
    shown, tally = sweep_once(FakeTarget("a"), FakeTarget("b", answer_to_series=lambda _: answer))
    assert tally.series_program_count == 0
    assert len(shown) == SERIES_COUNT_OF_ROUND * PROGRAM_COUNT
    assert len(failures_of(shown)) == SERIES_COUNT_OF_ROUND
    assert all("answered series" in str(error) for error in failures_of(shown))


def test_a_death_in_a_series_is_charged_to_the_program_that_brings_it_about() -> None:
    def die(program: Program, transcript: bytes) -> bytes | HarnessError:
        return TargetDied("b", "died") if Scavenge in map(type, program.operations) else transcript

    shown, _ = sweep_once(FakeTarget("a"), FakeTarget("b", die))
    charged = [work for work, comparison in shown if comparison.failures]
    assert charged
    assert all(Scavenge in map(type, work.program.operations) for work in charged)


def test_a_sweep_keeps_to_the_operations_that_are_left() -> None:
    shown, tally = sweep_once(FakeTarget("a"), FakeTarget("b"), limit=30)
    assert len(shown) + tally.series_program_count == 3


def test_a_sweep_needs_two_targets_that_can_make_programs_and_an_exact_comparison() -> None:
    plain = ALL_CAPABILITIES - {Capability.SERIES}
    assert can_sweep(opened(FakeTarget("a"), FakeTarget("b")))
    assert not can_sweep(opened(FakeTarget("a"), FakeTarget("b", capabilities=plain)))
    assert can_sweep(opened(FakeTarget("a"), FakeTarget("b"), FakeTarget("c", capabilities=plain)))
    assert not can_sweep(opened(FakeTarget("model", in_process=True), FakeTarget("a"), FakeTarget("b")))
    ignoring = SideBySide([FakeTarget("a"), FakeTarget("b")], strictness_ignoring(["printed"]))
    ignoring.open()
    assert not can_sweep(ignoring)


def test_a_digest_does_not_depend_on_the_program_id() -> None:
    side_by_side = opened(FakeTarget("a"), FakeTarget("b"))
    program = next(small_series()).series.program(0)
    first, second = side_by_side.run([program, program])
    assert first.transcripts["a"] != second.transcripts["a"]
    assert digest_of(first.transcripts["a"]) == digest_of(second.transcripts["a"])
