"""What a program stands in: its page sizes, its label, the place of its chunks, the numbers of its slots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pymodel.differential.generation.maker import CANONICAL_CHUNK, CHUNK_BYTES
from pymodel.differential.programs.call_contract import call_keeps_contract
from pymodel.differential.programs.check import InvalidProgram, check_program
from pymodel.differential.programs.operations import KIND_BY_CLASS
from pymodel.differential.programs.program import (
    DEFAULT_PHYS_HUGE_PAGE_SIZE,
    DEFAULT_PHYS_PAGE_SIZE,
    Call,
    FreeAt,
    Grow,
    GrowAt,
    Operation,
    PokeChunk,
    PokeSearchAddr,
    PokeSummary,
    Program,
    ScavengeAt,
    UnreserveAt,
)
from pymodel.differential.shrinking.changing import with_fields, with_operation
from pymodel.differential.shrinking.search import Search

_WORD = (1 << 64) - 1


def plain_page_sizes(search: Search) -> None:
    """Takes the default page sizes, both or one, or at least smaller ones."""
    while search.consider((True, program) for program in _with_page_sizes(search.current)) is not None:
        pass


def _with_page_sizes(program: Program) -> Iterator[Program]:
    phys, huge = program.phys_page_size, program.phys_huge_page_size
    yield replace(program, phys_page_size=DEFAULT_PHYS_PAGE_SIZE, phys_huge_page_size=DEFAULT_PHYS_HUGE_PAGE_SIZE)
    yield replace(program, phys_huge_page_size=DEFAULT_PHYS_HUGE_PAGE_SIZE)
    yield replace(program, phys_page_size=DEFAULT_PHYS_PAGE_SIZE)
    yield replace(program, phys_huge_page_size=0)
    yield replace(program, phys_page_size=max(phys // 2, DEFAULT_PHYS_PAGE_SIZE))
    if huge > DEFAULT_PHYS_PAGE_SIZE:
        yield replace(program, phys_huge_page_size=huge // 2)


def drop_labels(search: Search) -> None:
    """Takes the labels off a program that contains nothing that needs them, each on its own."""
    while search.consider((True, program) for program in _unlabelled(search.current)) is not None:
        pass


def _unlabelled(program: Program) -> Iterator[Program]:
    called = [operation for operation in program.operations if isinstance(operation, Call)]
    candidates = []
    if program.outside_contract and all(map(call_keeps_contract, called)):
        candidates.append(replace(program, outside_contract=False))
    if program.pacing:
        candidates.append(replace(program, pacing=False))
    yield from filter(_is_valid, candidates)


def move_to_canonical_chunk(search: Search) -> None:
    """Moves the whole program so that its lowest growth is at the canonical chunk, or one of its growths is."""
    program = search.current
    chunks = sorted({operation.chunk for operation in program.operations if isinstance(operation, Grow)})
    grown_at = (operation.base for operation in program.operations if isinstance(operation, GrowAt))
    bases = sorted({_signed(base) // CHUNK_BYTES for base in grown_at})
    moved = (_moved(program, CANONICAL_CHUNK - chunk) for chunk in (*chunks, *bases))
    search.consider((True, candidate) for candidate in moved if _is_valid(candidate))


def close_gaps(search: Search) -> None:
    """Moves each growth next to the one below it."""
    while search.consider((True, closed) for closed in _closed(search.current)) is not None:
        pass


def _closed(program: Program) -> Iterator[Program]:
    growths = [(index, operation) for index, operation in enumerate(program.operations) if isinstance(operation, Grow)]
    ends = sorted(operation.chunk + operation.chunk_count for _, operation in growths)
    for index, operation in growths:
        for end in ends:
            candidate = with_operation(program, index, Grow(end, operation.chunk_count))
            if end != operation.chunk and _is_valid(candidate):
                yield candidate


def renumber_slots(search: Search) -> None:
    """Numbers the slots of each kind from 0, in the order in which the program mentions them.

    Such a program does the same, step by step; it is tried all the same.
    """
    search.consider([(True, _renumbered(search.current))])


def _renumbered(program: Program) -> Program:
    numbers: dict[str, dict[int, int]] = {}
    operations = []
    for operation in program.operations:
        changes: dict[str, int] = {}
        for field in KIND_BY_CLASS[type(operation)].fields:
            letter = field.written.slot_letter
            if letter:
                of_kind = numbers.setdefault(letter, {})
                changes[field.name] = of_kind.setdefault(getattr(operation, field.name), len(of_kind))
        operations.append(with_fields(operation, changes) if changes else operation)
    return replace(program, operations=tuple(operations))


def _moved(program: Program, chunk_count: int) -> Program:
    """The program with all chunks and addresses higher by so many chunks, lower if negative."""
    return replace(
        program, operations=tuple(_moved_operation(operation, chunk_count) for operation in program.operations)
    )


def _moved_operation(operation: Operation, chunk_count: int) -> Operation:
    byte_count = chunk_count * CHUNK_BYTES
    if isinstance(operation, (Grow, PokeChunk)):
        return replace(operation, chunk=operation.chunk + chunk_count)
    if isinstance(operation, (GrowAt, FreeAt)):
        return replace(operation, base=operation.base + byte_count & _WORD)
    if isinstance(operation, (ScavengeAt, UnreserveAt)):
        base, limit = operation.base + byte_count & _WORD, operation.limit + byte_count & _WORD
        return replace(operation, base=base, limit=limit)
    if isinstance(operation, PokeSummary):
        # Exact only if the distance is a whole number of the level's entries; else another entry is met.
        return replace(operation, index=max(operation.index + (chunk_count >> 3 * (4 - operation.level)), 0))
    if isinstance(operation, PokeSearchAddr):
        return replace(operation, address=operation.address + byte_count & _WORD)
    return operation


def _signed(address: int) -> int:
    return address - (1 << 64) if address >> 63 else address


def _is_valid(program: Program) -> bool:
    try:
        check_program(program)
    except InvalidProgram:
        return False
    return True
