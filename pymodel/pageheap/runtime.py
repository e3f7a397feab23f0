"""The page heap's surroundings: the part of Go's runtime that it reads and changes, as one value that is passed
in."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Final

from pymodel.pageheap.constants import ARENA_L2_ENTRIES, LOG_HEAP_ARENA_BYTES
from pymodel.pageheap.mgcpacer import PIController
from pymodel.pageheap.mranges import linear
from pymodel.pageheap.words import int64

Coroutine = Generator[None, None, None]
"""The body of a goroutine; it yields where it parks."""

CLOCK_START_NS: Final = 1
SCAVENGE_COST_NS: Final = 10_000
GOMAXPROCS: Final = 4


@dataclass(slots=True)
class Memstats:
    """Statistics in bytes, each a 64-bit word that wraps. Go: memstats and its heapStats deltas, mstats.go."""

    heap_sys: int = 0
    heap_released: int = 0
    heap_inuse: int = 0
    last_heap_inuse: int = 0
    """heap_inuse at the end of the last mark phase."""
    stats_committed: int = 0
    stats_released: int = 0


@dataclass(slots=True)
class Timer:
    """A timer, armed while `when` is not 0. Go: timer, time.go."""

    function: Callable[[], None]
    when: int = 0
    """In nanoseconds of the virtual clock."""


@dataclass(slots=True)
class Goroutine:
    """A goroutine: it runs until it parks, if something made it runnable."""

    coroutine: Coroutine
    runnable: bool = False


@dataclass(slots=True)
class SleepControl:
    """The local variables of bgscavenge that live from round to round, see bgscavenge."""

    crit_sleep_controller: PIController
    crit_sleep_ratio: float
    controller_cooldown: int = 0
    """Nanoseconds, an int64."""


@dataclass(slots=True)
class Scavenge:
    """Sleep and wait state of the background scavenger. Go: scavenge, mgcscavenge.go."""

    g: Goroutine | None = None
    """The background scavenger; None before it is started."""
    parked: bool = False
    timer: Timer | None = None
    sysmon_wake: int = 0
    print_controller_reset: bool = False
    """Whether the next trace line says that the pacing controller was reset."""
    control: SleepControl | None = None
    """None until bgscavenge comes to the declarations, which is when it is woken for the first time."""


@dataclass(slots=True)
class Runtime:
    """What surrounds one page heap: page sizes, statistics, existing arenas, the clock, printed text."""

    phys_page_size: int
    """Bytes; a power of two in [4096, 524288]."""
    phys_huge_page_size: int
    """Bytes; a power of two up to 4 MiB, or 0 for none."""
    memstats: Memstats = field(default_factory=Memstats)
    arenas: set[int] = field(default_factory=set)
    """Indices of the 64 MiB arenas that exist. Go: mheap_.arenas."""
    scavtrace: int = 0
    """Whether each new generation prints a line about the last one. Go: debug.scavtrace."""
    now: int = CLOCK_START_NS
    """The virtual clock: what nanotime() returns, an int64 of nanoseconds. It stands still but for sys_unused, for what
    bgscavenge says of itself, and for whoever turns it (see virtual_time)."""
    scavenge_cost_ns: int = SCAVENGE_COST_NS
    """Virtual time that giving one physical page back takes."""
    gomaxprocs: int = GOMAXPROCS
    faketime: int = 0
    scavenge: Scavenge = field(default_factory=Scavenge)
    _printed: list[str] = field(default_factory=list)

    def sys_unused(self, nbytes: int) -> None:
        """Give heap memory back to the system; all that the page heap sees of it is that time passes.

        Go: sysUnused, mem_linux.go.
        """
        self.now = int64(self.now + nbytes // self.phys_page_size * self.scavenge_cost_ns)

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
        if not self._printed:
            return ""
        text = "".join(self._printed)
        self._printed.clear()
        return text
