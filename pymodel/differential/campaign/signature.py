"""Which divergences of a campaign are one finding.

The signature of a run names the operation and all fields that differ. Over hours one fault shows under many operations,
and with more or fewer fields behind the first; a campaign's signature is the outcome or the first field, the kind of
the difference, and the Go function to read first. With three targets or more it also says who stands alone.
"""

from __future__ import annotations

from pymodel.differential.comparison.compare import Divergence
from pymodel.differential.comparison.signatures import causes


def campaign_signature(divergence: Divergence, target_count: int) -> str:
    """The same for divergences that are likely one fault of one target."""
    _, _, ways_of_ending = divergence.signature.partition(": ")
    fields = [difference.field for difference in divergence.differences]
    if "outcome" in fields:
        what = ways_of_ending
    else:
        first = (causes(divergence.differences) or fields)[0]
        what = f"{first.removeprefix('outcome.')} {'returned' if first.startswith('outcome.') else 'differs'}"
    who = f"{divergence.alone}: " if target_count > 2 and divergence.alone is not None else ""
    return f"{who}{what} in {divergence.suspect.function}"
