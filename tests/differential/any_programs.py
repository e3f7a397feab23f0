"""Strategies for programs with any valid numbers: right to be written and sent, not necessarily sensible to run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from pymodel.differential.programs.calls import CALL_FUNCTIONS
from pymodel.differential.programs.check import CHUNK_LIMIT, CHUNK_MIN, check_program
from pymodel.differential.programs.operations import (
    KIND_BY_CLASS,
    OPERATION_KINDS,
    WORD_MAX,
    Field,
    OperationKind,
    Wire,
)
from pymodel.differential.programs.program import Call, Free, Grow, Operation, PokePhysPage, Program

words = st.one_of(st.integers(0, 9), st.integers(0, WORD_MAX), st.just(WORD_MAX))
bitmaps = st.one_of(st.sampled_from([0, 1, (1 << 512) - 1, 1 << 511]), st.integers(0, (1 << 512) - 1))
page_sizes = st.sampled_from([1 << shift for shift in range(12, 20)])
huge_page_sizes = st.sampled_from([0, *(1 << shift for shift in range(12, 23))])


def values(field: Field, outside: bool) -> st.SearchStrategy[Any]:
    """Any value that the field's bounds allow."""
    low, high = field.outside if outside else field.bounds
    match field.wire:
        case Wire.BITMAP:
            return bitmaps
        case Wire.BOOL:
            return st.booleans()
        case _:
            return st.one_of(st.integers(low, min(low + 9, high)), st.integers(low, high), st.just(high))


@st.composite
def grows(draw: st.DrawFn) -> Grow:
    count = draw(st.integers(1, 8192))
    low, limit = draw(st.sampled_from([(CHUNK_MIN, -1), (1, CHUNK_LIMIT)]))
    return Grow(draw(st.integers(low, limit - count)), count)


@st.composite
def frees(draw: st.DrawFn) -> Free:
    slot = draw(st.integers(0, 65535))
    if draw(st.booleans()):
        return Free(slot)
    limit = draw(st.integers(1, WORD_MAX))
    return Free(slot, draw(st.integers(0, limit - 1)), limit)


@st.composite
def calls(draw: st.DrawFn, pacing: bool) -> Call:
    names = sorted(name for name, function in CALL_FUNCTIONS.items() if pacing or not function.pacing_only)
    function = CALL_FUNCTIONS[draw(st.sampled_from(names))]
    arguments: list[int] = []
    for _, form in function.takes.values:
        arguments += draw(st.lists(words, min_size=form.word_count, max_size=form.word_count))
    if function.takes.rest is not None:
        element = st.lists(words, min_size=function.takes.rest.word_count, max_size=function.takes.rest.word_count)
        arguments += [word for part in draw(st.lists(element, max_size=20)) for word in part]
    return Call(function.name, tuple(arguments))


def operations_of(kind: OperationKind, outside: bool, pacing: bool) -> st.SearchStrategy[Operation]:
    """Any operation of a kind."""
    special: dict[type[Operation], Callable[[], st.SearchStrategy[Operation]]] = {
        Grow: grows,
        Free: frees,
        Call: lambda: calls(pacing),
        PokePhysPage: lambda: st.builds(PokePhysPage, st.integers(1, 256).map(lambda pages: pages * 4096)),
    }
    if kind.value_class in special:
        return special[kind.value_class]()
    return st.builds(kind.value_class, **{field.name: values(field, outside) for field in kind.fields})


@st.composite
def any_programs(draw: st.DrawFn, max_size: int = 12) -> Program:
    """Any valid program."""
    outside, pacing = draw(st.booleans()), draw(st.booleans())
    kinds = [kind for kind in OPERATION_KINDS if outside >= kind.outside_only and pacing >= kind.pacing_only]
    one = st.sampled_from(kinds).flatmap(lambda kind: operations_of(kind, outside, pacing))
    operations = without_second_writes(draw(st.lists(one, max_size=max_size)))
    program = Program(operations, draw(page_sizes), draw(huge_page_sizes), outside, pacing)
    check_program(program)
    return program


def without_second_writes(operations: list[Operation]) -> tuple[Operation, ...]:
    """The operations but for those that write a slot that an earlier one wrote."""
    written: set[tuple[str, int]] = set()
    kept = []
    for operation in operations:
        field = KIND_BY_CLASS[type(operation)].written_slot
        if field is not None:
            slot = (field.written.slot_letter, getattr(operation, field.name))
            if slot in written:
                continue
            written.add(slot)
        kept.append(operation)
    return tuple(kept)
