from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pymodel.differential.generation.generators import Tape
from pymodel.differential.generation.shapes import SHAPES
from pymodel.differential.programs import program as p
from pymodel.differential.programs.check import check_program
from pymodel.differential.programs.operations import ALLOC_PAGE_COUNT_MAX, TICK_NS_MAX
from pymodel.differential.programs.program import Operation, Program
from pymodel.differential.shrinking import Limits, one_at_a_time
from pymodel.differential.shrinking.rephrasing import rephrase
from pymodel.differential.shrinking.search import Search

Fails = Callable[[Program], bool]
any_tapes = st.builds(Tape, st.integers(0, 1 << 32), st.sampled_from(sorted(SHAPES)), st.integers(1, 40))
slow = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))


def rephrased(*operations: Operation, fails: Fails = lambda program: True) -> tuple[Operation, ...]:
    """What this pass alone makes of a program."""
    search = Search(Program(operations, outside_contract=True, pacing=True), one_at_a_time(fails), Limits())
    rephrase(search)
    return search.current.operations


@slow
@given(any_tapes, st.booleans())
def test_only_valid_programs_are_proposed(tape: Tape, fails: bool) -> None:
    def valid(program: Program) -> bool:
        check_program(program)
        return fails

    rephrase(Search(tape.expand(), one_at_a_time(valid), Limits(candidate_count_max=200)))


def test_two_allocations_become_one_of_which_the_parts_are_freed() -> None:
    assert rephrased(p.Alloc(0, 3), p.Alloc(1, 5), p.Free(1, 1, 4), p.Free(0), p.Free(1)) == (
        p.Alloc(0, 8),
        p.Free(0, 4, 7),
        p.Free(0, 0, 3),
        p.Free(0, 3, 8),
    )


def test_a_free_beyond_its_allocation_stays_within_its_part() -> None:
    assert rephrased(p.Alloc(0, 3), p.Alloc(1, 5), p.Free(0, 2, 9), p.Free(0, 7, 9)) == (
        p.Alloc(0, 8),
        p.Free(0, 2, 3),
        p.Free(0, 2, 3),
    )


def test_a_span_takes_an_allocation_in_and_frees_of_other_slots_stay() -> None:
    assert rephrased(p.Span(4, 512), p.Free(2), p.Alloc(7, 1), p.Free(7)) == (
        p.Span(4, 513),
        p.Free(2),
        p.Free(4, 512, 513),
    )


def test_allocations_that_are_too_much_together_stay_apart() -> None:
    operations = (p.Alloc(0, ALLOC_PAGE_COUNT_MAX), p.Alloc(1, 1))
    assert rephrased(*operations) == operations


def test_a_cache_becomes_an_allocation_of_a_slot_that_nothing_uses() -> None:
    def fails(program: Program) -> bool:
        return len(program.operations) == 5

    operations = (p.Alloc(3, 1), p.Cache(0), p.Cache(1), p.Flush(1), p.Flush(0))
    assert rephrased(*operations, fails=fails) == (
        p.Alloc(3, 1),
        p.Alloc(4, 64),
        p.Alloc(5, 64),
        p.Free(5),
        p.Free(4),
    )


def test_what_was_allocated_from_a_cache_becomes_a_part_of_that_allocation() -> None:
    assert rephrased(p.Cache(5), p.CacheAlloc(0, 5, 3), p.CacheAlloc(1, 5, 70), p.Free(1), p.Free(0)) == (
        p.Alloc(2, 64),
        p.Free(2, 3, 64),
        p.Free(2, 0, 3),
    )


def test_a_goal_and_a_generation_become_a_cycle_of_the_collector() -> None:
    assert rephrased(p.MarkTermination(3, 4), p.Free(0), p.SweepDone()) == (p.Gc(3, 4), p.Free(0))
    assert rephrased(p.StartGen(), p.Free(0), p.Pace(3, 4), p.Ready()) == (p.Free(0), p.Gc(3, 4))


def test_a_cycle_is_where_its_generation_was_if_it_fails_only_there() -> None:
    def fails(program: Program) -> bool:
        return program.operations[-1] != p.Free(0)

    assert rephrased(p.Pace(3, 4), p.Free(0), p.SweepDone(), fails=fails) == (p.Free(0), p.Gc(3, 4))


def test_waits_become_a_tick_as_long_as_the_first_sleep_if_longer_ones_do_not_fail() -> None:
    def fails(program: Program) -> bool:
        return all(
            operation.duration_ns < 2 * 10**9 for operation in program.operations if isinstance(operation, p.Tick)
        )

    assert rephrased(p.Wake(), p.Timer(), fails=fails) == (p.Tick(1_200_000_000),)


def test_a_wait_less_is_needed_where_pages_cost_as_much_as_is_tried() -> None:
    def fails(program: Program) -> bool:
        return p.ScavengeCost(5_000_000) in program.operations or p.Wake() in program.operations

    assert rephrased(p.ScavengeCost(3), p.Wake(), p.Free(0), p.Tick(7), fails=fails) == (
        p.ScavengeCost(5_000_000),
        p.Free(0),
    )


def test_no_slot_beyond_the_last_is_used_for_a_cache() -> None:
    operations = (p.Alloc(p.SLOT_COUNT_MAX - 1, 1), p.Cache(0))
    assert rephrased(*operations) == operations


def test_waits_become_the_longest_tick() -> None:
    assert rephrased(p.Wake(), p.Timer(), p.Ready(), p.Sysmon(), p.Tick(5)) == (p.Tick(TICK_NS_MAX),)


def test_a_page_too_large_takes_the_place_of_a_clock_if_one_operation_less_is_needed() -> None:
    def fails(program: Program) -> bool:
        upset = any(isinstance(operation, (p.PokeClock, p.PokePhysPage)) for operation in program.operations)
        return upset and p.Wake() in program.operations

    assert rephrased(p.Free(0), p.PokeClock(-1), p.Wake(), fails=fails) == (p.PokePhysPage(1 << 20), p.Wake())
    assert rephrased(p.PokeClock(-1), p.Wake(), fails=fails) == (p.PokeClock(-1), p.Wake())


def test_a_program_too_long_is_left_alone() -> None:
    operations = (p.Wake(),) * 41
    assert rephrased(*operations) == operations
