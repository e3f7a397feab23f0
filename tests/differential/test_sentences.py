from __future__ import annotations

import pytest

from pymodel.differential.sentences import counted, joined_with_and


@pytest.mark.parametrize(
    ("words", "told"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_words_are_joined_as_in_a_sentence(words: list[str], told: str) -> None:
    assert joined_with_and(words) == told


@pytest.mark.parametrize(
    ("count", "words", "text"),
    [(1, ("program",), "1 program"), (1200, ("program",), "1,200 programs"), (0, ("loss", "losses"), "0 losses")],
)
def test_what_is_counted_stands_in_the_singular_or_plural(count: int, words: tuple[str, ...], text: str) -> None:
    assert counted(count, *words) == text
