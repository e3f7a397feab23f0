"""The programs of a level: those of a run, made of what the level needs and holding something of it.

The calls of the first three levels are drawn from the level's functions alone. Above, the shapes of a run lose the
operations that a port of the level does not have; a program in which nothing of the level is left is passed over.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

from pymodel.differential.conformance.levels import Level
from pymodel.differential.generation.call_arguments import call_table, call_within_contract
from pymodel.differential.generation.choices import TapeChoices, Weighted
from pymodel.differential.generation.generators import (
    PHYS_HUGE_PAGE_SIZES,
    PHYS_PAGE_SIZES,
    make_program,
    tape_from_seed,
)
from pymodel.differential.generation.shape import Kind
from pymodel.differential.generation.shapes import SHAPES
from pymodel.differential.generation.workload import Work
from pymodel.differential.programs.operations import KIND_BY_NAME
from pymodel.differential.programs.program import Call, Program
from pymodel.differential.targets.capabilities import Capability, capabilities_needed, capability_of

_CALL_COUNTS: Weighted[tuple[int, int]] = Weighted({(1, 8): 1, (8, 40): 4, (40, 200): 2})


def level_works(level: Level, seed: int, operation_count_max: int) -> Iterator[Work]:
    """The level's programs of a seed, without end; none has more than `operation_count_max` operations.

    They depend on level, seed and limit alone.
    """
    make = _calls if level.is_calls_only else _heap_program
    number = 0
    for index in itertools.count():
        program = make(level, seed, index, operation_count_max)
        if program is not None:
            yield Work(number, f"{level}", program)
            number += 1


def _calls(level: Level, seed: int, index: int, operation_count_max: int) -> Program:
    choices = TapeChoices(tape_from_seed(seed, index).seed + level.number)
    table = call_table(level.functions)
    count = min(choices.integer(*choices.weighted(_CALL_COUNTS)), operation_count_max)
    sizes = choices.weighted(PHYS_PAGE_SIZES), choices.weighted(PHYS_HUGE_PAGE_SIZES)
    return Program(tuple(call_within_contract(choices, table) for _ in range(count)), *sizes)


def _heap_program(level: Level, seed: int, index: int, operation_count_max: int) -> Program | None:
    """A program of a shape of the run; None if nothing of the level is in it."""
    pacing = level.capability is Capability.PACING
    tape = tape_from_seed(seed, index, kind=Kind.INSIDE, pacing=pacing)
    shape = SHAPES[tape.shape]
    if not pacing:
        kept = {name: weight for name, weight in shape.weights.items() if _fits(KIND_BY_NAME[name].value_class, level)}
        if not kept.keys() - {"call"}:
            return None
        shape = replace(shape, weights=kept)
    count = min(tape.operation_count, operation_count_max)
    program = make_program(TapeChoices(tape.seed), shape, count)
    if not pacing:
        # How a shape begins may take more than the level has. What reads a slot that nothing writes does nothing.
        fitting = tuple(operation for operation in program.operations if _fits(operation, level))
        program = replace(program, operations=fitting)
    return program if level.capability in capabilities_needed(program) else None


def _fits(operation: object, level: Level) -> bool:
    """Whether a port of the level has an operation, or all operations of a class."""
    if operation is Call:
        return True
    return capability_of(operation) <= level.capability  # type: ignore[arg-type]  # an operation, or a class of them
