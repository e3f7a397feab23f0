from __future__ import annotations

import json

from pymodel.differential.campaign.blocks import (
    Job,
    job_from_plain,
    job_to_plain,
    result_from_plain,
    result_to_plain,
)
from pymodel.differential.running.tally import Tally
from tests.differential.campaign.results import known, result, sighting, slow


def test_jobs_are_json_and_back() -> None:
    job = Job((1 << 64) - 1, 7, known=("a", "b"), operation_count_max=5, source="elsewhere", material=("x",))
    assert job_from_plain(json.loads(json.dumps(job_to_plain(job)))) == job


def test_results_are_json_and_back() -> None:
    flaky = sighting("y", 3, flaky=True, transcripts={"go": "AAE="}, alone="go", groups=(("model",), ("go",)), step=0)
    before = result(3, sighting(), known("z", 4, count=3), flaky, slow(9, 0.25))
    after = result_from_plain(json.loads(json.dumps(result_to_plain(before))))
    assert after.tally == before.tally
    assert after.sightings[:2] == before.sightings[:2]
    assert after.sightings[2] == flaky
    assert after.sightings[3].seconds == {"go": 0.125, "model": 0.25}
    assert after == before


def test_what_a_later_version_adds_is_passed_over() -> None:
    plain = result_to_plain(result(3, sighting()))
    plain["sightings"][0]["colour"] = "blue"
    plain["colour"] = "blue"
    assert result_from_plain(plain) == result(3, sighting())


def test_tallies_add_up() -> None:
    total = Tally()
    for block in range(3):
        total.add(result(block).tally)
    assert total.program_count == 30
    assert total.operations == {"grow": 120, "alloc": 180}
    assert total.left_out == {("port", "needs pacing"): 6}
    assert Tally.from_plain(json.loads(json.dumps(total.to_plain()))) == total
