"""Observes a page heap of the specification: its whole state, or exactly what changed, in the canonical encoding.

The observer remembers what it last reported. What an operation touched is compared with that memory; after a failure,
and for complete observations, everything in use is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain
from typing import Generic, TypeVar

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


class Entries(Generic[Content]):
    """The chunks of a page heap, or the summaries of one level, by index.

    The keys of `seen` are the entries in view; its values are what was reported of them last, `zero` if nothing was.
    `read` looks an entry up, in view or not.
    """

    def __init__(self, read: Callable[[int], Content], zero: Content) -> None:
        self.seen: dict[int, Content] = {}
        self._read = read
        self._zero = zero

    def take_into_view(self, indices: Iterable[int]) -> None:
        """Adds entries; those in view already stay as they are."""
        seen = self.seen
        seen.update(dict.fromkeys([index for index in indices if index not in seen], self._zero))

    def forget(self) -> None:
        """Makes everything in view count as never reported."""
        self.seen = dict.fromkeys(self.seen, self._zero)

    def changed(self, index: int) -> Content | None:
        """The content of an entry, None if it did not change."""
        content = self._read(index)
        # What is not in view equals itself.
        if content == self.seen.get(index, content):
            return None
        self.seen[index] = content
        return content

    def changed_runs(self, indices: Iterable[int]) -> list[tuple[int, int, Content]]:
        """Index, count and content of each run of neighbours that changed alike, out of these ascending indices."""
        read, seen = self._read, self.seen
        changed = [(index, content) for index in indices if (content := read(index)) != seen.get(index, content)]
        seen.update(changed)
        runs: list[tuple[int, int, Content]] = []
        start, limit = 0, 0
        held = self._zero
        for index, content in changed:
            if index == limit and content == held:
                limit += 1
                continue
            if limit > start:
                runs.append((start, limit - start, held))
            start, limit, held = index, index + 1, content
        if limit > start:
            runs.append((start, limit - start, held))
        return runs


class Observer:
    """Reports the state of one page heap. What is in view is what is in use, and chunks never go out of use.

    With `pacing`, the heap's own state and that of the scavenger's goroutine are reported too.
    """

    def __init__(self, pages: WatchedPageAlloc, pacing: Mheap | None = None) -> None:
        self._pages = pages
        self._scalars = ScalarChanges(pages, pacing)
        self._bitmaps: dict[int, PallocData] = {}
        self._chunks: Entries[Bitmaps] = Entries(partial(_read_chunk, self._bitmaps), (0, 0))
        self._levels = [Entries(level.peek, 0) for level in pages.summary]
        # Level, what its indices are shifted by, its entries, and how the report of a single one begins, by index.
        self._path = [
            (level, shift, entries, dict[int, bytes]())
            for level, (shift, entries) in enumerate(zip(LEVEL_CHUNK_SHIFTS, self._levels, strict=True))
        ]
        self._ranges_in_view: list[AddrRange] = []
        self._forget()

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
        # Only growing changes what is in use, and it is noted as a range.
        may_have_grown = look_everywhere or bool(pages.touched_ranges)
        if may_have_grown:
            self._take_into_view()
        if look_everywhere:
            self._report_everything(parts)
        elif may_have_grown or len(pages.touched) > 1:
            self._report_paths(self._touched_chunks(), parts)
        elif pages.touched:
            (index,) = pages.touched
            self._report_path(index, parts)
        pages.touched.clear()
        pages.touched_ranges.clear()
        early, late = self._scalars.changes()
        parts.append(early)
        if may_have_grown:
            self._report_in_use(parts)
        self._report_scav_in_use(parts)
        parts.append(late)
        return b"".join(parts)

    def _forget(self) -> None:
        """Makes everything count as never reported."""
        self._chunks.forget()
        for entries in self._levels:
            entries.forget()
        self._scalars.forget()
        self._in_use_seen: tuple[list[AddrRange], int] = ([], -1)
        self._scav_in_use_seen: tuple[list[AddrRange], int] = ([], -1)
        self._lengths_seen: list[int] = []

    def _take_into_view(self) -> None:
        """Adds the chunks that have come into use, and the summaries on their paths."""
        pages = self._pages
        ranges = pages.in_use.ranges
        if ranges == self._ranges_in_view:
            return
        for base, limit in set(ranges).difference(self._ranges_in_view):
            new = [index for index in range(chunk_index(base), chunk_index(limit)) if index not in self._bitmaps]
            if new:
                self._bitmaps.update((index, pages.try_chunk_of(index) or PallocData()) for index in new)
                self._chunks.take_into_view(new)
                # All between the first and the last of them is in use.
                for entries, shift in zip(self._levels, LEVEL_CHUNK_SHIFTS, strict=True):
                    entries.take_into_view(range(new[0] >> shift, (new[-1] >> shift) + 1))
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
        """Reports the changes of one chunk and of the summaries on its path: what most operations need."""
        both = self._chunks.changed(index)
        if both is not None:
            parts.append(encoding.chunk_run(index, 1, *both))
        for level, shift, entries, heads in self._path:
            summary_index = index >> shift
            value = entries.changed(summary_index)
            if value is not None:
                head = heads.get(summary_index)
                if head is None:
                    head = heads[summary_index] = encoding.summary_head(level, summary_index)
                parts += head, pack_word(value)

    def _report_paths(self, indices: list[int], parts: list[bytes]) -> None:
        """Reports the changes of these chunks, given in ascending order, and of the summaries on their paths."""
        for index, count, both in self._chunks.changed_runs(indices):
            parts.append(encoding.chunk_run(index, count, *both))
        on_paths = [indices]
        for _ in range(LEVEL_COUNT - 1):
            # Three bits from each level to the one above.
            on_paths.append(list(dict.fromkeys([index >> 3 for index in on_paths[-1]])))
        for level, on_path in enumerate(reversed(on_paths)):
            self._report_level(level, on_path, parts)

    def _report_everything(self, parts: list[bytes]) -> None:
        """Reports the changes of everything in view."""
        for index, count, both in self._chunks.changed_runs(sorted(self._chunks.seen)):
            parts.append(encoding.chunk_run(index, count, *both))
        for level, entries in enumerate(self._levels):
            self._report_level(level, sorted(entries.seen), parts)

    def _report_level(self, level: int, indices: Iterable[int], parts: list[bytes]) -> None:
        for index, count, value in self._levels[level].changed_runs(indices):
            parts.append(encoding.summary_run(level, index, count, value))

    def _report_in_use(self, parts: list[bytes]) -> None:
        in_use = self._pages.in_use
        if (in_use.ranges, in_use.total_bytes) != self._in_use_seen:
            self._in_use_seen = in_use.ranges.copy(), in_use.total_bytes
            parts.append(encoding.in_use(bounds_of(in_use.ranges), in_use.total_bytes))
        lengths = [len(level) for level in self._pages.summary]
        if lengths != self._lengths_seen:
            self._lengths_seen = lengths
            parts.append(encoding.summary_lengths(lengths))

    def _report_scav_in_use(self, parts: list[bytes]) -> None:
        in_use = self._pages.scav.in_use
        seen_ranges, seen_total_bytes = self._scav_in_use_seen
        if in_use.total_bytes != seen_total_bytes or in_use.ranges != seen_ranges:
            self._scav_in_use_seen = in_use.ranges.copy(), in_use.total_bytes
            parts.append(encoding.scav_in_use(bounds_of(in_use.ranges), in_use.total_bytes))


def _read_chunk(bitmaps: dict[int, PallocData], index: int) -> Bitmaps:
    chunk = bitmaps.get(index)
    return (chunk.allocated, chunk.scavenged) if chunk is not None else (0, 0)


def bounds_of(ranges: list[AddrRange]) -> list[int]:
    """Base, limit, base, limit, ... of the ranges."""
    return list(chain.from_iterable(ranges))
