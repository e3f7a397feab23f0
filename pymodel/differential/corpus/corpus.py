"""The corpus: for each feature the shortest program known to reach it, and which of them to change next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pymodel.differential.campaign.blocks import Kept
from pymodel.differential.generation.choices import mix

LENGTH_ADDED = 8
GIVEN_PROGRAM_COUNT = 64
"""So many programs are given to a block to make its own from."""


@dataclass(frozen=True, slots=True)
class Ownership:
    """Which program stands for a feature."""

    length: int
    trace: str


class Corpus:
    """Programs, each the shortest for a feature at least. Of two of one length, the first in the order of their text.

    What it holds does not depend on the order in which programs came.
    """

    def __init__(self, kept: Iterable[Kept] = ()) -> None:
        self._owners: dict[str, Ownership] = {}
        self._kept: dict[str, Kept] = {}
        self._owned_counts: Counter[str] = Counter()
        self.add_all(kept)

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Kept]:
        return iter(sorted(self._kept.values(), key=lambda kept: (kept.length, kept.trace)))

    @property
    def features(self) -> frozenset[str]:
        """All that programs of the corpus reach."""
        return frozenset(self._owners)

    @property
    def lengths(self) -> dict[str, int]:
        """How many operations the shortest program for each feature has."""
        return {feature: owner.length for feature, owner in self._owners.items()}

    def add(self, kept: Kept) -> bool:
        """Takes up a program that is the shortest for a feature, drops those that are so no more; whether it was."""
        if kept.trace in self._kept:
            return False
        mine = Ownership(kept.length, kept.trace)
        won = []
        for feature in kept.features:
            owner = self._owners.get(feature)
            if owner is None or (mine.length, mine.trace) < (owner.length, owner.trace):
                won.append(feature)
        if not won:
            return False
        self._kept[kept.trace] = kept
        for feature in won:
            self._lose(feature)
            self._owners[feature] = mine
        self._owned_counts[kept.trace] += len(won)
        return True

    def add_all(self, kept: Iterable[Kept]) -> int:
        """Takes up programs; how many it took."""
        return sum(map(self.add, kept))

    def _lose(self, feature: str) -> None:
        owner = self._owners.get(feature)
        if owner is None:
            return
        self._owned_counts[owner.trace] -= 1
        if not self._owned_counts[owner.trace]:
            del self._owned_counts[owner.trace], self._kept[owner.trace]

    def chosen(self, seed: int, count: int = GIVEN_PROGRAM_COUNT) -> list[Kept]:
        """So many programs, those with rare features more often, by the choices of `seed`.

        Each feature weighs the less the more programs of the corpus have it, and a program weighs as much as all that
        it has, by its length. One with a large weight may be chosen more than once.
        """
        programs = list(self)
        if not programs:
            return []
        weights = self.weights(programs)
        total = sum(weights)
        picked = []
        word = mix(seed & (1 << 64) - 1)
        for _ in range(count):
            word = mix(word + 0x9E37_79B9_7F4A_7C15 & (1 << 64) - 1)
            at, index = word / (1 << 64) * total, 0
            while index < len(weights) - 1 and at >= weights[index]:
                at -= weights[index]
                index += 1
            picked.append(programs[index])
        return picked

    def weights(self, programs: Sequence[Kept]) -> list[float]:
        """How rare what each program reaches is, by operation that it takes."""
        counts = Counter(feature for kept in programs for feature in kept.features)
        rarity = {feature: 1.0 / count**2 for feature, count in counts.items()}
        return [
            sum(rarity[feature] for feature in sorted(kept.features)) / (kept.length + LENGTH_ADDED)
            for kept in programs
        ]
