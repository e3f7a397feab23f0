"""What an observation holds: its scalars, and the levels of its summaries."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scalar:
    """One number of a page heap's state; `field` and `number` are those of the protocol's Observation."""

    go_name: str
    field: str
    number: int
    is_address: bool = False


SCALARS: tuple[Scalar, ...] = (
    Scalar("searchAddr", "search_addr", 4, is_address=True),
    Scalar("start", "start", 5),
    Scalar("end", "end", 6),
    Scalar("scav.gen", "scav_gen", 10),
    Scalar("scav.reservationBytes", "scav_reservation_bytes", 11),
    Scalar("scav.released", "scav_released", 12),
    Scalar("scav.scavLWM", "scav_lwm", 13, is_address=True),
    Scalar("scav.freeHWM", "free_hwm", 14, is_address=True),
    Scalar("heap_sys", "heap_sys", 15),
    Scalar("heap_released", "heap_released", 16),
    Scalar("heap_inuse", "heap_inuse", 17),
    Scalar("heapStats.committed", "stats_committed", 18),
    Scalar("heapStats.released", "stats_released", 19),
)

LEVEL_CHUNK_SHIFTS = (12, 9, 6, 3, 0)
"""By level, root first: a summary covers 2^shift chunks."""
LEVEL_COUNT = len(LEVEL_CHUNK_SHIFTS)
