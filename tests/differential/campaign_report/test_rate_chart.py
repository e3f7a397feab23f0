from __future__ import annotations

import pytest

from pymodel.differential.campaign_report.rate_chart import (
    BOTTOM,
    LEFT,
    RIGHT,
    STRETCH_COUNT_MAX,
    TOP,
    RateStretch,
    rate_chart,
    tell_rate,
)


def test_without_a_stretch_of_time_there_is_no_chart() -> None:
    assert rate_chart([], []) is None
    assert rate_chart([RateStretch(5, 5, 100)], []) is None


def test_a_rate_is_a_level_line_from_its_start_to_its_end() -> None:
    chart = rate_chart([RateStretch(0, 50, 1000), RateStretch(50, 100, 500)], [])
    assert chart is not None
    middle = (LEFT + RIGHT) / 2
    half = (TOP + BOTTOM) / 2
    assert chart.line == f"M{LEFT:.1f} {TOP:.1f}L{middle} {TOP:.1f}L{middle} {half}L{RIGHT:.1f} {half}"
    assert [tick.label for tick in chart.y_ticks] == ["0", "250", "500", "750", "1k"]
    assert chart.words == "750 operations a second over 1:40; the slowest part 500, the fastest 1,000."


def test_marks_stand_at_their_times_and_none_outside() -> None:
    chart = rate_chart([RateStretch(0, 100, 1000)], [(200.0, "late"), (50.0, "half")])
    assert chart is not None
    assert [(mark.label, mark.at) for mark in chart.marks] == [("half", (LEFT + RIGHT) / 2), ("late", RIGHT)]


def test_stretches_too_short_to_be_seen_are_drawn_as_one_with_the_same_mean() -> None:
    chart = rate_chart([RateStretch(n / 10, (n + 1) / 10, 1000 * (n % 2)) for n in range(10_000)], [])
    assert chart is not None
    assert chart.line.count("L") < 2 * STRETCH_COUNT_MAX
    assert chart.words.startswith("500 operations a second over 16:40;")


def test_a_last_stretch_too_short_joins_the_one_before() -> None:
    chart = rate_chart([RateStretch(0, 100, 1000), RateStretch(100, 100.1, 50_000)], [])
    assert chart is not None
    assert chart.line.count("L") == 1


@pytest.mark.parametrize("seconds", [0.5, 7, 61, 3600, 40_000, 3_000_000])
def test_times_are_marked_in_few_round_steps(seconds: float) -> None:
    chart = rate_chart([RateStretch(0, seconds, 1)], [])
    assert chart is not None
    assert 1 <= len(chart.x_ticks) <= 9


def test_rates_are_told_short() -> None:
    assert [tell_rate(rate) for rate in (0, 850, 12_500, 2e6)] == ["0", "850", "12.5k", "2M"]
