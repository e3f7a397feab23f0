"""What a target says of itself, and which programs may be sent to it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from pymodel.differential.calls import CALL_FUNCTIONS
from pymodel.differential.program import (
    Alloc,
    Cache,
    CacheAlloc,
    Call,
    Flush,
    Free,
    FreeAt,
    Grow,
    GrowAt,
    Operation,
    PokeChunk,
    PokeSearchAddr,
    PokeSummary,
    Program,
    Reserve,
    Scavenge,
    ScavengeAt,
    ScavengeOne,
    StartGen,
    Unreserve,
    UnreserveAt,
)

PROTOCOL_VERSION = 1


class Capability(enum.IntEnum):
    """A part of the page heap that a target may implement, numbered as in the protocol; usable with those below it."""

    BITS = 1
    RANGES = 2
    SUMMARIES = 3
    PAGE_ALLOCATOR = 4
    PAGE_CACHE = 5
    SCAVENGE = 6
    OUTSIDE_CONTRACT = 7

    @property
    def words(self) -> str:
        """The name as a person reads it."""
        return self.name.lower().replace("_", " ")


ALL_CAPABILITIES = frozenset(Capability)

_BY_OPERATION: dict[type[Operation], Capability] = {
    Grow: Capability.PAGE_ALLOCATOR,
    Alloc: Capability.PAGE_ALLOCATOR,
    Free: Capability.PAGE_ALLOCATOR,
    Cache: Capability.PAGE_CACHE,
    CacheAlloc: Capability.PAGE_CACHE,
    Flush: Capability.PAGE_CACHE,
    StartGen: Capability.SCAVENGE,
    Scavenge: Capability.SCAVENGE,
    Reserve: Capability.SCAVENGE,
    ScavengeOne: Capability.SCAVENGE,
    Unreserve: Capability.SCAVENGE,
    GrowAt: Capability.OUTSIDE_CONTRACT,
    FreeAt: Capability.OUTSIDE_CONTRACT,
    ScavengeAt: Capability.OUTSIDE_CONTRACT,
    UnreserveAt: Capability.OUTSIDE_CONTRACT,
    PokeSummary: Capability.OUTSIDE_CONTRACT,
    PokeChunk: Capability.OUTSIDE_CONTRACT,
    PokeSearchAddr: Capability.OUTSIDE_CONTRACT,
}
# The protocol numbers the functions in blocks: bits, then summaries, then ranges.
_FIRST_SUMMARIES_CALL = CALL_FUNCTIONS["pack_palloc_sum"].number
_FIRST_RANGES_CALL = CALL_FUNCTIONS["make_addr_range"].number


@dataclass(frozen=True, slots=True)
class Description:
    """A target's answer to Describe; `capabilities` holds only the usable ones."""

    name: str
    version: str
    go_version: str
    protocol_version: int
    capabilities: frozenset[Capability]
    operation_count_max: int
    program_bytes_max: int


def usable_capabilities(listed: frozenset[int]) -> frozenset[Capability]:
    """The capabilities of `listed` that have all those below them."""
    usable = []
    for capability in Capability:
        if capability not in listed:
            break
        usable.append(capability)
    return frozenset(usable)


def capabilities_needed(program: Program) -> frozenset[Capability]:
    """The capabilities that a target must have to run `program`."""
    kinds = set(map(type, program.operations))
    needed = {_BY_OPERATION[kind] for kind in kinds if kind is not Call}
    if Call in kinds:
        needed |= {_call_capability(operation) for operation in program.operations if isinstance(operation, Call)}
    if program.outside_contract:
        needed.add(Capability.OUTSIDE_CONTRACT)
    return frozenset(needed)


def reason_to_leave_out(description: Description, program: Program, program_bytes: int) -> str | None:
    """Why a program of `program_bytes` encoded bytes may not be sent to a target; None if it may."""
    if len(program.operations) > description.operation_count_max:
        return f"more than {description.operation_count_max} operations"
    if program_bytes > description.program_bytes_max:
        return f"more than {description.program_bytes_max} bytes"
    if description.capabilities != ALL_CAPABILITIES:
        missing = capabilities_needed(program) - description.capabilities
        if missing:
            return f"needs {min(missing).words}"
    return None


def _call_capability(call: Call) -> Capability:
    number = CALL_FUNCTIONS[call.function].number
    if number < _FIRST_SUMMARIES_CALL:
        return Capability.BITS
    return Capability.SUMMARIES if number < _FIRST_RANGES_CALL else Capability.RANGES
