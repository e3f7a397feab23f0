"""How long a campaign goes on, in words and in numbers: 30s, 90m, 2h, 1e9."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, dataclass

from pymodel.differential.campaign.shards import Shard
from pymodel.differential.errors import BadInput
from pymodel.differential.generation.workload import BLOCK_PROGRAM_COUNT
from pymodel.differential.running.progress import duration

SECONDS_IN = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TIME = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
_COUNT = re.compile(r"\d[\d_,]*(?:\.\d+)?(?:[eE]\+?\d+)?")


@dataclass(frozen=True, slots=True)
class CampaignBudget:
    """Limits of a whole campaign, all its runs together; None is no limit. It ends at the first one reached.

    Programs and operations end it after a whole block. Of operations each shard does its share; programs are those of
    the seed, and a shard does the blocks among them that it owns.
    """

    seconds: float | None = None
    operation_count: int | None = None
    program_count: int | None = None

    @property
    def is_none(self) -> bool:
        """Whether there is no limit."""
        return self.seconds is None and self.operation_count is None and self.program_count is None

    def allows_block(self, block: int) -> bool:
        """Whether a block holds programs within the budget."""
        return self.program_count is None or block * BLOCK_PROGRAM_COUNT < self.program_count

    def is_reached(self, operation_count: int, seconds: float, shard: Shard) -> bool:
        """Whether time or operations are used up."""
        return (self.operation_count is not None and operation_count * shard.count >= self.operation_count) or (
            self.seconds is not None and seconds >= self.seconds
        )

    def seconds_left(self, done: float, block_count: int, operation_count: int, shard: Shard) -> float | None:
        """How long it goes on at the rate so far, `done` seconds; None where that cannot be said."""
        left = [] if self.seconds is None else [self.seconds - done]
        if done > 0 and self.operation_count is not None and operation_count:
            left.append(done * (self.operation_count / shard.count / operation_count - 1))
        if done > 0 and self.program_count is not None and block_count:
            left.append(done * (self.program_count / BLOCK_PROGRAM_COUNT / shard.count / block_count - 1))
        return max(0.0, min(left)) if left else None

    def to_text(self) -> str:
        """The budget as the ledger keeps it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> CampaignBudget:
        """The budget of `to_text`."""
        return cls(**json.loads(text))

    def __str__(self) -> str:
        limits = []
        if self.seconds is not None:
            limits.append(duration(self.seconds))
        if self.operation_count is not None:
            limits.append(f"{self.operation_count:,} operations")
        if self.program_count is not None:
            limits.append(f"{self.program_count:,} programs")
        return " or ".join(limits) or "no limit"


def parse_budget(text: str) -> CampaignBudget:
    """A time (30s, 90m, 2h, 1d, 1h30m) or a number of operations (1000000, 1e9); raises BadInput."""
    compact = text.strip().replace(" ", "")
    if compact and _TIME.sub("", compact) == "":
        seconds = sum(float(number) * SECONDS_IN[unit] for number, unit in _TIME.findall(compact))
        if seconds > 0:
            return CampaignBudget(seconds=seconds)
    elif _COUNT.fullmatch(compact):
        return CampaignBudget(operation_count=parse_count(compact))
    raise BadInput(
        f"budget {text!r} is neither a time such as 30s, 90m, 2h or 1h30m, nor a number of operations such as 1e9"
    )


def parse_count(text: str) -> int:
    """A whole number above 0, also as 1e9 or 1_000_000; raises BadInput."""
    compact = text.strip().replace("_", "").replace(",", "")
    if _COUNT.fullmatch(compact):
        number = float(compact)
        if number >= 1 and math.isfinite(number) and number == int(number):
            return int(compact) if compact.isdecimal() else int(number)
    raise BadInput(f"{text!r} is no whole number above 0; 1000000, 1_000_000 and 1e6 are")
