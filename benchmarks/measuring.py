"""Measures all figures: the parts round by round, interleaved, then what grows."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field

from benchmarks import parts
from benchmarks.binaries import ROOT
from benchmarks.command import dividing_among_two, resident_memory
from benchmarks.growth import measure_growth
from benchmarks.naive import Naive
from benchmarks.pipeline import Pipeline
from benchmarks.sampling import Part, Sample, median_rate

FAST_MODEL = ROOT / "build/fast-model"
SEED = 1
NAIVE_OPERATIONS_PER_MACHINE = 25
# The naive tester is so much slower that it gets a part of the operations only.
NAIVE_SHARE = 40
# What is fast gets more operations.
GO_SPEED_FACTOR = 5
# As long as a default run: what starting workers takes, a second or so, weighs there as much as it does for a user.
DIVIDED_SECONDS = 60
DIVIDED_ROUNDS_MAX = 3
MEMORY_OPERATION_COUNT = 100_000

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is measured; `scale` is that of the growth lines."""

    rounds: int
    operation_count: int
    memory_operation_count: int
    scale: float


@dataclass(slots=True)
class Result:
    """All figures by name, and those of the reach table by key."""

    figures: dict[str, float] = field(default_factory=dict)
    reach: dict[str, float] = field(default_factory=dict)


def measure(counts: Counts, say: Say) -> Result:
    """Measures everything; says each figure as it is known."""
    result = Result()
    with _open_parts(counts) as opened:
        samples = _rounds(opened, counts.rounds)
    _tell_parts(samples, result, say)
    reach_of_parts(samples, result)
    growth = measure_growth(counts.rounds, counts.scale)
    _add(result, growth, say)
    result.reach["span"] = growth["64 GiB / 4 MiB"]
    result.reach["reset"] = growth["reset, operations"]
    dividing = dividing_among_two(DIVIDED_SECONDS * counts.scale, min(counts.rounds, DIVIDED_ROUNDS_MAX))
    figures = {"two workers / one, wall clock": dividing.speedup, "two workers / one, processor": dividing.efficiency}
    _add(result, figures, say)
    result.reach["workers"] = dividing.speedup
    _measure_memory(counts, result, say)
    return result


@contextmanager
def _open_parts(counts: Counts) -> Iterator[list[Part]]:
    requests = parts.requests_of(parts.works_of(SEED, counts.operation_count))
    series = parts.series_of(SEED, GO_SPEED_FACTOR * counts.operation_count)
    with ExitStack() as stack:
        opened: list[Part] = [
            Naive(max(1, counts.operation_count // NAIVE_SHARE // NAIVE_OPERATIONS_PER_MACHINE)),
            Pipeline("this: scavdiff run", counts.operation_count),
            parts.generation(counts.operation_count),
            parts.model_alone(requests),
            parts.GoAlone(requests),
            parts.go_over_grpc(requests),
            parts.go_over_pipes(requests),
            parts.comparison_alone(requests),
            Pipeline("model and three Go targets", counts.operation_count, ("model", "go", "go", "go")),
            parts.GoAlone(series, "Go alone, series, in process"),
            Pipeline("two Go targets, no model", GO_SPEED_FACTOR * counts.operation_count, ("go", "go")),
            Pipeline("two Go targets, no model, no series", counts.operation_count, ("go", "go"), with_series=False),
        ]
        if FAST_MODEL.is_dir():
            # The current folder, which holds the plain sources, stays out of the search.
            environment = {"PYTHONSAFEPATH": "1", "PYTHONPATH": f"{FAST_MODEL}:{ROOT}"}
            opened.append(Pipeline("compiled model and Go", counts.operation_count, environment=environment))
        for part in opened:
            stack.enter_context(closing(part))
        yield opened


def _rounds(opened: list[Part], rounds: int) -> dict[str, list[Sample]]:
    """Samples by part; a first round, which warms up, does not count."""
    samples: dict[str, list[Sample]] = {part.name: [] for part in opened}
    for number in range(rounds + 1):
        for part in opened:
            measured = part.measure(SEED)
            if number:
                samples[part.name].append(measured)
    return samples


def _tell_parts(samples: dict[str, list[Sample]], result: Result, say: Say) -> None:
    for name, measured in samples.items():
        rate = median_rate(measured)
        wall = statistics.median(sample.operation_count / sample.wall_seconds for sample in measured)
        result.figures |= {f"{name}, operations/s": rate, f"{name}, operations/s of wall-clock time": wall}
        say(f"{name:<44} {rate:>12,.0f}/s {1e6 / rate:>9.3f} us   (wall clock {wall:,.0f}/s)")


def reach_of_parts(samples: dict[str, list[Sample]], result: Result) -> None:
    """Adds what the parts alone tell of the reach table."""
    this, naive = samples["this: scavdiff run"], samples["naive"]
    sides = samples["model alone"], samples["Go through pipes"]
    result.reach["pipeline"] = median_rate(this)
    if compiled := samples.get("compiled model and Go"):
        result.reach["compiled"] = median_rate(compiled)
    # Ratios are taken within a round: between two a machine may become slower, and does.
    result.reach["to_naive"] = statistics.median(one.rate / other.rate for one, other in zip(this, naive, strict=True))
    # Both sides work at once, so the pipeline is held to the busier process.
    result.reach["to_slower_side"] = statistics.median(
        one.critical_rate / min(side.rate for side in both) for one, *both in zip(this, *sides, strict=True)
    )
    result.reach["two_go"] = median_rate(samples["two Go targets, no model"])


def _measure_memory(counts: Counts, result: Result, say: Say) -> None:
    few = resident_memory(min(MEMORY_OPERATION_COUNT, counts.memory_operation_count))
    many = resident_memory(counts.memory_operation_count)
    figures = {
        f"resident memory, {who}, after {count:,} operations, MiB": size
        for count, sizes in ((MEMORY_OPERATION_COUNT, few), (counts.memory_operation_count, many))
        for who, size in zip(("driver", "target"), sizes, strict=True)
    }
    _add(result, figures, say)
    result.reach["memory"] = sum(many) / sum(few)


def _add(result: Result, figures: dict[str, float], say: Say) -> None:
    result.figures |= figures
    for name, value in figures.items():
        say(f"{name:<66} {value:>10.3f}")
