"""The search that every pass shares: the simplest failing program so far, and the trying of candidates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pymodel.differential.programs.program import Program
from pymodel.differential.shrinking.simplicity import simplicity

Tag = TypeVar("Tag")

FirstFailing = Callable[[Sequence[Program]], int | None]
"""Answers which of some programs fails first, by its index; None if none does.

It must be deterministic and must not depend on what else is in the sequence. It is given several programs at once so
that many can be on their way to a target; it need not run those after the first that fails.
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a shrink may cost. What is counted does not depend on `batch_count`, and neither does the result."""

    candidate_count_max: int = 6000
    operation_count_max: int = 1_500_000
    batch_count: int = 16


def one_at_a_time(fails: Callable[[Program], bool]) -> FirstFailing:
    """The batch form of a question about one program."""

    def first_failing(programs: Sequence[Program]) -> int | None:
        return next((index for index, program in enumerate(programs) if fails(program)), None)

    return first_failing


class Search:
    """The current program, and the one way to replace it.

    Invariant: `current` fails, and each program that replaces it is simpler than it by `simplicity`. That order is
    well-founded, so passes that repeat until they change nothing come to an end whatever they propose. No program is
    asked about twice: one that did not fail never will.
    """

    def __init__(self, program: Program, first_failing: FirstFailing, limits: Limits) -> None:
        self.current = program
        self._first_failing = first_failing
        self._limits = limits
        self._tried: set[Program] = {program}
        self._candidate_count = 0
        self._operation_count = 0

    @property
    def exhausted(self) -> bool:
        """Whether the limits allow no further candidate."""
        return (
            self._candidate_count >= self._limits.candidate_count_max
            or self._operation_count >= self._limits.operation_count_max
        )

    def consider(self, candidates: Iterable[tuple[Tag, Program]]) -> Tag | None:
        """Takes the first candidate that fails, and answers its tag; None if none fails or the limits are reached.

        Candidates that are not simpler than the current program, or were tried before, are passed over.
        """
        key = simplicity(self.current)
        batch: list[tuple[Tag, Program]] = []
        for tag, program in candidates:
            if self.exhausted:
                return None
            if program in self._tried or simplicity(program) >= key:
                continue
            self._tried.add(program)
            batch.append((tag, program))
            if len(batch) == self._limits.batch_count:
                taken = self._run(batch)
                if taken is not None:
                    return taken
                batch = []
        return self._run(batch)

    def _run(self, batch: list[tuple[Tag, Program]]) -> Tag | None:
        batch = self._affordable(batch)
        if not batch:
            return None
        index = self._first_failing([program for _, program in batch])
        run = batch if index is None else batch[: index + 1]
        self._candidate_count += len(run)
        self._operation_count += sum(len(program.operations) for _, program in run)
        if index is None:
            return None
        # Those behind it were not needed and may not have been run: they may be tried again.
        self._tried.difference_update(program for _, program in batch[index + 1 :])
        tag, self.current = batch[index]
        return tag

    def _affordable(self, batch: list[tuple[Tag, Program]]) -> list[tuple[Tag, Program]]:
        """As many from the front as the limits allow, one at least while they are not reached."""
        candidates_left = self._limits.candidate_count_max - self._candidate_count
        operations_left = self._limits.operation_count_max - self._operation_count
        kept: list[tuple[Tag, Program]] = []
        for tag, program in batch[:candidates_left]:
            if operations_left <= 0:
                break
            operations_left -= len(program.operations)
            kept.append((tag, program))
        return kept
