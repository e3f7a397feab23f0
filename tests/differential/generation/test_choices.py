from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymodel.differential.generation.choices import Choices, HypothesisChoices, TapeChoices, Weighted, mix

WORD = (1 << 64) - 1
words = st.integers(0, WORD)


def stream(seed: int, count: int) -> list[int]:
    """splitmix64 as its authors wrote it, apart from the code under test."""
    produced = []
    for step in range(1, count + 1):
        z = (seed + step * 0x9E3779B97F4A7C15) % 2**64
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        produced.append(z ^ (z >> 31))
    return produced


def test_the_words_of_a_tape_are_those_published_for_splitmix64() -> None:
    tape = TapeChoices(1234567)
    assert [tape.integer(0, WORD) for _ in range(5)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_seed_zero_gives_the_words_that_the_docstring_states() -> None:
    tape = TapeChoices(0)
    assert [tape.integer(0, WORD) for _ in range(3)] == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


@given(words, words)
def test_seeds_count_modulo_two_to_the_64(seed: int, turns: int) -> None:
    assert TapeChoices(seed).integer(0, WORD) == TapeChoices(seed + (turns << 64)).integer(0, WORD)


@given(words, st.integers(-(1 << 63), 1 << 63), words)
def test_an_integer_is_the_high_half_of_a_product(seed: int, low: int, span: int) -> None:
    (word,) = stream(seed, 1)
    drawn = TapeChoices(seed).integer(low, low + span)
    assert drawn == low + word * (span + 1) // 2**64
    assert low <= drawn <= low + span


@given(words)
def test_every_decision_takes_exactly_one_word(seed: int) -> None:
    decisions: tuple[Callable[[TapeChoices], object], ...] = (
        lambda tape: tape.integer(3, 3),
        lambda tape: tape.choose((1,)),
        lambda tape: tape.weighted(Weighted({"only": 1})),
        lambda tape: tape.boolean(0),
    )
    for decision in decisions:
        tape = TapeChoices(seed)
        decision(tape)
        assert tape.integer(0, WORD) == stream(seed, 2)[1]


@given(words)
def test_a_number_within_weighted_intervals_takes_two_words(seed: int) -> None:
    table = Weighted({(-5, 9): 1, (100, 3000): 2})
    one, other = TapeChoices(seed), TapeChoices(seed)
    low, high = other.weighted(table)
    assert one.within(table) == other.integer(low, high)
    assert one.integer(0, WORD) == other.integer(0, WORD)


class FirstPoint:
    """Answers each `integer` with the tape's own, so that the rules of the other decisions can be told apart."""

    def __init__(self, seed: int) -> None:
        self.tape = TapeChoices(seed)

    def __call__(self, strategy: st.SearchStrategy[int]) -> int:
        bounds = strategy.wrapped_strategy  # type: ignore[attr-defined]
        return self.tape.integer(bounds.start, bounds.end)


@given(words)
def test_both_sources_make_the_same_decisions_from_the_same_integers(seed: int) -> None:
    table = Weighted({"a": 1, "b": 5, "c": 2})
    intervals = Weighted({(-5, 9): 1, (100, 3000): 2})

    def decide(choices: Choices) -> list[object]:
        made: list[object] = []
        for _ in range(10):
            made += [choices.integer(-5, 9), choices.choose("xyz"), choices.weighted(table), choices.boolean(30)]
            made.append(choices.within(intervals))
        return made

    assert decide(TapeChoices(seed)) == decide(HypothesisChoices(FirstPoint(seed)))


def test_options_are_taken_in_proportion_to_their_weights() -> None:
    table = Weighted({"never": 0, "one": 1, "three": 3, "six": 6})
    tape = TapeChoices(7)
    taken = Counter(tape.weighted(table) for _ in range(10_000))
    assert set(taken) == {"one", "three", "six"}
    assert abs(taken["one"] - 1000) < 120 and abs(taken["three"] - 3000) < 180 and abs(taken["six"] - 6000) < 200


def test_a_point_falls_to_the_option_whose_share_holds_it() -> None:
    table = Weighted({"a": 2, "b": 1, "c": 3})
    assert table.shares == ("a", "a", "b", "c", "c", "c")
    assert table.weights == {"a": 2, "b": 1, "c": 3}


def test_a_percentage_is_kept() -> None:
    tape = TapeChoices(8)
    assert abs(sum(tape.boolean(30) for _ in range(10_000)) - 3000) < 180
    assert not any(tape.boolean(0) for _ in range(1000))
    assert all(tape.boolean(100) for _ in range(1000))


@pytest.mark.parametrize("weights", [{}, {"a": 0}, {"a": 1, "b": -1}])
def test_weights_that_leave_nothing_to_choose_are_refused(weights: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"choose|negative"):
        Weighted(weights)


@given(words, words)
def test_mixing_never_brings_two_words_together(one: int, other: int) -> None:
    assert (mix(one) == mix(other)) == (one == other)
