"""Blocks given to workers in order, and their results handed on in the same order.

What a run or a campaign has done is thus always a beginning of the seed's blocks, however many workers there are.
"""

from __future__ import annotations

import collections
import math
from collections.abc import Callable, Iterator

from pymodel.differential.campaign.blocks import BlockResult, Job
from pymodel.differential.campaign.pool import Workers

# So many blocks may be done that wait for an earlier one, which a hanging target may hold up.
AHEAD_COUNT_MAX = 32


class InOrder:
    """Jobs for `blocks`, made by `job_for` when a worker is free; at most so many are given whose turn has not come."""

    def __init__(
        self,
        workers: Workers,
        blocks: Iterator[int],
        job_for: Callable[[int], Job],
        given_count_max: float = math.inf,
    ) -> None:
        self._workers = workers
        self._blocks = blocks
        self._job_for = job_for
        self._given_count_max = given_count_max
        self._given: collections.deque[int] = collections.deque()
        self._arrived: dict[int, BlockResult] = {}
        self._next: int | None = None

    @property
    def under_way_count(self) -> int:
        """Blocks given whose results have not come."""
        return len(self._given) - len(self._arrived)

    def give(self, allows: Callable[[int], bool]) -> bool:
        """Gives blocks to all workers that are free, for as long as `allows` does; whether it allows more."""
        while self._may_give():
            block = self.next_block()
            if not allows(block):
                return False
            self._next = None
            self._given.append(block)
            self._workers.give(self._job_for(block))
        return allows(self.next_block())

    def _may_give(self) -> bool:
        if len(self._arrived) >= AHEAD_COUNT_MAX or len(self._given) >= self._given_count_max:
            return False
        return self._workers.idle_count() > 0

    def take(self, seconds: float) -> Iterator[BlockResult]:
        """Waits for results, at most so long; those that have all before them."""
        for result in self._workers.wait(seconds):
            self._arrived[result.block] = result
        while self._given and self._given[0] in self._arrived:
            yield self._arrived.pop(self._given.popleft())

    def take_all(self) -> list[BlockResult]:
        """What came, in order, also where earlier blocks are missing: those are given up."""
        results = [self._arrived[block] for block in self._given if block in self._arrived]
        self._given.clear()
        self._arrived.clear()
        return results

    def next_block(self) -> int:
        """The block that is given next."""
        if self._next is None:
            self._next = next(self._blocks)
        return self._next
