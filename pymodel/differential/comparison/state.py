"""The state of a page heap as a target reports it, kept up to date by its observations.

What a target must never do raises Contradiction: leave out what a complete observation holds, list things out of order,
twice, or that are not in use. Listing what did not change, or neighbours apart that could be one run, is tolerated.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pymodel.differential.model.observed import LEVEL_CHUNK_SHIFTS, LEVEL_COUNT, PLAIN_SCALARS, SCALARS
from pymodel.differential.programs.wireform import WORD_MASK
from pymodel.pageheap.addresses import chunk_index
from pymodel.pageheap.mranges import linear
from pymodel.wire import pageheap_pb2

BITMAP_BYTE_COUNT = 64

Bitmaps = tuple[int, int]
NO_BITMAPS: Bitmaps = (0, 0)


class Contradiction(Exception):
    """An observation cannot be one; the text is a predicate of the target."""


@dataclass(frozen=True, slots=True)
class RangeSet:
    """Go's addrRanges: base, limit, base, limit, ... and the sum it keeps."""

    bounds: tuple[int, ...] = ()
    total_bytes: int = 0

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """The ranges."""
        return tuple(zip(self.bounds[::2], self.bounds[1::2], strict=True))


@dataclass(slots=True)
class Changes:
    """What an observation listed: keys of the state that may have changed."""

    everything: bool = False
    chunks: set[int] = field(default_factory=set)
    summaries: set[tuple[int, int]] = field(default_factory=set)


@dataclass(slots=True)
class HeapState:
    """The whole observed state. Chunks and summaries that are absent are all zero; `scalars` go by SCALARS.

    A target may not claim more than `chunk_count_max` chunks in use. Without `pacing`, it may not report the scalars of
    pacing, and they stay 0.
    """

    chunk_count_max: int
    pacing: bool = False
    chunks: dict[int, Bitmaps] = field(default_factory=dict)
    summaries: dict[tuple[int, int], int] = field(default_factory=dict)
    scalars: list[int] = field(default_factory=lambda: [0] * len(SCALARS))
    in_use: RangeSet = RangeSet()
    scav_in_use: RangeSet = RangeSet()
    summary_lengths: tuple[int, ...] = (0,) * LEVEL_COUNT
    _chunks_in_use: list[range] = field(default_factory=list)

    def apply(self, observation: pageheap_pb2.Observation) -> Changes:
        """Takes an observation in and says what it listed; raises Contradiction."""
        changes = Changes(everything=observation.complete)
        if observation.complete:
            self._check_complete(observation)
            self.chunks.clear()
            self.summaries.clear()
        for position, scalar in enumerate(SCALARS):
            if observation.HasField(scalar.field):
                if scalar.is_pacing and not self.pacing:
                    raise Contradiction(f"reported {scalar.field} in a program without pacing")
                self.scalars[position] = getattr(observation, scalar.field)
        self._apply_range_sets(observation)
        self._apply_chunks(observation, changes)
        self._apply_summaries(observation, changes)
        return changes

    def _check_complete(self, observation: pageheap_pb2.Observation) -> None:
        scalars = SCALARS if self.pacing else PLAIN_SCALARS
        names = [scalar.field for scalar in scalars] + ["in_use", "scav_in_use", "summary_lengths"]
        for name in names:
            if not observation.HasField(name):
                raise Contradiction(f"left {name} out of a complete observation")

    def _apply_range_sets(self, observation: pageheap_pb2.Observation) -> None:
        if observation.HasField("in_use"):
            self.in_use = _range_set("in_use", observation.in_use)
            self._chunks_in_use = _merged(self.in_use)
            count = sum(map(len, self._chunks_in_use))
            if count > self.chunk_count_max:
                raise Contradiction(f"has {count} chunks in use, but the program grows {self.chunk_count_max}")
        if observation.HasField("scav_in_use"):
            self.scav_in_use = _range_set("scav_in_use", observation.scav_in_use)
        if observation.HasField("summary_lengths"):
            self.summary_lengths = tuple(observation.summary_lengths.lengths)
            if len(self.summary_lengths) != LEVEL_COUNT:
                raise Contradiction(f"reported {len(self.summary_lengths)} summary lengths, not {LEVEL_COUNT}")

    def _apply_chunks(self, observation: pageheap_pb2.Observation, changes: Changes) -> None:
        floor = 0
        for run in observation.chunks:
            indices = _run_indices("chunk", run, floor)
            floor = indices.stop
            if len(run.allocated) != BITMAP_BYTE_COUNT or len(run.scavenged) != BITMAP_BYTE_COUNT:
                raise Contradiction(
                    f"reported chunk {indices.start} with a bitmap that has not {BITMAP_BYTE_COUNT} bytes"
                )
            if not any(_is_within(indices, in_use) for in_use in self._chunks_in_use):
                raise Contradiction(f"reported chunks [{indices.start}, {indices.stop}), which are not all in use")
            both = int.from_bytes(run.allocated, "little"), int.from_bytes(run.scavenged, "little")
            changes.chunks.update(indices)
            for index in indices:
                if both == NO_BITMAPS:
                    self.chunks.pop(index, None)
                else:
                    self.chunks[index] = both

    def _apply_summaries(self, observation: pageheap_pb2.Observation, changes: Changes) -> None:
        level, floor = 0, 0
        paths = self._paths_in_use(level)
        for run in observation.summaries:
            if run.level != level:
                if not level < run.level < LEVEL_COUNT:
                    raise Contradiction(f"reported a summary of level {run.level} after one of level {level}")
                level, floor = run.level, 0
                paths = self._paths_in_use(level)
            indices = _run_indices(f"level {level} summary", run, floor)
            floor = indices.stop
            if not any(_is_within(indices, path) for path in paths):
                raise Contradiction(
                    f"reported level {level} summaries [{indices.start}, {indices.stop}), "
                    "which are not all on the path of a chunk in use"
                )
            keys = [(level, index) for index in indices]
            changes.summaries.update(keys)
            for key in keys:
                if run.value == 0:
                    self.summaries.pop(key, None)
                else:
                    self.summaries[key] = run.value

    def _paths_in_use(self, level: int) -> list[range]:
        """Summaries of a level on the paths of chunks in use, as ranges apart from each other."""
        shift = LEVEL_CHUNK_SHIFTS[level]
        return _merged_ranges(range(r.start >> shift, (r.stop - 1 >> shift) + 1) for r in self._chunks_in_use)


def _range_set(name: str, message: pageheap_pb2.RangeSet) -> RangeSet:
    if len(message.bounds) % 2 != 0 or not message.HasField("total_bytes"):
        raise Contradiction(f"reported {name} with a base that has no limit, or without total_bytes")
    return RangeSet(tuple(message.bounds), message.total_bytes)


def _run_indices(what: str, run: pageheap_pb2.ChunkRun | pageheap_pb2.SummaryRun, floor: int) -> range:
    """The indices of a run, which must follow those of the run before."""
    if run.count == 0:
        raise Contradiction(f"reported an empty {what} run")
    if run.index < floor:
        raise Contradiction(f"reported {what} {run.index} behind or within the run that ends at {floor}")
    return range(run.index, run.index + run.count)


def _is_within(part: range, whole: range) -> bool:
    return whole.start <= part.start and part.stop <= whole.stop


def _merged(in_use: RangeSet) -> list[range]:
    """The chunks of a set of ranges, as ranges of indices apart from each other."""
    return _merged_ranges(
        range(chunk_index(base), chunk_index(limit - 1 & WORD_MASK) + 1)
        for base, limit in in_use.pairs
        if linear(base) < linear(limit)
    )


def _merged_ranges(ranges: Iterable[range]) -> list[range]:
    merged: list[range] = []
    for indices in sorted(ranges, key=lambda r: r.start):
        if merged and indices.start <= merged[-1].stop:
            merged[-1] = range(merged[-1].start, max(merged[-1].stop, indices.stop))
        else:
            merged.append(indices)
    return merged
