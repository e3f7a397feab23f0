"""Copies of programs and operations with something changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pymodel.differential.programs.program import Operation, Program


def without(program: Program, first: int, limit: int) -> Program:
    """The program without its operations [first, limit)."""
    operations = program.operations
    return replace(program, operations=operations[:first] + operations[limit:])


def with_operation(program: Program, index: int, operation: Operation) -> Program:
    """The program with another operation at `index`."""
    operations = program.operations
    return replace(program, operations=(*operations[:index], operation, *operations[index + 1 :]))


def with_fields(operation: Operation, values: dict[str, int]) -> Operation:
    """The operation with other values of the fields named."""
    any_operation: Any = operation
    changed: Operation = replace(any_operation, **values)
    return changed
