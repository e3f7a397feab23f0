"""Results as JUnit XML: a test case for each finding, and one for the whole.

A divergence is a failure and a harness error an error; what is known to fail is skipped, with the reason; a slow
program passes. The case of the whole fails only if the run did not come to its end, so that counts are counts of
findings.
"""

from __future__ import annotations

import re
from io import BytesIO

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from pymodel.differential.campaign.blocks import Kind
from pymodel.differential.campaign_report.results import Result, Results

# What XML 1.0 cannot hold, not even escaped.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(results: Results) -> bytes:
    """The document, in UTF-8."""
    suite = TestSuite(_legal(f"scavdiff {results.what} {results.name}"))
    for name, value in _properties(results).items():
        suite.add_property(name, _legal(value))
    suite.add_testcase(_whole(results))
    for result in results.results:
        suite.add_testcase(_case(result))
    document = JUnitXml("scavdiff")
    document.add_testsuite(suite)
    document.update_statistics()  # type: ignore[no-untyped-call]  # of junitparser
    file = BytesIO()
    document.write(file, pretty=True)
    return file.getvalue()


def _properties(results: Results) -> dict[str, str]:
    return {
        "seed": str(results.seed),
        **({"shard": results.shard} if results.shard else {}),
        **{f"target.{name}": version for name, version in results.targets.items()},
        "programs": str(results.totals["programs"]),
        "operations": str(results.totals["operations"]),
        "states": str(results.totals["states"]),
        "exit-status": str(results.exit_status),
    }


def _whole(results: Results) -> TestCase:
    case = TestCase(f"the whole {results.what}", f"scavdiff.{results.what}", round(results.seconds, 3))
    totals = results.totals
    case.system_out = _legal(
        f"{totals['programs']:,} programs, {totals['operations']:,} operations, {totals['states']:,} states compared"
    )
    if results.stopped:
        case.result = [_told(Error(_legal(results.stopped), "stopped"), results.stopped)]
    return case


def _case(result: Result) -> TestCase:
    case = TestCase(_legal(result.signature), f"scavdiff.{result.kind}", 0.0)
    faces = [f"shows as: {face.signature}, {face.count:,} programs; {face.replay}" for face in result.faces]
    parts = (result.report, f"seen in {result.count:,} programs", result.replay, *faces)
    text = "\n".join(part for part in parts if part)
    if result.kind == Kind.SLOW:
        case.time = round(sum((result.seconds or {}).values()), 3)
        case.system_out = _legal(text)
    elif result.known:
        case.result = [Skipped(_legal(f"known to fail: {result.known}"))]
        case.system_out = _legal(text)
    else:
        entry = Error if result.kind == Kind.HARNESS else Failure
        case.result = [_told(entry(_legal(result.verdict), f"{result.kind}, {result.status}"), text)]
    return case


def _told(entry: Error | Failure, text: str) -> Error | Failure:
    entry.text = _legal(text)
    return entry


def _legal(text: str) -> str:
    """The text with a sign in place of each character that XML cannot hold."""
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
