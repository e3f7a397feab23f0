"""Gives divergences that are likely one fault the same signature."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pymodel.differential.comparison.differences import Difference
from pymodel.differential.programs.calls import CALL_FUNCTIONS
from pymodel.differential.programs.operations import KIND_BY_CLASS
from pymodel.differential.programs.program import Call, Operation, Sysmon, Tick, Timer, Wake

_STATISTICS = frozenset({"heap_sys", "heap_released", "heap_inuse", "heapStats.committed", "heapStats.released"})
# All that any of these does is to let the background scavenger run.
_WAITS = (Tick, Timer, Wake, Sysmon)
_TIMER = "scavenge.timer"
_EFFECTS_OF_PAGES = _STATISTICS | {"summary", "searchAddr", "scav.scavLWM", "scav.freeHWM", "now", _TIMER}
_CAUSES_OF_TIMERS = frozenset({"now", "critSleepRatio"})


def signature_of(operation: Operation | None, differences: Sequence[Difference]) -> str:
    """The kind of the operation, then what differs: the ways of ending, or else the fields that are no mere effects.

    Operations that let the background scavenger run are of one kind.
    """
    name = "background scavenger" if isinstance(operation, _WAITS) else operation_name(operation)
    for difference in differences:
        if difference.field == "outcome":
            return f"{name}: {' against '.join(sorted({_way_of_ending(held) for held in difference.held}))}"
    return f"{name}: {', '.join(causes(differences))}"


def operation_name(operation: Operation | None) -> str:
    """The kind of an operation as traces name it; for a call, with its function. `start` for the clean heap."""
    if operation is None:
        return "start"
    if isinstance(operation, Call):
        return f"call {CALL_FUNCTIONS[operation.function].name}"
    return KIND_BY_CLASS[type(operation)].name


def causes(differences: Sequence[Difference]) -> list[str]:
    """The fields that differ, without those that follow from others.

    Summaries, statistics and marks follow from the pages that an operation took or gave, and those show in its results
    or in the bitmaps; so does the time that releasing them takes. The sum of a set follows from its ranges, and the
    scavenger's timer from the clock and the ratio of work to sleep.
    """
    fields = list(dict.fromkeys(difference.field for difference in differences))
    effects: set[str] = set()
    if any(field.startswith(("outcome.", "chunk.")) for field in fields):
        effects |= _EFFECTS_OF_PAGES
    if not _CAUSES_OF_TIMERS.isdisjoint(fields):
        effects.add(_TIMER)
    effects |= {f"{name}.totalBytes" for name in ("inUse", "scav.inUse") if f"{name}.ranges" in fields}
    return [field for field in fields if field not in effects]


def _way_of_ending(held: str) -> str:
    """`returned` without its values, a failure without the numbers in its text."""
    if held.startswith("returned"):
        return "returned"
    return re.sub(r"0x[0-9a-f]+|\d+", "N", held)
