from __future__ import annotations

import pytest

from pymodel.differential.running.budget import Budget


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        (Budget(program_count=3), (True, True, False)),
        (Budget(operation_count=250), (True, True, False)),
        (Budget(seconds=2.5), (True, True, False)),
        (Budget(program_count=100, operation_count=100, seconds=100), (True, False, False)),
        (Budget(), (True, True, True)),
    ],
)
def test_a_run_ends_at_the_first_limit_that_it_reaches(budget: Budget, expected: tuple[bool, ...]) -> None:
    assert tuple(budget.allows_another(n, 100 * n, float(n)) for n in (0, 1, 3)) == expected


def test_share_done_is_that_of_the_furthest_limit() -> None:
    budget = Budget(program_count=10, operation_count=1000, seconds=60)
    assert budget.share_done(1, 500, 6) == 0.5
    assert budget.share_done(20, 0, 0) == 1
    assert Budget().share_done(5, 5, 5) == 0


def test_a_budget_is_told_in_words() -> None:
    assert str(Budget(1000, 2_000_000, 60.0)) == "1,000 programs or 2,000,000 operations or 60 s"
    assert str(Budget()) == "no limit"
