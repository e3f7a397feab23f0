from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pymodel.differential.generation.generators import Tape
from pymodel.differential.generation.shapes import SHAPES, Kind
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.programs import program as p
from pymodel.differential.programs.check import check_program
from pymodel.differential.programs.program import Program
from pymodel.differential.shrinking import Limits, one_at_a_time, shrink
from pymodel.differential.shrinking.changing import without
from pymodel.differential.shrinking.search import Search
from pymodel.differential.shrinking.simplicity import simplicity
from pymodel.wire import pageheap_pb2 as pb
from tests.differential.contract_checker import complaints

Fails = Callable[[Program], bool]
INSIDE_SHAPES = sorted(shape.name for shape in SHAPES.values() if shape.kind is Kind.INSIDE)
inside_tapes = st.builds(Tape, st.integers(0, 1 << 32), st.sampled_from(INSIDE_SHAPES), st.integers(1, 50))
any_tapes = st.builds(Tape, st.integers(0, 1 << 32), st.sampled_from(sorted(SHAPES)), st.integers(1, 40))
slow = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))


def contains_in_order(kinds: Sequence[type], program: Program) -> bool:
    """Whether operations of these kinds stand in the program one after the other, whatever is between."""
    rest = iter(program.operations)
    return all(any(isinstance(operation, kind) for operation in rest) for kind in kinds)


def by_chance(program: Program) -> bool:
    """True for a third of all programs, always the same ones: a predicate without any sense to exploit."""
    return hashlib.sha256(repr(program).encode()).digest()[0] % 3 == 0


def is_minimal(program: Program, fails: Fails) -> bool:
    """Whether no operation can be removed alone."""
    return not any(fails(without(program, step, step + 1)) for step in range(len(program.operations)))


class Asked:
    """A question that remembers which programs it was asked about."""

    def __init__(self, fails: Fails) -> None:
        self.fails = fails
        self.programs: list[Program] = []

    def __call__(self, programs: Sequence[Program]) -> int | None:
        for index, program in enumerate(programs):
            self.programs.append(program)
            if self.fails(program):
                return index
        return None


@slow
@given(inside_tapes, st.data())
def test_what_has_to_stay_in_order_is_all_that_stays(tape: Tape, data: st.DataObject) -> None:
    program = tape.expand()
    steps = sorted(data.draw(st.sets(st.integers(0, len(program.operations) - 1), max_size=5)))
    kinds = [type(program.operations[step]) for step in steps]
    shrunk = shrink(program, one_at_a_time(lambda candidate: contains_in_order(kinds, candidate)))
    assert [type(operation) for operation in shrunk.operations] == kinds


@slow
@given(any_tapes)
def test_the_result_is_minimal_for_a_predicate_without_sense(tape: Tape) -> None:
    program = tape.expand()

    def fails(candidate: Program) -> bool:
        return candidate == program or by_chance(candidate)

    shrunk = shrink(program, one_at_a_time(fails))
    assert fails(shrunk)
    assert is_minimal(shrunk, fails)
    assert simplicity(shrunk) <= simplicity(program)


@slow
@given(any_tapes, st.integers(2, 60))
def test_the_result_does_not_depend_on_how_many_candidates_are_in_flight(tape: Tape, batch_count: int) -> None:
    program = tape.expand()
    one = shrink(program, one_at_a_time(by_chance), limits=Limits(150, 10_000, batch_count=1))
    many = shrink(program, one_at_a_time(by_chance), limits=Limits(150, 10_000, batch_count=batch_count))
    assert one == many


@slow
@given(any_tapes)
def test_every_candidate_is_valid_simpler_than_the_last_that_failed_and_asked_about_once(tape: Tape) -> None:
    program = tape.expand()
    current = program

    def fails(candidate: Program) -> bool:
        nonlocal current
        check_program(candidate)
        assert simplicity(candidate) < simplicity(current)
        if by_chance(candidate):
            current = candidate
            return True
        return False

    asked = Asked(fails)
    shrink(program, asked, limits=Limits(candidate_count_max=400))
    assert len(set(asked.programs)) == len(asked.programs)
    assert program not in asked.programs


@slow
@given(inside_tapes)
def test_candidates_stay_within_the_contract(tape: Tape) -> None:
    def fails(candidate: Program) -> bool:
        assert complaints(candidate) == []
        return by_chance(candidate)

    shrink(tape.expand(), one_at_a_time(fails), limits=Limits(candidate_count_max=300))


def test_a_program_of_which_nothing_simpler_fails_comes_back_as_it_is() -> None:
    program = Tape(1, "general", 60).expand()
    assert shrink(program, lambda programs: None) is program


def test_a_program_that_always_fails_shrinks_to_nothing_on_a_plain_heap() -> None:
    assert shrink(Tape(1, "chaos", 60).expand(), lambda programs: 0) == Program(())


def test_what_follows_the_failing_step_is_cut_off_first() -> None:
    program = Tape(1, "general", 400).expand()
    asked = Asked(lambda candidate: len(candidate.operations) >= 7)
    assert len(shrink(program, asked, failing_step=6).operations) == 7
    assert asked.programs[0] == without(program, 7, 400)


@pytest.mark.parametrize("candidate_count_max", [1, 2, 7, 50])
def test_no_more_candidates_are_asked_about_than_the_limit_allows(candidate_count_max: int) -> None:
    asked = Asked(by_chance)
    shrink(Tape(3, "general", 200).expand(), asked, limits=Limits(candidate_count_max=candidate_count_max))
    assert len(asked.programs) == candidate_count_max


def test_shrinking_ends_once_so_many_operations_were_run() -> None:
    asked = Asked(lambda candidate: False)
    shrink(Tape(3, "general", 200).expand(), asked, limits=Limits(operation_count_max=1000))
    run_count = sum(len(program.operations) for program in asked.programs)
    assert 1000 <= run_count < 1200


def test_a_long_program_takes_few_candidates() -> None:
    program = Tape(5, "general", 2000).expand()
    kinds = [p.Grow, p.Alloc, p.Free, p.StartGen, p.Scavenge]
    asked = Asked(lambda candidate: contains_in_order(kinds, candidate))
    assert len(shrink(program, asked).operations) == 5
    assert len(asked.programs) < 250


def test_two_operations_that_can_only_go_together_go() -> None:
    program = Program((p.Grow(0xC000, 1), p.Cache(0), p.Flush(0), p.StartGen()))

    def fails(candidate: Program) -> bool:
        names = [type(operation).__name__ for operation in candidate.operations]
        return "StartGen" in names and ("Cache" in names) == ("Flush" in names)

    assert shrink(program, one_at_a_time(fails)).operations == (p.StartGen(),)


def test_a_search_answers_the_tag_of_what_it_took() -> None:
    program = Program((p.StartGen(), p.Cache(3), p.StartGen()))
    search = Search(program, one_at_a_time(lambda candidate: p.Cache(3) in candidate.operations), Limits())
    assert search.consider((step, without(program, step, step + 1)) for step in (1, 2, 0)) == 2
    assert search.current == without(program, 2, 3)
    assert search.consider([("same", search.current), ("larger", program)]) is None


# What becomes simpler in the operations themselves.

ALL = p.ALL_BYTES


def simplest(operation: p.Operation, fails: Callable[[p.Operation], bool], outside: bool = True) -> p.Operation:
    """What becomes of an operation that is alone in its program."""

    def program_fails(program: Program) -> bool:
        return len(program.operations) == 1 and fails(program.operations[0])

    program = Program((operation,), outside_contract=outside, pacing=True)
    check_program(program)
    shrunk = shrink(program, one_at_a_time(program_fails))
    check_program(shrunk)
    (left,) = shrunk.operations
    return left


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (p.Grow(-5000, 300), p.Grow(0xC000, 1)),
        (p.Alloc(17, 513), p.Alloc(0, 1)),
        (p.Free(9, 100, 164), p.Free(0)),
        (p.Scavenge(ALL, True), p.Scavenge(0)),
        (p.CacheAlloc(4, 7, 33), p.Alloc(0, 1)),
        (p.ScavengeOne(4, 1 << 20), p.Scavenge(0)),
        (p.GrowAt(0x30_0040_0000, 1 << 23), p.Grow(0xC000, 1)),
        (p.PokeSummary(4, 99, 1 << 63), p.PokeSummary(0, 0, 0)),
        (p.PokeChunk(0xC009, (1 << 512) - 1, 5), p.PokeChunk(0xC000, 0, 0)),
        (p.Call("find", (*[5] * 8, 100, 300)), p.Call("find", (0,) * 10)),
        (p.Call("merge_summaries", (9, 1, 2, 3)), p.Call("merge_summaries", (0,))),
        (p.Span(3, 5000), p.Alloc(0, 1)),
        (p.MarkTermination(1 << 40, 12345), p.Pace(0, 0)),
        (p.Pace(ALL, ALL), p.Pace(0, 0)),
        (p.SweepDone(), p.StartGen()),
        (p.Gc(1 << 40, 12345), p.StartGen()),
        (p.ScavengeAll(), p.Scavenge(0)),
        (p.Tick(10**13), p.Wake()),
        (p.Timer(), p.Wake()),
        (p.Sysmon(), p.Wake()),
        (p.Gomaxprocs(4096), p.Gomaxprocs(1)),
        (p.ScavengeCost(12345), p.ScavengeCost(0)),
        (p.Scavtrace(True), p.Scavtrace(False)),
        (p.Faketime(True), p.Faketime(False)),
        (p.PrintScavTrace(7, 65536, True), p.PrintScavTrace(0, 0)),
        (p.PokePhysPage(20480), p.PokePhysPage(4096)),
        (p.PokeStats(ALL, 5, 1 << 40), p.PokeStats(0, 0, 0)),
        (p.PokeClock(-(1 << 63)), p.PokeClock(0)),
        (p.Call("pi_reset", (0xBFF8_0000_0000_0001, 2, 1)), p.Call("pi_reset", (0, 0, 0))),
    ],
)
def test_an_operation_whose_values_do_not_matter_becomes_the_plainest(
    operation: p.Operation, expected: p.Operation
) -> None:
    assert simplest(operation, lambda left: type(left) in (type(operation), type(expected))) == expected


@slow
@given(st.integers(1, 1 << 32), st.integers(1, 1 << 32))
def test_a_number_becomes_the_least_that_still_fails(start: int, least: int) -> None:
    def fails(operation: p.Operation) -> bool:
        return isinstance(operation, p.Alloc) and operation.page_count >= least

    if start >= least:
        assert simplest(p.Alloc(0, start), fails) == p.Alloc(0, least)


def test_bytes_become_a_size_that_means_something_before_they_become_any_other() -> None:
    asked = Asked(lambda program: program.operations == (p.Scavenge(65536),))
    assert shrink(Program((p.Scavenge(ALL),)), asked).operations == (p.Scavenge(65536),)
    assert len(asked.programs) < 80


@slow
@given(st.integers(0, 511), st.integers(1, 100), st.integers(0, 511))
def test_a_bitmap_keeps_only_the_pages_that_matter(first: int, length: int, page: int) -> None:
    needed = 1 << page

    def fails(operation: p.Operation) -> bool:
        return isinstance(operation, p.PokeChunk) and operation.allocated & needed == needed

    bits = ((1 << length) - 1 << first) & (1 << 512) - 1 | needed
    assert simplest(p.PokeChunk(0xC000, bits, bits), fails) == p.PokeChunk(0xC000, needed, 0)


def test_the_arguments_of_a_call_within_the_contract_stay_within_it() -> None:
    call = p.Call("set_range", (*[7] * 8, 300, 64))
    assert simplest(call, lambda left: True, outside=False) == p.Call("set_range", (*[0] * 8, 0, 1))
    call = p.Call("ranges_remove_last", (5, 0x4000, 0x6000, 0x8000, 0xA000))
    left = simplest(call, lambda left: True, outside=False)
    assert isinstance(left, p.Call) and len(left.arguments) == 3
    assert complaints(Program((left,))) == []


# What becomes simpler around them.


def shrunk_while(program: Program, fails: Fails) -> Program:
    return shrink(program, one_at_a_time(fails))


def test_slots_are_numbered_from_zero_as_they_come() -> None:
    program = Program((p.Alloc(9, 1), p.Alloc(4, 1), p.Cache(30), p.Free(4), p.Free(9), p.Flush(30)))
    kinds = [type(operation) for operation in program.operations]
    shrunk = shrunk_while(program, lambda candidate: contains_in_order(kinds, candidate))
    numbered = (p.Alloc(0, 1), p.Alloc(1, 1), p.Cache(0), p.Free(1), p.Free(0), p.Flush(0))
    assert shrunk.operations == numbered


def test_page_sizes_become_the_defaults_where_they_do_not_matter() -> None:
    program = Program((p.StartGen(),), 1 << 19, 1 << 15)
    assert shrunk_while(program, lambda candidate: candidate.phys_page_size > 9000) == Program((), 16384, 2 << 20)
    assert shrunk_while(program, lambda candidate: candidate.phys_huge_page_size < 2 << 20) == Program((), 4096, 0)


def test_a_program_moves_to_the_canonical_chunk_with_all_its_addresses() -> None:
    far = 0x123400
    address = far << 22
    program = Program(
        (
            p.Grow(far, 2),
            p.GrowAt(address + (4 << 22), 1 << 22),
            p.FreeAt(address + 8192, 1),
            p.PokeChunk(far + 1, 1, 1),
            p.PokeSummary(4, far + (1 << 25), 0),
            p.PokeSearchAddr(address),
        ),
        outside_contract=True,
    )

    def fails(candidate: Program) -> bool:
        """Whether all distances between places are as they were."""
        if len(candidate.operations) < 6:
            return False
        grow, grow_at, free_at, poke_chunk, poke_summary, poke_search = candidate.operations
        return (
            isinstance(grow, p.Grow)
            and isinstance(grow_at, p.GrowAt)
            and isinstance(free_at, p.FreeAt)
            and isinstance(poke_chunk, p.PokeChunk)
            and isinstance(poke_summary, p.PokeSummary)
            and isinstance(poke_search, p.PokeSearchAddr)
            and grow_at.base - (grow.chunk << 22) == 4 << 22
            and free_at.base - (grow.chunk << 22) == 8192
            and poke_chunk.chunk - grow.chunk == 1
            and poke_summary.index - grow.chunk == 1 << 25
            and poke_search.address == grow.chunk << 22
        )

    assert fails(program)
    shrunk = shrunk_while(program, fails)
    assert shrunk.operations[0] == p.Grow(0xC000, 1)


def test_gaps_between_growths_close() -> None:
    def fails(candidate: Program) -> bool:
        """Whether six chunks grow, none of them twice."""
        chunks = [chunk for operation in candidate.operations for chunk in chunks_of(operation)]
        return len(chunks) == len(set(chunks)) == 6

    shrunk = shrunk_while(Program((p.Grow(0xC000, 2), p.Grow(0xD000, 1), p.Grow(0x90000, 3))), fails)
    # Neighbours become one growth, which is one operation less.
    assert shrunk.operations == (p.Grow(0xC000, 6),)


def chunks_of(operation: p.Operation) -> range:
    return (
        range(operation.chunk, operation.chunk + operation.chunk_count) if isinstance(operation, p.Grow) else range(0)
    )


def pages_of(operation: p.Operation) -> int:
    return operation.page_count if isinstance(operation, p.Alloc) else 0


def test_many_allocations_that_fill_the_heap_become_one() -> None:
    program = Program((p.Grow(0xC000, 4), *(p.Alloc(slot, 128) for slot in range(16))))

    def full(candidate: Program) -> bool:
        """As many pages allocated as grown, and some."""
        pages = sum(map(pages_of, candidate.operations))
        return pages > 0 and pages == 512 * sum(len(chunks_of(operation)) for operation in candidate.operations)

    assert shrunk_while(program, full).operations == (p.Grow(0xC000, 1), p.Alloc(0, 512))


def test_equal_page_counts_become_less_together() -> None:
    program = Program((p.Alloc(0, 100), p.Free(0), p.Alloc(1, 100), p.Free(1)))

    def fails(candidate: Program) -> bool:
        counts = [pages_of(operation) for operation in candidate.operations if isinstance(operation, p.Alloc)]
        return len(counts) == 2 and counts[0] == counts[1] >= 3

    assert shrunk_while(program, fails).operations == (p.Alloc(0, 3), p.Alloc(1, 3))


def test_a_duration_becomes_a_whole_unit_of_time_before_it_becomes_any_other() -> None:
    asked = Asked(lambda program: p.Tick(10**9) in program.operations)
    assert shrink(Program((p.Tick(10**9 + 7),), pacing=True), asked).operations == (p.Tick(10**9),)
    assert len(asked.programs) < 80


@slow
@given(st.integers(0, 10**13), st.integers(0, 10**13))
def test_a_duration_becomes_the_least_that_still_fails(start: int, least: int) -> None:
    def fails(operation: p.Operation) -> bool:
        return isinstance(operation, p.Tick) and operation.duration_ns >= least

    if start >= least:
        assert simplest(p.Tick(start), fails) == p.Tick(least)


@slow
@given(st.integers(-(1 << 63), -1), st.integers(-(1 << 63), -1))
def test_an_instant_before_the_beginning_becomes_the_nearest_that_still_fails(start: int, most: int) -> None:
    def fails(operation: p.Operation) -> bool:
        return isinstance(operation, p.PokeClock) and operation.now_ns <= most

    if start <= most:
        assert simplest(p.PokeClock(start), fails) == p.PokeClock(most)


def test_a_physical_page_stays_a_multiple_of_the_least() -> None:
    def fails(operation: p.Operation) -> bool:
        return isinstance(operation, p.PokePhysPage) and operation.byte_count > 9000

    assert simplest(p.PokePhysPage(1 << 20), fails) == p.PokePhysPage(12288)


def test_a_float_loses_its_sign_and_what_it_can_of_its_fraction() -> None:
    third = 0xBFD5_5555_5555_5555

    def between(left: p.Operation) -> bool:
        return isinstance(left, p.Call) and 0x3FD0_0000_0000_0001 <= left.arguments[0] & ~(1 << 63) <= third & ~(
            1 << 63
        )

    assert simplest(p.Call("pi_reset", (third, 0, 0)), between) == p.Call("pi_reset", (0x3FD4_0000_0000_0000, 0, 0))


def test_durations_are_put_together() -> None:
    program = Program((p.Tick(7), p.Ready(), p.Tick(5), p.Tick(8)), pacing=True)

    def fails(candidate: Program) -> bool:
        """Whether twenty nanoseconds pass."""
        return sum(operation.duration_ns for operation in candidate.operations if isinstance(operation, p.Tick)) == 20

    assert shrunk_while(program, fails).operations == (p.Tick(20),)


def test_a_growth_and_an_allocation_become_a_span() -> None:
    program = Program((p.Grow(0xC000, 1), p.Tick(5), p.Alloc(3, 7)), pacing=True)

    def fails(candidate: Program) -> bool:
        kinds = set(map(type, candidate.operations))
        return p.Tick in kinds and (p.Span in kinds or {p.Grow, p.Alloc} <= kinds)

    assert shrunk_while(program, fails).operations == (p.Tick(0), p.Span(0, 1))


def test_the_label_for_pacing_goes_when_nothing_needs_it() -> None:
    program = Program((p.Tick(5), p.Span(0, 3), p.PokeClock(4)), outside_contract=True, pacing=True)

    def fails(candidate: Program) -> bool:
        return any(isinstance(operation, (p.Span, p.Alloc)) for operation in candidate.operations)

    assert shrunk_while(program, fails) == Program((p.Alloc(0, 1),))
    kept = shrunk_while(program, lambda candidate: p.Tick(5) in candidate.operations)
    assert kept == Program((p.Tick(5),), pacing=True)
    call = Program((p.Call("pi_reset", (0, 0, 0)),), outside_contract=True, pacing=True)
    assert shrunk_while(call, lambda candidate: bool(candidate.operations)) == replace(call, outside_contract=False)


def test_the_label_goes_when_nothing_needs_it() -> None:
    program = Program((p.PokeSearchAddr(0), p.StartGen()), outside_contract=True)
    assert shrunk_while(program, lambda candidate: p.StartGen() in candidate.operations) == Program((p.StartGen(),))
    call = Program((p.Call("fill_aligned", (1, 3)),), outside_contract=True)
    assert shrunk_while(call, lambda candidate: bool(candidate.operations)).outside_contract


# On the real thing.


def transcript_of(program: Program) -> pb.Transcript:
    return pb.Transcript.FromString(run_on_specification(program, 1))


def releases_memory(program: Program) -> bool:
    """Whether some scavenge of the program returns bytes."""
    steps = transcript_of(program).steps
    return any(
        isinstance(operation, p.Scavenge) and step.outcome.returned.values[0] > 0
        for operation, step in zip(program.operations, steps, strict=False)
    )


def test_a_scavenge_that_releases_memory_shrinks_to_what_it_takes() -> None:
    programs = [Tape(seed, "generations", 300).expand() for seed in range(10)]
    releasing = [program for program in programs if releases_memory(program)]
    assert len(releasing) >= 3
    for program in releasing:
        shrunk = shrunk_while(program, releases_memory).operations
        assert shrunk[0] == p.Grow(0xC000, 1) and shrunk[-1] == p.Scavenge(1)
        assert {type(operation) for operation in shrunk} == {p.Grow, p.Alloc, p.Free, p.StartGen, p.Scavenge}
        assert len(shrunk) == 5


def ratio_is_clamped(program: Program) -> bool:
    """Whether the scavenger's ratio of work to sleep comes to its upper bound."""
    steps = transcript_of(program).steps
    return any(step.observation.crit_sleep_ratio == 0x408F_4000_0000_0000 for step in steps)


def test_a_controller_at_its_bound_shrinks_to_the_rounds_that_it_takes() -> None:
    programs = (Tape(seed, "clamped", 100).expand() for seed in range(20))
    clamped = [program for program in programs if ratio_is_clamped(program)][:3]
    assert len(clamped) == 3
    for program in clamped:
        shrunk = shrunk_while(program, ratio_is_clamped)
        assert is_minimal(shrunk, ratio_is_clamped)
        assert len(shrunk.operations) <= 12 and shrunk.pacing


def test_a_partial_page_released_shrinks_to_a_free_page_a_cycle_and_a_look() -> None:
    def throws(program: Program) -> bool:
        return "less than one physical page" in (transcript_of(program).steps or [pb.Step()])[-1].outcome.thrown.text

    programs = (Tape(seed, "wild_pages", 60).expand() for seed in range(40))
    shrunk = shrunk_while(next(program for program in programs if throws(program)), throws)
    assert is_minimal(shrunk, throws)
    kinds = [type(operation) for operation in shrunk.operations]
    assert kinds[0] == p.Span and {p.Free, p.PokePhysPage} <= set(kinds)
    assert len(kinds) == 5


def test_bad_summary_data_shrinks_to_a_growth_a_lie_and_an_allocation() -> None:
    def throws(program: Program) -> bool:
        return "bad summary data" in (transcript_of(program).steps or [pb.Step()])[-1].outcome.thrown.text

    programs = (Tape(seed, "lies", 60).expand() for seed in range(40))
    program = next(program for program in programs if throws(program))
    shrunk = shrunk_while(program, throws)
    assert len(shrunk.operations) <= 4
    assert is_minimal(shrunk, throws)
    assert replace(shrunk, operations=shrunk.operations[:1]).operations == (p.Grow(0xC000, 1),)
