"""The rounds of shrinking."""

from __future__ import annotations

from dataclasses import replace

from pymodel.differential.programs.program import Program
from pymodel.differential.shrinking.lowering import lower_together, simplify_operations
from pymodel.differential.shrinking.merging import merge_neighbours
from pymodel.differential.shrinking.removal import remove_pairs, remove_ranges
from pymodel.differential.shrinking.rephrasing import rephrase
from pymodel.differential.shrinking.search import FirstFailing, Limits, Search
from pymodel.differential.shrinking.surroundings import (
    close_gaps,
    drop_labels,
    move_to_canonical_chunk,
    plain_page_sizes,
    renumber_slots,
)

# Removal first and often: the other passes cost in proportion to what is left.
_PASSES = (
    remove_ranges,
    merge_neighbours,
    plain_page_sizes,
    move_to_canonical_chunk,
    close_gaps,
    simplify_operations,
    remove_ranges,
    remove_pairs,
    rephrase,
    lower_together,
    drop_labels,
    renumber_slots,
)


def shrink(
    program: Program, first_failing: FirstFailing, *, failing_step: int | None = None, limits: Limits | None = None
) -> Program:
    """The simplest program found that fails as `program` does; `program` itself if nothing simpler fails.

    `first_failing` says what failing means; `program` is taken to fail and is not run. `failing_step` is the index of
    the operation at which it fails, if known: what follows is cut off first.

    Unless the limits are reached, the result is 1-minimal: without any one of its operations it does not fail, and no
    single proposal of any pass makes it simpler. Same program, same answers, same limits: same result.
    """
    search = Search(program, first_failing, limits or Limits())
    if failing_step is not None:
        search.consider([(True, replace(program, operations=program.operations[: failing_step + 1]))])
    before: Program | None = None
    while search.current is not before and not search.exhausted:
        before = search.current
        for shrink_pass in _PASSES:
            shrink_pass(search)
    return search.current
