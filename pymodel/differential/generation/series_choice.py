"""The series of a run: which programs targets are asked to make by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pymodel.differential.generation.choices import Choices, TapeChoices, Weighted, mix
from pymodel.differential.generation.choices import Interval as PlainInterval
from pymodel.differential.generation.generators import PHYS_HUGE_PAGE_SIZES, PHYS_PAGE_SIZES
from pymodel.differential.generation.maker import CANONICAL_CHUNK, CHUNK_LIMIT, CHUNK_MIN
from pymodel.differential.generation.shapes import SHAPES, Shape
from pymodel.differential.programs.series import KINDS, Interval, Series

OPERATION_COUNT_OF_SERIES = 16_384
"""How many operations all programs of a series have together, about."""

_SHAPES: Weighted[str] = Weighted(
    {
        "general": 16,
        "full": 10,
        "sparse": 10,
        "straddling": 6,
        "huge_pages": 10,
        "many_ranges": 4,
        "far_apart": 6,
        "generations": 12,
        "caches": 10,
        "exhausted": 6,
    }
)
_OPERATION_COUNTS: Weighted[PlainInterval] = Weighted({(20, 60): 4, (60, 200): 5, (200, 800): 4, (800, 2000): 1})
_FILLED_PERCENTS = {"full": 60, "sparse": 70, "huge_pages": 60, "caches": 40, "exhausted": 60}
_GAPS_MAX = {"near": (3,), "edges": (3, 64), "scattered": (8, 60), "everywhere": (3, 600, 8192)}
# Chunks per summary at levels 3, 2, 1 and 0, and per second-level block of the chunk map.
_LEVEL_CHUNKS = (8, 64, 512, 4096, 8192)
# What distinguishes the stream of decisions about series from those about tapes.
_STREAM = 0x7365_7269_6573


@dataclass(frozen=True, slots=True)
class SeriesWork:
    """A series to run, its number in the run from 0, and the shape it was made after."""

    number: int
    shape: str
    series: Series

    @property
    def source(self) -> str:
        """Where a program of the series came from, as reports say it."""
        return f"series {self.shape}"


def series_of_run(seed: int, first: int = 0) -> Iterator[SeriesWork]:
    """The series of the run with a seed, from the one with number `first` on, without end."""
    number = first
    while True:
        yield series_from_seed(seed, number)
        number += 1


def series_from_seed(seed: int, number: int) -> SeriesWork:
    """The series with a number in the run with a seed; it depends on nothing else."""
    word = mix(mix(seed ^ _STREAM) ^ number)
    choices = TapeChoices(mix(word ^ _STREAM))
    shape = SHAPES[choices.weighted(_SHAPES)]
    operation_count = min(choices.within(_OPERATION_COUNTS), shape.operation_count_max)
    series = Series(
        seed=word,
        program_count=max(1, OPERATION_COUNT_OF_SERIES // operation_count),
        operation_count=operation_count,
        weights=_swarm(choices, shape),
        page_counts=_table(choices.choose(shape.page_counts)),
        byte_counts=_table(choices.choose(shape.byte_counts)),
        chunk_counts=_table(shape.chunk_counts),
        chunk_count_max=shape.chunk_count_max,
        chunk=_FIRST_CHUNKS.get(shape.placements, _canonical)(choices),
        gap_max=choices.choose(_GAPS_MAX[shape.placements]),
        part_percent=choices.choose(shape.part_percents),
        filled_percent=_FILLED_PERCENTS.get(shape.name, 10),
        phys_page_size=choices.weighted(PHYS_PAGE_SIZES),
        phys_huge_page_size=choices.weighted(PHYS_HUGE_PAGE_SIZES),
    )
    return SeriesWork(number, shape.name, series)


def _swarm(choices: Choices, shape: Shape) -> tuple[int, ...]:
    """Some of the shape's operations, each with one to four times its weight; allocations in any case."""
    weights = []
    for kind in KINDS:
        factor = choices.choose((1, 1, 2, 4))
        taken = choices.boolean(75) or kind in shape.kept or kind == "alloc"
        weights.append(shape.weights.get(kind, 0) * factor if taken else 0)
    return tuple(weights)


def _table(weighted: Weighted[PlainInterval]) -> tuple[Interval, ...]:
    return tuple((low, high, weight) for (low, high), weight in weighted.weights.items())


def _canonical(_choices: Choices) -> int:
    """Where Go's tests put their first chunk."""
    return CANONICAL_CHUNK


def _edge(choices: Choices) -> int:
    """Just before an edge between two entries of a summary level."""
    return CANONICAL_CHUNK + choices.choose(_LEVEL_CHUNKS) - choices.integer(0, 8)


def _anywhere(choices: Choices) -> int:
    """About either end of either half of the address space, or anywhere."""
    far = choices.integer(1, CHUNK_LIMIT - 1)
    near = choices.integer(0, 16)
    return choices.choose((far, 1 + near, -1 - near, CHUNK_MIN + near, CHUNK_LIMIT - near, _edge(choices)))


_FIRST_CHUNKS: dict[str, Callable[[Choices], int]] = {"edges": _edge, "everywhere": _anywhere}
