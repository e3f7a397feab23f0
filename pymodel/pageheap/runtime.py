"""The page heap's surroundings: the part of Go's runtime that it reads and changes, as one value that is passed
in."""

from __future__ import annotations

from dataclasses import dataclass, field

from pymodel.pageheap.constants import ARENA_L2_ENTRIES, LOG_HEAP_ARENA_BYTES
from pymodel.pageheap.mranges import linear


@dataclass(slots=True)
class Memstats:
    """Statistics in bytes, each a 64-bit word that wraps. Go: memstats and its heapStats deltas, mstats.go."""

    heap_sys: int = 0
    heap_released: int = 0
    heap_inuse: int = 0
    last_heap_inuse: int = 0
    stats_committed: int = 0
    stats_released: int = 0


@dataclass(slots=True)
class Runtime:
    """What surrounds one page heap: page sizes of the machine, statistics, existing arenas, printed text."""

    phys_page_size: int
    """Bytes; a power of two in [4096, 524288]."""
    phys_huge_page_size: int
    """Bytes; a power of two up to 4 MiB, or 0 for none."""
    memstats: Memstats = field(default_factory=Memstats)
    arenas: set[int] = field(default_factory=set)
    """Indices of the 64 MiB arenas that exist. Go: mheap_.arenas."""
    scavtrace: int = 0
    """Whether each new generation prints a line about the last one. Go: debug.scavtrace."""
    print_controller_reset: bool = False
    """Whether the next trace line says that the pacing controller was reset. Go: scavenge.printControllerReset."""
    _printed: list[str] = field(default_factory=list)

    def add_arenas(self, base: int, limit: int) -> None:
        """Let every arena that [base, limit) touches exist; nothing if the range is empty or wraps.

        Go: (*mheap).sysAlloc, malloc.go.
        """
        first, stop = linear(base), linear(limit)
        if first < stop:
            last_index = min((stop - 1) >> LOG_HEAP_ARENA_BYTES, ARENA_L2_ENTRIES - 1)
            self.arenas.update(range(first >> LOG_HEAP_ARENA_BYTES, last_index + 1))

    def print(self, *values: int | str) -> None:
        """Append what Go's `print` writes: no separators, decimal integers; pass hex(x) where Go does."""
        self._printed.extend(map(str, values))

    def take_printed(self) -> str:
        """Everything printed since the last call."""
        text = "".join(self._printed)
        self._printed.clear()
        return text
