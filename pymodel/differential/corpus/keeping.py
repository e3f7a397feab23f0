"""Which of a block's programs are worth keeping, and how short they can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pymodel.differential.campaign.blocks import Kept
from pymodel.differential.corpus.corpus import Corpus
from pymodel.differential.programs.program import Program
from pymodel.differential.programs.text import print_program
from pymodel.differential.shrinking.changing import without

RUN_COUNT_OF_PROGRAM_MAX = 12
EFFORT_SHARE = 0.125
"""Of the operations that a block runs, so many more may go into making kept programs shorter."""
# A program that reaches nothing new is kept if it is so much shorter than the one that stands for a feature.
SHORTER_FACTOR = 4

Measure = Callable[[Program], frozenset[str] | None]
"""Runs a program: its features, or None where a target failed."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    program: Program
    features: frozenset[str]
    wanted: frozenset[str]
    shape: str


class Keeper:
    """Looks at what the programs of a block reach, given the length of the shortest program for what is reached."""

    def __init__(self, lengths: Mapping[str, int]) -> None:
        self._lengths = dict(lengths)
        self._candidates: list[_Candidate] = []
        self._operation_count = 0

    def consider(self, program: Program, features: frozenset[str], shape: str = "") -> None:
        """Notes a program of a shape that reaches something new, or something in a much shorter way."""
        length = len(program.operations)
        self._operation_count += length
        wanted = frozenset(
            feature
            for feature in features
            if (known := self._lengths.get(feature)) is None or length * SHORTER_FACTOR <= known
        )
        if wanted:
            self._lengths.update(dict.fromkeys(wanted, length))
            self._candidates.append(_Candidate(program, features, wanted, shape))

    def finish(self, measure: Measure) -> tuple[Kept, ...]:
        """The programs to keep, made shorter while they reach what they are wanted for, with bounded effort."""
        operations_left = int(self._operation_count * EFFORT_SHARE)
        corpus = Corpus()
        for candidate in self._candidates:
            program, features, operation_count = shortened(
                candidate.program, candidate.features, candidate.wanted, measure, operations_left
            )
            operations_left -= operation_count
            kept = Kept(print_program(program), tuple(sorted(features)), len(program.operations), candidate.shape)
            corpus.add(kept)
        return tuple(corpus)


def shortened(
    program: Program, features: frozenset[str], wanted: frozenset[str], measure: Measure, operation_count_max: int
) -> tuple[Program, frozenset[str], int]:
    """A shorter program that reaches all that is wanted, what it reaches, and how many operations were run for that.

    Ranges of operations are removed: halves first, then ranges of half that size, from the end.
    """
    run_count = operation_count = 0
    size = len(program.operations) // 2
    while size:
        limit = len(program.operations)
        for first in _firsts(limit, size):
            candidate = without(program, first, first + size)
            count = len(candidate.operations)
            if run_count == RUN_COUNT_OF_PROGRAM_MAX or operation_count + count > operation_count_max:
                return program, features, operation_count
            reached = measure(candidate)
            run_count, operation_count = run_count + 1, operation_count + count
            if reached is not None and wanted <= reached:
                program, features = candidate, reached
        size //= 2
    return program, features, operation_count


def _firsts(limit: int, size: int) -> Iterator[int]:
    """Where ranges of a size begin, the last first: what was removed lies behind what comes next."""
    yield from range(limit - size, -1, -size)
