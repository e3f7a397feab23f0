"""Whether a planted fault is seen by digests: series against a target that has it, on the real Go target."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing

from pymodel.differential.generation.series_choice import SeriesWork, series_of_run
from pymodel.differential.running.side_by_side import SideBySide
from pymodel.differential.running.sweep import SweepingWindow
from pymodel.differential.running.tally import Tally
from pymodel.differential.running.window import Window
from pymodel.differential.targets.target_specs import TimeLimits, make_target
from tests.planted.detection import ROOT, planted_spec
from tests.planted.faults import WRONG_RULES

# The planted target is Python, so its series are made short.
OPERATION_COUNT_OF_SERIES = 1000


def short_series(seed: int) -> Iterator[SeriesWork]:
    """The series of a run, each with fewer programs."""
    for work in series_of_run(seed):
        program_count = max(1, OPERATION_COUNT_OF_SERIES // work.series.operation_count)
        yield dataclasses.replace(work, series=dataclasses.replace(work.series, program_count=program_count))


def detect_in_series(fault_name: str, seed: int, operation_count_max: int) -> tuple[str, int] | None:
    """The signature that series show of a fault, and how many operations were compared until then; None if they do not
    show it."""
    targets = [make_target(spec, spec, TimeLimits(start_seconds=60)) for spec in ("go", planted_spec(fault_name))]
    with closing(SideBySide(targets)) as side_by_side:
        side_by_side.open()
        tally, works = Tally(), short_series(seed)
        while tally.operation_count < operation_count_max:
            # One round: there is nothing else in the window.
            nothing = Window(side_by_side, iter(()))
            window = SweepingWindow(nothing, side_by_side, works, tally, operation_count_max)
            while (taken := window.next(lambda _: True)) is not None:
                work, comparison = taken
                tally.add_compared(work.source, work.program, comparison.transcripts)
                if comparison.divergence is not None:
                    return comparison.divergence.signature, tally.operation_count
    return None


def main(arguments: Sequence[str]) -> None:
    """`python -m tests.planted.series_detection [SEEDS]` prints how fast series show each fault outside pacing."""
    os.chdir(ROOT)
    seeds = range(1, int(arguments[0]) + 1 if arguments else 2)
    for rule in WRONG_RULES:
        found = [detect_in_series(rule.name, seed, 60_000) for seed in seeds]
        told = ", ".join("not shown" if each is None else f"{each[1]:,} operations, {each[0]}" for each in found)
        print(f"{rule.name:<44} {told}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
