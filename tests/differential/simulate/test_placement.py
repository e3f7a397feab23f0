from __future__ import annotations

import pytest

from pymodel.differential.programs import program as p
from pymodel.differential.programs.check import check_program
from pymodel.differential.simulate.history import History, Row
from pymodel.differential.simulate.placement import SPAN_COUNT_MAX, SURVIVAL_INTERVAL, Placement, Surroundings, place
from pymodel.differential.simulate.plan import make_plan
from pymodel.differential.simulate.shapes import SHAPES, ShapeSettings, shape_history
from pymodel.differential.targets.target import OPERATION_COUNT_MAX

PAGE = 8192
SECOND = 10**9


def placed(*rows: Row, gogc: int | None = 100) -> Placement:
    return place(make_plan(History("x", rows, len(rows)), gogc), Surroundings(8, 77))


def test_a_program_begins_with_its_surroundings() -> None:
    program = placed(Row(SECOND, PAGE, 0)).program
    assert program.operations[:3] == (p.Gomaxprocs(8), p.ScavengeCost(77), p.Scavtrace(True))
    assert program.pacing and not program.outside_contract


def test_ticks_add_up_to_the_history() -> None:
    operations = placed(Row(130 * SECOND, 9 << 20, 0), Row(1000 * SECOND, 0, 0)).program.operations
    assert sum(o.duration_ns for o in operations if isinstance(o, p.Tick)) == 1000 * SECOND


def test_a_cycle_is_mark_termination_then_sweep_then_a_new_generation_then_a_tick() -> None:
    operations = placed(Row(SECOND, 4 << 20, 0), Row(2 * SECOND, 0, PAGE), Row(130 * SECOND, 0, 0)).program.operations
    kinds = [type(operation) for operation in operations]
    at = kinds.index(p.MarkTermination, kinds.index(p.MarkTermination) + 1)
    assert kinds[at : at + 4] == [p.MarkTermination, p.Free, p.SweepDone, p.Tick]


def test_dead_pages_are_freed_by_the_next_cycle_and_not_before() -> None:
    operations = placed(Row(SECOND, PAGE, 0), Row(2 * SECOND, 0, PAGE), Row(100 * SECOND, 0, 0)).program.operations
    assert not any(isinstance(operation, p.Free) for operation in operations)


def test_what_dies_is_oldest_first_but_some_survive() -> None:
    spans = 4 * SURVIVAL_INTERVAL
    rows = (Row(SECOND, spans * PAGE, 0), Row(2 * SECOND, 0, spans * PAGE // 2), Row(125 * SECOND, 0, 0))
    operations = placed(*rows).program.operations
    freed = [operation.slot for operation in operations if isinstance(operation, p.Free)]
    assert freed == sorted(freed)
    survivors = set(range(freed[-1])) - set(freed)
    assert 1 <= len(survivors) <= 1 + len(freed) // (SURVIVAL_INTERVAL - 1)


def test_part_of_a_span_dies_where_that_is_enough_and_the_rest_later() -> None:
    # The eighth span is eight pages long.
    rows = (
        Row(SECOND, 19 * PAGE, 0),
        Row(2 * SECOND, 0, 14 * PAGE),
        Row(125 * SECOND, 0, 0),
        Row(250 * SECOND, 0, 3 * PAGE),
    )
    operations = placed(*rows).program.operations
    freed = [operation for operation in operations if isinstance(operation, p.Free) and operation.slot == 7]
    assert freed[0] == p.Free(7, 0, 3)
    assert all(operation.first >= 3 for operation in freed[1:])


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize(("hours", "peak", "gogc"), [(1, 1 << 20, 100), (24, 1 << 28, 50), (9999, 16 << 30, 1000)])
def test_every_program_is_valid_and_within_the_limits(name: str, hours: int, peak: int, gogc: int) -> None:
    history = shape_history(name, ShapeSettings(hours * 3600 * SECOND, peak, 8, peak // 300))
    placement = place(make_plan(history, gogc), Surroundings())
    check_program(placement.program)
    assert len(placement.program.operations) <= OPERATION_COUNT_MAX // 2
    # Portions end where they must, so some spans are cut short.
    assert sum(isinstance(o, p.Span) for o in placement.program.operations) <= 2 * SPAN_COUNT_MAX
    counts = [mark.operation_count for mark in placement.marks]
    assert counts == sorted(counts)
    assert counts[-1] == len(placement.program.operations)
