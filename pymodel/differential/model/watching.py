"""A page heap that notes what its operations may have changed, so that observing it costs what was touched."""

from __future__ import annotations

from pymodel.pageheap.addresses import chunk_index
from pymodel.pageheap.constants import HEAP_ADDR_BITS, LOG_PALLOC_CHUNK_BYTES, PALLOC_CHUNK_BYTES
from pymodel.pageheap.mpagealloc import PageAlloc
from pymodel.pageheap.runtime import Runtime
from pymodel.pageheap.words import MASK64, align_down, align_up

ALL_CHUNKS = range(1 << (HEAP_ADDR_BITS - LOG_PALLOC_CHUNK_BYTES))


class WatchedPageAlloc(PageAlloc):
    """The specification's page heap, and the chunks touched since `touched` and `touched_ranges` were last cleared.

    Every change of a bitmap or a summary goes through `update` or `grow` for the pages concerned, and `update` writes
    summaries only on the path of those; `grow` may zero others, by mapping their memory again. The tests hold this
    claim against scans of everything.
    """

    def __init__(self, runtime: Runtime) -> None:
        self.touched: set[int] = set()
        self.touched_ranges: list[range] = []
        self.grown = False
        """Whether `grow` was called since this was last cleared."""
        super().__init__(runtime)

    def touch(self, first: int, last: int) -> None:
        """Notes the chunks."""
        if first == last:
            self.touched.add(first)
        else:
            self.touched_ranges.append(range(first, last + 1))

    def grow(self, base: int, size: int) -> None:
        """Notes the new chunks, then adds them. Go: (*pageAlloc).grow, mpagealloc.go."""
        first = chunk_index(align_down(base, PALLOC_CHUNK_BYTES))
        limit = chunk_index(align_up((base + size) & MASK64, PALLOC_CHUNK_BYTES))
        self.touched_ranges.append(range(first, limit))
        self.grown = True
        remapped = self._remapped_page_count()
        super().grow(base, size)
        if self._remapped_page_count() != remapped:
            # Summaries of chunks far from these are zero again.
            self.touched_ranges.append(ALL_CHUNKS)

    def _remapped_page_count(self) -> int:
        return sum(level.remapped_page_count for level in self.summary)
