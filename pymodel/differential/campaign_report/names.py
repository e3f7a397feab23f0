"""Names of targets, as many as a reader wants to read."""

from __future__ import annotations

from collections.abc import Iterable

from pymodel.differential.sentences import joined_with_and

# From so many on, those that agree are counted and not named.
NAME_COUNT_MAX = 4


def listed(names: Iterable[str]) -> str:
    """The names with commas between, the last of many counted."""
    return ", ".join(_few([*names]))


def joined(names: Iterable[str]) -> str:
    """The same with an `and` before the last."""
    return joined_with_and(_few([*names]))


def _few(names: list[str]) -> list[str]:
    if len(names) <= NAME_COUNT_MAX:
        return names
    kept = NAME_COUNT_MAX - 2
    return [*names[:kept], f"{len(names) - kept} others"]
