"""New programs from programs that reached something rare. All of them are valid, and the same choices make the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from pymodel.differential.corpus.repair import repaired
from pymodel.differential.generation.choices import mix
from pymodel.differential.programs.call_contract import call_keeps_contract
from pymodel.differential.programs.calls import CALL_FUNCTIONS
from pymodel.differential.programs.check import InvalidProgram, check_program, chunks_grown
from pymodel.differential.programs.operations import KIND_BY_CLASS, Field, Wire
from pymodel.differential.programs.program import Call, Operation, Program, Tick
from pymodel.differential.shrinking.changing import with_fields, without

OPERATION_COUNT_MAX = 160
CHUNK_COUNT_MAX = 1 << 14
TICK_NS_MAX = 5 * 10**10
CHANGE_COUNT_MAX = 4
REPEAT_COUNTS = (2, 2, 3, 4, 8, 16)
STRETCH_LENGTHS = (1, 1, 2, 3, 4, 8, 16)
PHYS_PAGE_SIZES = (4096, 8192, 16384, 65536, 524288)
HUGE_PAGE_SIZES = (0, 4096, 8192, 1 << 16, 1 << 20, 2 << 20, 4 << 20)
_CHUNK_PAGES = 512
_EDGES = (0, 1, 2, 3, 7, 8, 16, 63, 64, 65, 127, 128, _CHUNK_PAGES - 1, _CHUNK_PAGES, _CHUNK_PAGES + 1, 2048, 8192)
_SHIFTS = (13, 16, 20, 21, 22, 26, 30, 33, 40, 47, 63)
# A change that cannot be had is given up for the program as it was.
_ATTEMPT_COUNT_MAX = 8

Change = Callable[[Program, Program], Program]


class Mutator:
    """Changes programs by the choices of a seed, a number of any size."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(mix(seed))

    def mutate(self, program: Program, other: Program) -> Program:
        """A valid program made of one by some changes; `other` is what it may be spliced with."""
        changes = (self._splice, self._insert, self._repeat, self._drop, self._argument, self._argument, self._sizes)
        for _ in range(self._random.randint(1, CHANGE_COUNT_MAX)):
            program = self._changed(program, other, changes)
        return program

    def with_other_arguments(self, program: Program) -> Program:
        """A valid program with other arguments of some operations."""
        for _ in range(self._random.randint(1, CHANGE_COUNT_MAX)):
            program = self._changed(program, program, (self._argument,))
        return program

    def with_stretch(self, program: Program, other: Program) -> Program:
        """A valid program with a stretch of the other somewhere in it."""
        return self._changed(program, other, (self._insert,))

    def pick(self, weights: Sequence[float]) -> int:
        """An index, by weight."""
        return self._random.choices(range(len(weights)), weights)[0]

    def _changed(self, program: Program, other: Program, changes: Sequence[Change]) -> Program:
        for _ in range(_ATTEMPT_COUNT_MAX):
            change = self._random.choice(changes)
            made = repaired(change(program, other))
            if made != program and _is_cheap(made) and _is_valid(made):
                return made
        return program

    def _splice(self, program: Program, other: Program) -> Program:
        """The beginning of one and the end of the other."""
        cut = self._random.randint(0, len(program.operations))
        rest = self._random.randint(0, len(other.operations))
        return _joined(program, other, program.operations[:cut] + other.operations[rest:])

    def _insert(self, program: Program, other: Program) -> Program:
        """A stretch of the other somewhere in the middle."""
        at = self._random.randint(0, len(program.operations))
        first, limit = self._stretch(other)
        stretch = other.operations[first:limit]
        return _joined(program, other, program.operations[:at] + stretch + program.operations[at:])

    def _repeat(self, program: Program, _: Program) -> Program:
        first, limit = self._stretch(program)
        operations = program.operations
        repeated = operations[first:limit] * self._random.choice(REPEAT_COUNTS)
        return replace(program, operations=operations[:first] + repeated + operations[limit:])

    def _drop(self, program: Program, _: Program) -> Program:
        return without(program, *self._stretch(program))

    def _sizes(self, program: Program, _: Program) -> Program:
        if self._random.random() < 0.5:
            return replace(program, phys_page_size=self._random.choice(PHYS_PAGE_SIZES))
        return replace(program, phys_huge_page_size=self._random.choice(HUGE_PAGE_SIZES))

    def _argument(self, program: Program, _: Program) -> Program:
        """Another value of one field of one operation."""
        if not program.operations:
            return program
        index = self._random.randrange(len(program.operations))
        operations = list(program.operations)
        operations[index] = self._with_another_value(operations[index], program)
        return replace(program, operations=tuple(operations))

    def _with_another_value(self, operation: Operation, program: Program) -> Operation:
        if isinstance(operation, Call):
            return self._call(operation, program.outside_contract)
        fields = [field for field in KIND_BY_CLASS[type(operation)].fields if not _is_written(operation, field)]
        fields = [field for field in fields if getattr(operation, field.name) is not None]
        if not fields:
            return operation
        field = self._random.choice(fields)
        low, high = field.outside if program.outside_contract else field.bounds
        value = self._value(getattr(operation, field.name), field)
        return with_fields(operation, {field.name: min(max(value, low), high)})

    def _call(self, call: Call, outside: bool) -> Call:
        """A call with another word, unless its words have a form that only its maker knows."""
        if not call.arguments or CALL_FUNCTIONS[call.function].takes.rest is not None:
            return call
        words = list(call.arguments)
        at = self._random.randrange(len(words))
        words[at] = self._number(words[at]) & (1 << 64) - 1
        changed = Call(call.function, tuple(words))
        return changed if outside or call_keeps_contract(changed) else call

    def _value(self, value: int, field: Field) -> int:
        if field.written.slot_letter:
            return max(0, value + self._random.choice((-3, -2, -1, 1, 2, 3)))
        if field.wire is Wire.BOOL:
            return 1 - int(value)
        if field.wire is Wire.BITMAP:
            first = self._random.randrange(_CHUNK_PAGES)
            length = self._random.choice(_EDGES) or 1
            return value ^ ((1 << min(length, _CHUNK_PAGES - first)) - 1) << first
        return self._number(value)

    def _number(self, value: int) -> int:
        match self._random.randrange(5):
            case 0:
                return value + self._random.choice((-8, -2, -1, 1, 2, 8))
            case 1:
                return self._random.choice((value * 2, value // 2))
            case 2:
                return self._random.choice(_EDGES)
            case 3:
                return (1 << self._random.choice(_SHIFTS)) + self._random.choice((-1, 0, 0, 1))
            case _:
                return value ^ 1 << self._random.randrange(24)

    def _stretch(self, program: Program) -> tuple[int, int]:
        """The bounds of some operations that follow each other; none of a program without any."""
        count = len(program.operations)
        length = min(self._random.choice(STRETCH_LENGTHS), count)
        first = self._random.randint(0, count - length)
        return first, first + length


def _joined(program: Program, other: Program, operations: tuple[Operation, ...]) -> Program:
    """A program of operations of two: labelled for both."""
    return replace(
        program,
        operations=operations,
        outside_contract=program.outside_contract or other.outside_contract,
        pacing=program.pacing or other.pacing,
    )


def _is_written(operation: Operation, field: Field) -> bool:
    return KIND_BY_CLASS[type(operation)].written_slot == field


def _is_cheap(program: Program) -> bool:
    """Whether a program takes about as long as a generated one at most."""
    operations = program.operations
    return (
        len(operations) <= OPERATION_COUNT_MAX
        and sum(map(chunks_grown, operations)) <= CHUNK_COUNT_MAX
        and sum(operation.duration_ns for operation in operations if isinstance(operation, Tick)) <= TICK_NS_MAX
    )


def _is_valid(program: Program) -> bool:
    try:
        check_program(program)
    except InvalidProgram:
        return False
    return True
