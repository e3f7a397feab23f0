"""From a plan to a program: bytes become spans, dead bytes become freed pages, time becomes ticks.

The rule, so that a reader can follow it on paper. Spans have the sizes SPAN_SIZES in turn, in units; the unit is the
least number of pages with which the program has no more than about SPAN_COUNT_MAX spans. Spans wait in a queue, oldest
first, and what dies is taken from its front, part of a span where that is enough; but every SURVIVAL_INTERVAL-th span
that is taken goes to the back instead. So old spans are scattered among the holes that the others leave. Dead pages
are freed after the next GC cycle, as the sweeper would, and not before.
"""

from __future__ import annotations

import collections
import itertools
from dataclasses import dataclass
from enum import Enum

from pymodel.differential.programs import program as p
from pymodel.differential.simulate.plan import Plan, PlannedCycle, Portion
from pymodel.differential.simulate.quantities import NS_PER_SECOND
from pymodel.pageheap.constants import PAGE_SIZE

SPAN_SIZES = (1, 1, 2, 1, 1, 4, 1, 8)
SPAN_COUNT_MAX = 12_000
SPAN_PAGES_MAX = 1 << 22
"""The longest span that a program within the contract may have."""
SURVIVAL_INTERVAL = 16
SYSMON_PERIOD_NS = 10_000_000
"""How long passes until sysmon may look again. Go's does so every 10 ms when it has had nothing to do for a while."""
TICK_NS_MAX = 10**13
TICK_NS_MIN = 100 * NS_PER_SECOND
TICK_COUNT = 8000


class Moment(Enum):
    """Where in a program a sample is taken; the value names it in CSV and JSON."""

    ROW_END = "row"
    BEFORE_CYCLE = "before gc"
    AFTER_CYCLE = "after gc"


@dataclass(frozen=True, slots=True)
class Mark:
    """A sample is due after the first `operation_count` operations; cycles and bytes live are those planned by then."""

    operation_count: int
    moment: Moment
    heap_goal: int
    live_bytes: int
    cycle_count: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a simulated program runs on."""

    processor_count: int = 4
    page_cost_ns: int = 10_000
    phys_page_size: int = p.DEFAULT_PHYS_PAGE_SIZE
    phys_huge_page_size: int = p.DEFAULT_PHYS_HUGE_PAGE_SIZE


@dataclass(frozen=True, slots=True)
class Placement:
    """The program of a plan, and where its samples are due."""

    program: p.Program
    marks: tuple[Mark, ...]
    unit_pages: int


@dataclass(slots=True)
class _Run:
    """Pages [first, limit) of a span, `page_count` pages long, that are still live."""

    slot: int
    first: int
    limit: int
    page_count: int


def place(plan: Plan, surroundings: Surroundings) -> Placement:
    """The program of a plan: labelled `pacing`, within the contract, within the limits on operations and slots."""
    total_pages = -(-sum(portion.allocated_bytes for portion in plan.portions) // PAGE_SIZE)
    cycle_pages, cycle_spans = sum(SPAN_SIZES), len(SPAN_SIZES)
    unit_pages = max(1, -(-total_pages * cycle_spans // (cycle_pages * SPAN_COUNT_MAX)))
    placer = _Placer(plan.first_heap_goal, unit_pages, max(TICK_NS_MIN, plan.history.duration_ns // TICK_COUNT))
    placer.begin(surroundings)
    for portion in plan.portions:
        placer.place(portion)
    program = p.Program(
        tuple(placer.operations),
        surroundings.phys_page_size,
        surroundings.phys_huge_page_size,
        pacing=True,
    )
    return Placement(program, tuple(placer.marks), unit_pages)


class _Placer:
    """Appends operations. `_now_ns` is the time that the ticks so far add up to."""

    def __init__(self, heap_goal: int, unit_pages: int, tick_ns_max: int) -> None:
        self.operations: list[p.Operation] = []
        self.marks: list[Mark] = []
        self._sizes = itertools.cycle([min(SPAN_PAGES_MAX, unit_pages * size) for size in SPAN_SIZES])
        self._tick_ns_max = min(TICK_NS_MAX, tick_ns_max)
        self._live: collections.deque[_Run] = collections.deque()
        self._dead: list[p.Free] = []
        self._now_ns = 0
        self._slot_count = 0
        self._taken_count = 0
        self._allocated_bytes = 0
        self._dead_bytes = 0
        self._heap_goal = heap_goal
        self._cycle_count = 0

    def begin(self, surroundings: Surroundings) -> None:
        """Sets the surroundings up."""
        self.operations += [
            p.Gomaxprocs(surroundings.processor_count),
            p.ScavengeCost(surroundings.page_cost_ns),
            p.Scavtrace(True),
        ]

    def place(self, portion: Portion) -> None:
        """Lets time pass up to the portion's end, and then does all that it says."""
        self._tick_until(portion.end_ns)
        self._allocate(portion.allocated_bytes)
        self._let_die(portion.dead_bytes)
        if portion.cycle is not None:
            self._mark(Moment.BEFORE_CYCLE)
            self._collect(portion.cycle)
            self._mark(Moment.AFTER_CYCLE)
        if portion.ends_row:
            self._mark(Moment.ROW_END)

    def _tick_until(self, time_ns: int) -> None:
        while self._now_ns < time_ns:
            self._tick(min(time_ns - self._now_ns, self._tick_ns_max))

    def _tick(self, duration_ns: int) -> None:
        self.operations.append(p.Tick(duration_ns))
        self._now_ns += duration_ns

    def _allocate(self, byte_count: int) -> None:
        """Allocates spans for the bytes; of the last page, what is left is used next time."""
        pages_before = -(-self._allocated_bytes // PAGE_SIZE)
        self._allocated_bytes += byte_count
        left = -(-self._allocated_bytes // PAGE_SIZE) - pages_before
        while left > 0:
            page_count = min(next(self._sizes), left)
            self.operations.append(p.Span(self._slot_count, page_count))
            self._live.append(_Run(self._slot_count, 0, page_count, page_count))
            self._slot_count += 1
            left -= page_count

    def _let_die(self, byte_count: int) -> None:
        """Takes dead pages out of the queue; a page dies when all of its bytes have."""
        pages_before = self._dead_bytes // PAGE_SIZE
        self._dead_bytes += byte_count
        left = self._dead_bytes // PAGE_SIZE - pages_before
        while left > 0:
            run = self._live.popleft()
            self._taken_count += 1
            if self._taken_count % SURVIVAL_INTERVAL == 0:
                self._live.append(run)
                continue
            limit = min(run.limit, run.first + left)
            self._dead.append(_free(run, limit))
            left -= limit - run.first
            if limit < run.limit:
                run.first = limit
                self._live.appendleft(run)

    def _collect(self, cycle: PlannedCycle) -> None:
        """Go's order: mark termination, then sweeping, then a new generation of the scavenger, then sysmon, which looks
        as time begins to pass."""
        self.operations.append(p.MarkTermination(cycle.heap_goal, cycle.last_heap_goal))
        self.operations += self._dead
        self._dead.clear()
        self.operations.append(p.SweepDone())
        if cycle.release_all:
            self.operations.append(p.ScavengeAll())
        self._tick(SYSMON_PERIOD_NS)
        self._heap_goal = cycle.heap_goal
        self._cycle_count += 1

    def _mark(self, moment: Moment) -> None:
        live_bytes = self._allocated_bytes - self._dead_bytes
        self.marks.append(Mark(len(self.operations), moment, self._heap_goal, live_bytes, self._cycle_count))


def _free(run: _Run, limit: int) -> p.Free:
    """Frees [first, limit) of a run; the whole span, if it is one piece yet."""
    if run.first == 0 and limit == run.page_count:
        return p.Free(run.slot)
    return p.Free(run.slot, run.first, limit)
