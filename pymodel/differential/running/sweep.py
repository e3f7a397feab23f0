"""Sweeps: many series sent to targets at once, of which only digests come back.

Equal digests are equal transcripts. What differs is run again as programs that are sent, with every state shown, before
anything is said of it; and so is a share of what agrees, so that a digest is known to be that of a transcript, and that
transcript to be sound.
"""

from __future__ import annotations

import collections
import dataclasses
import itertools
from collections.abc import Callable, Iterator

from pymodel.differential.comparison.strictness import EXACT
from pymodel.differential.errors import HarnessError, TargetLied
from pymodel.differential.generation.series_choice import SeriesWork
from pymodel.differential.generation.workload import Work
from pymodel.differential.programs.series import digest_of
from pymodel.differential.running.side_by_side import Comparison, SeriesAnswers, SideBySide
from pymodel.differential.running.tally import Tally
from pymodel.differential.running.window import Window

SERIES_COUNT_OF_ROUND = 12
PROGRAM_COUNT_BETWEEN_ROUNDS = 64
SHOWN_EVERY = 64
"""Of so many programs of a series, one is shown in full even though its digests agree; of each series at least one."""
CHECKED_COUNT = 1
"""How many of a series' programs that are shown are searched for contradictions although all targets answer alike."""
DIFFERING_SHOWN_MAX = 8
"""How many programs of a series are shown because their digests differ."""
PROGRAM_NUMBERS_OF_SERIES = 4096
"""A series' program is numbered in a run as if each series had so many."""


def can_sweep(side_by_side: SideBySide) -> bool:
    """Whether series are worth sending: two targets can make their programs, none of them in this process, where making
    them takes longer than sending them, and nothing is ignored, which digests could not."""
    targets = side_by_side.series_targets
    return (
        len(targets) > 1
        and not any(target.in_process for target in side_by_side.targets)
        and side_by_side.strictness == EXACT
    )


class SweepingWindow:
    """A window that sweeps first, and again after every so many programs; it hands out what a sweep shows in full."""

    def __init__(
        self, window: Window, side_by_side: SideBySide, works: Iterator[SeriesWork], tally: Tally, limit: int | None
    ) -> None:
        """`limit` is how many operations the run may compare in all."""
        self._window = window
        self._side_by_side = side_by_side
        self._works = works
        self._tally = tally
        self._limit = limit
        self._shown: collections.deque[tuple[Work, Comparison]] = collections.deque()
        self._count_until_round = 0

    def next(self, may_send: Callable[[int], bool]) -> tuple[Work, Comparison] | None:
        """The next work and what came of it; None at the end."""
        if self._count_until_round == 0 and may_send(self._window.sent_program_count):
            self._window.collect_early()
            self._shown.extend(self._round())
            self._count_until_round = PROGRAM_COUNT_BETWEEN_ROUNDS
        if self._shown:
            return self._shown.popleft()
        self._count_until_round -= 1
        return self._window.next(may_send)

    def collect_early(self) -> None:
        """Waits for all that was sent, so that the targets are free for other programs."""
        self._window.collect_early()

    def _round(self) -> list[tuple[Work, Comparison]]:
        """Runs several series; counts what agreed, and returns what was shown in full."""
        works = list(self._works_within_limit())
        answers = self._side_by_side.run_series([work.series for work in works])
        shown: list[tuple[Work, Comparison]] = []
        for work, answer in zip(works, answers, strict=True):
            differing = differing_indices(answer)
            indices = shown_indices(work, answer, differing)
            self._count(work, answer, differing, indices)
            shown += show(self._side_by_side, work, answer, indices)
        return shown

    def _count(self, work: SeriesWork, answers: SeriesAnswers, differing: set[int], shown: list[int]) -> None:
        """Counts the programs that are not shown, for those are counted when they are."""
        agreed_count = work.series.program_count - len(differing.union(shown))
        operation_count = agreed_count * work.series.operation_count
        self._tally.add_series(work.source, agreed_count, operation_count, len(answers.digests))
        self._tally.divergent_program_count += len(differing.difference(shown))

    def _works_within_limit(self) -> Iterator[SeriesWork]:
        left = None if self._limit is None else self._limit - self._tally.operation_count
        for work in itertools.islice(self._works, SERIES_COUNT_OF_ROUND):
            if left is None:
                yield work
                continue
            operation_count = work.series.operation_count
            program_count = min(work.series.program_count, -(-left // operation_count))
            if program_count <= 0:
                return
            left -= program_count * operation_count
            yield dataclasses.replace(work, series=dataclasses.replace(work.series, program_count=program_count))


def differing_indices(answers: SeriesAnswers) -> set[int]:
    """The programs of a series whose digests differ."""
    by_program = enumerate(zip(*answers.digests.values(), strict=True))
    return {index for index, digests in by_program if len(set(digests)) > 1}


def shown_indices(work: SeriesWork, answers: SeriesAnswers, differing: set[int]) -> list[int]:
    """The programs of a series to be shown in full: all if a target failed, else some that differ, and a share."""
    count = work.series.program_count
    if answers.failures:
        return list(range(count))
    share = range(work.number % min(SHOWN_EVERY, count), count, SHOWN_EVERY)
    return sorted({*sorted(differing)[:DIFFERING_SHOWN_MAX], *share})


def show(
    side_by_side: SideBySide, work: SeriesWork, answers: SeriesAnswers, indices: list[int]
) -> Iterator[tuple[Work, Comparison]]:
    """Runs programs of a series by themselves and compares all states; a target's digests must be those of its states.

    What went wrong with the series, and does not go wrong again, is charged to the first program.
    """
    programs = (work.series.program(index) for index in indices)
    comparisons = side_by_side.run(programs, checked_count=CHECKED_COUNT)
    failed_again = {error.target for comparison in comparisons for error in comparison.failures}
    charged: list[HarnessError] = [error for error in answers.failures if error.target not in failed_again]
    for index, comparison in zip(indices, comparisons, strict=True):
        lies = list(_lies(answers, index, comparison))
        for lie in lies:
            side_by_side.distrust(lie.target)
        told = dataclasses.replace(comparison, failures=(*charged, *comparison.failures, *lies))
        charged = []
        number = work.number * PROGRAM_NUMBERS_OF_SERIES + index
        yield Work(number, work.source, comparison.program), told


def _lies(answers: SeriesAnswers, index: int, comparison: Comparison) -> Iterator[TargetLied]:
    """What a program shown in full says of the digests."""
    agreed_on: bytes | None = None
    for name, transcript in comparison.transcripts.items():
        if name not in answers.digests:
            continue
        digest = digest_of(transcript)
        if answers.digests[name][index] != digest:
            yield TargetLied(name, "gave a program of a series another digest than that of its transcript")
        elif comparison.divergence is None and digest != (agreed_on := agreed_on or digest):
            yield TargetLied(name, "digests transcripts that are not in the canonical encoding")
