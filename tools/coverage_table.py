"""Prints which statements of the cut Go code and which lines of the model a run reached, and holds both to a floor.

Every Go statement that the run did not reach must be in docs/unreached.txt, with the reason why no program can reach
it; an entry that the run did reach is stale. Each line of that file is `FILE FIRST[-LAST] REASON`, the lines being
those of Go 1.18.10's file.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KNOWN_PATH = ROOT / "docs/unreached.txt"
PACKAGE = "goharness/internal/pageheap"
PROFILE_LINE = re.compile(
    rf"\S+/{PACKAGE}/(?P<file>[^/:]+):(?P<first>\d+)\.\d+,(?P<last>\d+)\.\d+ (?P<statements>\d+) (?P<count>\d+)"
)
KNOWN_LINE = re.compile(r"(?P<file>\S+)\s+(?P<first>\d+)(?:-(?P<last>\d+))?\s+(?P<reason>\S.*)")


@dataclass(frozen=True, slots=True)
class Block:
    """Statements that run together: lines first to last, both included, of one file."""

    file: str
    first: int
    last: int
    statement_count: int
    reached: bool


@dataclass(frozen=True, slots=True)
class Known:
    """Lines, both ends included, that are known not to be reached, and why."""

    file: str
    first: int
    last: int
    reason: str

    def covers(self, block: Block) -> bool:
        """Whether the block begins in these lines; a block that ends with a brace may reach past them."""
        return self.file == block.file and self.first <= block.first <= self.last


@dataclass(slots=True)
class Row:
    """One file of the table."""

    file: str
    statement_count: int = 0
    reached_count: int = 0
    unreached_lines: set[int] = field(default_factory=set)

    @property
    def share(self) -> float:
        """Reached statements out of all, in per cent."""
        return 100.0 * self.reached_count / self.statement_count if self.statement_count else 100.0


def parse_profile(text: str) -> list[Block]:
    """The package's blocks in a Go coverage profile; one listed several times was reached if any listing says so."""
    reached: dict[tuple[str, int, int, int], bool] = {}
    for match in filter(None, map(PROFILE_LINE.fullmatch, text.splitlines())):
        key = (match["file"], int(match["first"]), int(match["last"]), int(match["statements"]))
        reached[key] = reached.get(key, False) or match["count"] != "0"
    return [Block(*key, was_reached) for key, was_reached in sorted(reached.items())]


def parse_known(text: str) -> list[Known]:
    """The entries of docs/unreached.txt; raises ValueError for a line that is none."""
    known = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        match = KNOWN_LINE.fullmatch(line.strip())
        if match is None:
            raise ValueError(f"line {number}: expected FILE FIRST[-LAST] REASON, found {line!r}")
        first = int(match["first"])
        known.append(Known(match["file"], first, int(match["last"] or first), match["reason"]))
    return known


def go_rows(blocks: Iterable[Block]) -> list[Row]:
    """One row for each file of a Go profile."""
    rows: dict[str, Row] = {}
    for block in blocks:
        row = rows.setdefault(block.file, Row(block.file))
        row.statement_count += block.statement_count
        if block.reached:
            row.reached_count += block.statement_count
        else:
            row.unreached_lines.update(range(block.first, block.last + 1))
    return list(rows.values())


def python_rows(report: str) -> list[Row]:
    """One row for each file of coverage.py's JSON report."""
    return [
        Row(
            file=path.rpartition("pymodel/")[2],
            statement_count=entry["summary"]["num_statements"],
            reached_count=entry["summary"]["covered_lines"],
            unreached_lines=set(entry["missing_lines"]),
        )
        for path, entry in sorted(json.loads(report)["files"].items())
        if entry["summary"]["num_statements"]
    ]


def spans(lines: Iterable[int]) -> str:
    """Lines as `3-5, 9`."""
    runs: list[list[int]] = []
    for line in sorted(lines):
        if runs and line == runs[-1][1] + 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def table(title: str, rows: Sequence[Row]) -> list[str]:
    """The table's lines, a total at the end."""
    total = Row("total", sum(row.statement_count for row in rows), sum(row.reached_count for row in rows))
    width = max(len(row.file) for row in (*rows, total))
    lines = [title, f"  {'file':{width}}  statements  reached    share  not reached (lines)"]
    for row in (*rows, total):
        counts = f"{row.statement_count:10}  {row.reached_count:7}  {row.share:6.2f}%"
        lines.append(f"  {row.file:{width}}  {counts}  {spans(row.unreached_lines)}".rstrip())
    return lines


def unexplained(blocks: Iterable[Block], known: Sequence[Known]) -> list[str]:
    """One sentence for each block that was not reached and has no reason, and for each reason that is stale."""
    unreached = [block for block in blocks if not block.reached]
    problems = [
        f"{block.file} {spans(range(block.first, block.last + 1))}: not reached, and docs/unreached.txt gives no reason"
        for block in unreached
        if not any(entry.covers(block) for entry in known)
    ]
    problems += [
        f"{entry.file} {entry.first}-{entry.last}: all reached, yet docs/unreached.txt lists it"
        for entry in known
        if not any(entry.covers(block) for block in unreached)
    ]
    return problems


def main() -> int:
    """Runs the command line; returns 1 if a floor is missed or a statement is unexplained."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--go-profile", type=Path, required=True, help="a profile of go tool covdata textfmt")
    parser.add_argument("--python-report", type=Path, required=True, help="a report of coverage json")
    parser.add_argument("--go-floor", type=float, required=True, help="least share of Go statements, in per cent")
    parser.add_argument("--python-floor", type=float, required=True, help="least share of model statements, likewise")
    arguments = parser.parse_args()
    # The shim's own files are there under their names; the cut ones carry Go's names by their //line directives.
    profile = parse_profile(arguments.go_profile.read_text())
    blocks = [block for block in profile if not (ROOT / PACKAGE / block.file).exists()]
    known = parse_known(KNOWN_PATH.read_text())
    problems = unexplained(blocks, known)
    tables = [
        ("Go 1.18.10's own code, as cut", go_rows(blocks), arguments.go_floor),
        ("the model", python_rows(arguments.python_report.read_text()), arguments.python_floor),
    ]
    for title, rows, floor in tables:
        print("\n".join(table(title, rows)), end="\n\n")
        share = Row("", sum(row.statement_count for row in rows), sum(row.reached_count for row in rows)).share
        if not rows or share < floor:
            problems.append(f"{title}: {share:.2f}% of the statements were reached, less than {floor}%")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
