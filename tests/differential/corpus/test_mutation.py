"""Changed programs are valid, and slots mean what they meant."""

from __future__ import annotations

import itertools
from functools import lru_cache

from hypothesis import given, settings
from hypothesis import strategies as st

from pymodel.differential.corpus.guided import SOURCE, Material, Parent, made_programs, shape_of
from pymodel.differential.corpus.mutation import CHUNK_COUNT_MAX, OPERATION_COUNT_MAX, Mutator
from pymodel.differential.corpus.repair import repaired
from pymodel.differential.generation.generators import tape_from_seed
from pymodel.differential.programs.check import check_program, chunks_grown
from pymodel.differential.programs.program import Alloc, Call, Free, Grow, Operation, Program
from pymodel.differential.programs.text import print_program

SEEDS = st.integers(0, 1 << 32)
few = settings(max_examples=40, deadline=None)


@lru_cache
def generated(number: int) -> Program:
    return tape_from_seed(77, number).expand()


@few
@given(SEEDS, st.integers(0, 40), st.integers(0, 40))
def test_changed_programs_are_valid_and_not_much_dearer(seed: int, one: int, other: int) -> None:
    program = generated(one)
    changed = Mutator(seed).mutate(program, generated(other))
    check_program(changed)
    if changed != program:
        assert len(changed.operations) <= OPERATION_COUNT_MAX
        assert sum(map(chunks_grown, changed.operations)) <= CHUNK_COUNT_MAX
    assert Mutator(seed).mutate(program, generated(other)) == changed
    check_program(Mutator(seed).with_other_arguments(program))
    check_program(Mutator(seed).with_stretch(program, generated(other)))


@few
@given(st.lists(st.integers(0, 40), min_size=1, max_size=4), st.data())
def test_any_pieces_put_together_are_valid_when_repaired(numbers: list[int], data: st.DataObject) -> None:
    pieces: list[Operation] = []
    for number in numbers:
        operations = generated(number).operations
        first = data.draw(st.integers(0, len(operations)))
        pieces += operations[first : data.draw(st.integers(first, len(operations)))]
    check_program(repaired(Program(tuple(pieces), outside_contract=True, pacing=True)))


@few
@given(st.integers(0, 200))
def test_a_program_that_needs_no_repair_is_left_alone(number: int) -> None:
    assert repaired(generated(number)) == generated(number)


def test_what_reads_a_slot_written_again_means_the_later_one() -> None:
    twice = (Alloc(0, 1), Free(0), Alloc(3, 1), Alloc(0, 2), Free(0), Free(3))
    assert repaired(Program(twice)).operations == (
        Alloc(0, 1),
        Free(0),
        Alloc(3, 1),
        Alloc(1, 2),
        Free(1),
        Free(3),
    )


def test_the_same_seed_and_material_make_the_same_programs_and_unmeasured_ones_come_first() -> None:
    texts = [print_program(generated(number)) for number in range(3)]
    parents = tuple(map(Parent, texts[1:], ("chaos", "")))
    material = Material.from_texts(Material({"a": 1}, texts[:1], parents).to_texts())
    assert material == Material({"a": 1}, tuple(texts[:1]), parents)
    one, again = ([next(programs) for _ in range(20)] for programs in (made_programs(5, material) for _ in range(2)))
    assert one == again
    assert one[0] == (SOURCE, generated(0))
    assert len({print_program(program) for _, program in one}) > 15


def test_programs_are_made_of_the_shapes_of_those_chosen_and_few_operations() -> None:
    made = made_programs(5, Material({}, (), (Parent(print_program(generated(0)), "bad_calls"),)))
    sources, programs = zip(*itertools.islice(made, 60), strict=True)
    assert set(sources) == {"corpus bad_calls"}
    assert shape_of(sources[0]) == "bad_calls"
    # Nine of ten begin as a new one of the shape.
    calls = [program for program in programs if any(isinstance(operation, Call) for operation in program.operations)]
    assert len(calls) > 48
    assert sum(len(program.operations) for program in calls) / len(calls) < 30


def test_a_program_too_long_to_be_changed_is_not_run_again() -> None:
    long = Program((Grow(3, 1), *(Alloc(slot, 1) for slot in range(4 * OPERATION_COUNT_MAX))))
    made = itertools.islice(made_programs(5, Material({}, (), (Parent(print_program(long), "calls"),))), 80)
    assert max(len(program.operations) for _, program in made) <= OPERATION_COUNT_MAX


def test_sources_that_name_no_shape_have_none() -> None:
    assert [shape_of(source) for source in ("tape chaos", "corpus", "drawn by Hypothesis")] == ["chaos", "", ""]
