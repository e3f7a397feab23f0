"""Histories as CSV: a header line, then one row for each interval. docs/simulation.md documents the columns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from pymodel.differential.errors import BadInput
from pymodel.differential.simulate.history import History, HistoryBuilder, ImpossibleRow, Row
from pymodel.differential.simulate.lines import read_lines
from pymodel.differential.simulate.quantities import parse_seconds

COLUMNS = ("time_s", "allocated_bytes", "freed_bytes")
HEADER = ",".join(COLUMNS)


def csv_history(path: Path) -> History:
    """The history in a CSV file; raises BadInput, which names file and line."""
    with read_lines(path) as lines:
        return parse_csv(lines, str(path))


def parse_csv(lines: Iterable[str], name: str) -> History:
    """The history in the lines of a CSV file that errors call `name`."""
    builder = HistoryBuilder()
    line_number = 0
    for line_number, line in enumerate(lines, start=1):
        try:
            if line_number == 1:
                _check_header(line)
            else:
                builder.add(_row(line))
        except (ValueError, ImpossibleRow) as error:
            raise BadInput(f"{name}:{line_number}: {error}") from None
    if line_number == 0:
        raise BadInput(f"{name}:1: the file is empty; its first line must be `{HEADER}`")
    if builder.row_count == 0:
        raise BadInput(f"{name}:2: there is no row below the header")
    if builder.rows[-1].end_ns == 0:
        raise BadInput(f"{name}:{line_number}: the history ends at 0 s, so no time passes in it")
    return History(f"{name}, {builder.row_count:,} rows", builder.finish(), builder.row_count)


def _check_header(line: str) -> None:
    if line.rstrip("\r\n") != HEADER:
        raise ValueError(f"the first line must be `{HEADER}`")


def _row(line: str) -> Row:
    text = line.rstrip("\r\n")
    if not text.strip():
        raise ValueError("the line is empty")
    cells = [cell.strip() for cell in text.split(",")]
    if len(cells) != len(COLUMNS):
        raise ValueError(f"{len(cells)} values, not {len(COLUMNS)} ({HEADER})")
    for column, cell in zip(COLUMNS, cells, strict=True):
        if not cell:
            raise ValueError(f"{column} is missing")
    try:
        end_ns = parse_seconds(cells[0])
    except ValueError as error:
        raise ValueError(f"time_s {cells[0]!r} {error}") from None
    return Row(end_ns, _count(COLUMNS[1], cells[1]), _count(COLUMNS[2], cells[2]))


def _count(column: str, cell: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", cell):
        raise ValueError(f"{column} {cell!r} is not a whole number of bytes")
    return int(cell)
