"""The table of `scavdiff replay` for several traces: one row each, as it is known."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

from pymodel.differential.running.known_failing import KnownFailing
from pymodel.differential.running.side_by_side import SideBySide
from pymodel.differential.running.statuses import Judgement, Replayed, Status, judge_all

STATUS_WIDTH = max(map(len, Status))
_GAP = "  "
_INDENT = " " * (STATUS_WIDTH + len(_GAP))


class StatusTable:
    """Rows for `paths`, at most `width` columns wide where words allow; what is too long for a row goes below it."""

    def __init__(self, paths: Sequence[Path], width: int) -> None:
        self._path_width = max((len(str(path)) for path in paths), default=0)
        self._width = width

    def row(self, judgement: Judgement) -> str:
        """The row of one trace, without its line feed."""
        start = f"{judgement.status:<{STATUS_WIDTH}}{_GAP}{judgement.path}"
        if not judgement.told:
            return start
        whole = f"{start:<{len(_INDENT) + self._path_width}}{_GAP}{judgement.told}"
        if len(whole) <= self._width:
            return whole
        below = textwrap.wrap(
            judgement.told,
            max(self._width, len(_INDENT) + 20),
            initial_indent=_INDENT,
            subsequent_indent=_INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )
        return "\n".join([start, *below])


def replay_many(
    paths: Sequence[Path], side_by_side: SideBySide, known: KnownFailing, table: StatusTable, say: Callable[[str], None]
) -> Replayed:
    """Runs all traces; says a row for each as it is known, what is wrong with the list, and the totals."""
    judgements = []
    for judgement in judge_all(paths, side_by_side, known):
        say(table.row(judgement))
        judgements.append(judgement)
    replayed = Replayed(tuple(judgements), known.problems())
    for problem in replayed.problems:
        say(problem)
    say(replayed.totals)
    return replayed
