"""Which of two programs is simpler: a well-founded order, so that shrinking always ends."""

from __future__ import annotations

from pymodel.differential.generation.maker import CANONICAL_CHUNK, CHUNK_BYTES
from pymodel.differential.programs.operations import KIND_BY_CLASS
from pymodel.differential.programs.program import (
    DEFAULT_PHYS_HUGE_PAGE_SIZE,
    DEFAULT_PHYS_PAGE_SIZE,
    Alloc,
    CacheAlloc,
    Call,
    Free,
    FreeAt,
    Gc,
    Grow,
    GrowAt,
    MarkTermination,
    Operation,
    PokeChunk,
    PokeSearchAddr,
    PrintScavTrace,
    Program,
    Scavenge,
    ScavengeAll,
    ScavengeAt,
    ScavengeOne,
    SweepDone,
    Sysmon,
    Tick,
    Timer,
    UnreserveAt,
)

CANONICAL_ADDRESS = CANONICAL_CHUNK * CHUNK_BYTES

Simplicity = tuple[int, int, int, int, int, int, int]

# Each does what some other operation does, and more.
_COMPOUND = (CacheAlloc, ScavengeOne, MarkTermination, SweepDone, ScavengeAll, Sysmon, Timer)


def simplicity(program: Program) -> Simplicity:
    """The key of a program; a smaller key is a simpler program.

    In falling importance: how many operations; whether it needs the labels; how far the page sizes are from the
    defaults; how special its kinds of operations are; how far from the canonical chunk it takes place; how large its
    numbers are.
    All are natural numbers, so no chain of ever simpler programs is endless.
    """
    return (
        len(program.operations),
        int(program.outside_contract),
        int(program.pacing),
        _page_sizes(program),
        sum(map(speciality, program.operations)),
        sum(map(_distance, program.operations)),
        sum(map(_magnitude, program.operations)),
    )


def _page_sizes(program: Program) -> int:
    phys, huge = program.phys_page_size, program.phys_huge_page_size
    return (0 if phys == DEFAULT_PHYS_PAGE_SIZE else phys.bit_length()) + (
        0 if huge == DEFAULT_PHYS_HUGE_PAGE_SIZE else 1 + huge.bit_length()
    )


def speciality(operation: Operation) -> int:
    """How much a reader has to know of an operation beyond the plain form of its kind."""
    if isinstance(operation, Free):
        return int(operation.limit is not None)
    if isinstance(operation, Scavenge):
        return int(operation.counted)
    if isinstance(operation, PrintScavTrace):
        return 1 + operation.forced
    if isinstance(operation, _COMPOUND):
        return 2
    if isinstance(operation, FreeAt):
        return 1 + operation.scavenged
    if isinstance(operation, (GrowAt, ScavengeAt, Tick, Gc)):
        return 3
    return int(not isinstance(operation, (Grow, Alloc)))


def _distance(operation: Operation) -> int:
    if isinstance(operation, (Grow, PokeChunk)):
        return abs(operation.chunk - CANONICAL_CHUNK)
    if isinstance(operation, (GrowAt, FreeAt, ScavengeAt, UnreserveAt)):
        return address_distance(operation.base)
    return address_distance(operation.address) if isinstance(operation, PokeSearchAddr) else 0


def address_distance(address: int) -> int:
    """Chunks between an address and the canonical one, the address taken as signed."""
    signed = address - (1 << 64) if address >> 63 else address
    return abs(signed - CANONICAL_ADDRESS) // CHUNK_BYTES


def _magnitude(operation: Operation) -> int:
    if isinstance(operation, Call):
        return sum(operation.arguments) + len(operation.arguments)
    values = (getattr(operation, field.name) for field in KIND_BY_CLASS[type(operation)].fields)
    return sum(abs(value) for value in values if value is not None)
