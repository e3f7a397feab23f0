"""What the specification is seen to do within an operation."""

from __future__ import annotations

import pytest

from pymodel.differential.causes.watched import within_last_operation
from pymodel.differential.programs.program import Call, Operation, Program
from pymodel.differential.programs.text import parse_program, print_operation


def program(*lines: str) -> Program:
    text = "\n".join(["pageheap program 1", "heap phys_page=4096 huge_page=2097152", "pacing", *lines])
    return parse_program(f"{text}\n", "test").program


def told(operations: tuple[Operation, ...]) -> list[str]:
    return [print_operation(operation) for operation in operations]


def functions(*lines: str) -> set[str]:
    return {call.function for call in within_last_operation(program(*lines)).calls}


def test_calls_come_with_their_arguments_and_the_innermost_first() -> None:
    calls = within_last_operation(program("call merge_summaries 0 [0x1 0x1]")).calls
    assert told(calls) == ["call pack_palloc_sum 2 1 0", "call merge_summaries 0 [0x1 0x1]"]


def test_only_the_last_operation_counts() -> None:
    calls = within_last_operation(program("call pack_palloc_sum 1 2 3", "call fill_aligned 0x1 2")).calls
    assert told(calls) == ["call fill_aligned 0x1 2"]


def test_a_call_that_came_before_is_seen_again_although_the_specification_remembers_its_result() -> None:
    merge = "call merge_summaries 0 [0x1 0x1]"
    assert within_last_operation(program(merge, merge)) == within_last_operation(program(merge))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["grow 0xc000 chunks=2"], {"merge_summaries", "ranges_add", "ranges_find_succ", "summarize"}),
        (["grow 0xc000 chunks=1", "s0 = alloc 3"], {"find", "summarize", "merge_summaries", "pack_palloc_sum"}),
        (["grow 0xc000 chunks=1", "s0 = alloc 1", "free s0"], {"summarize", "merge_summaries"}),
        (
            ["grow 0xc000 chunks=1", "s0 = alloc 2", "free s0", "start_gen", "r0 = reserve"],
            {"ranges_remove_last", "ranges_remove_greater_equal"},
        ),
        (
            ["grow 0xc000 chunks=1", "s0 = alloc 2", "free s0", "start_gen", "r0 = reserve", "scavenge_one r0 1"],
            {"find_scavenge_candidate", "summarize"},
        ),
        (["s0 = span 10", "free s0", "gc 0 1", "tick 2000000000ns"], {"find_scavenge_candidate", "pi_next"}),
    ],
)
def test_operations_are_seen_to_call_what_they_call(lines: list[str], expected: set[str]) -> None:
    assert expected <= functions(*lines)


@pytest.mark.parametrize(
    ("lines", "parts"),
    [
        (["s0 = span 1"], ["s0 = alloc 1", "grow 0x400000 chunks=1", "s0 = alloc 1"]),
        (["gc 3 4"], ["mark_termination 3 4", "start_gen", "ready"]),
        (
            ["grow 0xc000 chunks=1", "s0 = alloc 1", "free s0", "start_gen", "scavenge 1"],
            ["r0 = reserve", "scavenge_one r0 1", "unreserve r0"],
        ),
        (["sweep_done"], ["start_gen", "ready"]),
    ],
)
def test_operations_are_seen_to_be_made_of_others(lines: list[str], parts: list[str]) -> None:
    assert told(within_last_operation(program(*lines)).parts) == parts


def test_a_call_that_fails_is_seen() -> None:
    lines = ["outside contract", "call ranges_contains 0x0 [0x0..0x0]"]
    assert Call("ranges_add", (0, 0)) in within_last_operation(program(*lines)).calls
