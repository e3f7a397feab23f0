from __future__ import annotations

import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pymodel.differential.comparison.state import HeapState
from pymodel.differential.generation.choices import TapeChoices
from pymodel.differential.generation.generators import (
    OUTSIDE_PERCENTS,
    PACING_PERCENT,
    Tape,
    make_program,
    program_from_seed,
    programs,
    tape_from_seed,
    tapes,
)
from pymodel.differential.generation.preludes import nothing
from pymodel.differential.generation.shapes import PACING_SHARES, SHAPES, SHARES, Kind
from pymodel.differential.generation.workload import workload
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.model.observed import SCALARS
from pymodel.differential.programs import program as p
from pymodel.differential.programs.calls import CALL_FUNCTIONS
from pymodel.differential.programs.check import check_program
from pymodel.differential.programs.operations import KIND_BY_CLASS
from pymodel.wire import pageheap_pb2 as pb
from tests.differential.contract_checker import complaints

INSIDE_SHAPES = [shape.name for shape in SHAPES.values() if shape.kind is Kind.INSIDE]
OUTSIDE_SHAPES = [shape.name for shape in SHAPES.values() if shape.kind is Kind.OUTSIDE]
PACING_SHAPES = [shape.name for shape in SHAPES.values() if shape.pacing]
shape_names = st.sampled_from(sorted(SHAPES))
words = st.integers(0, (1 << 64) - 1)


def digest(made: Iterable[p.Program]) -> str:
    """A digest of programs by their values, independent of the text and wire forms."""
    hasher = hashlib.sha256()
    for program in made:
        labels = f"{program.outside_contract}{' pacing' if program.pacing else ''}"
        hasher.update(f"{program.phys_page_size} {program.phys_huge_page_size} {labels}\n".encode())
        for operation in program.operations:
            values = [getattr(operation, name) for name in operation.__dataclass_fields__]
            hasher.update(f"{type(operation).__name__} {values}\n".encode())
    return hasher.hexdigest()[:16]


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_every_shape_makes_valid_programs_of_exactly_the_length_asked_for(name: str) -> None:
    for seed in range(60):
        operation_count = 1 + seed * 3
        program = Tape(seed, name, operation_count).expand()
        check_program(program)
        assert len(program.operations) == operation_count
        assert program.outside_contract == (SHAPES[name].kind is Kind.OUTSIDE)
        assert program.pacing == SHAPES[name].pacing


@pytest.mark.parametrize("name", INSIDE_SHAPES)
def test_shapes_within_the_contract_keep_it(name: str) -> None:
    for seed in range(80):
        assert complaints(Tape(seed, name, 80).expand()) == []


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=150)
@given(programs(kind=Kind.INSIDE))
def test_drawn_programs_within_the_contract_keep_it(program: p.Program) -> None:
    check_program(program)
    assert complaints(program) == []


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=100)
@given(programs(kind=Kind.OUTSIDE))
def test_drawn_programs_outside_the_contract_are_valid_and_labelled(program: p.Program) -> None:
    check_program(program)
    assert program.outside_contract


@settings(deadline=None, max_examples=60)
@given(tapes(operation_count_max=300))
def test_drawn_tapes_are_valid(program: p.Program) -> None:
    check_program(program)


@settings(deadline=None, max_examples=60)
@given(words, st.integers(0, 10_000))
def test_the_same_seed_and_number_give_the_same_program(seed: int, index: int) -> None:
    assert program_from_seed(seed, index) == program_from_seed(seed, index)
    assert program_from_seed(seed, index) == tape_from_seed(seed, index).expand()


def test_other_seeds_and_numbers_give_other_programs() -> None:
    made = {program_from_seed(seed, index) for seed in range(10) for index in range(20)}
    assert len(made) == 200


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("paced", "dfa33ebce07cf831"),
        ("controller_calls", "a956e6b4865ddebe"),
        ("paced_chaos", "8bfda364ed76252d"),
        ("general", "c009534bbf290eac"),
        ("straddling", "80339acdc6098f94"),
        ("calls", "03b0152f6a87b3d5"),
        ("chaos", "5f5ab5685dc4a2bf"),
        ("bad_calls", "517bb9266788c51a"),
    ],
)
def test_a_tape_gives_the_program_that_every_language_must_make_of_it(name: str, expected: str) -> None:
    assert digest(Tape(seed, name, 200).expand() for seed in range(20)) == expected


def test_the_programs_of_a_run_are_those_that_every_language_must_make_of_its_seed() -> None:
    assert digest(program_from_seed(2022, index) for index in range(100)) == "8dd91e8f557e3e95"


def test_every_shape_is_in_the_first_thousand_programs_of_a_run() -> None:
    seen = Counter(tape_from_seed(1, index).shape for index in range(1000))
    assert set(seen) == set(SHAPES)
    assert abs(sum(seen[name] for name in PACING_SHAPES) - 10 * PACING_PERCENT) < 40
    for pacing, percent in OUTSIDE_PERCENTS.items():
        counts = [seen[name] for name in SHAPES if SHAPES[name].pacing == pacing]
        outside = [seen[name] for name in OUTSIDE_SHAPES if SHAPES[name].pacing == pacing]
        assert abs(100 * sum(outside) / sum(counts) - percent) < 6


def test_more_than_a_quarter_of_the_operations_of_a_run_are_in_programs_with_pacing() -> None:
    counts: Counter[bool] = Counter()
    for work in itertools.islice(workload(1), 1000):
        counts[work.program.pacing] += len(work.program.operations)
    assert 0.28 < counts[True] / counts.total() < 0.42


def test_every_shape_has_a_share_in_its_own_kind() -> None:
    for kind, (pacing, shares) in itertools.product(Kind, ((False, SHARES), (True, PACING_SHARES))):
        of_kind = {shape.name for shape in SHAPES.values() if shape.kind is kind and shape.pacing is pacing}
        assert set(shares[kind].shares) == of_kind


def test_a_program_takes_the_weights_of_the_shape_that_it_is_given() -> None:
    """Conformance gives shapes of which a port's level leaves only some operations."""
    general = SHAPES["general"]
    make_program(TapeChoices(1), general, 20)
    narrow = replace(general, weights={"start_gen": 1}, prelude=nothing)
    assert set(make_program(TapeChoices(1), narrow, 20).operations) == {p.StartGen()}


def test_programs_of_one_kind_with_or_without_pacing_are_made_if_asked_for() -> None:
    for kind, pacing in itertools.product(Kind, (False, True)):
        for index in range(30):
            program = program_from_seed(9, index, kind=kind, pacing=pacing)
            assert (program.outside_contract, program.pacing) == (kind is Kind.OUTSIDE, pacing)


def test_every_kind_of_operation_is_in_the_first_few_hundred_programs_of_a_run() -> None:
    seen = {type(operation) for index in range(400) for operation in program_from_seed(1, index).operations}
    assert seen == set(KIND_BY_CLASS)


def test_every_function_is_called_within_the_contract_and_outside_of_it() -> None:
    for shape in ("calls", "bad_calls"):
        made = [operation for seed in range(200) for operation in Tape(seed, shape, 12).expand().operations]
        called = {operation.function for operation in made if isinstance(operation, p.Call)}
        assert called == {name for name, function in CALL_FUNCTIONS.items() if not function.pacing_only}


def test_pacing_programs_call_the_controller_and_other_functions() -> None:
    made = [operation for seed in range(400) for operation in Tape(seed, "unpaced", 60).expand().operations]
    called = {operation.function for operation in made if isinstance(operation, p.Call)}
    assert {"pi_next", "pi_reset"} < called <= set(CALL_FUNCTIONS)


def test_the_shape_of_bad_calls_breaks_the_contract_of_most_functions() -> None:
    broken = set()
    for seed in range(300):
        for operation in Tape(seed, "bad_calls", 12).expand().operations:
            alone = p.Program((operation,))
            if isinstance(operation, p.Call) and complaints(alone):
                broken.add(operation.function)
    # Those without a contract to break are pure arithmetic on any word.
    assert broken >= {"set_range", "find", "fill_aligned", "merge_summaries", "range_subtract", "ranges_add"}
    assert len(broken) >= 24


def test_a_run_has_many_short_programs_and_some_long_ones() -> None:
    lengths = [tape_from_seed(3, index).operation_count for index in range(1000)]
    assert min(lengths) >= 1 and max(lengths) <= 2000
    assert sum(length <= 60 for length in lengths) > 500
    assert sum(length >= 200 for length in lengths) > 20


def test_a_run_varies_the_page_sizes() -> None:
    made = [program_from_seed(4, index) for index in range(300)]
    assert len({program.phys_page_size for program in made}) == 8
    assert {0, 2 << 20, 4 << 20} <= {program.phys_huge_page_size for program in made}
    defaults = sum((program.phys_page_size, program.phys_huge_page_size) == (4096, 2 << 20) for program in made)
    assert 90 <= defaults <= 210


def test_programs_of_one_shape_leave_out_different_operations() -> None:
    sets = {frozenset(map(type, Tape(seed, "general", 150).expand().operations)) for seed in range(40)}
    assert len(sets) > 20


def test_growth_reaches_level_edges_block_edges_both_halves_and_whole_entries() -> None:
    grown = [
        (operation.chunk, operation.chunk + operation.chunk_count)
        for index in range(1500)
        for operation in program_from_seed(5, index).operations
        if isinstance(operation, p.Grow)
    ]
    for chunks in (8, 64, 512, 4096, 8192):
        assert any(first // chunks != (limit - 1) // chunks for first, limit in grown), chunks
    assert any(limit == -1 for _, limit in grown) and any(first == 1 for first, _ in grown)
    assert any(first == -0x1FFFFFF for first, _ in grown) and any(limit == 0x2000000 for _, limit in grown)
    assert any(first % 4096 == 0 and limit - first >= 4096 for first, limit in grown)


def test_some_programs_have_more_ranges_in_use_than_a_set_first_holds() -> None:
    counts = []
    for seed in range(30):
        chunks: set[int] = set()
        for operation in Tape(seed, "many_ranges", 60).expand().operations:
            if isinstance(operation, p.Grow):
                chunks.update(range(operation.chunk, operation.chunk + operation.chunk_count))
        counts.append(sum(chunk - 1 not in chunks for chunk in chunks))
    assert max(counts) > 16 and sum(count > 8 for count in counts) > 15


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_no_program_grows_more_than_its_shape_allows_or_touches_many_blocks(name: str) -> None:
    for seed in range(40):
        operations = Tape(seed, name, 200).expand().operations
        grown = {operation for operation in operations if isinstance(operation, p.Grow)}
        chunk_count_max = SHAPES[name].chunk_count_max if name in INSIDE_SHAPES else 24_000
        assert sum(growth.chunk_count for growth in grown) <= chunk_count_max
        blocks = {chunk >> 13 for growth in grown for chunk in (growth.chunk, growth.chunk + growth.chunk_count - 1)}
        assert len(blocks) <= 20


@pytest.mark.parametrize("name", OUTSIDE_SHAPES)
def test_nothing_outside_the_contract_can_map_much_memory_or_be_walked_for_long(name: str) -> None:
    for seed in range(150):
        size_sum = 0
        for operation in Tape(seed, name, 60).expand().operations:
            if isinstance(operation, p.GrowAt):
                size_sum += operation.size
            if isinstance(operation, (p.ScavengeAt, p.UnreserveAt)):
                size = (operation.limit - operation.base) % 2**64
                assert size <= 5 << 22 or size == 2**64 - 1
        assert size_sum <= 24_000 << 22


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=60)
@given(st.builds(Tape, words, st.sampled_from(INSIDE_SHAPES), st.integers(1, 60)))
def test_within_the_contract_nothing_fails_and_no_page_is_allocated_and_scavenged(tape: Tape) -> None:
    program = tape.expand()
    transcript = pb.Transcript.FromString(run_on_specification(program, 1))
    state = HeapState(1 << 20, program.pacing)
    state.apply(transcript.start)
    for step in transcript.steps:
        state.apply(step.observation)
        if step.outcome.WhichOneof("outcome") not in ("returned", "nothing"):
            # The one failure that no look at a program excludes: a trace line of a heap that retains nothing.
            assert step.outcome.panicked.text == "runtime error: integer divide by zero"
            values = {scalar.field: value for scalar, value in zip(SCALARS, state.scalars, strict=True)}
            assert program.pacing and values["heap_sys"] == values["heap_released"]
        assert not any(allocated & scavenged for allocated, scavenged in state.chunks.values())


def test_outside_the_contract_every_failure_that_a_program_can_cause_is_caused() -> None:
    texts = set()
    for index in range(1500):
        transcript = pb.Transcript.FromString(run_on_specification(program_from_seed(6, index, kind=Kind.OUTSIDE), 1))
        for step in transcript.steps:
            texts.add(re.sub(r"[0-9]+", "N", step.outcome.thrown.text or step.outcome.panicked.text))
    assert texts >= {
        "bad summary data",
        "addr range base and limit are not in the same memory segment",
        "attempted to add zero-sized address range",
        "bad prune",
        "bad m value",
        "min must be a non-zero power of N",
        "min too large",
        "unreserving unaligned region",
        "scavengeOne called with unaligned work region",
        "runtime error: invalid memory address or nil pointer dereference",
        "runtime error: index out of range [N] with length N",
        "runtime error: index out of range [-N]",
        "runtime error: slice bounds out of range [N:N]",
        "runtime error: slice bounds out of range [:N] with capacity N",
        "runtime error: integer divide by zero",
        "released less than one physical page of memory",
        "grew heap, but no adequate free space found",
        "timer when must be positive",
    }
    # One thread alone cannot cause these; docs/programs.md and the Go source say what keeps them away.
    assert not texts & {"double scavenge", "range partially overlaps", "sysGrow bounds not aligned to pallocChunkBytes"}


def test_long_programs_stay_within_the_slots_there_are() -> None:
    program = Tape(1, "caches", 120_000).expand()
    check_program(program)
    assert len(program.operations) == 120_000


def test_a_program_of_two_thousand_operations_scavenges_only_as_much_as_can_be_afforded() -> None:
    walked = 0
    grown = 0
    for operation in Tape(6, "whole_entries", 2000).expand().operations:
        if isinstance(operation, p.Grow):
            grown += operation.chunk_count
        if isinstance(operation, p.Scavenge):
            walked += grown
    assert walked <= 60_000
