"""From a history to portions: so many bytes allocated, so many dead, and perhaps a GC cycle, at this time.

A row's bytes are spread evenly over its time. A cycle comes when the heap reaches its goal, or by force when none came
for two minutes; or, for a history that has cycles of its own, where that says.

The resolution adapts, so that neither portions nor cycles grow with virtual time or with the bytes allocated: long rows
are cut into at most STEP_COUNT more; what a row allocates and drops again is left out where it would only repeat the
same cycle many times over; forced cycles come less often in a history of many days; and if there are still too many
cycles, their goals leave more room.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from pymodel.differential.errors import BadInput
from pymodel.differential.simulate.history import History, Row
from pymodel.differential.simulate.pacer import FORCED_AFTER_NS, NO_GOAL, ROOM_TO_SWEEP_BYTES, Pacer
from pymodel.differential.simulate.quantities import tell_bytes

STEP_COUNT = 1000
CYCLE_COUNT_MAX = 4000
FORCED_COUNT_MAX = 1500
HEAP_BYTES_MAX = 1 << 40


@dataclass(frozen=True, slots=True)
class PlannedCycle:
    """A GC cycle: the goal from now on, the goal until now, and whether all free memory is given back after it."""

    heap_goal: int
    last_heap_goal: int
    forced: bool = False
    release_all: bool = False


@dataclass(frozen=True, slots=True)
class Portion:
    """What happens up to `end_ns`; `ends_row` where a sample is due."""

    end_ns: int
    allocated_bytes: int
    dead_bytes: int
    cycle: PlannedCycle | None
    ends_row: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """All portions, in order of time. What was left out to bound them is said by the other fields."""

    history: History
    first_heap_goal: int
    portions: tuple[Portion, ...]
    repeated_bytes: int
    room_bytes_min: int
    forced_after_ns: int

    @property
    def cycle_count(self) -> int:
        """GC cycles."""
        return sum(portion.cycle is not None for portion in self.portions)


def make_plan(history: History, gogc: int | None) -> Plan:
    """The portions of a history at GOGC (None for off); raises BadInput if the heap would become too large."""
    room = ROOM_TO_SWEEP_BYTES
    while True:
        planner = _Planner(history, Pacer(gogc, room))
        first_goal = planner.goal
        portions = list(itertools.islice(planner.portions(), 16 * CYCLE_COUNT_MAX))
        plan = Plan(history, first_goal, tuple(portions), planner.repeated_bytes, room, planner.forced_after_ns)
        if not history.paced or plan.cycle_count <= CYCLE_COUNT_MAX:
            return plan
        room *= 2


class _Planner:
    """Walks the rows. `_heap` counts what is live and what is garbage not yet found, as Go's heapLive does."""

    def __init__(self, history: History, pacer: Pacer) -> None:
        self._history = history
        self._pacer = pacer
        self._live = 0
        self._heap = 0
        self._last_cycle_ns = 0
        logged = next((row.cycle for row in history.rows if row.cycle is not None), None)
        self.goal = pacer.first_goal if logged is None else logged.heap_goal
        self.forced_after_ns = max(FORCED_AFTER_NS, history.duration_ns // FORCED_COUNT_MAX)
        self.repeated_bytes = 0

    def portions(self) -> Iterator[Portion]:
        """All portions of the history."""
        rows = list(_cut_long_rows(self._history))
        cycle_count_max = max(1, CYCLE_COUNT_MAX // (2 * len(rows)))
        later_goals = [row.cycle.heap_goal for row in reversed(rows) if row.cycle is not None]
        start_ns = 0
        for row in rows:
            if self._history.paced:
                yield from self._paced(start_ns, self._without_repeats(row, cycle_count_max))
            else:
                yield self._logged(row, later_goals)
            start_ns = row.end_ns

    def _without_repeats(self, row: Row, cycle_count_max: int) -> Row:
        """The row without what would only be collected in more cycles than that, each like the one before."""
        room = self._pacer.goal(self._live) - self._live
        repeated = min(row.allocated_bytes, row.dead_bytes, row.allocated_bytes - cycle_count_max * room)
        if repeated <= 0:
            return row
        self.repeated_bytes += repeated
        return Row(row.end_ns, row.allocated_bytes - repeated, row.dead_bytes - repeated)

    def _paced(self, start_ns: int, row: Row) -> Iterator[Portion]:
        """A row in the portions that cycles cut it into."""
        spread = _Spread(start_ns, row)
        while True:
            full_ns = spread.time_of_bytes(self.goal - self._heap)
            forced_ns = self._last_cycle_ns + self.forced_after_ns
            if full_ns is not None and full_ns <= forced_ns:
                allocated, dead = spread.take_bytes(self.goal - self._heap)
                yield self._portion(full_ns, allocated, dead, collects=True)
            elif forced_ns <= row.end_ns and self.goal != NO_GOAL:
                allocated, dead = spread.take_until(forced_ns)
                yield self._portion(forced_ns, allocated, dead, collects=True, forced=True)
            else:
                allocated, dead = spread.take_until(row.end_ns)
                yield self._portion(row.end_ns, allocated, dead, ends_row=True)
                return

    def _portion(
        self,
        end_ns: int,
        allocated: int,
        dead: int,
        *,
        collects: bool = False,
        forced: bool = False,
        ends_row: bool = False,
    ) -> Portion:
        self._live += allocated - dead
        self._heap += allocated
        if self._heap > HEAP_BYTES_MAX:
            raise BadInput(
                f"{self._history.origin}: the heap would grow beyond {tell_bytes(HEAP_BYTES_MAX)} "
                f"{end_ns / 1e9:g} s into the history; a lower GOGC, or another history, keeps it smaller"
            )
        cycle = None
        if collects:
            cycle = self._collect(self._pacer.goal(self._live), end_ns, forced=forced)
        return Portion(end_ns, allocated, dead, cycle, ends_row)

    def _logged(self, row: Row, later_goals: list[int]) -> Portion:
        """A row of a log, whose goals are popped as cycles come: what a cycle set, the next line reports."""
        self._live += row.allocated_bytes - row.dead_bytes
        cycle = None
        if row.cycle is not None:
            self.goal = later_goals.pop()
            goal = later_goals[-1] if later_goals else self._pacer.goal(self._live)
            cycle = self._collect(goal, row.end_ns, release_all=row.cycle.release_all)
        return Portion(row.end_ns, row.allocated_bytes, row.dead_bytes, cycle, ends_row=True)

    def _collect(self, goal: int, now_ns: int, *, forced: bool = False, release_all: bool = False) -> PlannedCycle:
        cycle = PlannedCycle(goal, self.goal, forced, release_all)
        self.goal, self._heap, self._last_cycle_ns = goal, self._live, now_ns
        return cycle


class _Spread:
    """A row's bytes, evenly over its time, taken a part at a time."""

    def __init__(self, start_ns: int, row: Row) -> None:
        self._start_ns = start_ns
        self._row = row
        self._allocated = 0
        self._dead = 0

    def time_of_bytes(self, byte_count: int) -> int | None:
        """When so many more bytes are allocated; None if that is beyond the row."""
        wanted = self._allocated + byte_count
        row = self._row
        if row.allocated_bytes == 0 or wanted > row.allocated_bytes:
            return None
        return self._start_ns + (row.end_ns - self._start_ns) * wanted // row.allocated_bytes

    def take_bytes(self, byte_count: int) -> tuple[int, int]:
        """The next so many bytes allocated, and what dies with them."""
        return self._take_until(self._allocated + byte_count, self._row.allocated_bytes)

    def take_until(self, time_ns: int) -> tuple[int, int]:
        """The bytes allocated, and those dead, up to a time."""
        passed, duration = time_ns - self._start_ns, self._row.end_ns - self._start_ns
        return self._take_until(passed, duration) if duration and passed < duration else self._take_until(1, 1)

    def _take_until(self, part: int, whole: int) -> tuple[int, int]:
        """Up to a part of the row's bytes; nothing where more is taken already."""
        allocated = max(self._allocated, self._row.allocated_bytes * part // whole)
        dead = max(self._dead, self._row.dead_bytes * part // whole)
        taken = allocated - self._allocated, dead - self._dead
        self._allocated, self._dead = allocated, dead
        return taken


def _cut_long_rows(history: History) -> Iterator[Row]:
    """The rows, those longer than a step in equal parts. A row's cycle stays at its end."""
    step_ns = max(1, history.duration_ns // STEP_COUNT)
    start_ns = 0
    for row in history.rows:
        duration_ns = row.end_ns - start_ns
        count = max(1, -(-duration_ns // step_ns))
        spread = _Spread(start_ns, row)
        for number in range(1, count + 1):
            end_ns = start_ns + duration_ns * number // count
            allocated, dead = spread.take_until(end_ns)
            yield Row(end_ns, allocated, dead, row.cycle if number == count else None)
        start_ns = row.end_ns
