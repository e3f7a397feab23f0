"""What a smoke test sends: one short program for each capability, and programs that a target must refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from pymodel.differential.programs import program as p
from pymodel.differential.programs.calls import bits_to_words
from pymodel.differential.programs.program import Call, Operation, Program
from pymodel.differential.programs.wireform import tag_varint, varint
from pymodel.differential.targets.capabilities import Capability
from pymodel.wire import pageheap_pb2

_FEW = bits_to_words(0b1101_0000 | 1 << 70 | 1 << 511)
_MANY = bits_to_words(((1 << 100) - 1) << 60 | ((1 << 40) - 1) << 470)
_MIB = 1 << 20
_ARENA = 0x30_0000_0000
_RANGES = (_ARENA, _ARENA + 4 * _MIB, _ARENA + 16 * _MIB, _ARENA + 20 * _MIB)

_PROGRAMS: dict[Capability, tuple[Operation, ...]] = {
    Capability.BITS: (
        Call("get", (*_FEW, 4)),
        Call("block64", (*_FEW, 511)),
        Call("set_range", (*_FEW, 60, 70)),
        Call("clear_range", (*_MANY, 100, 200)),
        Call("set_block64", (*_FEW, 128, 0xF0)),
        Call("clear_block64", (*_MANY, 64, 0xFF)),
        Call("popcnt_range", (*_MANY, 0, 512)),
        Call("summarize", _MANY),
        Call("summarize", (0,) * 8),
        Call("find", (*_MANY, 3, 40)),
        Call("find_bit_range64", (0b0111_0110, 3)),
        Call("fill_aligned", (0x0100_0000_0000_0010, 8)),
        Call("has_scavenge_candidate", (*_FEW, *_MANY, 16)),
        Call("find_scavenge_candidate", (*_FEW, *_MANY, 300, 4, 8)),
    ),
    Capability.RANGES: (
        Call("make_addr_range", (_ARENA, _ARENA + _MIB)),
        Call("range_contains", (_ARENA, _ARENA + _MIB, _ARENA + _MIB)),
        Call("range_subtract", (_ARENA, _ARENA + 4 * _MIB, _ARENA + _MIB, _ARENA + 8 * _MIB)),
        Call("range_remove_greater_equal", (_ARENA, _ARENA + 4 * _MIB, _ARENA + _MIB)),
        Call("ranges_find_succ", (_ARENA + 8 * _MIB, *_RANGES)),
        Call("ranges_find_addr_greater_equal", (_ARENA + 8 * _MIB, *_RANGES)),
        Call("ranges_contains", (_ARENA + 16 * _MIB, *_RANGES)),
        Call("ranges_add", (_ARENA + 4 * _MIB, _ARENA + 16 * _MIB, *_RANGES)),
        Call("ranges_remove_last", (_MIB, *_RANGES)),
        Call("ranges_remove_greater_equal", (_ARENA + 18 * _MIB, *_RANGES)),
        Call("ranges_clone_into", (0, *_RANGES)),
    ),
    Capability.SUMMARIES: (
        Call("pack_palloc_sum", (3, 100, 7)),
        Call("unpack", (1 << 63,)),
        Call("merge_summaries", (9, 3 | 100 << 21 | 7 << 42, 512 | 512 << 21 | 512 << 42)),
        Call("chunk_index", (_ARENA,)),
        Call("chunk_base", (0x200_C000,)),
        Call("chunk_page_index", (_ARENA + 5 * 8192,)),
        Call("off_addr_to_level_index", (2, _ARENA)),
        Call("level_index_to_off_addr", (2, 0x8030)),
        Call("addrs_to_summary_range", (3, _ARENA, _ARENA + 64 * _MIB)),
        Call("block_align_summary_range", (3, 0x40_0601, 0x40_0602)),
    ),
    Capability.PAGE_ALLOCATOR: (
        p.Grow(0xC000, 2),
        p.Alloc(0, 600),
        p.Alloc(1, 1),
        p.Free(0, 3, 90),
        p.Alloc(2, 80),
        p.Free(0),
        p.Free(7),
    ),
    Capability.PAGE_CACHE: (p.Grow(0xC000, 1), p.Cache(0), p.CacheAlloc(0, 0, 3), p.CacheAlloc(1, 0, 1), p.Flush(0)),
    Capability.SCAVENGE: (
        p.Grow(0xC000, 2),
        p.Alloc(0, 700),
        p.Free(0, 10, 650),
        p.StartGen(),
        p.Scavenge(100_000, True),
        p.Reserve(0),
        p.ScavengeOne(0, 8192),
        p.Unreserve(0),
        p.Alloc(1, 300),
    ),
    Capability.OUTSIDE_CONTRACT: (Call("fill_aligned", (1, 3)),),
    Capability.PACING: (
        p.Span(0, 2000),
        p.Gc(16 * _MIB, 16 * _MIB),
        p.Free(0, 0, 1500),
        p.Gc(8 * _MIB, 16 * _MIB),
        p.Ready(),
        p.Sysmon(),
        p.Tick(5_000_000),
        p.Timer(),
        p.HeapRetained(),
    ),
}


def program_of(capability: Capability) -> Program:
    """A short program that needs this capability and those below it, and no other option."""
    return Program(
        _PROGRAMS[capability],
        outside_contract=capability is Capability.OUTSIDE_CONTRACT,
        pacing=capability is Capability.PACING,
    )


SMOKE_CAPABILITIES = tuple(_PROGRAMS)
"""The capabilities that there is a program for."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """A program that every target refuses with INVALID_ARGUMENT: what is wrong with it, and its encoding by its id."""

    what: str
    make: Callable[[int], bytes]


def malformed_programs(capabilities: Iterable[Capability]) -> list[Malformed]:
    """Programs that are wrong in nothing but what they say, of what targets with these capabilities know."""
    wrong: list[tuple[str, Callable[[pageheap_pb2.Program], object]]] = [
        ("no phys_page_size", lambda program: program.ClearField("phys_page_size")),
        ("a phys_page_size that is no power of two", lambda program: setattr(program, "phys_page_size", 5000)),
        ("an operation that is none", lambda program: program.operations.add()),
        ("a call of a function that does not exist", lambda program: _add_call(program, 999, 1)),
        ("a call of get with a word too few", lambda program: _add_call(program, pageheap_pb2.FUNCTION_GET, 8)),
    ]
    if Capability.PAGE_ALLOCATOR in capabilities:
        wrong.append(("a growth of no chunks", lambda program: program.operations.add().grow.SetInParent()))
        wrong.append(("a slot that is written twice", _add_allocs))
    return [Malformed(what, partial(_spoilt, spoil)) for what, spoil in wrong]


def _spoilt(spoil: Callable[[pageheap_pb2.Program], object], program_id: int) -> bytes:
    program = pageheap_pb2.Program(id=program_id, phys_page_size=4096, phys_huge_page_size=2 * _MIB)
    spoil(program)
    return program.SerializeToString()


def _add_call(program: pageheap_pb2.Program, function: int, word_count: int) -> None:
    call = program.operations.add().call
    # A number that is no function may stand here as well.
    call.MergeFromString(tag_varint(1) + varint(function))
    call.arguments.extend([0] * word_count)


def _add_allocs(program: pageheap_pb2.Program) -> None:
    for _ in range(2):
        program.operations.add().alloc.page_count = 1
