from __future__ import annotations

from itertools import pairwise

import pytest

from pymodel.differential.simulate.history import History
from pymodel.differential.simulate.shapes import ROW_COUNT, SHAPES, ShapeSettings, shape_history

HOUR_NS = 3600 * 10**9
PEAK = 64 << 20


def live_curve(history: History) -> list[int]:
    live, curve = 0, []
    for row in history.rows:
        live += row.allocated_bytes - row.dead_bytes
        curve.append(live)
    return curve


def history(name: str, churn: int = 0) -> History:
    return shape_history(name, ShapeSettings(HOUR_NS, PEAK, 4, churn))


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_reaches_its_peak_and_lasts_its_time(name: str) -> None:
    made = history(name)
    assert made.duration_ns == HOUR_NS
    assert 0.99 * PEAK <= max(live_curve(made)) <= PEAK


def test_a_sawtooth_climbs_and_falls_as_often_as_it_has_periods() -> None:
    curve = live_curve(history("sawtooth"))
    assert sum(after < before for before, after in pairwise(curve)) == 4


def test_a_burst_comes_once_a_period_and_is_short() -> None:
    curve = live_curve(history("burst"))
    assert sum(after > before for before, after in zip([PEAK // 8, *curve], curve, strict=False)) == 4
    assert curve.count(PEAK) == ROW_COUNT // 10


def test_a_leak_never_falls() -> None:
    curve = live_curve(history("leak"))
    assert curve == sorted(curve)


def test_an_idle_program_allocates_nothing_after_its_peak() -> None:
    rows = history("idle-after-peak", churn=1 << 20).rows[ROW_COUNT // 2 :]
    assert all(row.allocated_bytes == row.dead_bytes == 0 for row in rows)


def test_churn_is_allocated_and_dropped_at_the_rate_given() -> None:
    made = history("steady", churn=1 << 20)
    assert live_curve(made)[-1] == PEAK
    dropped = sum(row.dead_bytes for row in made.rows)
    assert 0.999 * (3600 << 20) < dropped <= 3600 << 20
