"""What a comparison may ignore: a named, typed choice. By default nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from pymodel.differential.errors import BadInput
from pymodel.differential.model.observed import SCALARS


class Part(Enum):
    """A part of what targets do that is no single scalar; the value names it on the command line."""

    PRINTED = "printed"
    """What the runtime printed."""
    FAILURE_TEXT = "failure-text"
    """The text of a throw or panic. That it happened, and the kind of panic, is always compared."""
    SUMMARIES = "summaries"
    """The values of all summaries."""
    SUMMARY_LENGTHS = "summary-lengths"
    """The lengths of the summary slices."""


SCALAR_NAMES = tuple(scalar.go_name for scalar in SCALARS)


@dataclass(frozen=True, slots=True)
class Strictness:
    """Parts and scalars (by Go's name) that may differ without being a divergence."""

    ignored_parts: frozenset[Part] = frozenset()
    ignored_scalars: frozenset[str] = frozenset()

    def compares(self, part: Part) -> bool:
        """Whether a part is compared."""
        return part not in self.ignored_parts

    def __str__(self) -> str:
        ignored = sorted([part.value for part in self.ignored_parts] + list(self.ignored_scalars))
        return f"all but {', '.join(ignored)}" if ignored else "everything, exactly"


EXACT = Strictness()


def strictness_ignoring(names: Iterable[str]) -> Strictness:
    """The strictness that ignores what these names stand for; raises BadInput for one that stands for nothing."""
    parts, scalars = set(), set()
    for name in names:
        if name in SCALAR_NAMES:
            scalars.add(name)
        elif any(name == part.value for part in Part):
            parts.add(Part(name))
        else:
            choices = ", ".join([*(part.value for part in Part), *SCALAR_NAMES])
            raise BadInput(f"{name!r} is nothing that a comparison can ignore; choose from {choices}")
    return Strictness(frozenset(parts), frozenset(scalars))
