"""Draws a page heap for a terminal: one row per chunk, neighbours that are equal folded into one.

    0xc000     ####++..ssssssssssssssss a130 f126 s256
                   ^ searchAddr
    0xc001 x3 |ssssssssssssssssssssssss s512

A cell stands for several pages; one whose pages are not all alike is drawn as such. The column before the cells shows
what the scavenger still looks at in this generation: `|` the whole chunk, `:` a part of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.text import Text

from pymodel.differential.comparison.state import NO_BITMAPS, Bitmaps, HeapState, RangeSet
from pymodel.pageheap.addresses import chunk_index
from pymodel.pageheap.constants import PAGE_SIZE, PALLOC_CHUNK_BYTES, PALLOC_CHUNK_PAGES
from pymodel.pageheap.mranges import linear
from pymodel.pageheap.words import MASK64

CHUNK_INDEX_OFFSET = 1 << 25
ROW_COUNT_MAX = 40
CELL_COUNTS = (128, 64, 32, 16)
LABEL_WIDTH = 10
GUTTER_WIDTH = 3
COUNTS_WIDTH = 15
FREE, ALLOCATED, SCAVENGED, BOTH, MIXED = ".", "#", "s", "!", "+"
STYLES = {FREE: "green", ALLOCATED: "bold", SCAVENGED: "blue", BOTH: "bold red", MIXED: "yellow"}
LEGEND = "# allocated  . free  s free and scavenged  ! allocated and scavenged  + several of these"
MARKS_LEGEND = "| in the scavenger's range  : partly  ^ searchAddr"


@dataclass(frozen=True, slots=True)
class Row:
    """`chunk_count` neighbouring chunks from index `first` that look the same."""

    first: int
    chunk_count: int
    bitmaps: Bitmaps
    gutter: str


def cell_count(width: int) -> int:
    """How many cells a chunk gets on `width` columns: the most that leave room for the words."""
    room = width - LABEL_WIDTH - GUTTER_WIDTH - COUNTS_WIDTH
    return next((count for count in CELL_COUNTS if count <= room), CELL_COUNTS[-1])


def heap_picture(state: HeapState, width: int) -> Iterator[Text]:
    """The lines of a picture of the heap, at most `width` columns each."""
    cells = cell_count(width)
    rows = list(heap_rows(state))
    following = None
    for row in rows[:ROW_COUNT_MAX]:
        if following is not None and row.first != following:
            yield Text(f"{'':{LABEL_WIDTH}}... {row.first - following:,} chunks not in use ...", "dim")
        following = row.first + row.chunk_count
        yield _row_line(row, cells, width)
        if _holds(row, state.scalars[0]):
            yield _search_line(state.scalars[0], cells)
    if not rows:
        yield Text("no chunk in use", "dim")
    if len(rows) > ROW_COUNT_MAX:
        yield Text(f"... {len(rows) - ROW_COUNT_MAX:,} rows more ...", "dim")


def heap_rows(state: HeapState) -> Iterator[Row]:
    """All chunks in use, by ascending index; equal neighbours are one row, but that of searchAddr stands alone."""
    row: Row | None = None
    search_chunk = chunk_index(state.scalars[0])
    for index, count, bitmaps in chunk_runs(state):
        for first, chunk_count in _split(index, count, search_chunk):
            gutter = _gutter(state.scav_in_use, first, chunk_count)
            next_row = Row(first, chunk_count, bitmaps, gutter)
            joined = _joined(row, next_row, search_chunk)
            if joined is None and row is not None:
                yield row
            row = joined or next_row
    if row is not None:
        yield row


def chunk_runs(state: HeapState) -> Iterator[tuple[int, int, Bitmaps]]:
    """Chunks in use as (first index, count, bitmaps); those that the state does not list are all zero."""
    listed = sorted(state.chunks)
    position = 0
    for limit_first, limit in _chunks_in_use(state.in_use):
        at = limit_first
        while position < len(listed) and listed[position] < limit:
            index = listed[position]
            position += 1
            if index > at:
                yield at, index - at, NO_BITMAPS
            if index >= at:
                yield index, 1, state.chunks[index]
                at = index + 1
        if at < limit:
            yield at, limit - at, NO_BITMAPS


def _chunks_in_use(in_use: RangeSet) -> list[tuple[int, int]]:
    """[first, limit) chunk indices of each range."""
    return sorted((chunk_index(base), chunk_index((limit - 1) & MASK64) + 1) for base, limit in in_use.pairs)


def _split(first: int, count: int, at: int) -> Iterator[tuple[int, int]]:
    """A run of chunks, with chunk `at` apart if it is one of them."""
    if not first <= at < first + count:
        yield first, count
        return
    if at > first:
        yield first, at - first
    yield at, 1
    if at + 1 < first + count:
        yield at + 1, first + count - at - 1


def _joined(row: Row | None, following: Row, search_chunk: int) -> Row | None:
    """Both as one row, if nothing tells them apart."""
    if row is None or row.first + row.chunk_count != following.first or search_chunk in (row.first, following.first):
        return None
    if (row.bitmaps, row.gutter) != (following.bitmaps, following.gutter):
        return None
    return Row(row.first, row.chunk_count + following.chunk_count, row.bitmaps, row.gutter)


def _gutter(ranges: RangeSet, first: int, chunk_count: int) -> str:
    """`|` if the ranges cover the chunks, `:` if they cover a part, else a blank."""
    base, limit = first * PALLOC_CHUNK_BYTES, (first + chunk_count) * PALLOC_CHUNK_BYTES
    covered = sum(
        max(0, min(limit, linear(range_limit)) - max(base, linear(range_base)))
        for range_base, range_limit in ranges.pairs
    )
    if covered == 0:
        return " "
    return "|" if covered == limit - base else ":"


def _holds(row: Row, address: int) -> bool:
    return row.first <= chunk_index(address) < row.first + row.chunk_count


def _row_line(row: Row, cells: int, width: int) -> Text:
    line = Text(f"{_label(row):<{LABEL_WIDTH}} {row.gutter} ", no_wrap=True)
    for glyph in cell_glyphs(row.bitmaps, cells):
        line.append(glyph, STYLES[glyph])
    line.append(f" {_counts(row.bitmaps)}")
    line.truncate(width)
    return line


def _label(row: Row) -> str:
    name = f"{row.first - CHUNK_INDEX_OFFSET:#x}"
    return name if row.chunk_count == 1 else f"{name} x{row.chunk_count}"


def cell_glyphs(bitmaps: Bitmaps, cells: int) -> str:
    """One character for each of `cells` equal parts of a chunk."""
    allocated, scavenged = bitmaps
    pages = PALLOC_CHUNK_PAGES // cells
    full = (1 << pages) - 1
    glyphs = []
    for cell in range(cells):
        in_use, given_back = allocated >> cell * pages & full, scavenged >> cell * pages & full
        if in_use not in (0, full) or given_back not in (0, full):
            glyphs.append(MIXED)
        elif in_use:
            glyphs.append(BOTH if given_back else ALLOCATED)
        else:
            glyphs.append(SCAVENGED if given_back else FREE)
    return "".join(glyphs)


def _counts(bitmaps: Bitmaps) -> str:
    """Pages in use, free and scavenged, as `a17 f3 s492`; what is zero is left out."""
    allocated, scavenged = bitmaps
    counts = {
        "a": allocated.bit_count(),
        "f": PALLOC_CHUNK_PAGES - (allocated | scavenged).bit_count(),
        "s": (scavenged & ~allocated).bit_count(),
        "!": (allocated & scavenged).bit_count(),
    }
    return " ".join(f"{letter}{count}" for letter, count in counts.items() if count)


def _search_line(address: int, cells: int) -> Text:
    page = linear(address) % PALLOC_CHUNK_BYTES // PAGE_SIZE
    cell = page * cells // PALLOC_CHUNK_PAGES
    indent = LABEL_WIDTH + GUTTER_WIDTH + cell
    note = "^ searchAddr" if cell < cells // 2 else "searchAddr ^"
    return Text(" " * (indent if cell < cells // 2 else indent - len(note) + 1) + note, "magenta", no_wrap=True)
