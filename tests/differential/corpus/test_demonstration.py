"""The figures of the demonstration, from runs whose outcome is known."""

from __future__ import annotations

import pytest

from pymodel.differential.corpus.demonstration import Reach, by_budget, sign_test, sooner_and_later


def test_medians_count_seeds_that_never_reached_a_feature() -> None:
    blind = [Reach({"a": 10, "b": 1}, 100), Reach({"b": 2}, 100), Reach({"b": 3}, 100)]
    guided = [Reach({"a": 90}, 100), Reach({"a": 80, "b": 1}, 100), Reach({"b": 4}, 100)]
    assert sooner_and_later(["a", "b", "never"], blind, guided) == (1, 1)


def test_a_budget_counts_only_what_was_reached_within_it() -> None:
    deciding = [Reach({"rare": 30, "often": 1}, 100), Reach({"often": 2}, 100)]
    blind, guided = [Reach({"often": 1}, 100)], [Reach({"rare": 20, "often": 60}, 100)]
    rows = list(by_budget(deciding, blind, guided, 0.5, (25, 50, 100)))
    assert rows[2:] == [
        # Nothing is rare yet, since no deciding run reached it.
        "| 25 | 1 | 1 | 0 | 0.0 | 0.0 | 0 | 0 | 1 |",
        "| 50 | 1 | 1 | 1 | 0.0 | 1.0 | 1 | 0 | 1 |",
        "| 100 | 1 | 2 | 1 | 0.0 | 1.0 | 1 | 0 | 1 |",
    ]


def test_the_sign_test_is_two_sided() -> None:
    assert sign_test(0, 5) == sign_test(5, 0) == pytest.approx(1 / 16)
    assert sign_test(3, 3) == 1.0
