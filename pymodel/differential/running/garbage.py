"""When Python looks for objects that only hold each other. Nothing that a run does leaves any behind, but its programs
and transcripts are many objects, and by default they are looked through every few programs."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG_COUNT, YOUNG_ROUNDS, MIDDLE_ROUNDS = 20_000, 50, 100


@contextmanager
def few_collections() -> Iterator[None]:
    """Looks seldom, and never through what is there already; as before at the end."""
    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_COUNT, YOUNG_ROUNDS, MIDDLE_ROUNDS)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
