"""Parts of the sentences that reports are made of."""

from __future__ import annotations

from collections.abc import Sequence


def joined_with_and(words: Sequence[str]) -> str:
    """The words with commas between and an `and` before the last; nothing of none."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def counted(count: int, word: str, words: str | None = None) -> str:
    """So many of what `word` names; `words` is its plural where that is not just an s more."""
    return f"{count:,} {word if count == 1 else words or f'{word}s'}"
