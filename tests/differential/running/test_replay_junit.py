from __future__ import annotations

from pathlib import Path

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from pymodel.differential.running.replay_junit import replay_junit
from pymodel.differential.running.statuses import Judgement, Replayed, Status

REPLAYED = Replayed(
    (
        Judgement(Path("a.trace"), Status.AGREES, "", 0),
        Judgement(Path("b.trace"), Status.FIXED, "was x: y", 0),
        Judgement(Path("c.trace"), Status.STILL_FAILS, "x: <y> & z", 1),
        Judgement(Path("d.trace"), Status.STILL_FAILS, "x: y", 1, "issue 5"),
        Judgement(Path("e.trace"), Status.STALE, "found \x00", 2),
    ),
    ("known.txt:3: z.trace names nothing",),
)


def cases() -> list[TestCase]:
    xml = JUnitXml.fromstring(replay_junit(REPLAYED))
    (suite,) = xml
    assert isinstance(suite, TestSuite)
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (6, 2, 1, 1)
    return list(suite)


def test_each_trace_is_a_case_that_passes_fails_errs_or_is_skipped() -> None:
    results = {case.name: [(type(result), result.message) for result in case.result] for case in cases()}
    assert results == {
        "a.trace": [],
        "b.trace": [],
        "c.trace": [(Failure, "STILL FAILS: x: <y> & z")],
        "d.trace": [(Skipped, "STILL FAILS: x: y (known: issue 5)")],
        "e.trace": [(Error, "STALE: found \N{REPLACEMENT CHARACTER}")],
        "known.txt:3: z.trace names nothing": [(Failure, "known.txt:3: z.trace names nothing")],
    }
