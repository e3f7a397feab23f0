"""From a program that diverges to a small one that diverges in the same way, on the same targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pymodel.differential.comparison.compare import Divergence
from pymodel.differential.programs.program import Program
from pymodel.differential.running.side_by_side import Comparison, SideBySide
from pymodel.differential.shrinking import Limits, shrink

# A candidate may crash or hang a target, which costs a restart; after so many, what is left to try is given up.
FAILURE_COUNT_MAX = 20
# A target killed from outside fails a candidate that it can run; so many are tried a second time.
RETRIED_COUNT_MAX = 3


@dataclass(frozen=True, slots=True)
class Minimal:
    """The simplest program found, how it diverges, and whether the divergence did not show again at all.

    `transcripts` are what the targets answered to it, by name; none where nothing was run again.
    """

    program: Program
    divergence: Divergence
    flaky: bool = False
    transcripts: Mapping[str, bytes] = field(default_factory=dict)


def minimal_divergence(
    side_by_side: SideBySide,
    program: Program,
    divergence: Divergence,
    limits: Limits | None = None,
    accepts: Callable[[Divergence], bool] | None = None,
) -> Minimal:
    """Shrinks `program`, which diverged as `divergence` says; nothing may be pending.

    Programs count that diverge with the same signature, or as `accepts` has it.
    """
    question = _Question(side_by_side, accepts or (lambda other: other.signature == divergence.signature))
    if question.first_failing([program]) is None:
        return Minimal(program, divergence, flaky=True)
    shrunk = shrink(program, question.first_failing, failing_step=divergence.step, limits=limits)
    return Minimal(shrunk, question.divergences[shrunk], transcripts=question.transcripts_of(shrunk))


class _Question:
    """Whether programs diverge in a way that counts; remembers how those did that did."""

    def __init__(self, side_by_side: SideBySide, accepts: Callable[[Divergence], bool]) -> None:
        self._side_by_side = side_by_side
        self._accepts = accepts
        self._failure_count = 0
        self._retried_count = 0
        self.divergences: dict[Program, Divergence] = {}
        # Of the last one only: it is the simplest so far, and transcripts are large.
        self._last: tuple[Program, Mapping[str, bytes]] | None = None

    def transcripts_of(self, program: Program) -> Mapping[str, bytes]:
        """What the targets answered to the program that diverged last."""
        return self._last[1] if self._last is not None and self._last[0] == program else {}

    def first_failing(self, programs: Sequence[Program]) -> int | None:
        """The index of the first that does; None if none does, or once the targets have failed too often."""
        if self._failure_count >= FAILURE_COUNT_MAX:
            return None
        first = None
        for index, comparison in enumerate(self._run(programs)):
            self._failure_count += len(comparison.failures)
            divergence = comparison.divergence
            if first is None and divergence is not None and self._accepts(divergence):
                first = index
                self.divergences[programs[index]] = divergence
                self._last = programs[index], comparison.transcripts
        return first

    def _run(self, programs: Sequence[Program]) -> list[Comparison]:
        comparisons = self._side_by_side.run(programs)
        for index, comparison in enumerate(comparisons):
            if comparison.failures and self._retried_count < RETRIED_COUNT_MAX:
                self._retried_count += 1
                (comparisons[index],) = self._side_by_side.run([comparison.program])
        return comparisons
