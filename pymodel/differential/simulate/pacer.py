"""When Go's garbage collector runs, as far as the scavenger sees it: its heap goals.

The collector is taken to end a cycle exactly when the heap reaches its goal, which is what Go's pacer aims at. Stacks
and globals count as nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from pymodel.differential.simulate.quantities import MIB, NS_PER_SECOND

NO_GOAL = (1 << 64) - 1
"""The heap goal with GOGC=off."""
FORCED_AFTER_NS = 120 * NS_PER_SECOND
"""Without a cycle for so long, sysmon forces one. Go: forcegcperiod, proc.go."""
MINIMUM_AT_100_BYTES = 4 * MIB
"""The least goal at GOGC=100. Go: defaultHeapMinimum, mgcpacer.go."""
ROOM_TO_SWEEP_BYTES = MIB
"""What the goal leaves at least above what is live. Go: sweepMinHeapDistance, mgcpacer.go."""


@dataclass(frozen=True, slots=True)
class Pacer:
    """GOGC, None for off. `room_bytes_min` may be raised above Go's own for a coarser simulation."""

    gogc: int | None
    room_bytes_min: int = ROOM_TO_SWEEP_BYTES

    @property
    def first_goal(self) -> int:
        """The goal before the first cycle. Go: (*gcControllerState).init, mgcpacer.go."""
        return NO_GOAL if self.gogc is None else max(MINIMUM_AT_100_BYTES * self.gogc // 100, self.room_bytes_min)

    def goal(self, live_bytes: int) -> int:
        """The goal after a cycle that found so much alive. Go: (*gcControllerState).commit, mgcpacer.go."""
        if self.gogc is None:
            return NO_GOAL
        return max(live_bytes + live_bytes * self.gogc // 100, self.first_goal, live_bytes + self.room_bytes_min)
