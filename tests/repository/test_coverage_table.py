"""`make coverage` finds what was not reached and what is not explained."""

from __future__ import annotations

import json

import pytest

from tests.repository.tree import ROOT
from tools.coverage_table import (
    Block,
    Known,
    go_rows,
    parse_known,
    parse_profile,
    python_rows,
    spans,
    table,
    unexplained,
)

PROFILE = """mode: set
scavdiff/goharness/main.go:30.2,31.9 1 1
scavdiff/goharness/internal/pageheap/mranges.go:10.2,12.9 3 1
scavdiff/goharness/internal/pageheap/mranges.go:14.2,15.9 1 0
scavdiff/goharness/internal/pageheap/mranges.go:14.2,15.9 1 1
scavdiff/goharness/internal/pageheap/mpagecache.go:20.2,22.3 2 0
"""


def test_a_block_counts_as_reached_if_any_listing_reached_it() -> None:
    assert parse_profile(PROFILE) == [
        Block("mpagecache.go", 20, 22, 2, reached=False),
        Block("mranges.go", 10, 12, 3, reached=True),
        Block("mranges.go", 14, 15, 1, reached=True),
    ]


def test_the_table_gives_shares_and_unreached_lines() -> None:
    assert table("title", go_rows(parse_profile(PROFILE))) == [
        "title",
        "  file           statements  reached    share  not reached (lines)",
        "  mpagecache.go           2        0    0.00%  20-22",
        "  mranges.go              4        4  100.00%",
        "  total                   6        4   66.67%",
    ]


def test_an_unreached_block_needs_a_reason() -> None:
    (problem,) = unexplained(parse_profile(PROFILE), [])
    assert problem == "mpagecache.go 20-22: not reached, and docs/unreached.txt gives no reason"


def test_a_reason_covers_the_blocks_that_begin_in_its_lines() -> None:
    known = parse_known("# comment\n\nmpagecache.go 20 throws only if the heap is corrupt\n")
    assert known == [Known("mpagecache.go", 20, 20, "throws only if the heap is corrupt")]
    assert unexplained(parse_profile(PROFILE), known) == []


def test_a_reason_for_lines_that_were_reached_is_stale() -> None:
    known = [Known("mpagecache.go", 20, 22, "why"), Known("mranges.go", 10, 15, "why")]
    assert unexplained(parse_profile(PROFILE), known) == [
        "mranges.go 10-15: all reached, yet docs/unreached.txt lists it"
    ]


@pytest.mark.parametrize("line", ["mranges.go", "mranges.go 10", "mranges.go ten why", "mranges.go 10-12", "10 why"])
def test_a_line_without_file_lines_and_reason_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="line 1: expected FILE"):
        parse_known(line)


def test_python_rows_come_from_coverages_report() -> None:
    summary = {"num_statements": 4, "covered_lines": 3}
    report = {"files": {"pymodel/pageheap/mranges.py": {"summary": summary, "missing_lines": [7]}}}
    (row,) = python_rows(json.dumps(report))
    assert (row.file, row.share, row.unreached_lines) == ("pageheap/mranges.py", 75.0, {7})


def test_spans_join_neighbours() -> None:
    assert spans([5, 3, 4, 9]) == "3-5, 9"


def test_the_committed_list_parses() -> None:
    assert all(entry.first <= entry.last for entry in parse_known((ROOT / "docs/unreached.txt").read_text()))
