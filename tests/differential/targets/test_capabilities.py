from __future__ import annotations

from collections.abc import Callable

import pytest

from pymodel.differential.programs.operations import OPERATION_KINDS
from pymodel.differential.programs.program import Alloc, Cache, Call, Grow, Operation, PokeClock, Program, Reserve, Tick
from pymodel.differential.targets.capabilities import (
    ALL_CAPABILITIES,
    Capability,
    Description,
    capabilities_needed,
    reason_to_leave_out,
    usable_capabilities,
)
from pymodel.wire import pageheap_pb2


def description(capabilities: frozenset[Capability]) -> Description:
    return Description("port", "1", "go1.18.10", 1, capabilities, operation_count_max=3, program_bytes_max=100)


def test_capabilities_are_those_of_the_protocol() -> None:
    protocol = {name: number for name, number in pageheap_pb2.Capability.items() if number}
    assert {f"CAPABILITY_{capability.name}": int(capability) for capability in Capability} == protocol


def test_a_capability_is_usable_only_with_those_below_it() -> None:
    assert usable_capabilities(frozenset({1, 2, 4, 5, 99})) == {Capability.BITS, Capability.RANGES}
    assert usable_capabilities(frozenset(range(10))) == ALL_CAPABILITIES
    assert usable_capabilities(frozenset({2, 3})) == frozenset()


def test_pacing_does_without_what_is_outside_the_contract() -> None:
    usable = usable_capabilities(frozenset({1, 2, 3, 4, 5, 6, 8}))
    assert usable == ALL_CAPABILITIES - {Capability.OUTSIDE_CONTRACT, Capability.SERIES}
    assert Capability.PACING not in usable_capabilities(frozenset({1, 2, 3, 4, 5, 7, 8}))
    poke = Program((PokeClock(0),), outside_contract=True, pacing=True)
    assert reason_to_leave_out(description(usable), poke, 10) == "needs outside contract"
    assert reason_to_leave_out(description(usable), Program((), pacing=True), 10) is None
    usable -= {Capability.PACING}
    assert reason_to_leave_out(description(usable), Program((), pacing=True), 10) == "needs pacing"


@pytest.mark.parametrize(
    ("operations", "capability"),
    [
        ((Call("find_bit_range64", (1, 1)),), Capability.BITS),
        ((Call("ranges_clone_into", (0,)),), Capability.RANGES),
        ((Call("merge_summaries", (9, 0)),), Capability.SUMMARIES),
        ((Grow(1, 1), Alloc(0, 1)), Capability.PAGE_ALLOCATOR),
        ((Cache(0),), Capability.PAGE_CACHE),
        ((Reserve(0),), Capability.SCAVENGE),
        ((Tick(1),), Capability.PACING),
        ((Call("pi_reset", (0, 0, 0)),), Capability.PACING),
    ],
)
def test_a_program_is_left_out_for_the_capability_that_it_needs(
    operations: tuple[Operation, ...], capability: Capability
) -> None:
    program = Program(operations)
    assert capabilities_needed(program) == {capability}
    below = capability.below
    assert reason_to_leave_out(description(below), program, 10) == f"needs {capability.words}"
    assert reason_to_leave_out(description(below | {capability}), program, 10) is None


def test_a_program_outside_the_contract_needs_that_capability_whatever_it_holds() -> None:
    program = Program((Alloc(0, 0),), outside_contract=True)
    allowed = ALL_CAPABILITIES - {Capability.OUTSIDE_CONTRACT}
    assert reason_to_leave_out(description(allowed), program, 10) == "needs outside contract"


def test_every_kind_of_operation_needs_some_capability() -> None:
    for kind in OPERATION_KINDS:
        if kind.value_class is not Call:
            make: Callable[..., Operation] = kind.value_class
            assert capabilities_needed(Program((make(*(0 for _ in kind.fields)),)))


def test_a_targets_limits_are_kept() -> None:
    program = Program((Alloc(0, 1),) * 4)
    assert reason_to_leave_out(description(ALL_CAPABILITIES), program, 10) == "more than 3 operations"
    assert reason_to_leave_out(description(ALL_CAPABILITIES), Program(()), 101) == "more than 100 bytes"
