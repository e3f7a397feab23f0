from __future__ import annotations

import pytest

from pymodel.differential.sentences import joined_with_and


@pytest.mark.parametrize(
    ("words", "told"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_words_are_joined_as_in_a_sentence(words: list[str], told: str) -> None:
    assert joined_with_and(words) == told
