from __future__ import annotations

import pytest

from pymodel.differential.errors import BadInput
from pymodel.differential.simulate.history import History, LoggedCycle, Row
from pymodel.differential.simulate.pacer import NO_GOAL, Pacer
from pymodel.differential.simulate.plan import CYCLE_COUNT_MAX, Plan, make_plan
from pymodel.differential.simulate.shapes import SHAPES, ShapeSettings, shape_history

MIB = 1 << 20
SECOND = 10**9


def plan_of(*rows: Row, gogc: int | None = 100, paced: bool = True) -> Plan:
    return make_plan(History("x", rows, len(rows), paced), gogc)


def cycles(plan: Plan) -> list[tuple[float, int, int, bool]]:
    return [
        (
            round(portion.end_ns / SECOND, 3),
            portion.cycle.heap_goal // MIB,
            portion.cycle.last_heap_goal // MIB,
            portion.cycle.forced,
        )
        for portion in plan.portions
        if portion.cycle is not None
    ]


def test_goals_are_those_of_gos_pacer() -> None:
    assert [Pacer(100).goal(live * MIB) // MIB for live in (0, 1, 2, 3, 100)] == [4, 4, 4, 6, 200]
    assert [Pacer(50).first_goal, Pacer(200).first_goal] == [2 * MIB, 8 * MIB]
    assert Pacer(10).goal(5 * MIB) == 6 * MIB
    assert Pacer(None).goal(5 * MIB) == Pacer(None).first_goal == NO_GOAL


def test_a_cycle_comes_exactly_when_the_heap_reaches_its_goal() -> None:
    assert cycles(plan_of(Row(60 * SECOND, 60 * MIB, 0))) == [
        (4, 8, 4, False),
        (8, 16, 8, False),
        (16, 32, 16, False),
        (32, 64, 32, False),
    ]


def test_what_is_dead_counts_until_a_cycle_finds_it() -> None:
    # Live stays near 2 MiB: 4 MiB are allocated before each cycle that finds the rest dead.
    plan = plan_of(Row(SECOND, 2 * MIB, 0), Row(101 * SECOND, 10 * MIB, 10 * MIB))
    assert [at for at, *_ in cycles(plan)] == [21, 41, 61, 81, 101]


def test_an_idle_program_collects_every_two_minutes_unless_gogc_is_off() -> None:
    rows = (Row(SECOND, 1, 0), Row(601 * SECOND, 0, 0))
    assert [(at, forced) for at, _, _, forced in cycles(plan_of(*rows))] == [
        (120.0 * number, True) for number in range(1, 6)
    ]
    assert cycles(plan_of(*rows, gogc=None)) == []


def test_cycles_of_a_log_stand_where_it_says_with_the_goals_it_says() -> None:
    plan = plan_of(
        Row(SECOND, 5 * MIB, 2 * MIB, LoggedCycle(4 * MIB)),
        Row(500 * SECOND, 9 * MIB, 0, LoggedCycle(7 * MIB)),
        paced=False,
    )
    assert cycles(plan) == [(1, 7, 4, False), (500, 24, 7, False)]


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("gogc", [1, 100, None])
def test_portions_add_up_to_the_history_but_for_what_is_said_to_be_left_out(name: str, gogc: int | None) -> None:
    history = shape_history(name, ShapeSettings(24 * 3600 * SECOND, 256 * MIB, 8, MIB))
    plan = make_plan(history, gogc)
    left_out = plan.repeated_bytes
    assert sum(p.allocated_bytes for p in plan.portions) == sum(r.allocated_bytes for r in history.rows) - left_out
    assert sum(p.dead_bytes for p in plan.portions) == sum(r.dead_bytes for r in history.rows) - left_out
    times = [p.end_ns for p in plan.portions]
    assert times == sorted(times)
    assert times[-1] == history.duration_ns
    assert plan.cycle_count <= CYCLE_COUNT_MAX


def test_a_busy_year_is_bounded_too() -> None:
    history = shape_history("sawtooth", ShapeSettings(9000 * 3600 * SECOND, 16 << 30, 100, 1 << 30))
    plan = make_plan(history, 1)
    assert plan.cycle_count <= CYCLE_COUNT_MAX
    assert len(plan.portions) < 20_000


def test_a_heap_beyond_all_bounds_is_refused() -> None:
    with pytest.raises(BadInput, match=r"the heap would grow beyond 1024\.0 GiB .* s into the history"):
        plan_of(Row(SECOND, 1 << 41, 1 << 41), gogc=None)
