"""Observes a page heap of the specification: its whole state, or exactly what changed, in the canonical encoding.

The observer remembers what it last reported. What an operation touched is compared with that memory; after a failure,
and for complete observations, everything in use is.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from pymodel.differential import encoding
from pymodel.differential.folding import fold_runs
from pymodel.differential.observed import LEVEL_CHUNK_SHIFTS, SCALARS
from pymodel.differential.watching import WatchedPageAlloc
from pymodel.pageheap.addresses import chunk_index
from pymodel.pageheap.mpallocbits import PallocData
from pymodel.pageheap.mranges import AddrRange

Bitmaps = tuple[int, int]

LONG_RANGE_LENGTH = 64

# Scalars from this position on have field numbers above those of the range sets.
_LATE_SCALARS = next(position for position, scalar in enumerate(SCALARS) if scalar.number > 9)


def read_scalars(pages: WatchedPageAlloc) -> tuple[int, ...]:
    """The values of SCALARS, in that order."""
    scav, memstats = pages.scav, pages.runtime.memstats
    return (
        pages.search_addr,
        pages.start,
        pages.end,
        scav.gen,
        scav.reservation_bytes,
        scav.released,
        scav.scav_lwm,
        scav.free_hwm,
        memstats.heap_sys,
        memstats.heap_released,
        memstats.heap_inuse,
        memstats.stats_committed,
        memstats.stats_released,
    )


def bounds_of(ranges: list[AddrRange]) -> list[int]:
    """Base, limit, base, limit, ... of the ranges."""
    return list(chain.from_iterable(ranges))


class Observer:
    """Reports the state of one page heap.

    What is in view is what is in use: `_chunks` has its chunks, and the keys of `_summaries_seen` are the summaries on
    their paths. The `seen` attributes hold what was reported last: zero, or nothing at all, before the first report.
    Chunks never go out of use.
    """

    def __init__(self, pages: WatchedPageAlloc) -> None:
        self._pages = pages
        self._chunks: dict[int, PallocData] = {}
        self._chunks_seen: dict[int, Bitmaps] = {}
        self._summaries_seen: list[dict[int, int]] = [{} for _ in LEVEL_CHUNK_SHIFTS]
        self._forget()

    def chunk_in_use(self, index: int) -> PallocData | None:
        """The bitmaps of a chunk, None if it is not in use."""
        return self._chunks.get(index)

    def has_summary(self, level: int, index: int) -> bool:
        """Whether a summary is on the path of a chunk in use."""
        return index in self._summaries_seen[level]

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
            self._report_paths(sorted(self._chunks), parts)
        elif pages.touched or pages.touched_ranges:
            self._report_paths(self._touched_chunks(), parts)
        pages.touched.clear()
        pages.touched_ranges.clear()
        scalars = read_scalars(pages)
        changed = self._changed_scalars(scalars)
        parts += [encoding.scalar(position, scalars[position]) for position in changed if position < _LATE_SCALARS]
        if may_have_grown:
            self._report_in_use(parts)
        self._report_scav_in_use(parts)
        parts += [encoding.scalar(position, scalars[position]) for position in changed if position >= _LATE_SCALARS]
        return b"".join(parts)

    def _forget(self) -> None:
        """Makes everything count as never reported."""
        self._chunks_seen = dict.fromkeys(self._chunks, (0, 0))
        self._summaries_seen = [dict.fromkeys(seen, 0) for seen in self._summaries_seen]
        self._scalars_seen: tuple[int, ...] = (-1,) * len(SCALARS)
        self._in_use_seen: tuple[list[AddrRange], int] = ([], -1)
        self._scav_in_use_seen: tuple[list[AddrRange], int] = ([], -1)
        self._lengths_seen: list[int] = []

    def _take_into_view(self) -> None:
        """Adds the chunks that have come into use, and the summaries on their paths."""
        pages = self._pages
        if pages.in_use.ranges == self._in_use_seen[0]:
            return
        for base, limit in pages.in_use.ranges:
            chunks = range(chunk_index(base), chunk_index(limit))
            for index in chunks:
                if index not in self._chunks:
                    self._chunks[index] = pages.try_chunk_of(index) or PallocData()
                    self._chunks_seen[index] = (0, 0)
            for seen, shift in zip(self._summaries_seen, LEVEL_CHUNK_SHIFTS, strict=True):
                for index in range(chunks.start >> shift, (chunks.stop - 1 >> shift) + 1):
                    seen.setdefault(index, 0)

    def _touched_chunks(self) -> list[int]:
        """Indices of the chunks noted as touched, ascending: these, in use or not, stand for the paths to look at."""
        pages = self._pages
        touched = pages.touched
        for chunks in pages.touched_ranges:
            # Beyond what is in use lies the whole address space; what is in use covers every summary in view.
            touched.update(chunks if len(chunks) <= LONG_RANGE_LENGTH + len(self._chunks) else self._chunks)
        return sorted(touched)

    def _report_paths(self, indices: list[int], parts: list[bytes]) -> None:
        """Reports the changes of these chunks, given in ascending order, and of the summaries on their paths."""
        changed_chunks = self._changed_chunks(indices)
        parts += [encoding.chunk_run(index, count, *both) for index, count, both in fold_runs(changed_chunks)]
        for level, shift in enumerate(LEVEL_CHUNK_SHIFTS):
            changed = self._changed_summaries(level, dict.fromkeys([index >> shift for index in indices]))
            parts += [encoding.summary_run(level, index, count, value) for index, count, value in fold_runs(changed)]

    def _changed_chunks(self, indices: list[int]) -> list[tuple[int, Bitmaps]]:
        changed = []
        for index in indices:
            chunk = self._chunks.get(index)
            if chunk is not None:
                bitmaps = chunk.allocated, chunk.scavenged
                if bitmaps != self._chunks_seen[index]:
                    self._chunks_seen[index] = bitmaps
                    changed.append((index, bitmaps))
        return changed

    def _changed_summaries(self, level: int, indices: Iterable[int]) -> list[tuple[int, int]]:
        seen = self._summaries_seen[level]
        peek = self._pages.summary[level].peek
        changed = []
        for index in indices:
            value = peek(index)
            # A summary that is not in view equals itself.
            if value != seen.get(index, value):
                seen[index] = value
                changed.append((index, value))
        return changed

    def _changed_scalars(self, scalars: tuple[int, ...]) -> list[int]:
        """Positions in SCALARS of those that changed."""
        seen = self._scalars_seen
        if scalars == seen:
            return []
        self._scalars_seen = scalars
        return [position for position, value in enumerate(scalars) if value != seen[position]]

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
        if (in_use.ranges, in_use.total_bytes) != self._scav_in_use_seen:
            self._scav_in_use_seen = in_use.ranges.copy(), in_use.total_bytes
            parts.append(encoding.scav_in_use(bounds_of(in_use.ranges), in_use.total_bytes))
