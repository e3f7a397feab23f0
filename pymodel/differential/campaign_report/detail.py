"""How much of a finding is drawn: named choices from which a page takes the richest that fits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detail:
    """The most that is shown: steps around the first difference; per step, rows of each kind; characters of a text."""

    steps_before: int
    steps_after: int
    chunk_rows: int
    differences: int
    summaries: int
    ranges: int
    program_lines: int
    text_length: int


DETAILS = (
    Detail(40, 12, 16, 60, 40, 24, 400, 2000),
    Detail(12, 3, 10, 40, 24, 16, 120, 600),
    Detail(3, 0, 6, 20, 12, 8, 40, 300),
    Detail(1, 0, 2, 8, 6, 4, 12, 160),
)
"""From the richest to the poorest."""


def shortened(text: str, length_max: int) -> str:
    """`text`, or its beginning and a note of how much was left out."""
    if len(text) <= length_max:
        return text
    return f"{text[:length_max]} … ({len(text) - length_max:,} characters more)"
