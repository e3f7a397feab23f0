"""The scalars of a page heap: read, and encoded where they changed.

A step changes few of them, and again and again the same ones together, so that all that changed is packed in one go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter, ne
from struct import Struct

from pymodel.differential.model.encoding import SCALAR_TAGS
from pymodel.differential.model.observed import SCALARS
from pymodel.differential.model.watching import WatchedPageAlloc
from pymodel.pageheap.floats import to_bits
from pymodel.pageheap.mheap import Mheap
from pymodel.pageheap.runtime import SleepControl
from pymodel.pageheap.words import MASK64

_LAYOUT_COUNT_MAX = 512
_NEVER_REPORTED = (-1,) * len(SCALARS)
# Scalars from this position on have field numbers above those of the range sets.
_LATE_SCALARS = next(position for position, scalar in enumerate(SCALARS) if scalar.number > 9)

_Encoder = Callable[[tuple[int, ...]], bytes]


class ScalarChanges:
    """Remembers which scalars were reported last; with `pacing`, those of the scavenger's goroutine too."""

    def __init__(self, pages: WatchedPageAlloc, pacing: Mheap | None) -> None:
        self._pages = pages
        self._pacing = pacing
        self._seen = _NEVER_REPORTED

    def forget(self) -> None:
        """Makes every scalar count as never reported."""
        self._seen = _NEVER_REPORTED

    def changed(self) -> tuple[Encoders | None, tuple[int, ...]]:
        """How to encode what changed, None if nothing did; and all scalars as they are now."""
        scalars = read_scalars(self._pages)
        if self._pacing is not None:
            scalars += read_pacing_scalars(self._pacing)
        seen = self._seen
        if scalars == seen:
            return None, scalars
        self._seen = scalars
        return _encoders_of(tuple(map(ne, scalars, seen))), scalars


@dataclass(frozen=True, slots=True)
class Encoders:
    """Encoders of some scalars, each given all: of those that precede the range sets, those that follow, and all."""

    early: _Encoder
    late: _Encoder
    whole: _Encoder


@lru_cache(_LAYOUT_COUNT_MAX)
def _encoders_of(changed: tuple[bool, ...]) -> Encoders:
    """Encoders of the scalars at the positions that changed."""
    positions = [position for position, flag in enumerate(changed) if flag]
    early = [position for position in positions if position < _LATE_SCALARS]
    late = positions[len(early) :]
    return Encoders(*(_encoder(part, len(changed)) for part in (early, late, positions)))


def _encoder(positions: list[int], count: int) -> _Encoder:
    """Encodes those of `count` scalars that stand at these positions."""
    if not positions:
        return lambda _: b""
    tags = SCALAR_TAGS[:count]
    pack = Struct("<" + "".join(f"{len(tags[position])}sQ" for position in positions)).pack
    # Each tag and its value, out of all tags followed by all values.
    take = itemgetter(*(place for position in positions for place in (position, count + position)))
    return lambda scalars: pack(*take(tags + scalars))


def read_scalars(pages: WatchedPageAlloc) -> tuple[int, ...]:
    """The values of PLAIN_SCALARS, in that order."""
    scav, memstats = pages.scav, pages.runtime.memstats
    return (
        pages.search_addr,
        pages.start,
        pages.end,
        scav.gen,
        scav.reservation_bytes,
        scav.released,
        scav.scav_lwm,
        scav.free_hwm,
        memstats.heap_sys,
        memstats.heap_released,
        memstats.heap_inuse,
        memstats.stats_committed,
        memstats.stats_released,
    )


def read_pacing_scalars(heap: Mheap) -> tuple[int, ...]:
    """The values of the SCALARS that follow PLAIN_SCALARS, in that order."""
    runtime = heap.runtime
    scavenge = runtime.scavenge
    return (
        runtime.memstats.last_heap_inuse,
        heap.scavenge_goal,
        heap.cur_arena_base,
        heap.cur_arena_end,
        runtime.now & MASK64,
        int(scavenge.g is not None),
        int(scavenge.parked),
        scavenge.timer.when if scavenge.timer is not None else 0,
        scavenge.sysmon_wake,
        int(scavenge.print_controller_reset),
        *_read_control(scavenge.control),
    )


def _read_control(control: SleepControl | None) -> tuple[int, ...]:
    if control is None:
        return 0, 0, 0, 0, 0
    controller = control.crit_sleep_controller
    return (
        to_bits(control.crit_sleep_ratio),
        to_bits(controller.err_integral),
        int(controller.err_overflow),
        int(controller.input_overflow),
        control.controller_cooldown & MASK64,
    )
