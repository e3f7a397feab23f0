"""Where the decisions of a generated program come from: Hypothesis, or a seed.

A maker asks a `Choices` for numbers and does not know which it has. All decisions rest on one, `integer(low, high)`;
the others are defined by it, so that both sources turn the same integers into the same program.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Generic, Protocol, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")

_WORD = (1 << 64) - 1
_GAMMA = 0x9E37_79B9_7F4A_7C15
_MIX_1 = 0xBF58_476D_1CE4_E5B9
_MIX_2 = 0x94D0_49BB_1331_11EB


class Weighted(Generic[T]):
    """Options, each with a positive whole weight, in a fixed order. An option of weight 0 is left out.

    Raises ValueError if nothing is left or a weight is negative.
    """

    __slots__ = ("limits", "options", "total")

    def __init__(self, weights: Mapping[T, int]) -> None:
        if any(weight < 0 for weight in weights.values()):
            raise ValueError(f"a weight is negative: {weights}")
        kept = {option: weight for option, weight in weights.items() if weight}
        if not kept:
            raise ValueError("nothing to choose from")
        self.options: tuple[T, ...] = tuple(kept)
        self.limits: tuple[int, ...] = tuple(accumulate(kept.values()))
        self.total: int = self.limits[-1]

    def at(self, point: int) -> T:
        """The option whose share of [0, total) holds `point`: options lie side by side in their order."""
        return self.options[bisect_right(self.limits, point)]


class Choices(Protocol):
    """A source of decisions. All are made from `integer`; the rules stand at `TapeChoices`."""

    def integer(self, low: int, high: int) -> int:
        """An integer in [low, high], both ends included; high - low < 2^64."""
        ...

    def choose(self, options: Sequence[T]) -> T:
        """One of the options, each as likely: `options[integer(0, len - 1)]`."""
        ...

    def weighted(self, table: Weighted[T]) -> T:
        """One of the options by weight: `table.at(integer(0, total - 1))`."""
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

    Every decision takes exactly one word, also where only one answer is possible:

        integer(low, high)   low + ((word * (high - low + 1)) >> 64), the product in 128 bits; no word is thrown away.
        choose(options)      options[integer(0, length - 1)]
        weighted(table)      point = integer(0, sum of the weights - 1); the first option whose weight, added to those
                             before it, is above the point.
        boolean(percent)     integer(0, 99) >= 100 - percent

    Seed 0 gives the words 0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, ...
    """

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = seed & _WORD

    # This is the hot path of generation: the word is computed in place in each method, not by a call.

    def integer(self, low: int, high: int) -> int:
        """An integer in [low, high], both ends included; high - low < 2^64."""
        self._state = z = (self._state + _GAMMA) & _WORD
        z = ((z ^ z >> 30) * _MIX_1) & _WORD
        z = ((z ^ z >> 27) * _MIX_2) & _WORD
        return low + ((z ^ z >> 31) * (high - low + 1) >> 64)

    def choose(self, options: Sequence[T]) -> T:
        """One of the options, each as likely."""
        self._state = z = (self._state + _GAMMA) & _WORD
        z = ((z ^ z >> 30) * _MIX_1) & _WORD
        z = ((z ^ z >> 27) * _MIX_2) & _WORD
        return options[(z ^ z >> 31) * len(options) >> 64]

    def weighted(self, table: Weighted[T]) -> T:
        """One of the options by weight."""
        self._state = z = (self._state + _GAMMA) & _WORD
        z = ((z ^ z >> 30) * _MIX_1) & _WORD
        z = ((z ^ z >> 27) * _MIX_2) & _WORD
        return table.options[bisect_right(table.limits, (z ^ z >> 31) * table.total >> 64)]

    def boolean(self, percent: int) -> bool:
        """True in `percent` of a hundred cases."""
        self._state = z = (self._state + _GAMMA) & _WORD
        z = ((z ^ z >> 30) * _MIX_1) & _WORD
        z = ((z ^ z >> 27) * _MIX_2) & _WORD
        return (z ^ z >> 31) * 100 >> 64 >= 100 - percent


class HypothesisChoices:
    """Decisions that Hypothesis draws, and can therefore shrink and steer. `draw` is that of a composite strategy."""

    __slots__ = ("_draw",)

    def __init__(self, draw: Callable[[st.SearchStrategy[int]], int]) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        """An integer in [low, high], both ends included."""
        return self._draw(st.integers(low, high))

    def choose(self, options: Sequence[T]) -> T:
        """One of the options; Hypothesis prefers the first."""
        return options[self.integer(0, len(options) - 1)]

    def weighted(self, table: Weighted[T]) -> T:
        """One of the options by weight; Hypothesis prefers the first."""
        return table.at(self.integer(0, table.total - 1))

    def boolean(self, percent: int) -> bool:
        """True in `percent` of a hundred cases; Hypothesis prefers False."""
        return self.integer(0, 99) >= 100 - percent
