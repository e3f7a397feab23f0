"""How many operations it takes to reach rare states, with a corpus and without: `make corpus-demo`.

Only the Go target that counts is run: what a program reaches does not depend on a second target. Operations are all
that were run, also those of programs that were tried to make another one shorter.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pymodel.differential.corpus.corpus import Corpus
from pymodel.differential.corpus.guidance import BLIND_EVERY
from pymodel.differential.corpus.guided import Material, made_programs, parents_of, shape_of
from pymodel.differential.corpus.keeping import Keeper
from pymodel.differential.corpus.reaching import measured
from pymodel.differential.generation.choices import mix
from pymodel.differential.generation.workload import workload
from pymodel.differential.programs.program import Program
from pymodel.differential.targets.capabilities import Description
from pymodel.differential.targets.target import Target

ROUND_PROGRAM_COUNT = 32


@dataclass(slots=True)
class Reach:
    """The number of operations after which each feature was first reached."""

    first: dict[str, int] = field(default_factory=dict)
    operation_count: int = 0

    def up_to(self, operation_count: int) -> Reach:
        """What had been reached after so many operations."""
        first = {feature: after for feature, after in self.first.items() if after <= operation_count}
        return Reach(first, min(operation_count, self.operation_count))

    def after(self, feature: str) -> float:
        """How many operations it took; infinity if that many were not enough."""
        return self.first.get(feature, math.inf)


class Explorer:
    """Runs programs on a target that counts until so many operations were run."""

    def __init__(self, target: Target, description: Description, operation_count: int) -> None:
        self._target = target
        self._description = description
        self._limit = operation_count

    def blind(self, seed: int) -> Reach:
        """Programs as a run generates them."""
        reach = Reach()
        for work in workload(seed):
            if reach.operation_count >= self._limit:
                break
            self._measure(work.program, reach)
        return reach

    def guided(self, seed: int) -> Reach:
        """Rounds of generated programs by turns with rounds made from the corpus, as a guided campaign's blocks are."""
        reach, corpus = Reach(), Corpus()
        generated = ((work.source, work.program) for work in workload(seed))
        for number in itertools.count():
            if reach.operation_count >= self._limit:
                return reach
            programs: Iterator[tuple[str, Program]] = generated
            if number % BLIND_EVERY and len(corpus):
                chosen = parents_of(corpus.chosen(mix(seed) ^ number))
                programs = made_programs(mix(seed) ^ number, Material({}, chosen=chosen))
            keeper = Keeper(corpus.lengths)
            for source, program in itertools.islice(programs, ROUND_PROGRAM_COUNT):
                features = self._measure(program, reach)
                if features is not None:
                    keeper.consider(program, features, shape_of(source))
            corpus.add_all(keeper.finish(lambda program: self._measure(program, reach)))
        raise AssertionError("rounds have no end")

    def _measure(self, program: Program, reach: Reach) -> frozenset[str] | None:
        features = measured(self._target, self._description, program)
        reach.operation_count += len(program.operations)
        for feature in features or ():
            reach.first.setdefault(feature, reach.operation_count)
        return features


def rare_features(blind: Sequence[Reach], share_max: float) -> list[str]:
    """What at least one run reached, but no more than a share of them, the rarest first."""
    counts = Counter(feature for reach in blind for feature in reach.first)
    rare = [feature for feature, count in counts.items() if count <= share_max * len(blind)]
    return sorted(rare, key=lambda feature: (counts[feature], feature))


def by_budget(
    deciding: Sequence[Reach], blind: Sequence[Reach], guided: Sequence[Reach], share_max: float, budgets: Sequence[int]
) -> Iterator[str]:
    """As Markdown: for each number of operations what is rare up to there, how many features a seed reaches, and for
    how many rare ones the median over the seeds is lower with guidance or without, with the two-sided sign test."""
    yield "| operations | all reached, blind | guided | rare | reached, blind | guided | sooner guided | blind | p |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for budget in budgets:
        decided, one, other = ([reach.up_to(budget) for reach in each] for each in (deciding, blind, guided))
        rare = rare_features(decided, share_max)
        sooner, later = sooner_and_later(rare, one, other)
        counts = [_mean_reached(each, rare) for each in (one, other)]
        totals = [statistics.fmean(len(reach.first) for reach in each) for each in (one, other)]
        yield (
            f"| {budget:,} | {totals[0]:,.0f} | {totals[1]:,.0f} | {len(rare)} | {counts[0]:.1f} | {counts[1]:.1f} "
            f"| {sooner} | {later} | {sign_test(sooner, later):.1g} |"
        )


def sooner_and_later(rare: Sequence[str], blind: Sequence[Reach], guided: Sequence[Reach]) -> tuple[int, int]:
    """For how many features the median of operations is lower with guidance, and for how many without."""
    pairs = [(_median(feature, blind), _median(feature, guided)) for feature in rare]
    return sum(one > other for one, other in pairs), sum(one < other for one, other in pairs)


def sign_test(one_count: int, other_count: int) -> float:
    """How likely it is that so many fall so unevenly, or more so, by chance."""
    count, least = one_count + other_count, min(one_count, other_count)
    return min(1.0, sum(math.comb(count, i) for i in range(least + 1)) / (1 << count - 1)) if count else 1.0


def _mean_reached(reaches: Sequence[Reach], features: Sequence[str]) -> float:
    return statistics.fmean(sum(feature in reach.first for feature in features) for reach in reaches)


def table(rare: Sequence[str], blind: Sequence[Reach], guided: Sequence[Reach], shown_count: int) -> Iterator[str]:
    """The figures as Markdown: all rare states together, by seed, then those where the ways differ most."""
    limit = max(reach.operation_count for reach in (*blind, *guided))
    yield "| seed | rare states reached, blind | guided | all features, blind | guided |"
    yield "|---|---|---|---|---|"
    for number, (one, other) in enumerate(zip(blind, guided, strict=True), 1):
        mine, others = (sum(feature in each.first for feature in rare) for each in (one, other))
        yield f"| {number} | {mine} | {others} | {len(one.first):,} | {len(other.first):,} |"
    medians = {feature: tuple(_median(feature, each) for each in (blind, guided)) for feature in rare}
    yield ""
    sooner, later = sooner_and_later(rare, blind, guided)
    yield f"Of {len(rare)} rare states, the median of operations until one is reached is lower with guidance for"
    yield f"{sooner}, higher for {later}, and over the limit both ways for {len(rare) - sooner - later}."
    yield ""
    yield f"| rare state | blind, median of operations (seeds that reached it) | guided ({limit:,} run at most) |"
    yield "|---|---|---|"
    for feature in _telling(rare, medians)[:shown_count]:
        cells = (_cell(feature, each, medians[feature][i]) for i, each in enumerate((blind, guided)))
        yield f"| {feature} | {' | '.join(cells)} |"


def only_guided(blind: Sequence[Reach], guided: Sequence[Reach], seed_count_min: int) -> Iterator[str]:
    """As Markdown: what no blind run reached, and at least so many guided ones did."""
    of_any = {feature for reach in blind for feature in reach.first}
    counts = Counter(feature for reach in guided for feature in reach.first if feature not in of_any)
    operation_count = sum(reach.operation_count for reach in blind)
    yield f"| reached by none of {len(blind)} blind runs, {operation_count:,} operations | guided, median (seeds) |"
    yield "|---|---|"
    for feature, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if count >= seed_count_min:
            yield f"| {feature} | {_cell(feature, guided, _median(feature, guided))} |"


def _telling(rare: Sequence[str], medians: Mapping[str, tuple[float, ...]]) -> list[str]:
    """Those that at least one way reached in most seeds, in the order of the ways' least median."""
    told = [feature for feature in rare if min(medians[feature]) < math.inf]
    return sorted(told, key=lambda feature: (min(medians[feature]), feature))


def _median(feature: str, reaches: Sequence[Reach]) -> float:
    return statistics.median_low([reach.after(feature) for reach in reaches])


def _cell(feature: str, reaches: Sequence[Reach], median: float) -> str:
    count = sum(feature in reach.first for reach in reaches)
    return f"{'not reached' if median == math.inf else f'{median:,.0f}'} ({count})"
