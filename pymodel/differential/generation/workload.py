"""The programs of a run, all from one seed.

Every 96th program is drawn by Hypothesis, short; the others are expanded from tapes. The same seed gives the same
programs in the same order, however fast they are run. An operation drawn takes a hundred times as long as one expanded:
even so seldom, all drawn programs together take a tenth of the time that generation takes. And they are drawn in small
batches, since Hypothesis soon makes new programs from earlier ones: of 96 in batches of 32 only 56 were distinct, in
batches of 4 all.

They are drawn in batches before any is run, so Hypothesis is given no target to steer them to: a run's programs would
then depend on what the specification makes of them, and not on the seed alone.
"""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
from hypothesis.configuration import set_hypothesis_home_dir

from pymodel.differential.generation.choices import mix
from pymodel.differential.generation.drawing import SEED_ONLY
from pymodel.differential.generation.generators import programs, tape_from_seed
from pymodel.differential.programs.program import Program
from pymodel.differential.programs.value import value

DRAWN = "drawn by Hypothesis"
SEED_MAX = (1 << 64) - 1
DRAWN_EVERY = 96
DRAWN_BATCH_COUNT = 4
BLOCK_PROGRAM_COUNT = DRAWN_EVERY * DRAWN_BATCH_COUNT
"""A block is so many programs one after the other, all that one batch is drawn for."""
# One program of these is observed in full every so many operations, the others only at their ends. Some drawn ones are
# among them: 96 and 9 leave equal remainders now and then.
CHECKPOINTED_EVERY = 9
CHECKPOINTED_REMAINDER = 3
CHECKPOINT_INTERVAL = 16
# Of targets that answer alike, with no specification among them, one program of these is searched for contradictions:
# a number without a divisor in common with the distances above, so that programs of each kind have their turn.
CHECKED_EVERY = 17


@value
class Work:
    """A program to run, its number in the run from 0, and where it came from: a tape of some shape, or Hypothesis."""

    number: int
    source: str
    program: Program

    @property
    def checkpoint_interval(self) -> int:
        """How often the target is to say the whole state."""
        return CHECKPOINT_INTERVAL if self.number % CHECKPOINTED_EVERY == CHECKPOINTED_REMAINDER else 0

    @property
    def is_checked(self) -> bool:
        """Whether transcripts that nobody trusts are searched for contradictions also where all are alike."""
        return self.number % CHECKED_EVERY == 0


def keep_hypothesis_files_away() -> None:
    """Lets Hypothesis keep what it caches with the user's other caches, and not where the command is run."""
    if "HYPOTHESIS_STORAGE_DIRECTORY" not in os.environ:
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        set_hypothesis_home_dir(caches / "scavdiff" / "hypothesis")


def workload(seed: int) -> Iterator[Work]:
    """The programs of a run with `seed`, without end."""
    for block in itertools.count():
        yield from block_workload(seed, block)


def block_workload(seed: int, block: int) -> Iterator[Work]:
    """The programs [block * BLOCK_PROGRAM_COUNT, (block + 1) * BLOCK_PROGRAM_COUNT) of a run with `seed`.

    A block depends on no other: blocks may be run in any order, anywhere, and again.
    """
    drawn = _drawn_programs(seed, block)
    first = block * BLOCK_PROGRAM_COUNT
    for number in range(first, first + BLOCK_PROGRAM_COUNT):
        if number % DRAWN_EVERY == 0:
            yield Work(number, DRAWN, next(drawn))
        else:
            tape = tape_from_seed(seed, number)
            yield Work(number, f"tape {tape.shape}", tape.expand())


def _drawn_programs(seed: int, block: int) -> Iterator[Program]:
    """As many as are asked for, also should Hypothesis stop early."""
    for attempt in itertools.count():
        yield from _drawn_batch(mix(seed ^ mix(block)) + attempt)


def _drawn_batch(seed: int) -> list[Program]:
    """Programs as Hypothesis draws them; nothing is run, kept or replayed while it draws."""
    drawn: list[Program] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        # The first is always the simplest program, and is left out.
        max_examples=DRAWN_BATCH_COUNT + 1,
        database=None,
        deadline=None,
        derandomize=False,
        backend=SEED_ONLY,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(programs())
    def draw(program: Program) -> None:
        drawn.append(program)

    draw()
    # Hypothesis leaves cycles behind, and a run looks for those seldom: many MiB of them within a minute.
    gc.collect()
    return drawn[1:]
