"""What `check` refuses, the Go target refuses by the same field; what it accepts, Go runs alike."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pymodel.differential.errors import TargetRefused
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.programs.check import InvalidProgram, check_program
from pymodel.differential.programs.codec import encode_program
from pymodel.differential.programs.program import (
    Alloc,
    Cache,
    CacheAlloc,
    Call,
    Flush,
    Free,
    Grow,
    GrowAt,
    Operation,
    PokeChunk,
    PokeSearchAddr,
    PokeSummary,
    Program,
    Reserve,
    Scavenge,
    ScavengeOne,
    StartGen,
    Unreserve,
)
from pymodel.differential.targets.target import EncodedProgram, Target
from pymodel.differential.targets.target_specs import TimeLimits, make_target

WORD_MAX = (1 << 64) - 1

INVALID_OPERATIONS: list[Operation] = [
    Grow(-0x2000000, 1),
    Grow(-1, 1),
    Grow(0, 1),
    Grow(-2, 2),
    Grow(0x1FFFFFF, 2),
    Grow(1, 0),
    Grow(1, 8193),
    Alloc(65536, 1),
    Alloc(0, 0),
    Alloc(0, (1 << 32) + 1),
    Free(0, 3, 3),
    Free(0, 3),
    Free(65536),
    Cache(65536),
    CacheAlloc(0, 0, 65),
    CacheAlloc(0, 0, 0),
    CacheAlloc(0, 65536, 1),
    Flush(65536),
    Reserve(65536),
    ScavengeOne(65536, 1),
    Unreserve(65536),
    Call("get", (0,) * 8),
    Call("merge_summaries", ()),
    Call("ranges_contains", (1, 2)),
    PokeSearchAddr(0),
    GrowAt(0, 1),
]
INVALID_PROGRAMS = [
    *(Program((StartGen(), operation)) for operation in INVALID_OPERATIONS),
    Program((PokeSummary(5, 0, 0),), outside_contract=True),
    Program((GrowAt(0, (1 << 35) + 1),), outside_contract=True),
    Program((Alloc(5, 1), CacheAlloc(5, 0, 1))),
    Program((Cache(5), Cache(5))),
    Program((Reserve(5), Reserve(5))),
    Program((), phys_page_size=2048),
    Program((), phys_page_size=12288),
    Program((), phys_huge_page_size=8 << 20),
]
PROGRAMS_ON_THE_BOUNDS = [
    Program((Grow(-0x1FFFFFF, 8192),)),
    Program((Grow(-2, 1), Grow(1, 1), Grow(0x2000000 - 8192, 8192))),
    Program((Grow(1, 1), Alloc(65535, 1 << 32), Free(65535, 0, 1), Free(65535, WORD_MAX - 1, WORD_MAX))),
    Program((Grow(1, 1), Cache(65535), CacheAlloc(0, 65535, 64))),
    Program((StartGen(), Scavenge(WORD_MAX), Reserve(65535), ScavengeOne(65535, WORD_MAX), Unreserve(65535))),
    Program((Call("get", (0,) * 8 + (999,)),)),
    Program((Call("ranges_contains", (1,)),)),
    Program(
        (Alloc(1, WORD_MAX), PokeSummary(4, WORD_MAX, WORD_MAX), PokeChunk(-(1 << 63), 0, 0)), outside_contract=True
    ),
    Program((), phys_page_size=524288, phys_huge_page_size=4 << 20),
    Program((), phys_page_size=4096, phys_huge_page_size=0),
]


def name_of(program: Program) -> str:
    sizes = f"{program.phys_page_size}, {program.phys_huge_page_size}"
    return str(program.operations[-1]) if program.operations else f"heap {sizes}"


@pytest.fixture(scope="module")
def go() -> Iterator[Target]:
    target = make_target("go", "go", TimeLimits())
    target.describe()
    yield target
    target.close()


def answer(target: Target, program: Program) -> bytes:
    target.send(EncodedProgram(1, program, encode_program(program, 1)))
    return target.receive()


@pytest.mark.parametrize("program", INVALID_PROGRAMS, ids=name_of)
def test_go_refuses_the_field_that_the_check_refuses(go: Target, program: Program) -> None:
    with pytest.raises(InvalidProgram) as checked:
        check_program(program)
    with pytest.raises(TargetRefused) as refused:
        answer(go, program)
    assert f"INVALID_ARGUMENT: {checked.value.field}: " in str(refused.value)


@pytest.mark.parametrize("program", PROGRAMS_ON_THE_BOUNDS, ids=name_of)
def test_go_runs_what_is_on_the_bounds_as_the_specification_does(go: Target, program: Program) -> None:
    check_program(program)
    assert answer(go, program) == run_on_specification(program, 1)
