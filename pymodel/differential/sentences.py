"""Parts of the sentences that reports are made of."""

from __future__ import annotations

from collections.abc import Sequence


def joined_with_and(words: Sequence[str]) -> str:
    """The words with commas between and an `and` before the last; nothing of none."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)
