"""Each part of the benchmarks runs, on very few operations, and yields a figure. None is judged here."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks import parts
from benchmarks.command import dividing_among_two, resident_memory
from benchmarks.growth import large_heap, measure_growth, small_heap
from benchmarks.machine import machine
from benchmarks.measuring import Result, reach_of_parts
from benchmarks.naive import Naive, NaiveMachine
from benchmarks.pipeline import Pipeline
from benchmarks.reach import LINES, short_falls, table
from benchmarks.sampling import Part, Sample, median_rate
from pymodel.differential.programs.check import check_program
from pymodel.differential.targets.target import EncodedProgram
from pymodel.pageheap.mpagealloc import PageAlloc
from tools.fast_model import DIGEST_NAME, sources_digest

OPERATION_COUNT = 400
REQUESTS = parts.requests_of(parts.works_of(2, OPERATION_COUNT))

MAKERS: dict[str, Callable[[Sequence[EncodedProgram]], Part]] = {
    "naive": lambda _: Naive(3),
    "this": lambda _: Pipeline("this", OPERATION_COUNT),
    "two Go targets": lambda _: Pipeline("two", OPERATION_COUNT, ("go", "go")),
    "two Go targets, no series": lambda _: Pipeline("two", OPERATION_COUNT, ("go", "go"), with_series=False),
    "Go, series": lambda _: parts.GoAlone(parts.series_of(2, OPERATION_COUNT), "series"),
    "generation": lambda _: parts.generation(OPERATION_COUNT),
    "model": parts.model_alone,
    "Go": parts.GoAlone,
    "Go through gRPC": parts.go_over_grpc,
    "Go through pipes": parts.go_over_pipes,
    "comparison": parts.comparison_alone,
}


@pytest.mark.parametrize("name", MAKERS)
def test_every_part_yields_a_figure(name: str) -> None:
    with closing(MAKERS[name](REQUESTS)) as part:
        sample = part.measure(2)
    # Programs that fail end early.
    assert sample.operation_count >= (20 if name == "naive" else 0.9 * OPERATION_COUNT)
    assert sample.wall_seconds > 0
    assert sample.processor_seconds >= sample.busiest_seconds > 0


def test_the_naive_tester_finds_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    def forget(self: PageAlloc, npages: int) -> tuple[int, int]:
        address, _ = right(self, npages)
        return address, 0

    right = PageAlloc.alloc
    monkeypatch.setattr(PageAlloc, "alloc", forget)
    with closing(Naive(20)) as naive, pytest.raises(AssertionError):
        naive.measure(1)
    assert not hasattr(NaiveMachine, "_hypothesis_internal_use_seed")


def test_growth_is_measured_in_valid_programs() -> None:
    for make in (small_heap, large_heap):
        check_program(make(50))
    figures = measure_growth(1, 0.01)
    assert all(figure != 0 for figure in figures.values())
    assert "64 GiB / 4 MiB" in figures


def test_two_workers_are_held_to_one() -> None:
    dividing = dividing_among_two(4.0, 1)
    # On a machine that has no time, two workers may come to nothing before the time is over.
    assert dividing.speedup >= 0
    assert dividing.efficiency >= 0


def test_memory_of_driver_and_target_is_seen() -> None:
    driver, target = resident_memory(20_000)
    assert driver > 10
    assert target > 1


def test_conditions_are_named() -> None:
    conditions = machine()
    assert conditions["processor"] and conditions["python"] and "go1." in conditions["go"]


def test_medians_are_of_rates() -> None:
    samples = [Sample(100, seconds, seconds, seconds) for seconds in (1.0, 2.0, 10.0)]
    assert median_rate(samples) == 50


def test_ratios_are_taken_within_a_round() -> None:
    rates = {
        "this: scavdiff run": 80,
        "naive": 2,
        "model alone": 100,
        "Go through pipes": 900,
        "two Go targets, no model": 400,
    }
    # The machine is slower in the first half of one round, and in the whole of the next.
    slowness = {name: (1, 3 if number < 2 else 1, 4) for number, name in enumerate(rates)}
    samples = {
        name: [Sample(60 * rate, 60.0 * times, 60.0 * times, 60.0 * times) for times in slowness[name]]
        for name, rate in rates.items()
    }
    result = Result()
    reach_of_parts(samples, result)
    assert result.reach["to_naive"] == 40
    assert result.reach["to_slower_side"] == 0.8


def test_what_falls_short_is_told() -> None:
    good = {line.key: line.at_least for line in LINES}
    assert short_falls(good) == []
    short = short_falls(good | {"pipeline": 1.0, "to_naive": 39.9, "reset": 20.5})
    assert [(line.key, line.is_ratio) for line in short] == [("pipeline", False), ("to_naive", True), ("reset", True)]
    assert sum(row.endswith("SHORT") for row in table(good | {"pipeline": 1.0, "span": 1.3})) == 2
    assert sum(row.endswith("not measured") for row in table({})) == len(LINES)


def test_a_compiled_model_of_other_sources_is_refused_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "FAST_MODEL", tmp_path)
    monkeypatch.setattr(command, "measure", lambda counts, say: pytest.fail("it was measured"))
    for digest in (None, sources_digest(tmp_path)):
        if digest is not None:
            (tmp_path / DIGEST_NAME).write_text(digest)
        assert command.main(["--json", str(tmp_path / "bench.json")]) == 2
        (told,) = capsys.readouterr().err.splitlines()
        assert told.startswith(f"benchmarks: the compiled model in {tmp_path} is not that of the present sources")
        assert "run `make fast-model`" in told


def test_the_command_keeps_its_result_and_tells_by_its_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    result = Result({"generation": 1.0}, {"to_naive": 41.0})
    monkeypatch.setattr(command, "measure", lambda counts, say: result)
    monkeypatch.setattr(command, "FAST_MODEL", tmp_path / "none")
    path = tmp_path / "folder/bench.json"
    assert command.main(["--json", str(path)]) == 0
    assert json.loads(path.read_text())["reach"] == {"to_naive": 41.0}
    result.reach["to_naive"] = 39.0
    assert command.main(["--json", str(path)]) == 1
    assert "falls short: ratio to naive" in capsys.readouterr().err
    # What is no ratio depends on the machine, and fails nothing.
    result.reach = {"pipeline": 1.0}
    assert command.main(["--json", str(path)]) == 0
    assert "falls short: compared operations/s" in capsys.readouterr().err
