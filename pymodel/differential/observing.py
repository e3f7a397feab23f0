"""Observes a page heap of the specification: its whole state, or exactly what changed, in the canonical encoding.

The observer remembers what it last reported. What an operation touched is compared with that memory; after a failure,
and for complete observations, everything in use is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Generic, TypeVar

from pymodel.differential import encoding
from pymodel.differential.observed import LEVEL_CHUNK_SHIFTS, SCALARS
from pymodel.differential.watching import WatchedPageAlloc
from pymodel.pageheap.addresses import chunk_index
from pymodel.pageheap.floats import to_bits
from pymodel.pageheap.mheap import Mheap
from pymodel.pageheap.mpallocbits import PallocData
from pymodel.pageheap.mranges import AddrRange
from pymodel.pageheap.runtime import SleepControl
from pymodel.pageheap.words import MASK64

Content = TypeVar("Content")
Bitmaps = tuple[int, int]

LONG_RANGE_LENGTH = 64
# Scalars from this position on have field numbers above those of the range sets.
_LATE_SCALARS = next(position for position, scalar in enumerate(SCALARS) if scalar.number > 9)


def read_scalars(pages: WatchedPageAlloc) -> tuple[int, ...]:
    """The values of PLAIN_SCALARS, in that order."""
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


def read_pacing_scalars(heap: Mheap) -> tuple[int, ...]:
    """The values of the SCALARS that follow PLAIN_SCALARS, in that order."""
    runtime = heap.runtime
    scavenge = runtime.scavenge
    return (
        runtime.memstats.last_heap_inuse,
        heap.scavenge_goal,
        heap.cur_arena_base,
        heap.cur_arena_end,
        runtime.now & MASK64,
        int(scavenge.g is not None),
        int(scavenge.parked),
        scavenge.timer.when if scavenge.timer is not None else 0,
        scavenge.sysmon_wake,
        int(scavenge.print_controller_reset),
        *_read_control(scavenge.control),
    )


def _read_control(control: SleepControl | None) -> tuple[int, ...]:
    if control is None:
        return 0, 0, 0, 0, 0
    controller = control.crit_sleep_controller
    return (
        to_bits(control.crit_sleep_ratio),
        to_bits(controller.err_integral),
        int(controller.err_overflow),
        int(controller.input_overflow),
        control.controller_cooldown & MASK64,
    )


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
        """Adds entries that are not in view yet."""
        self.seen = dict.fromkeys(indices, self._zero) | self.seen

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
        runs: list[tuple[int, int, Content]] = []
        read, seen = self._read, self.seen
        start, limit = 0, 0
        held = self._zero
        for index in indices:
            content = read(index)
            if content == seen.get(index, content):
                continue
            seen[index] = content
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
        self._pacing = pacing
        self._bitmaps: dict[int, PallocData] = {}
        self._chunks: Entries[Bitmaps] = Entries(self._read_chunk, (0, 0))
        self._levels = [Entries(level.peek, 0) for level in pages.summary]
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
        scalars = read_scalars(pages)
        if self._pacing is not None:
            scalars += read_pacing_scalars(self._pacing)
        changed = self._changed_scalars(scalars)
        parts += [encoding.scalar(position, scalars[position]) for position in changed if position < _LATE_SCALARS]
        if may_have_grown:
            self._report_in_use(parts)
        self._report_scav_in_use(parts)
        parts += [encoding.scalar(position, scalars[position]) for position in changed if position >= _LATE_SCALARS]
        return b"".join(parts)

    def _forget(self) -> None:
        """Makes everything count as never reported."""
        self._chunks.forget()
        for entries in self._levels:
            entries.forget()
        self._scalars_seen: tuple[int, ...] = (-1,) * len(SCALARS)
        self._in_use_seen: tuple[list[AddrRange], int] = ([], -1)
        self._scav_in_use_seen: tuple[list[AddrRange], int] = ([], -1)
        self._lengths_seen: list[int] = []

    def _read_chunk(self, index: int) -> Bitmaps:
        chunk = self._bitmaps.get(index)
        return (chunk.allocated, chunk.scavenged) if chunk is not None else (0, 0)

    def _take_into_view(self) -> None:
        """Adds the chunks that have come into use, and the summaries on their paths."""
        pages = self._pages
        if pages.in_use.ranges == self._in_use_seen[0]:
            return
        for base, limit in pages.in_use.ranges:
            chunks = range(chunk_index(base), chunk_index(limit))
            new = [index for index in chunks if index not in self._bitmaps]
            self._bitmaps.update((index, pages.try_chunk_of(index) or PallocData()) for index in new)
            self._chunks.take_into_view(new)
            for entries, shift in zip(self._levels, LEVEL_CHUNK_SHIFTS, strict=True):
                entries.take_into_view(range(chunks.start >> shift, (chunks.stop - 1 >> shift) + 1))

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
        for level, entries in enumerate(self._levels):
            summary_index = index >> LEVEL_CHUNK_SHIFTS[level]
            value = entries.changed(summary_index)
            if value is not None:
                parts.append(encoding.summary_run(level, summary_index, 1, value))

    def _report_paths(self, indices: list[int], parts: list[bytes]) -> None:
        """Reports the changes of these chunks, given in ascending order, and of the summaries on their paths."""
        for index, count, both in self._chunks.changed_runs(indices):
            parts.append(encoding.chunk_run(index, count, *both))
        for level, shift in enumerate(LEVEL_CHUNK_SHIFTS):
            on_paths = indices if shift == 0 else dict.fromkeys([index >> shift for index in indices])
            self._report_level(level, on_paths, parts)

    def _report_everything(self, parts: list[bytes]) -> None:
        """Reports the changes of everything in view."""
        for index, count, both in self._chunks.changed_runs(sorted(self._chunks.seen)):
            parts.append(encoding.chunk_run(index, count, *both))
        for level, entries in enumerate(self._levels):
            self._report_level(level, sorted(entries.seen), parts)

    def _report_level(self, level: int, indices: Iterable[int], parts: list[bytes]) -> None:
        for index, count, value in self._levels[level].changed_runs(indices):
            parts.append(encoding.summary_run(level, index, count, value))

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


def bounds_of(ranges: list[AddrRange]) -> list[int]:
    """Base, limit, base, limit, ... of the ranges."""
    return list(chain.from_iterable(ranges))
