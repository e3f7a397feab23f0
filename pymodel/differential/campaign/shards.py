"""Shards: a campaign divided among machines that need not know of each other."""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterator
from dataclasses import dataclass

from pymodel.differential.errors import BadInput

SHARD_COUNT_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Shard:
    """Part `number` of `count`, numbered from 1: the blocks that leave the remainder number - 1."""

    number: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The shard that `3/8` names; raises BadInput."""
        number, _, count = text.partition("/")
        if number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count) <= SHARD_COUNT_MAX:
            return cls(int(number), int(count))
        raise BadInput(
            f"shard {text!r} is not one of: 1/8, 2/8, ... 8/8 (a part, from 1, and how many parts there are)"
        )

    def blocks(self, done: Container[int] = ()) -> Iterator[int]:
        """Its blocks in order, without those that are done, without end."""
        return (block for block in itertools.count(self.number - 1, self.count) if block not in done)

    def owns(self, block: int) -> bool:
        """Whether a block is one of its own."""
        return block % self.count == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"
