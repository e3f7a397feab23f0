"""Where the decisions of a generated program come from: Hypothesis, or a seed.

A maker asks a `Choices` for numbers and does not know which it has. All decisions rest on one, `integer(low, high)`;
the others are defined by it, so that both sources turn the same integers into the same program.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, count
from struct import Struct
from typing import Generic, Protocol, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")

_WORD = (1 << 64) - 1
_GAMMA = 0x9E37_79B9_7F4A_7C15
_MIX_1 = 0xBF58_476D_1CE4_E5B9
_MIX_2 = 0x94D0_49BB_1331_11EB


Interval = tuple[int, int]
"""Both ends of an inclusive interval to draw a number from."""


class Weighted(Generic[T]):
    """Options, each with a positive whole weight, in a fixed order. An option of weight 0 is left out.

    `shares` has each option as many times as it weighs, side by side: which one a number in [0, total) picks is looked
    up, not searched. Raises ValueError if nothing is left or a weight is negative.
    """

    __slots__ = ("shares", "total")

    def __init__(self, weights: Mapping[T, int]) -> None:
        shares: list[T] = []
        for option, weight in weights.items():
            if weight < 0:
                raise ValueError(f"a weight is negative: {weights}")
            shares += [option] * weight
        if not shares:
            raise ValueError("nothing to choose from")
        self.shares: tuple[T, ...] = tuple(shares)
        self.total: int = len(shares)

    @property
    def weights(self) -> dict[T, int]:
        """The options and their weights, in order."""
        return dict(Counter(self.shares))


class Choices(Protocol):
    """A source of decisions. All are made from `integer`; the rules stand at `TapeChoices`."""

    def integer(self, low: int, high: int) -> int:
        """An integer in [low, high], both ends included; high - low < 2^64."""
        ...

    def choose(self, options: Sequence[T]) -> T:
        """One of the options, each as likely: `options[integer(0, len - 1)]`."""
        ...

    def weighted(self, table: Weighted[T]) -> T:
        """One of the options by weight: `table.shares[integer(0, total - 1)]`."""
        ...

    def within(self, table: Weighted[Interval]) -> int:
        """A number from one of the intervals, which are drawn by weight: `integer(*weighted(table))`."""
        ...

    def boolean(self, percent: int) -> bool:
        """True in `percent` of a hundred cases: `integer(0, 99) >= 100 - percent`; the least choice is False."""
        ...


def mix(word: int) -> int:
    """The output function of splitmix64: a bijection of 64-bit words that scatters neighbours."""
    word = ((word ^ word >> 30) * _MIX_1) & _WORD
    word = ((word ^ word >> 27) * _MIX_2) & _WORD
    return word ^ word >> 31


class TapeChoices:
    """Decisions from a 64-bit seed, the same in every language.

    The words are splitmix64 (Steele, Lea and Flood, OOPSLA 2014). The state is 64 bits and starts at the seed. A word:

        state = state + 0x9E3779B97F4A7C15                     (all modulo 2^64)
        z = state
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB
        word = z ^ (z >> 31)

    Every decision but `within` takes exactly one word, also where only one answer is possible:

        integer(low, high)   low + ((word * (high - low + 1)) >> 64), the product in 128 bits; no word is thrown away.
        choose(options)      options[integer(0, length - 1)]
        weighted(table)      point = integer(0, sum of the weights - 1); the first option whose weight, added to those
                             before it, is above the point.
        within(table)        integer(*weighted(table)), and so two words.
        boolean(percent)     integer(0, 99) >= 100 - percent

    Seed 0 gives the words 0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, ...
    """

    __slots__ = ("_words",)

    def __init__(self, seed: int) -> None:
        states = count(seed & _WORD, _WORD_COUNT * _GAMMA)
        self._words: Iterator[int] = chain.from_iterable(map(_words_after, states))

    def integer(self, low: int, high: int) -> int:
        """An integer in [low, high], both ends included; high - low < 2^64."""
        return low + (next(self._words) * (high - low + 1) >> 64)

    def choose(self, options: Sequence[T]) -> T:
        """One of the options, each as likely."""
        return options[next(self._words) * len(options) >> 64]

    def weighted(self, table: Weighted[T]) -> T:
        """One of the options by weight."""
        return table.shares[next(self._words) * table.total >> 64]

    def within(self, table: Weighted[Interval]) -> int:
        """A number from one of the intervals, which are drawn by weight."""
        low, high = table.shares[next(self._words) * table.total >> 64]
        return low + (next(self._words) * (high - low + 1) >> 64)

    def boolean(self, percent: int) -> bool:
        """True in `percent` of a hundred cases."""
        return next(self._words) * 100 >> 64 >= 100 - percent


# Half of the time of generation went into these words, one by one. So many are now computed at once: each stands in the
# lower half of a lane of 128 bits of one integer, and its products fit into the lane.
_WORD_COUNT = 32
_LANES = sum(1 << 128 * lane for lane in range(_WORD_COUNT))
_LOW_HALVES = _LANES * _WORD
_STEPS = sum(((lane + 1) * _GAMMA & _WORD) << 128 * lane for lane in range(_WORD_COUNT))
_unpack_lanes = Struct("<" + "Q8x" * _WORD_COUNT).unpack


def _words_after(state: int) -> tuple[int, ...]:
    """The next _WORD_COUNT words of a stream in this state, which is taken modulo 2^64."""
    z = ((state & _WORD) * _LANES + _STEPS) & _LOW_HALVES
    z = (z ^ z >> 30 & _LOW_HALVES) * _MIX_1 & _LOW_HALVES
    z = (z ^ z >> 27 & _LOW_HALVES) * _MIX_2 & _LOW_HALVES
    z ^= z >> 31 & _LOW_HALVES
    return _unpack_lanes(z.to_bytes(16 * _WORD_COUNT, "little"))


# Hypothesis keeps strategies too, but to find one again takes it a quarter of the time of a draw.
_integers = lru_cache(1024)(st.integers)


class HypothesisChoices:
    """Decisions that Hypothesis draws, and can therefore shrink and steer. `draw` is that of a composite strategy."""

    __slots__ = ("_draw",)

    def __init__(self, draw: Callable[[st.SearchStrategy[int]], int]) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        """An integer in [low, high], both ends included."""
        return self._draw(_integers(low, high))

    def choose(self, options: Sequence[T]) -> T:
        """One of the options; Hypothesis prefers the first."""
        return options[self.integer(0, len(options) - 1)]

    def weighted(self, table: Weighted[T]) -> T:
        """One of the options by weight; Hypothesis prefers the first."""
        return table.shares[self.integer(0, table.total - 1)]

    def within(self, table: Weighted[Interval]) -> int:
        """A number from one of the intervals, which are drawn by weight; Hypothesis prefers the least of the first."""
        return self.integer(*self.weighted(table))

    def boolean(self, percent: int) -> bool:
        """True in `percent` of a hundred cases; Hypothesis prefers False."""
        return self.integer(0, 99) >= 100 - percent
