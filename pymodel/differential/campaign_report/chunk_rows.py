"""Which chunks a step draws: those that differ first, then those that the step changed, then the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pymodel.differential.comparison.differences import tell_chunks
from pymodel.differential.comparison.state import Bitmaps, HeapState
from pymodel.differential.running.pictures import CHUNK_INDEX_OFFSET, chunk_runs
from pymodel.pageheap.addresses import chunk_index, chunk_page_index
from pymodel.pageheap.words import MASK64

WORD_COUNT = 8

Run = tuple[int, int, Bitmaps]
"""Chunks in use: first index, count, bitmaps that all of them have."""
Runs = tuple[Run, ...]
"""Ascending."""
Column = tuple[Bitmaps | None, ...]
"""What each target has in a chunk; None where the chunk is not in use."""


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of a page heap at one moment, and searchAddr."""

    runs: Runs
    search_addr: int


@dataclass(frozen=True, slots=True)
class Row:
    """`chunk_count` neighbouring chunks from index `first` that look the same: what each target has after and before.

    `search_pages` says in which page of the row's chunk each target's searchAddr is, None if in none.
    """

    first: int
    chunk_count: int
    after: Column
    before: Column
    search_pages: tuple[int | None, ...]

    @property
    def differs(self) -> bool:
        """Whether targets differ in it after the step."""
        return len(set(self.after)) > 1

    @property
    def is_changed(self) -> bool:
        """Whether the step changed it, in any target."""
        return self.after != self.before

    @property
    def label(self) -> str:
        """Its chunks as programs name them."""
        return tell_chunks(self.first, self.chunk_count)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The rows that are drawn, by index, and a sentence about the others; empty if there are none."""

    rows: tuple[Row, ...]
    left_out: str


def pages_of(state: HeapState) -> Pages:
    """The pages of a state, which may change later."""
    return Pages(tuple(chunk_runs(state)), state.scalars[0])


def choose_rows(after: Sequence[Pages], before: Sequence[Pages], count_max: int) -> Chosen:
    """At most `count_max` rows of what each target has after a step, and had before it."""
    rows = list(_rows(after, before))
    ranked = sorted(rows, key=lambda row: (not row.differs, not row.is_changed, row.first))
    chosen = sorted(ranked[:count_max], key=lambda row: row.first)
    return Chosen(tuple(chosen), _left_out(ranked[count_max:]))


def _rows(after: Sequence[Pages], before: Sequence[Pages]) -> Iterator[Row]:
    """All chunks in use by any target, neighbours that look the same folded into one."""
    row: Row | None = None
    searched = [chunk_index(pages.search_addr) for pages in after]
    for first, count, held in _aligned([pages.runs for pages in (*after, *before)], searched):
        search_pages = tuple(
            chunk_page_index(pages.search_addr & MASK64) if first <= chunk < first + count else None
            for pages, chunk in zip(after, searched, strict=True)
        )
        following = Row(first, count, held[: len(after)], held[len(after) :], search_pages)
        joined = _joined(row, following)
        if joined is None and row is not None:
            yield row
        row = joined or following
    if row is not None:
        yield row


def _aligned(columns: Sequence[Runs], edges: Sequence[int]) -> Iterator[tuple[int, int, Column]]:
    """First index, count and what each column has, of chunks that any has; runs end where any column's do."""
    ends = {end for column in columns for first, count, _ in column for end in (first, first + count)}
    bounds = sorted(ends | {end for edge in edges for end in (edge, edge + 1)})
    positions = [0] * len(columns)
    for first, limit in pairwise(bounds):
        held: list[Bitmaps | None] = []
        for number, column in enumerate(columns):
            while positions[number] < len(column) and _limit(column[positions[number]]) <= first:
                positions[number] += 1
            run = column[positions[number]] if positions[number] < len(column) else None
            held.append(run[2] if run is not None and run[0] <= first else None)
        if any(bitmaps is not None for bitmaps in held):
            yield first, limit - first, tuple(held)


def _limit(run: Run) -> int:
    return run[0] + run[1]


def _joined(row: Row | None, following: Row) -> Row | None:
    """Both as one row, if nothing tells them apart."""
    if row is None or row.first + row.chunk_count != following.first:
        return None
    if (row.after, row.before) != (following.after, following.before):
        return None
    if any(page is not None for page in (*row.search_pages, *following.search_pages)):
        return None
    return Row(row.first, row.chunk_count + following.chunk_count, row.after, row.before, row.search_pages)


def _left_out(rows: Sequence[Row]) -> str:
    counts = {
        "that differ": sum(row.chunk_count for row in rows if row.differs),
        "that the step changed alike": sum(row.chunk_count for row in rows if row.is_changed and not row.differs),
        "that are the same and unchanged": sum(
            row.chunk_count for row in rows if not row.is_changed and not row.differs
        ),
    }
    parts = [f"{count:,} {words}" for words, count in counts.items() if count]
    return f"Chunks not drawn: {', '.join(parts)}." if parts else ""


def chunk_number(row: Row) -> int:
    """A row's first chunk as programs number chunks; negative below address 0."""
    return row.first - CHUNK_INDEX_OFFSET


def words_of(bits: int) -> str:
    """A bitmap as eight words in hexadecimal, the first holding pages 0 to 63."""
    return " ".join(f"{bits >> 64 * word & MASK64:x}" for word in range(WORD_COUNT))
