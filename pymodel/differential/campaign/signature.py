"""Which divergences of a campaign are one finding.

The signature of a run names the operation and all fields that differ. Over hours one fault shows under many operations,
and with more or fewer fields behind the first; a campaign's signature is the outcome or the first field, the kind of
the difference, and the Go function to read first. With three targets or more it also names the one that stands
alone, or not with the reference.
"""

from __future__ import annotations

from pymodel.differential.comparison.compare import Divergence
from pymodel.differential.comparison.signatures import causes


def campaign_signature(divergence: Divergence, dissenter: str | None) -> str:
    """The same for divergences that are likely one fault of one target, which is named if `dissenter` is given."""
    _, _, ways_of_ending = divergence.signature.partition(": ")
    fields = [difference.field for difference in divergence.differences]
    if "outcome" in fields:
        what = ways_of_ending
    else:
        first = (causes(divergence.differences) or fields)[0]
        what = f"{first.removeprefix('outcome.')} {'returned' if first.startswith('outcome.') else 'differs'}"
    who = f"{dissenter}: " if dissenter is not None else ""
    return f"{who}{what} in {divergence.suspect.function}"
