from __future__ import annotations

import pytest

from pymodel.differential.campaign.budgets import CampaignBudget, parse_budget, parse_count
from pymodel.differential.campaign.shards import Shard
from pymodel.differential.errors import BadInput
from pymodel.differential.generation.workload import BLOCK_PROGRAM_COUNT


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("90m", 5400), ("2h", 7200), ("1.5h", 5400), ("1h30m", 5400), ("1d", 86400)]
)
def test_times_are_read(text: str, seconds: float) -> None:
    assert parse_budget(text) == CampaignBudget(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "count"), [("1e9", 10**9), ("1000", 1000), ("1_000_000", 10**6), ("2.5e6", 2_500_000), ("1E3", 1000)]
)
def test_counts_are_read(text: str, count: int) -> None:
    assert parse_budget(text) == CampaignBudget(operation_count=count)
    assert parse_count(text) == count


@pytest.mark.parametrize("text", ["", "2", "2 hours", "-1h", "h", "0s", "1e", "1h5", "ten", "1e9h", "nan"])
def test_what_is_neither_is_refused_in_a_sentence(text: str) -> None:
    if text == "2":
        assert parse_budget(text) == CampaignBudget(operation_count=2)
        return
    with pytest.raises(BadInput, match=r"budget .* is neither a time such as 30s, 90m, 2h or 1h30m, nor a number"):
        parse_budget(text)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "1e400", "x", "1h"])
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="is no whole number above 0"):
        parse_count(text)


def test_a_budget_is_kept_as_text() -> None:
    budget = CampaignBudget(60.0, 10**9, 384)
    assert CampaignBudget.from_text(budget.to_text()) == budget
    assert str(budget) == "1:00 or 1,000,000,000 operations or 384 programs"


def test_each_shard_does_its_share_of_the_operations() -> None:
    budget = CampaignBudget(operation_count=1000)
    assert not budget.is_reached(249, 0, Shard(2, 4))
    assert budget.is_reached(250, 0, Shard(2, 4))


def test_programs_are_those_of_the_seed_whatever_the_shard() -> None:
    budget = CampaignBudget(program_count=2 * BLOCK_PROGRAM_COUNT + 1)
    assert [budget.allows_block(block) for block in range(4)] == [True, True, True, False]


def test_the_time_left_is_that_of_the_nearest_limit() -> None:
    budget = CampaignBudget(seconds=100, operation_count=1000)
    assert budget.seconds_left(10, 1, 500, Shard()) == pytest.approx(10)
    assert budget.seconds_left(10, 1, 10, Shard()) == pytest.approx(90)
    assert CampaignBudget(operation_count=5).seconds_left(0, 0, 0, Shard()) is None


def test_shards_own_every_block_once() -> None:
    shards = [Shard.parse(f"{number}/3") for number in (1, 2, 3)]
    for block in range(20):
        assert sum(shard.owns(block) for shard in shards) == 1
    blocks = shards[1].blocks({1, 7})
    assert [next(blocks) for _ in range(3)] == [4, 10, 13]


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "1/0", "-1/3", "1/2/3", "1/1000000"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="is not one of: 1/8, 2/8"):
        Shard.parse(text)
