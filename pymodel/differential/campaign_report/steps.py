"""A finding's steps around its first difference, drawn from what the targets answered: as plain data for the page.

A *column* stands for all targets that sent the same bytes. What columns have alike is written once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from pymodel.differential.campaign_report.chunk_rows import (
    Column,
    Pages,
    Row,
    choose_rows,
    chunk_number,
    pages_of,
    words_of,
)
from pymodel.differential.campaign_report.detail import Detail, shortened
from pymodel.differential.campaign_report.names import listed
from pymodel.differential.campaign_report.pool import Jsonable, Pool
from pymodel.differential.campaign_report.state_rows import Held, StateRow, held_by, state_rows
from pymodel.differential.comparison.compare import compare
from pymodel.differential.comparison.differences import Difference, Side, find_differences, tell_outcome
from pymodel.differential.comparison.signatures import causes
from pymodel.differential.comparison.state import NO_BITMAPS, Bitmaps, Changes
from pymodel.differential.comparison.strictness import EXACT, Strictness
from pymodel.differential.comparison.transcripts import TranscriptReader
from pymodel.differential.programs.program import Program
from pymodel.differential.programs.text import print_operation

CLEAN_HEAP = "clean heap"

Key = TypeVar("Key", int, tuple[int, int])
Content = TypeVar("Content", int, Bitmaps)


@dataclass(frozen=True, slots=True)
class Window:
    """The numbers of the steps that are drawn, [first, limit), and that of the one to open on."""

    first: int
    limit: int
    opening: int


@dataclass(frozen=True, slots=True)
class Moment:
    """What each column had after a step."""

    pages: tuple[Pages, ...]
    held: tuple[Held, ...]


class Answers:
    """What targets answered to a program, read once, to be drawn in any detail. Raises TargetLied."""

    def __init__(self, program: Program, transcripts: Mapping[str, bytes], strictness: Strictness = EXACT) -> None:
        self._program = program
        self._strictness = strictness
        names_by_bytes: dict[bytes, tuple[str, ...]] = {}
        for name, data in transcripts.items():
            names_by_bytes[data] = (*names_by_bytes.get(data, ()), name)
        self._readers = [TranscriptReader(names, program, data, None) for data, names in names_by_bytes.items()]
        self._step_count = min(sum(1 for _ in reader.sides()) for reader in self._readers)
        first = self._first_differing(transcripts)
        self._opening = self._step_count - 1 if first is None else first

    def draw(self, detail: Detail) -> dict[str, Jsonable]:
        """The steps as data; step 0 is the clean heap, step n what operation n did.

        `columns` are names, `opening` is the place in `steps` of the first that differs, or of the last step
        where none differs. Texts, bitmaps and rows of chunks are numbers of things in `pool`.
        """
        window = Window(
            max(0, self._opening - detail.steps_before),
            min(self._step_count, self._opening + detail.steps_after + 1),
            self._opening,
        )
        drawing = _Drawing(self._program, detail, self._strictness)
        steps = list(drawing.steps(self._readers, window))
        return {
            "columns": [listed(reader.names) for reader in self._readers],
            "steps": steps,
            "opening": self._opening - window.first,
            "before": _left_out(window.first, "before"),
            "after": _left_out(self._step_count - window.limit, "after"),
            "pool": drawing.pool.things,
        }

    def _first_differing(self, transcripts: Mapping[str, bytes]) -> int | None:
        """The number of the first step after which targets differ; None if there is none."""
        if len(transcripts) < 2:
            return None
        divergence = compare(self._program, transcripts, strictness=self._strictness)
        if divergence is None:
            return None
        return 0 if divergence.step is None else divergence.step + 1


def _left_out(count: int, where: str) -> str:
    if count == 0:
        return ""
    return f"{count:,} {'step' if count == 1 else 'steps'} {where} these {'is' if count == 1 else 'are'} not drawn."


class _Drawing:
    """Draws steps, with what they mention kept once in `pool`."""

    def __init__(self, program: Program, detail: Detail, strictness: Strictness) -> None:
        self.pool = Pool()
        self._program = program
        self._detail = detail
        self._strictness = strictness

    def steps(self, readers: Sequence[TranscriptReader], window: Window) -> Iterator[dict[str, Jsonable]]:
        """The steps of a window."""
        before: Moment | None = None
        for number, sides in enumerate(zip(*(reader.sides() for reader in readers), strict=False)):
            if number >= window.limit:
                return
            if number < window.first - 1:
                continue
            after = Moment(tuple(pages_of(side.state) for side in sides), tuple(held_by(side.state) for side in sides))
            if number >= window.first:
                yield self._step(number, sides, after, before or after, number >= window.opening)
            before = after

    def _step(
        self, number: int, sides: tuple[Side, ...], after: Moment, before: Moment, may_differ: bool
    ) -> dict[str, Jsonable]:
        differences, more = self._differences(number, sides) if may_differ else ([], "")
        fields = set(causes(differences))
        # A stable sort: what others follow from comes first.
        ordered = sorted(differences, key=lambda difference: difference.field not in fields)
        rows = choose_rows(after.pages, before.pages, self._detail.chunk_rows)
        state = state_rows(
            after.held,
            before.held,
            differences,
            summary_count_max=self._detail.summaries,
            range_count_max=self._detail.ranges,
        )
        return {
            "number": number,
            "operation": self._text(print_operation(self._program.operations[number - 1]) if number else CLEAN_HEAP),
            "outcomes": [self._text(self._outcome(number, side)) for side in sides],
            "printed": [self._text(side.printed) for side in sides],
            "differences": [self._difference(difference, fields) for difference in ordered],
            "more": more,
            "chunks": [self.pool.place(self._row(row)) for row in rows.rows],
            "chunksLeftOut": rows.left_out,
            "state": [self.pool.place(self._state_row(row)) for row in state.rows],
            "stateLeftOut": state.left_out,
        }

    def _differences(self, number: int, sides: Sequence[Side]) -> tuple[list[Difference], str]:
        """The differences after a step, whichever step they came from, and a sentence about those left out.

        Of the chunks and summaries that differ only so many are told, since telling takes long and there may be many.
        """
        limit = self._detail.differences
        chunks = _differing([side.state.chunks for side in sides], NO_BITMAPS)
        summaries = _differing([side.state.summaries for side in sides], 0)
        changes = Changes(chunks=set(chunks[:limit]), summaries=set(summaries[:limit]))
        operation = self._program.operations[number - 1] if number else None
        told = find_differences([replace(side, changes=changes) for side in sides], operation, self._strictness)
        counts = ((len(chunks) - limit, "chunks"), (len(summaries) - limit, "summaries"))
        left_out = [f"{count:,} {words}" for count, words in counts if count > 0]
        return told, f"Not listed: {' and '.join(left_out)} more that differ." if left_out else ""

    def _outcome(self, number: int, side: Side) -> str:
        if side.outcome is None:
            return ""
        return tell_outcome(self._program.operations[number - 1], side.outcome)

    def _text(self, text: str) -> int:
        return self.pool.place(shortened(text, self._detail.text_length))

    def _difference(self, difference: Difference, fields: set[str]) -> dict[str, Jsonable]:
        drawn: dict[str, Jsonable] = {"follows": True} if difference.field not in fields else {}
        return drawn | {
            "what": self._text(difference.what),
            "place": place_of(difference),
            "groups": [*map(listed, difference.groups)],
            "held": [self._text(held) for held in difference.held],
        }

    def _row(self, row: Row) -> dict[str, Jsonable]:
        drawn: dict[str, Jsonable] = {
            "first": chunk_number(row),
            "count": row.chunk_count,
            "label": row.label,
            "after": self._column(row.after),
        }
        if row.is_changed:
            drawn["before"] = self._column(row.before)
        if any(page is not None for page in row.search_pages):
            drawn["search"] = list(row.search_pages)
        return drawn

    def _column(self, column: Column) -> list[Jsonable]:
        """Allocated and scavenged of each target, or once if all have the same; null where it is not in use."""
        alike = len(set(column)) == 1
        return [
            bitmaps and [self.pool.place(words_of(bits)) for bits in bitmaps]
            for bitmaps in column[: 1 if alike else None]
        ]

    def _state_row(self, row: StateRow) -> dict[str, Jsonable]:
        drawn: dict[str, Jsonable] = {
            "section": row.section.value,
            "name": row.name,
            "after": self._texts(row.after),
        }
        if row.before != row.after:
            drawn["before"] = self._texts(row.before)
        if row.differs:
            drawn["differs"] = True
        return drawn

    def _texts(self, texts: Sequence[str]) -> list[int]:
        """One for each target, or once if all have the same."""
        alike = len(set(texts)) == 1
        return [self._text(text) for text in texts[: 1 if alike else None]]


def _differing(columns: Sequence[Mapping[Key, Content]], absent: Content) -> list[Key]:
    """The keys under which not all hold the same, ascending."""
    keys = {key for column in columns for key in column}
    return sorted(key for key in keys if len({column.get(key, absent) for column in columns}) > 1)


def place_of(difference: Difference) -> str:
    """Where the page draws what differs: `outcome`, `printed`, `chunk NUMBER`, or `state NAME`."""
    field = difference.field
    if field.startswith("outcome"):
        return "outcome"
    if field == "printed":
        return field
    if field.startswith("chunk."):
        match = re.match(r"chunks? \[?(-?0x[0-9a-f]+)", difference.what)
        assert match is not None, "tell_chunks tells the first chunk"
        return f"chunk {int(match[1], 16)}"
    if field == "summary":
        return f"state {difference.what.removeprefix('summary ')}"
    if field == "summary_lengths":
        return "state lengths by level"
    return f"state {field.removesuffix('.ranges')}"
