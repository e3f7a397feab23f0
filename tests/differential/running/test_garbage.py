from __future__ import annotations

import gc

from pymodel.differential.generation.generators import program_from_seed
from pymodel.differential.generation.workload import DRAWN_BATCH_COUNT, DRAWN_EVERY, workload
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.running.garbage import YOUNG_COUNT, few_collections


def test_collections_are_as_before_afterwards() -> None:
    before = gc.get_threshold()
    with few_collections():
        assert gc.get_threshold()[0] == YOUNG_COUNT
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_running_programs_leaves_nothing_to_collect() -> None:
    programs = [program_from_seed(3, index) for index in range(60)]
    for program in programs[:10]:
        run_on_specification(program, 1)
    gc.collect()
    gc.disable()
    try:
        left = []
        for program in programs:
            run_on_specification(program, 1)
            left.append(gc.collect())
    finally:
        gc.enable()
    assert sum(left) == 0


def test_drawing_programs_leaves_little_to_collect() -> None:
    works = workload(3)
    with few_collections():
        # The second batch is drawn for the last of these.
        for _ in range(DRAWN_EVERY * DRAWN_BATCH_COUNT + 1):
            next(works)
        assert gc.collect() < 1000
