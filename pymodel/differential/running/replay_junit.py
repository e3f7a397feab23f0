"""The results of a replay as JUnit XML, which CI systems show."""

from __future__ import annotations

import re
from io import BytesIO

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from pymodel.differential.running.statuses import Judgement, Replayed

SUITE_NAME = "scavdiff replay"
# XML 1.0 has no way to write these.
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def replay_junit(replayed: Replayed) -> bytes:
    """A test case for each trace, by its path, and one for each wrong entry of the list.

    A divergence is a failure, a harness error or a stale trace an error; what is known to fail is skipped.
    """
    suite = TestSuite(SUITE_NAME)
    suite.add_testcases([_case(judgement) for judgement in replayed.judgements])
    suite.add_testcases([_problem(problem) for problem in replayed.problems])
    document = JUnitXml("scavdiff")
    document.add_testsuite(suite)
    document.update_statistics()  # type: ignore[no-untyped-call]  # junitparser leaves it untyped
    file = BytesIO()
    document.write(file, pretty=True)
    return file.getvalue()


def _case(judgement: Judgement) -> TestCase:
    case = TestCase(_printable(str(judgement.path)), SUITE_NAME)
    told = _printable(f"{judgement.status}: {judgement.told}")
    if judgement.known is not None:
        case.result = [Skipped(told)]
    elif judgement.exit_status:
        kind = Failure if judgement.exit_status == 1 else Error
        case.result = [kind(told, judgement.status)]
    return case


def _problem(problem: str) -> TestCase:
    case = TestCase(_printable(problem), f"{SUITE_NAME} --known-failing")
    case.result = [Failure(_printable(problem), "wrong entry")]
    return case


def _printable(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
