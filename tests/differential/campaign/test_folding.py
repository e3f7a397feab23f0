from __future__ import annotations

import itertools
from typing import Any

from pymodel.differential.campaign.blocks import Kind, Sighting
from pymodel.differential.campaign.folding import FLAKY, OPEN, Folded, fold, shrinks_anew
from pymodel.differential.campaign.slowness import SLOWEST_COUNT
from tests.differential.campaign.results import known, result, sighting, slow


def test_what_comes_out_does_not_depend_on_the_order_in_which_blocks_came() -> None:
    results = [
        result(0, known("a", 3)),
        result(1, sighting("b", 11, operation_count=4)),
        result(3, sighting("a", 35, operation_count=9), sighting("b", 31, operation_count=2)),
        result(4, sighting("a", 44, operation_count=7)),
    ]
    expected = fold(results)
    for order in itertools.permutations(results):
        assert fold(order).findings() == expected.findings()
        assert fold(order).tally == expected.tally


def test_a_block_counts_once() -> None:
    folded = Folded()
    folded.add(result(2, sighting("a", 20)))
    assert folded.add(result(2, sighting("a", 20))) == []
    assert folded.tally.program_count == 10
    assert folded.findings()[0].count == 1


def test_the_first_block_and_those_that_shrink_anew_show_the_shortest_program() -> None:
    first = result(3, sighting("a", 30, operation_count=9))
    by_chance = result(5, sighting("a", 50, operation_count=2))
    anew = result(8, sighting("a", 80, operation_count=6))
    assert fold([first, by_chance]).findings()[0].operation_count == 9
    assert fold([first, by_chance, anew]).findings()[0].operation_count == 6
    assert [block for block in range(20) if shrinks_anew(block)] == [0, 1, 2, 4, 8, 16]


def test_what_an_earlier_block_showed_is_known_and_what_a_later_one_showed_is_not() -> None:
    folded = fold([result(5, sighting("a", 50))])
    assert folded.known_before(6) == ("a",)
    assert folded.known_before(3) == ()
    assert folded.known_before(8) == ()


def test_flaky_is_a_status_until_it_shows_again() -> None:
    flaky = result(3, sighting("a", 30, flaky=True, operation_count=3, transcripts={"go": "AAE="}))
    (finding,) = fold([flaky]).findings()
    assert finding.status == FLAKY
    assert finding.transcripts == {"go": b"\x00\x01"}
    assert fold([flaky]).known_before(7) == ()
    (finding,) = fold([flaky, result(5, sighting("a", 50, operation_count=8))]).findings()
    assert finding.status == OPEN
    assert finding.count == 2


def test_a_finding_keeps_its_origins_and_times() -> None:
    folded = fold([
        result(3, sighting("a", 35, count=2, unix_seconds=50.0)),
        result(6, known("a", 61, count=4)),
    ])  # fmt: skip
    (finding,) = folded.findings()
    assert finding.count == 6
    assert [(origin.program, origin.block) for origin in finding.origins] == [(35, 3), (61, 6)]
    assert (finding.first_unix_seconds, finding.last_unix_seconds) == (50.0, 100.0)


def test_only_the_slowest_programs_are_kept() -> None:
    folded = fold(result(block, slow(block, block / 10)) for block in range(1, 30))
    slowest = folded.findings(Kind.SLOW)
    assert [finding.origins[0].program for finding in slowest] == list(range(29, 29 - SLOWEST_COUNT, -1))
    assert folded.slow_seconds_min() == 2.0
    assert folded.findings() == []


def face(signature: str, program: int, of: str, **others: Any) -> Sighting:
    return sighting(signature, program, face_of=of, **others)


def come_to(signature: str, program: int, **others: Any) -> Sighting:
    """What was not shown, but explains what was."""
    return sighting(signature, program, count=0, **others)


def test_what_is_explained_by_a_finding_is_counted_with_it_in_any_order_of_the_blocks() -> None:
    results = [
        result(1, face("a", 11, "cause"), come_to("cause", 11, operation_count=1)),
        result(2, known("b", 20), face("c", 21, "a")),
        result(3, known("a", 30, count=4), known("cause", 31, count=2)),
        result(5, face("b", 50, "cause", unix_seconds=300.0)),
    ]
    for order in itertools.permutations(results):
        folded = fold(order)
        (finding,) = folded.findings()
        assert (finding.signature, finding.count, finding.own_count) == ("cause", 10, 2)
        assert [(each.signature, each.count) for each in finding.faces] == [("a", 5), ("b", 2), ("c", 1)]
        assert [(origin.block, origin.program) for origin in finding.origins] == [(1, 11), (2, 20), (3, 30), (5, 50)]
        assert (finding.first_unix_seconds, finding.last_unix_seconds) == (100.0, 300.0)
        assert folded.finding_count() == 1
        assert folded.known_before(9) == ("a", "b", "c", "cause")


def test_a_cause_that_no_block_tells_of_explains_nothing() -> None:
    (finding,) = fold([result(1, face("a", 11, "cause"))]).findings()
    assert (finding.signature, finding.faces) == ("a", ())


def test_what_explains_each_other_is_one_finding() -> None:
    folded = fold([result(1, face("b", 11, "a"), face("a", 12, "b"), face("c", 13, "b"))])
    assert {folded.explained_by(each) for each in "abc"} == {"a"}
    assert [finding.count for finding in folded.findings()] == [3]
