"""How Hypothesis draws the programs of a run: from the seed, and from nothing else.

By itself it mixes in constants that it finds in the modules that happen to be imported, so that another process, with
other modules, draws other programs from the same seed. It also avoids what it drew before, which takes half its time
and avoids next to nothing among programs.
"""

from __future__ import annotations

from typing import Any

from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider

SEED_ONLY = "scavdiff-seed-only"
"""The name of the backend, for `hypothesis.settings`."""


class _SeedOnlyProvider(HypothesisProvider):
    """Hypothesis's own choices, without constants of imported modules."""

    def _maybe_draw_constant(self, *_: Any, **__: Any) -> None:
        return None


AVAILABLE_PROVIDERS[SEED_ONLY] = _SeedOnlyProvider
