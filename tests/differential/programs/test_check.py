"""Programs are refused at the bounds of docs/programs.md, by field and reason, and accepted on them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymodel.differential.programs.check import OPERATION_COUNT_MAX, InvalidProgram, check_program, chunks_grown
from pymodel.differential.programs.program import (
    Alloc,
    Cache,
    CacheAlloc,
    Call,
    Flush,
    Free,
    Gomaxprocs,
    Grow,
    GrowAt,
    Operation,
    PokeChunk,
    PokeClock,
    PokePhysPage,
    PokeSearchAddr,
    PokeSummary,
    PrintScavTrace,
    Program,
    Reserve,
    Scavenge,
    ScavengeCost,
    Span,
    StartGen,
    Tick,
    UnreserveAt,
)
from tests.differential.any_programs import any_programs

WORD_MAX = (1 << 64) - 1


@given(any_programs(), st.data())
def test_removing_any_operation_leaves_a_valid_program(program: Program, data: st.DataObject) -> None:
    kept = data.draw(st.lists(st.booleans(), min_size=len(program.operations), max_size=len(program.operations)))
    operations = tuple(operation for operation, keep in zip(program.operations, kept, strict=True) if keep)
    check_program(replace(program, operations=operations))


@pytest.mark.parametrize(
    "operation",
    [
        Grow(-0x1FFFFFF, 8192),
        Grow(-2, 1),
        Grow(1, 1),
        Grow(0x2000000 - 8192, 8192),
        Alloc(65535, 1 << 32),
        Free(0, 0, 1),
        Free(0, WORD_MAX - 1, WORD_MAX),
        CacheAlloc(0, 0, 64),
        Scavenge(0),
        Scavenge(WORD_MAX),
        Call("get", (0,) * 8 + (999,)),
        Call("ranges_contains", (1,)),
        Tick(10**13),
        Gomaxprocs(1),
        Gomaxprocs(4096),
        ScavengeCost(0),
        ScavengeCost(10**9),
        Span(0, 1),
        Span(0, 1 << 22),
        PrintScavTrace((1 << 32) - 1, WORD_MAX),
        Call("pi_reset", (WORD_MAX, 2, 0)),
    ],
)
def test_a_number_on_its_bound_is_valid(operation: Operation) -> None:
    check_program(Program((operation,), pacing=True))


@pytest.mark.parametrize(
    "operation",
    [
        Gomaxprocs(0),
        Gomaxprocs((1 << 31) - 1),
        Span(0, 0),
        Span(0, 1 << 40),
        PokePhysPage(4096),
        PokePhysPage(1 << 20),
        PokeClock(-(1 << 63)),
        PokeClock((1 << 63) - 1),
    ],
)
def test_a_number_of_pacing_on_its_bound_outside_the_contract_is_valid(operation: Operation) -> None:
    check_program(Program((operation,), outside_contract=True, pacing=True))


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        (Tick(10**13 + 1), "tick.duration_ns: 10000000000001 is not in [0, 10000000000000]"),
        (Gomaxprocs(1 << 31), "gomaxprocs.count: 2147483648 is not in [0, 2147483647]"),
        (ScavengeCost(10**9 + 1), "scavenge_cost.cost_ns: 1000000001 is not in [0, 1000000000]"),
        (Span(0, (1 << 40) + 1), "span.page_count: 1099511627777 is not in [0, 1099511627776]"),
        (PokePhysPage(8191), "poke_phys_page.byte_count: 8191 is no multiple of 4096"),
        (PokePhysPage(0), "poke_phys_page.byte_count: 0 is not in [4096, 1048576]"),
        (PokeClock(1 << 63), f"poke_clock.now_ns: {1 << 63} is not in [{-(1 << 63)}, {(1 << 63) - 1}]"),
        (PrintScavTrace(1 << 32, 0), "print_scav_trace.generation: 4294967296 is not in [0, 4294967295]"),
    ],
)
def test_a_number_of_pacing_beyond_its_bound_is_refused(operation: Operation, error: str) -> None:
    with pytest.raises(InvalidProgram) as caught:
        check_program(Program((operation,), outside_contract=True, pacing=True))
    assert str(caught.value) == f"operations[0].{error}"


def test_spans_count_whole_arenas_unless_no_address_space_holds_them() -> None:
    assert [chunks_grown(Span(0, pages)) for pages in (0, 1, 8192, 8193)] == [0, 16, 16, 32]
    space = ((1 << 47) - (1 << 44)) // 8192
    assert [chunks_grown(Span(0, pages)) for pages in (space, space + 1)] == [space // 512, 0]


@pytest.mark.parametrize(
    ("operation", "field", "why"),
    [
        (Grow(-0x2000000, 1), "grow.chunk", "[-0x2000000, -0x1ffffff) lies neither in"),
        (Grow(-1, 1), "grow.chunk", "[-0x1, 0x0) lies neither in"),
        (Grow(0, 1), "grow.chunk", "[0x0, 0x1) lies neither in"),
        (Grow(-2, 2), "grow.chunk", "[-0x2, 0x0) lies neither in"),
        (Grow(0x1FFFFFF, 2), "grow.chunk", "[0x1ffffff, 0x2000001) lies neither in"),
        (Grow(1, 0), "grow.chunk_count", "0 is not in [1, 8192]"),
        (Grow(1, 8193), "grow.chunk_count", "8193 is not in [1, 8192]"),
        (Alloc(65536, 1), "alloc.slot", "65536 is not in [0, 65535]"),
        (Alloc(0, 0), "alloc.page_count", "0 is not in [1, 4294967296]"),
        (Alloc(0, (1 << 32) + 1), "alloc.page_count", "4294967297 is not in [1, 4294967296]"),
        (Free(0, 3, 3), "free.limit", "3 is not above first, 3"),
        (Free(0, 3), "free.first", "3 needs a limit"),
        (Free(65536), "free.slot", "65536 is not in"),
        (CacheAlloc(0, 0, 65), "cache_alloc.page_count", "65 is not in [1, 64]"),
        (CacheAlloc(0, 65536, 1), "cache_alloc.cache", "65536 is not in"),
        (Flush(-1), "flush.cache", "-1 is not in"),
        (Scavenge(WORD_MAX + 1), "scavenge.byte_count", "is not in"),
        (Call("nothing", ()), "call.function", "'nothing' is no function"),
        (Call("get", (0,) * 8), "call.arguments", "get takes bits (8 words), i, not 8 words"),
        (Call("ranges_contains", (1, 2)), "call.arguments", "ranges_contains takes address, a list of ranges, not 2"),
        (Call("chunk_base", (WORD_MAX + 1,)), "call.arguments", "is not in"),
        (PokeSearchAddr(0), "poke_search_addr", "is outside the contract, and the program is not labelled so"),
    ],
)
def test_what_breaks_a_bound_is_refused_by_field_and_reason(operation: Operation, field: str, why: str) -> None:
    with pytest.raises(InvalidProgram) as caught:
        check_program(Program((StartGen(), operation)))
    assert caught.value.step == 1
    assert caught.value.field == f"operations[1].{field}"
    assert why in caught.value.why


@pytest.mark.parametrize(
    ("operation", "field"),
    [
        (PokeSummary(5, 0, 0), "poke_summary.level"),
        (GrowAt(0, (1 << 35) + 1), "grow_at.size"),
        (UnreserveAt(0, 0, 1 << 32), "unreserve_at.generation"),
        (PokeChunk(0, 1 << 512, 0), "poke_chunk.allocated"),
        (PokeChunk(1 << 63, 0, 0), "poke_chunk.chunk"),
    ],
)
def test_bounds_hold_outside_the_contract_too(operation: Operation, field: str) -> None:
    with pytest.raises(InvalidProgram) as caught:
        check_program(Program((operation,), outside_contract=True))
    assert caught.value.field == f"operations[0].{field}"


def test_page_counts_are_free_outside_the_contract() -> None:
    check_program(Program((Alloc(0, 0), Alloc(1, WORD_MAX), CacheAlloc(2, 0, WORD_MAX)), outside_contract=True))


def test_each_kind_of_slot_has_numbers_of_its_own() -> None:
    check_program(Program((Alloc(5, 1), Cache(5), Reserve(5))))


def test_span_slots_written_by_alloc_and_cache_alloc_are_the_same() -> None:
    with pytest.raises(InvalidProgram, match="s5 is written twice"):
        check_program(Program((Alloc(5, 1), CacheAlloc(5, 0, 1))))


@pytest.mark.parametrize(
    ("program", "field"),
    [
        (Program((), phys_page_size=2048), "phys_page_size"),
        (Program((), phys_page_size=1 << 20), "phys_page_size"),
        (Program((), phys_page_size=4097), "phys_page_size"),
        (Program((), phys_page_size=0), "phys_page_size"),
        (Program((), phys_huge_page_size=8 << 20), "phys_huge_page_size"),
        (Program((), phys_huge_page_size=3 << 20), "phys_huge_page_size"),
        (Program((StartGen(),) * (OPERATION_COUNT_MAX + 1)), "operations"),
        (Program(tuple(Grow(1, 8192) for _ in range(129))), "operations"),
        (Program(tuple(GrowAt(0, 1 << 35) for _ in range(128)), outside_contract=True), "operations"),
    ],
)
def test_the_programs_own_fields_have_bounds(program: Program, field: str) -> None:
    with pytest.raises(InvalidProgram) as caught:
        check_program(program)
    assert (caught.value.step, caught.value.field) == (None, field)
