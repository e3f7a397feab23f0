"""Mends the slots of a program put together from others: each slot is written once, and read from behind that."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from pymodel.differential.programs.operations import KIND_BY_CLASS
from pymodel.differential.programs.program import SLOT_COUNT_MAX, Operation, Program
from pymodel.differential.shrinking.changing import with_fields


def repaired(program: Program) -> Program:
    """The program with a free number for each slot that is written a second time.

    What reads such a slot behind that means the later one, as it did where it came from. A program that writes each
    slot once is left as it is.
    """
    used: dict[str, set[int]] = defaultdict(set)
    for operation in program.operations:
        for name, letter in _slots(operation):
            used[letter].add(getattr(operation, name))
    written: dict[str, set[int]] = defaultdict(set)
    renamed: dict[tuple[str, int], int] = {}
    free = dict.fromkeys(used, 0)
    operations = []
    for operation in program.operations:
        kind = KIND_BY_CLASS[type(operation)]
        changes: dict[str, int] = {}
        # What is read first: an operation does not read the slot that it writes.
        for name, letter in _slots(operation):
            number = getattr(operation, name)
            if kind.written_slot is None or name != kind.written_slot.name:
                changes[name] = renamed.get((letter, number), number)
        if kind.written_slot is not None:
            name, letter = kind.written_slot.name, kind.written_slot.written.slot_letter
            number = getattr(operation, name)
            if number in written[letter]:
                while free[letter] in used[letter]:
                    free[letter] += 1
                renamed[letter, number] = changes[name] = free[letter]
                used[letter].add(free[letter])
            else:
                written[letter].add(number)
        changes = {name: number for name, number in changes.items() if number != getattr(operation, name)}
        operations.append(with_fields(operation, changes) if changes else operation)
    if any(number >= SLOT_COUNT_MAX for number in free.values()):
        raise ValueError("a program writes more slots than there are")
    return replace(program, operations=tuple(operations))


def _slots(operation: Operation) -> list[tuple[str, str]]:
    """The fields that name slots, and the letters of those."""
    fields = KIND_BY_CLASS[type(operation)].fields
    return [(field.name, field.written.slot_letter) for field in fields if field.written.slot_letter]
