"""Things that a finding's steps mention again and again, each kept once."""

from __future__ import annotations

import json
from typing import Any

Jsonable = Any
"""None, a boolean, a number, a string, or lists and dictionaries of these."""


class Pool:
    """Numbers distinct things in the order in which they were first asked for."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._things: list[Jsonable] = []

    def place(self, thing: Jsonable) -> int:
        """The number of a thing."""
        key = json.dumps(thing, separators=(",", ":"))
        if key not in self._places:
            self._places[key] = len(self._things)
            self._things.append(thing)
        return self._places[key]

    @property
    def things(self) -> list[Jsonable]:
        """Everything that was asked for, by its number."""
        return self._things
