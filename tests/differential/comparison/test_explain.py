"""Every divergence gets a function to read first, and the right one where the operation runs just that."""

from __future__ import annotations

import pytest

from pymodel.differential.comparison.differences import Difference
from pymodel.differential.comparison.explain import find_suspect
from pymodel.differential.model.observed import SCALARS
from pymodel.differential.programs.calls import CALL_FUNCTIONS
from pymodel.differential.programs.operations import OPERATION_KINDS
from pymodel.differential.programs.program import Call
from tests.differential.decoded_runs import program_of

FIELDS = [scalar.go_name for scalar in SCALARS] + [
    "outcome",
    "printed",
    "chunk.allocated",
    "chunk.scavenged",
    "summary",
    "inUse.ranges",
    "inUse.totalBytes",
    "scav.inUse.ranges",
    "scav.inUse.totalBytes",
    "summary_lengths",
]
EXAMPLES = program_of(
    """
    grow 0xc000 chunks=1
    s0 = alloc 1
    free s0
    c0 = cache
    s1 = cache_alloc c0 1
    flush c0
    start_gen
    scavenge 1
    r0 = reserve
    scavenge_one r0 1
    unreserve r0
    grow_at 0x0 0
    free_at 0x0 1
    scavenge_at 0x0 0x0 1
    unreserve_at 0x0 0x0 0
    poke_summary 0 0 0x0
    poke_chunk 0x1 allocated=[] scavenged=[]
    poke_search_addr 0x0
    tick 1s
    timer
    sysmon
    wake
    ready
    gomaxprocs 1
    scavenge_cost 1us
    faketime 1
    scavtrace 1
    pace 1 1
    mark_termination 1 1
    sweep_done
    gc 1 1
    scavenge_all
    s2 = span 1
    heap_retained
    print_scav_trace 0 0
    poke_phys_page 4096
    poke_stats 0 0 0
    poke_clock 0
""",
    outside=True,
    pacing=True,
).operations


def difference(field: str) -> Difference:
    return Difference(field, field, (("model",), ("go",)), ("1", "2"))


def suspect_of(operation_text: str, *fields: str) -> str:
    (operation,) = program_of(operation_text, outside=True, pacing=True).operations
    return find_suspect(operation, [difference(field) for field in fields]).function


def test_the_examples_are_of_every_kind() -> None:
    assert {type(operation) for operation in EXAMPLES} | {Call} == {kind.value_class for kind in OPERATION_KINDS}


@pytest.mark.parametrize("field", FIELDS)
def test_each_difference_of_each_operation_has_a_suspect(field: str) -> None:
    for operation in EXAMPLES:
        suspect = find_suspect(operation, [difference(field)])
        assert suspect.reason
        assert suspect.file.endswith((".go", ".md"))


@pytest.mark.parametrize("name", sorted(CALL_FUNCTIONS))
def test_a_call_accuses_the_function_that_it_runs(name: str) -> None:
    suspect = find_suspect(Call(name, ()), [difference("outcome.sum")])
    last_part = suspect.function.rpartition(".")[2]
    words = {
        word for word in name.split("_") if word not in ("range", "ranges", "off", "addr", "greater", "equal", "pi")
    }
    assert all(word in last_part.lower() for word in words)


@pytest.mark.parametrize(
    ("operation", "fields", "function"),
    [
        ("grow 0xc000 chunks=1", ("chunk.scavenged",), "(*pageAlloc).grow"),
        ("grow 0xc000 chunks=1", ("inUse.ranges", "inUse.totalBytes"), "(*addrRanges).add"),
        ("s0 = alloc 1", ("outcome.address", "chunk.allocated", "searchAddr"), "(*pageAlloc).find"),
        ("s0 = alloc 1", ("outcome.scav", "heap_released"), "(*pageAlloc).allocRange"),
        ("s0 = alloc 1", ("summary",), "(*pageAlloc).update"),
        ("s0 = alloc 1", ("searchAddr",), "(*pageAlloc).alloc"),
        ("s0 = alloc 1", ("heap_inuse",), "(*mheap).allocSpan or (*mheap).freeSpanLocked"),
        ("free s0", ("scav.freeHWM",), "(*pageAlloc).free"),
        ("c0 = cache", ("scav.scavLWM",), "(*pageAlloc).allocToCache"),
        ("s0 = cache_alloc c0 1", ("outcome.cache bits",), "(*pageCache).alloc"),
        ("flush c0", ("scav.freeHWM",), "(*pageCache).flush"),
        ("start_gen", ("scav.inUse.ranges",), "(*pageAlloc).scavengeStartGen"),
        ("r0 = reserve", ("outcome.base",), "(*pageAlloc).scavengeReserve"),
        ("unreserve r0", ("scav.inUse.ranges",), "(*pageAlloc).scavengeUnreserve"),
        ("scavenge 1", ("outcome.released", "chunk.scavenged"), "(*pallocData).findScavengeCandidate"),
        ("scavenge 1", ("scav.scavLWM",), "(*pageAlloc).scavengeRangeLocked"),
        ("scavenge 1", ("scav.inUse.ranges",), "(*pageAlloc).scavenge"),
        ("scavenge 1 counted", ("scav.released",), "bgscavenge"),
        ("scavenge_one r0 1", ("outcome",), "(*pageAlloc).scavengeOne"),
        ("scavenge_one r0 1", ("outcome.limit",), "(*pageAlloc).scavengeOne"),
        ("poke_search_addr 0x0", ("searchAddr",), "the operation's own rule"),
        ("tick 1s", ("chunk.scavenged", "scav.released", "critSleepRatio"), "bgscavenge"),
        ("tick 1s", ("chunk.scavenged",), "(*pallocData).findScavengeCandidate"),
        ("tick 1s", ("scavenge.timer", "critSleepRatio"), "(*piController).next"),
        ("timer", ("critSleepController.errIntegral",), "(*piController).next"),
        ("timer", ("scavenge.timer", "controllerCooldown"), "bgscavenge"),
        ("sysmon", ("scavenge.timer", "scavenge.parked"), "scavengeSleep"),
        ("wake", ("scavenge.sysmonWake",), "wakeScavenger"),
        ("pace 1 1", ("scavengeGoal",), "gcPaceScavenger"),
        ("mark_termination 1 1", ("last_heap_inuse",), "gcMarkTermination"),
        ("ready", ("scavenge.sysmonWake",), "readyForScavenger"),
        ("sweep_done", ("printed", "scav.gen"), "printScavTrace"),
        ("sweep_done", ("scav.inUse.ranges",), "(*pageAlloc).scavengeStartGen"),
        ("scavenge_all", ("outcome",), "printScavTrace"),
        ("scavenge_all", ("scav.gen",), "(*mheap).scavengeAll"),
        ("s0 = span 1", ("outcome.growth", "outcome.address"), "(*mheap).grow"),
        ("s0 = span 1", ("outcome.address",), "(*pageAlloc).find"),
        ("s0 = span 1", ("chunk.scavenged", "heap_released"), "(*mheap).allocSpan"),
        ("heap_retained", ("outcome.retained",), "heapRetained"),
        ("print_scav_trace 0 0", ("printed",), "printScavTrace"),
        ("poke_clock 0", ("now",), "the operation's own rule"),
    ],
)
def test_the_function_accused_fits_what_differs(operation: str, fields: tuple[str, ...], function: str) -> None:
    assert suspect_of(operation, *fields) == function
