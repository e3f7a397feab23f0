"""What a target says of itself, and which programs may be sent to it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import get_args

from pymodel.differential.programs import program as p
from pymodel.differential.programs.calls import CALL_FUNCTIONS
from pymodel.differential.programs.program import Call, Operation, Program

PROTOCOL_VERSION = 1


class Capability(enum.IntEnum):
    """A part of the page heap that a target may implement, numbered as in the protocol; usable with those below."""

    BITS = 1
    RANGES = 2
    SUMMARIES = 3
    PAGE_ALLOCATOR = 4
    PAGE_CACHE = 5
    SCAVENGE = 6
    OUTSIDE_CONTRACT = 7
    PACING = 8
    SERIES = 9
    COUNTERS = 10

    @property
    def words(self) -> str:
        """The name as a person reads it."""
        return self.name.lower().replace("_", " ")

    @property
    def below(self) -> frozenset[Capability]:
        """The capabilities without which it is of no use: those of the page heap, and no other option."""
        return frozenset(c for c in Capability if c < self and c not in _OPTIONS)


# What a target may have or not have without a consequence for any other capability.
_OPTIONS = (Capability.OUTSIDE_CONTRACT, Capability.PACING, Capability.SERIES, Capability.COUNTERS)
ALL_CAPABILITIES = frozenset(Capability) - {Capability.COUNTERS}
"""All that programs may need. Counters tell of a target, and no program needs them."""

_BY_OPERATION: dict[type[Operation], Capability] = {
    p.Grow: Capability.PAGE_ALLOCATOR,
    p.Alloc: Capability.PAGE_ALLOCATOR,
    p.Free: Capability.PAGE_ALLOCATOR,
    p.Cache: Capability.PAGE_CACHE,
    p.CacheAlloc: Capability.PAGE_CACHE,
    p.Flush: Capability.PAGE_CACHE,
    p.StartGen: Capability.SCAVENGE,
    p.Scavenge: Capability.SCAVENGE,
    p.Reserve: Capability.SCAVENGE,
    p.ScavengeOne: Capability.SCAVENGE,
    p.Unreserve: Capability.SCAVENGE,
    **dict.fromkeys(get_args(p.OutsideOperation), Capability.OUTSIDE_CONTRACT),
    **dict.fromkeys(get_args(p.PacingInsideOperation), Capability.PACING),
    **dict.fromkeys(get_args(p.PacingOutsideOperation), Capability.PACING),
}
# The protocol numbers the functions in blocks: bits, then summaries, then ranges.
_FIRST_SUMMARIES_CALL = CALL_FUNCTIONS["pack_palloc_sum"].number
_FIRST_RANGES_CALL = CALL_FUNCTIONS["make_addr_range"].number


@dataclass(frozen=True, slots=True)
class Counter:
    """A stretch of a target's statements that run one after the other: the file, its first line, how many there are."""

    file: str
    line: int
    statement_count: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Description:
    """A target's answer to Describe; `capabilities` holds only the usable ones.

    `counters` are those that it tells programs' reach by, a bit each; empty where it has none.
    """

    name: str
    version: str
    go_version: str
    protocol_version: int
    capabilities: frozenset[Capability]
    operation_count_max: int
    program_bytes_max: int
    counters: tuple[Counter, ...] = ()


NO_CAPABILITY = "names no capability that counts: each counts only with all below it, and BITS is the lowest"
"""What is said of a target to which no program could be sent."""


def usable_capabilities(listed: frozenset[int]) -> frozenset[Capability]:
    """The capabilities of `listed` that have all those below them."""
    return frozenset(capability for capability in Capability if capability in listed and capability.below <= listed)


def capability_of(operation: Operation | type[Operation]) -> Capability:
    """The capability that an operation of a program without labels needs; a call must be given as a value."""
    if isinstance(operation, Call):
        return _call_capability(operation)
    return _BY_OPERATION[operation if isinstance(operation, type) else type(operation)]


def capabilities_needed(program: Program) -> frozenset[Capability]:
    """The capabilities that a target must have to run `program`."""
    kinds = set(map(type, program.operations))
    needed = {_BY_OPERATION[kind] for kind in kinds if kind is not Call}
    if Call in kinds:
        needed |= {_call_capability(operation) for operation in program.operations if isinstance(operation, Call)}
    if program.outside_contract:
        needed.add(Capability.OUTSIDE_CONTRACT)
    if program.pacing:
        needed.add(Capability.PACING)
    return frozenset(needed)


def reason_to_leave_out(description: Description, program: Program, program_bytes: int) -> str | None:
    """Why a program of `program_bytes` encoded bytes may not be sent to a target; None if it may."""
    if len(program.operations) > description.operation_count_max:
        return f"more than {description.operation_count_max} operations"
    if program_bytes > description.program_bytes_max:
        return f"more than {description.program_bytes_max} bytes"
    if not description.capabilities >= ALL_CAPABILITIES:
        missing = capabilities_needed(program) - description.capabilities
        if missing:
            return f"needs {min(missing).words}"
    return None


def _call_capability(call: Call) -> Capability:
    number = CALL_FUNCTIONS[call.function].number
    if CALL_FUNCTIONS[call.function].pacing_only:
        return Capability.PACING
    if number < _FIRST_SUMMARIES_CALL:
        return Capability.BITS
    return Capability.SUMMARIES if number < _FIRST_RANGES_CALL else Capability.RANGES
