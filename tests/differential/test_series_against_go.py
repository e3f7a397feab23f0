"""Go makes the programs of a series, and digests their transcripts, as the specification does; faults are seen so."""

from __future__ import annotations

import dataclasses
from contextlib import closing

import pytest

from pymodel.differential.generation.series_choice import series_from_seed
from pymodel.differential.running.side_by_side import SideBySide
from pymodel.differential.running.sweep import differing_indices
from pymodel.differential.targets.target_specs import TimeLimits, make_target
from tests.planted.detection import ROOT
from tests.planted.series_detection import detect_in_series

SERIES_COUNT = 60
OPERATION_COUNT_OF_SERIES = 400


def test_go_and_the_specification_digest_alike() -> None:
    works = [series_from_seed(2, number) for number in range(SERIES_COUNT)]
    all_series = [
        dataclasses.replace(work.series, program_count=max(1, OPERATION_COUNT_OF_SERIES // work.series.operation_count))
        for work in works
    ]
    with closing(SideBySide([make_target(spec, spec, TimeLimits()) for spec in ("model", "go")])) as side_by_side:
        side_by_side.open()
        for work, answers in zip(works, side_by_side.run_series(all_series), strict=True):
            assert not answers.failures
            assert list(answers.digests) == ["model", "go"]
            assert differing_indices(answers) == set(), work
    assert len({work.shape for work in works}) == 10


@pytest.mark.parametrize("fault", ["wrong rounding", "forgotten freeHWM"])
def test_a_planted_fault_is_seen_by_digests_and_shown_in_full(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert detect_in_series(fault, 1, 40_000) is not None
    assert detect_in_series("none", 1, 3_000) is None
