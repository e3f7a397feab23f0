"""A program in the making: what its operations have set up so far, as far as that can be known without running them.

The addresses that allocations will return are not known here, and whether they succeed is not either. Known are the
chunks grown, the slots written with the page counts asked for, and roughly how much work the program is.
"""

from __future__ import annotations

from pymodel.differential.generation.choices import Choices, Interval, Weighted
from pymodel.differential.programs.program import SLOT_COUNT_MAX, Operation, Program
from pymodel.differential.programs.value import value

CANONICAL_CHUNK = 0xC000
CHUNK_MIN, CHUNK_LIMIT = -0x1FF_FFFF, 0x200_0000
CHUNKS_PER_BLOCK = 8192
CHUNKS_PER_ARENA = 16
# Where spans that find no room grow first.
SPAN_CHUNK = 1 << 22
PAGES_PER_CHUNK = 512
PAGES_PER_CACHE = 64
CHUNK_BYTES = 1 << 22
PAGE_BYTES = 8192

# Each second-level block of chunks is 1 MiB in the target, so a program stays within few of them.
BLOCK_COUNT_MAX = 10


@value
class Tables:
    """What the makers of operations draw their numbers from, fixed for one program."""

    page_counts: Weighted[Interval]
    byte_counts: Weighted[Interval]
    chunk_counts: Weighted[Interval]
    chunk_count_max: int
    part_percent: int
    """How many frees of a hundred free a part of their slot."""
    durations: Weighted[Interval]
    """Nanoseconds that pass at once; only programs with pacing let time pass."""


def place(first: int, chunk_count: int) -> int:
    """The nearest first chunk to `first` at which `chunk_count` chunks may grow: in one half, not at its very edge."""
    if first < 0:
        return min(max(first, CHUNK_MIN), -1 - chunk_count)
    return max(min(first, CHUNK_LIMIT - chunk_count), 1)


class Maker:
    """Collects operations up to a count, and the little that later operations need to know about earlier ones.

    Invariant: every slot number in the lists was handed out once, so that no slot is written twice; slots leave the
    lists when an operation empties them.
    """

    __slots__ = (
        "blocks",
        "cache_slot",
        "caches",
        "choices",
        "chunk_count",
        "grown",
        "operation_count",
        "operations",
        "pages_live",
        "pages_loose",
        "pages_marked",
        "pages_peak",
        "phys_huge_page_size",
        "phys_page_size",
        "reservation_slot",
        "reservations",
        "span_slot",
        "spans",
        "tables",
        "work_left",
    )

    def __init__(self, choices: Choices, operation_count: int, tables: Tables) -> None:
        self.choices = choices
        self.operation_count = operation_count
        self.tables = tables
        self.operations: list[Operation] = []
        self.phys_page_size = 4096
        self.phys_huge_page_size = 2 << 20
        # First chunk and number of chunks of each growth.
        self.grown: list[tuple[int, int]] = []
        self.chunk_count = 0
        self.blocks: set[int] = set()
        # Slot, page count and pages left of each span of which something is left, as far as that is known.
        self.spans: list[tuple[int, int, int]] = []
        self.pages_live = 0
        # The most that were live at once: what the heap retains until something is scavenged.
        self.pages_peak = 0
        # Those live at the last mark termination, which the scavenger's goal is scaled from.
        self.pages_marked = 0
        # Those freed and perhaps not scavenged: the work that waits for a background scavenger.
        self.pages_loose = 0
        # Each cache not flushed, with the pages that may be left in it.
        self.caches: list[tuple[int, int]] = []
        self.reservations: list[int] = []
        self.span_slot = self.cache_slot = self.reservation_slot = 0
        # In visits to a chunk; see `afford`. A visit takes the specification some ten microseconds.
        self.work_left = 20_000 + 16 * operation_count

    @property
    def full(self) -> bool:
        """Whether the program has all its operations."""
        return len(self.operations) >= self.operation_count

    def add(self, *operations: Operation) -> None:
        """Appends operations; those beyond the operation count are dropped."""
        for operation in operations:
            if len(self.operations) < self.operation_count:
                self.operations.append(operation)

    def afford(self, chunk_count: int) -> bool:
        """Whether the program may contain another operation that visits so many chunks; takes it from what is left."""
        if chunk_count > self.work_left:
            return False
        self.work_left -= chunk_count
        return True

    def note_growth(self, first: int, chunk_count: int) -> None:
        """Records chunks that the next operation grows."""
        self.grown.append((first, chunk_count))
        self.chunk_count += chunk_count
        self.blocks.update(range(first // CHUNKS_PER_BLOCK, (first + chunk_count - 1) // CHUNKS_PER_BLOCK + 1))

    def new_span(self, page_count: int) -> int:
        """A fresh span slot; the caller has checked `span_slots_left`."""
        slot = self.span_slot
        self.span_slot = slot + 1
        self.spans.append((slot, page_count, page_count))
        self.pages_live += page_count
        if self.pages_live > self.pages_peak:
            self.pages_peak = self.pages_live
        return slot

    def new_cache(self) -> int:
        """A fresh cache slot; the caller has checked that one is left."""
        slot = self.cache_slot
        self.cache_slot = slot + 1
        self.caches.append((slot, PAGES_PER_CACHE))
        return slot

    def new_reservation(self) -> int:
        """A fresh reservation slot; the caller has checked that one is left."""
        slot = self.reservation_slot
        self.reservation_slot = slot + 1
        self.reservations.append(slot)
        return slot

    def note_part(self, index: int, page_count: int) -> None:
        """Records that a part of a span is freed; once as many are freed as it has, none is thought to be left."""
        slot, span_page_count, left = self.spans[index]
        if left <= page_count:
            self.drop_span(index)
        else:
            self.spans[index] = (slot, span_page_count, left - page_count)
            self.pages_live -= page_count
            self.pages_loose += page_count

    def drop_span(self, index: int) -> None:
        """Forgets a span that is freed as a whole."""
        left = self.spans[index][2]
        self.pages_live -= left
        self.pages_loose += left
        last = self.spans.pop()
        if index < len(self.spans):
            self.spans[index] = last

    @property
    def span_slots_left(self) -> bool:
        """Whether another span slot can be written."""
        return self.span_slot < SLOT_COUNT_MAX

    @property
    def pages_grown(self) -> int:
        """Pages of all chunks grown."""
        return self.chunk_count * PAGES_PER_CHUNK

    def program(self, *, outside_contract: bool, pacing: bool) -> Program:
        """The finished program."""
        return Program(tuple(self.operations), self.phys_page_size, self.phys_huge_page_size, outside_contract, pacing)
