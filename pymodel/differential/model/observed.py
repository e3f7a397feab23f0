"""What an observation holds: its scalars, and the levels of its summaries."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pymodel.pageheap.floats import from_bits
from pymodel.pageheap.words import MASK64, signed


class ScalarForm(Enum):
    """What a scalar's word stands for."""

    NUMBER = "number"
    ADDRESS = "address"
    GOAL = "goal"
    """A number of bytes; 2^64-1 stands for none."""
    FLAG = "flag"
    INSTANT = "instant"
    """Nanoseconds, signed."""
    DEADLINE = "deadline"
    """Nanoseconds, signed; 0 for none."""
    FLOAT = "float"
    """The bits of a float64."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """One number of a page heap's state; `field` and `number` are those of the protocol's Observation."""

    go_name: str
    field: str
    number: int
    form: ScalarForm = ScalarForm.NUMBER

    @property
    def is_address(self) -> bool:
        """Whether it is an address."""
        return self.form is ScalarForm.ADDRESS

    @property
    def is_pacing(self) -> bool:
        """Whether it is observed in programs with pacing only."""
        return self.number >= FIRST_PACING_FIELD

    def tell(self, value: int) -> str:
        """The value as a report says it."""
        match self.form:
            case ScalarForm.ADDRESS:
                return f"{value:#x}"
            case ScalarForm.FLOAT:
                return tell_float(value)
            case ScalarForm.INSTANT:
                return f"{signed(value)} ns"
            case ScalarForm.DEADLINE:
                return f"{signed(value)} ns" if value else "not armed"
            case ScalarForm.FLAG if value <= 1:
                return "true" if value else "false"
            case ScalarForm.GOAL if value == MASK64:
                return "off"
            case _:
                return str(value)


def tell_float(bits: int) -> str:
    """A float64 by its value and its bits: `0.001 (0x3f50624dd2f1a9fc)`."""
    return f"{from_bits(bits)!r} ({bits:#018x})"


FIRST_PACING_FIELD = 20

_ADDRESS, _FLAG, _FLOAT = ScalarForm.ADDRESS, ScalarForm.FLAG, ScalarForm.FLOAT

SCALARS: tuple[Scalar, ...] = (
    Scalar("searchAddr", "search_addr", 4, _ADDRESS),
    Scalar("start", "start", 5),
    Scalar("end", "end", 6),
    Scalar("scav.gen", "scav_gen", 10),
    Scalar("scav.reservationBytes", "scav_reservation_bytes", 11),
    Scalar("scav.released", "scav_released", 12),
    Scalar("scav.scavLWM", "scav_lwm", 13, _ADDRESS),
    Scalar("scav.freeHWM", "free_hwm", 14, _ADDRESS),
    Scalar("heap_sys", "heap_sys", 15),
    Scalar("heap_released", "heap_released", 16),
    Scalar("heap_inuse", "heap_inuse", 17),
    Scalar("heapStats.committed", "stats_committed", 18),
    Scalar("heapStats.released", "stats_released", 19),
    Scalar("last_heap_inuse", "last_heap_inuse", 20),
    Scalar("scavengeGoal", "scavenge_goal", 21, ScalarForm.GOAL),
    Scalar("curArena.base", "cur_arena_base", 22, _ADDRESS),
    Scalar("curArena.end", "cur_arena_end", 23, _ADDRESS),
    Scalar("now", "now_ns", 24, ScalarForm.INSTANT),
    Scalar("bgscavenge.started", "background_started", 25, _FLAG),
    Scalar("scavenge.parked", "scavenge_parked", 26, _FLAG),
    Scalar("scavenge.timer", "scavenge_timer_ns", 27, ScalarForm.DEADLINE),
    Scalar("scavenge.sysmonWake", "scavenge_sysmon_wake", 28),
    Scalar("scavenge.printControllerReset", "scavenge_print_controller_reset", 29, _FLAG),
    Scalar("critSleepRatio", "crit_sleep_ratio", 30, _FLOAT),
    Scalar("critSleepController.errIntegral", "controller_err_integral", 31, _FLOAT),
    Scalar("critSleepController.errOverflow", "controller_err_overflow", 32, _FLAG),
    Scalar("critSleepController.inputOverflow", "controller_input_overflow", 33, _FLAG),
    Scalar("controllerCooldown", "controller_cooldown_ns", 34, ScalarForm.INSTANT),
)
"""Ascending by field number, those of pacing last."""

PLAIN_SCALARS = tuple(scalar for scalar in SCALARS if not scalar.is_pacing)
"""Those that every program observes."""

LEVEL_CHUNK_SHIFTS = (12, 9, 6, 3, 0)
"""By level, root first: a summary covers 2^shift chunks."""
LEVEL_COUNT = len(LEVEL_CHUNK_SHIFTS)
