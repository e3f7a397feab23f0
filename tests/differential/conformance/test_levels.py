"""The levels, and the programs of each."""

from __future__ import annotations

from itertools import islice

import pytest

from pymodel.differential.conformance.level_programs import level_works
from pymodel.differential.conformance.levels import LEVELS, Level
from pymodel.differential.programs.calls import CALL_FUNCTIONS
from pymodel.differential.programs.check import check_program
from pymodel.differential.programs.operations import KIND_BY_CLASS, OPERATION_KINDS
from pymodel.differential.programs.program import Call, Program
from pymodel.differential.targets.capabilities import capabilities_needed

each_level = pytest.mark.parametrize("level", LEVELS, ids=str)


def programs(level: Level, count: int, *, seed: int = 1, operation_count_max: int = 1000) -> list[Program]:
    return [work.program for work in islice(level_works(level, seed, operation_count_max), count)]


def test_levels_are_numbered_from_one_and_each_is_a_capability() -> None:
    assert [level.number for level in LEVELS] == [1, 2, 3, 4, 5, 6, 7]
    assert [level.name for level in LEVELS] == [
        "bits",
        "ranges",
        "summaries",
        "page allocator",
        "page cache",
        "scavenge",
        "pacing",
    ]


def test_every_function_and_every_operation_within_the_contract_is_of_one_level() -> None:
    functions = [name for level in LEVELS for name in level.functions]
    operations = [name for level in LEVELS for name in level.operations]
    inside = [kind.name for kind in OPERATION_KINDS if not kind.outside_only and kind.name != "call"]
    assert sorted(functions) == sorted(CALL_FUNCTIONS)
    assert sorted(operations) == sorted(inside)


@each_level
def test_programs_need_their_level_and_nothing_above_it(level: Level) -> None:
    for program in programs(level, 60):
        check_program(program)
        needed = capabilities_needed(program)
        assert max(needed) is level.capability
        assert not program.outside_contract


@each_level
def test_all_of_a_level_comes_in_a_few_programs(level: Level) -> None:
    made = [operation for program in programs(level, 100) for operation in program.operations]
    functions = {operation.function for operation in made if isinstance(operation, Call)}
    kinds = {KIND_BY_CLASS[type(operation)].name for operation in made}
    assert set(level.functions) <= functions
    assert set(level.operations) <= kinds


@each_level
def test_programs_come_of_seed_and_limit_alone(level: Level) -> None:
    assert programs(level, 8) == programs(level, 8)
    assert programs(level, 8) != programs(level, 8, seed=2)
    assert all(len(program.operations) <= 7 for program in programs(level, 8, operation_count_max=7))


def test_page_sizes_differ_among_the_calls_of_a_level() -> None:
    assert len({program.phys_huge_page_size for program in programs(LEVELS[0], 40)}) > 4
