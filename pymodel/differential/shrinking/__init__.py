"""Shrinking: from a program that fails to a small one that fails in the same way.

One module per idea: `simplicity` says which of two programs is simpler, `search` holds the current program and tries
candidates, `removal`, `merging`, `lowering` and `surroundings` propose them, `shrinker` goes round until nothing helps.
"""

from pymodel.differential.shrinking.search import FirstFailing, Limits, one_at_a_time
from pymodel.differential.shrinking.shrinker import shrink

__all__ = ["FirstFailing", "Limits", "one_at_a_time", "shrink"]
