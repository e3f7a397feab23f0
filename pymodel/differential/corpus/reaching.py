"""What the programs of a block reach of the targets that count, and which of them are kept."""

from __future__ import annotations

from collections.abc import Sequence

from pymodel.differential.campaign.blocks import Kept
from pymodel.differential.corpus.features import features_of
from pymodel.differential.corpus.guided import Material, shape_of
from pymodel.differential.corpus.keeping import Keeper
from pymodel.differential.errors import HarnessError
from pymodel.differential.programs.codec import COUNTED, encode_program
from pymodel.differential.programs.program import Program
from pymodel.differential.running.side_by_side import FATAL_ERRORS, Comparison, SideBySide
from pymodel.differential.targets.capabilities import Description
from pymodel.differential.targets.reached import NothingReached, split_reached
from pymodel.differential.targets.target import EncodedProgram, Target

# No program of a comparison has this number.
_MEASURED_ID = 0


class Reaching:
    """The features of a block's comparisons, by the first target that counts."""

    def __init__(self, side_by_side: SideBySide, material: Sequence[str]) -> None:
        name = next(name for name in side_by_side.names if name in side_by_side.counting_names)
        self._target = next(target for target in side_by_side.targets if target.name == name)
        self._description = side_by_side.descriptions[name]
        self._keeper = Keeper(Material.from_texts(material).lengths)

    def consider(self, source: str, comparison: Comparison) -> None:
        """Looks at the comparison of a program from `source`; one that lacks the target's answer reaches nothing."""
        name = self._target.name
        if name not in comparison.transcripts or name not in comparison.reached:
            return
        transcript, reached = comparison.transcripts[name], comparison.reached[name]
        features = features_of(comparison.program, transcript, reached, self._description.counters)
        self._keeper.consider(comparison.program, features, shape_of(source))

    def finish(self) -> tuple[Kept, ...]:
        """The programs to keep; nothing may be pending on the targets. Raises FATAL_ERRORS."""
        return self._keeper.finish(lambda program: measured(self._target, self._description, program))


def measured(target: Target, description: Description, program: Program) -> frozenset[str] | None:
    """The features of a program, run on a target that counts and on no other; None if that failed."""
    encoded = encode_program(program, _MEASURED_ID) + COUNTED
    target.send(EncodedProgram(_MEASURED_ID, program, encoded))
    try:
        transcript, reached = split_reached(target.receive(), len(description.counters))
    except FATAL_ERRORS:
        raise
    except NothingReached:
        target.restart()
        return None
    except HarnessError:
        return None
    return features_of(program, transcript, reached, description.counters)
