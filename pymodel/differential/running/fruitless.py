"""When a target is given up: it fails one program after the other."""

from __future__ import annotations

import collections

from pymodel.differential.errors import TargetGivenUp
from pymodel.differential.running.side_by_side import Comparison

FRUITLESS_PROGRAM_COUNT_MAX = 10


class Fruitless:
    """Counts the programs in a row that each target failed."""

    def __init__(self) -> None:
        self._counts: collections.Counter[str] = collections.Counter()

    def check(self, comparison: Comparison) -> None:
        """Raises TargetGivenUp for a target that failed too many programs in a row, this one included."""
        for name in comparison.transcripts:
            self._counts[name] = 0
        for error in comparison.failures:
            self._counts[error.target] += 1
            if self._counts[error.target] >= FRUITLESS_PROGRAM_COUNT_MAX:
                what = f"was given up: it failed {FRUITLESS_PROGRAM_COUNT_MAX} programs in a row"
                raise TargetGivenUp(error.target, what, stderr_lines=error.stderr_lines) from error
