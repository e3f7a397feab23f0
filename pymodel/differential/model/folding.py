"""Runs of neighbours with equal content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

Content = TypeVar("Content")


def fold_runs(entries: Iterable[tuple[int, Content]]) -> Iterator[tuple[int, int, Content]]:
    """Index, count and content of each run of neighbours with equal content; `entries` ascend by index."""
    start, count = 0, 0
    held: Content | None = None
    for index, content in entries:
        if index == start + count and content == held:
            count += 1
            continue
        if held is not None:
            yield start, count, held
        start, count, held = index, 1, content
    if held is not None:
        yield start, count, held
