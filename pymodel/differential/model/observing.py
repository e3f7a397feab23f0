"""Observes a page heap of the specification: its whole state, or exactly what changed, in the canonical encoding.

The observer remembers what it last reported. What an operation touched is compared with that memory; after a failure,
and for complete observations, everything in use is. What an operation touched is one chunk mostly: that way is short.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeVar

from pymodel.differential.model import encoding
from pymodel.differential.model.observed import LEVEL_CHUNK_SHIFTS, LEVEL_COUNT
from pymodel.differential.model.scalar_changes import ScalarChanges
from pymodel.differential.model.watching import WatchedPageAlloc
from pymodel.differential.programs.wireform import pack_word
from pymodel.pageheap.addresses import chunk_index
from pymodel.pageheap.mheap import Mheap
from pymodel.pageheap.mpallocbits import PallocData
from pymodel.pageheap.mranges import AddrRange

Content = TypeVar("Content")
Bitmaps = tuple[int, int]

LONG_RANGE_LENGTH = 64
_NO_GROUP = [0] * 8


@dataclass(slots=True)
class _Level:
    """The summaries of one level: `groups` as the page heap holds them, and what was reported of those in view.

    The keys of `seen` are the summaries in view; its values are what was reported of them last, zero if nothing was.
    """

    number: int
    shift: int
    groups: dict[int, list[int]]
    seen: dict[int, int] = field(default_factory=dict)

    def take_into_view(self, first: int, limit: int) -> None:
        """Adds the summaries [first, limit); those in view already stay as they are."""
        seen = self.seen
        for index in range(first, limit):
            if index not in seen:
                seen[index] = 0

    def report(self, indices: Iterable[int], parts: list[bytes]) -> None:
        """Reports those of the summaries with these ascending indices that changed; what is not in view did not."""
        groups, seen = self.groups, self.seen
        changed = [
            (index, value)
            for index in indices
            if (value := groups.get(index >> 3, _NO_GROUP)[index & 7]) != seen.get(index, value)
        ]
        if changed:
            seen.update(changed)
            for index, count, value in _runs(changed):
                parts.append(encoding.summary_run(self.number, index, count, value))


# A look at a summary: its level's groups and what was seen of them, the summary's index, that of its group and its
# place in that, and how a report of it alone begins.
_Look = tuple[dict[int, list[int]], dict[int, int], int, int, int, bytes]


class Observer:
    """Reports the state of one page heap. What is in view is what is in use, and chunks never go out of use.

    With `pacing`, the heap's own state and that of the scavenger's goroutine are reported too.
    """

    def __init__(self, pages: WatchedPageAlloc, pacing: Mheap | None = None) -> None:
        self._pages = pages
        self._scalars = ScalarChanges(pages, pacing)
        # The chunks in view, and what was reported of them last, zeros if nothing was.
        self._bitmaps: dict[int, PallocData] = {}
        self._bitmaps_seen: dict[int, Bitmaps] = {}
        self._levels = [
            _Level(number, shift, level.groups)
            for number, (shift, level) in enumerate(zip(LEVEL_CHUNK_SHIFTS, pages.summary, strict=True))
        ]
        # Of chunks in view, those that were looked at alone: the way up from each, root level first.
        self._paths: dict[int, list[_Look]] = {}
        self._ranges_in_view: list[AddrRange] = []
        self._in_use_seen: tuple[list[AddrRange], int] = ([], -1)
        self._scav_in_use_seen: tuple[list[AddrRange], int] = ([], -1)
        self._lengths_seen: list[int] = []

    def chunk_in_use(self, index: int) -> PallocData | None:
        """The bitmaps of a chunk, None if it is not in use."""
        return self._bitmaps.get(index)

    def any_in_use(self, indices: range) -> bool:
        """Whether any of these chunks is in use."""
        return not self._bitmaps.keys().isdisjoint(indices)

    def has_summary(self, level: int, index: int) -> bool:
        """Whether a summary is on the path of a chunk in use."""
        return index in self._levels[level].seen

    def complete(self) -> bytes:
        """The content of an Observation of the whole state, from a look at everything in use."""
        # The whole state is what changed from nothing: zeros need no listing, and every scalar is new.
        self._forget()
        return encoding.COMPLETE + self.changes(look_everywhere=True)

    def changes(self, *, look_everywhere: bool = False) -> bytes:
        """The content of an Observation of just what changed since the last report.

        Looks at what was touched, or at everything in use.
        """
        pages = self._pages
        parts: list[bytes] = []
        touched, touched_ranges = pages.touched, pages.touched_ranges
        # Only growing changes what is in use.
        may_have_grown = look_everywhere or pages.grown
        if may_have_grown:
            pages.grown = False
            self._take_into_view()
        if look_everywhere:
            self._report_everything(parts)
        elif touched_ranges or len(touched) > 1:
            self._report_paths(self._touched_chunks(), parts)
        elif touched:
            (index,) = touched
            if index in self._bitmaps:
                self._report_path(index, parts)
            else:
                self._report_paths([index], parts)
        touched.clear()
        touched_ranges.clear()
        ranges_from = len(parts)
        if may_have_grown:
            self._report_in_use(parts)
        in_use = pages.scav.in_use
        seen_ranges, seen_total_bytes = self._scav_in_use_seen
        if in_use.total_bytes != seen_total_bytes or in_use.ranges != seen_ranges:
            self._scav_in_use_seen = in_use.ranges.copy(), in_use.total_bytes
            parts.append(encoding.scav_in_use(bounds_of(in_use.ranges), in_use.total_bytes))
        encoders, scalars = self._scalars.changed()
        if encoders is not None:
            if len(parts) == ranges_from:
                parts.append(encoders.whole(scalars))
            else:
                parts.insert(ranges_from, encoders.early(scalars))
                parts.append(encoders.late(scalars))
        return b"".join(parts)

    def _forget(self) -> None:
        """Makes everything count as never reported."""
        self._bitmaps_seen = dict.fromkeys(self._bitmaps, (0, 0))
        for level in self._levels:
            level.seen.update(dict.fromkeys(level.seen, 0))
        self._scalars.forget()
        self._in_use_seen = [], -1
        self._scav_in_use_seen = [], -1
        self._lengths_seen = []

    def _take_into_view(self) -> None:
        """Adds the chunks that have come into use, and the summaries on their paths."""
        pages, bitmaps = self._pages, self._bitmaps
        ranges = pages.in_use.ranges
        if ranges == self._ranges_in_view:
            return
        for base, limit in set(ranges).difference(self._ranges_in_view):
            new = [index for index in range(chunk_index(base), chunk_index(limit)) if index not in bitmaps]
            if new:
                for index in new:
                    bitmaps[index] = pages.try_chunk_of(index) or PallocData()
                    self._bitmaps_seen[index] = 0, 0
                # All between the first and the last of them is in use.
                for level in self._levels:
                    level.take_into_view(new[0] >> level.shift, (new[-1] >> level.shift) + 1)
        self._ranges_in_view = ranges.copy()

    def _touched_chunks(self) -> list[int]:
        """Indices of the chunks noted as touched, ascending: these, in use or not, stand for the paths to look at."""
        pages = self._pages
        touched = pages.touched
        for chunks in pages.touched_ranges:
            # Beyond what is in use lies the whole address space; what is in use covers every summary in view.
            touched.update(chunks if len(chunks) <= LONG_RANGE_LENGTH + len(self._bitmaps) else self._bitmaps)
        return sorted(touched)

    def _report_path(self, index: int, parts: list[bytes]) -> None:
        """Reports the changes of one chunk in view and of the summaries on its path: what most operations need."""
        chunk = self._bitmaps[index]
        both = chunk.allocated, chunk.scavenged
        if both != self._bitmaps_seen[index]:
            self._bitmaps_seen[index] = both
            parts.append(encoding.chunk_run(index, 1, chunk.allocated, chunk.scavenged))
        path = self._paths.get(index)
        if path is None:
            path = self._paths[index] = self._path_of(index)
        for groups, seen, at, number, place, head in path:
            value = groups.get(number, _NO_GROUP)[place]
            if value != seen[at]:
                seen[at] = value
                parts += head, pack_word(value)

    def _path_of(self, index: int) -> list[_Look]:
        """The looks at the summaries above a chunk in view."""
        path: list[_Look] = []
        for level in self._levels:
            at = index >> level.shift
            path.append((level.groups, level.seen, at, at >> 3, at & 7, encoding.summary_head(level.number, at)))
        return path

    def _report_paths(self, indices: list[int], parts: list[bytes]) -> None:
        """Reports the changes of these chunks, given in ascending order, and of the summaries on their paths."""
        self._report_chunks(indices, parts)
        on_paths = [indices]
        for _ in range(LEVEL_COUNT - 1):
            # Three bits from each level to the one above.
            on_paths.append(list(dict.fromkeys([index >> 3 for index in on_paths[-1]])))
        for level, on_path in zip(self._levels, reversed(on_paths), strict=True):
            level.report(on_path, parts)

    def _report_everything(self, parts: list[bytes]) -> None:
        """Reports the changes of everything in view."""
        if self._bitmaps:
            self._report_chunks(sorted(self._bitmaps), parts)
            for level in self._levels:
                level.report(sorted(level.seen), parts)

    def _report_chunks(self, indices: Iterable[int], parts: list[bytes]) -> None:
        """Reports those of the chunks with these ascending indices that changed."""
        bitmaps, seen = self._bitmaps, self._bitmaps_seen
        changed = [
            (index, both)
            for index in indices
            if (chunk := bitmaps.get(index)) is not None and (both := (chunk.allocated, chunk.scavenged)) != seen[index]
        ]
        if changed:
            seen.update(changed)
            for index, count, both in _runs(changed):
                parts.append(encoding.chunk_run(index, count, *both))

    def _report_in_use(self, parts: list[bytes]) -> None:
        in_use = self._pages.in_use
        if (in_use.ranges, in_use.total_bytes) != self._in_use_seen:
            self._in_use_seen = in_use.ranges.copy(), in_use.total_bytes
            parts.append(encoding.in_use(bounds_of(in_use.ranges), in_use.total_bytes))
        lengths = [level.length for level in self._pages.summary]
        if lengths != self._lengths_seen:
            self._lengths_seen = lengths
            parts.append(encoding.summary_lengths(lengths))


def _runs(entries: Sequence[tuple[int, Content]]) -> list[tuple[int, int, Content]]:
    """Index, count and content of each run of neighbours with equal content; `entries` ascend, and there are some."""
    runs: list[tuple[int, int, Content]] = []
    start, held = entries[0]
    limit = start
    for index, content in entries:
        if index != limit or content != held:
            runs.append((start, limit - start, held))
            start, limit, held = index, index, content
        limit += 1
    runs.append((start, limit - start, held))
    return runs


def bounds_of(ranges: list[AddrRange]) -> list[int]:
    """Base, limit, base, limit, ... of the ranges."""
    return list(chain.from_iterable(ranges))
