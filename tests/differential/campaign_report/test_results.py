"""JUnit XML and JSON lines, and the command that writes them."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from junitparser import Error, Failure, JUnitXml, Skipped, TestSuite

from pymodel.differential.campaign.blocks import BlockResult, Kind, Sighting
from pymodel.differential.campaign.configuration import write_configuration
from pymodel.differential.campaign.ledger import FILE_NAME, Ledger
from pymodel.differential.campaign_report.json_lines import as_json_lines
from pymodel.differential.campaign_report.junit import as_junit
from pymodel.differential.campaign_report.results import Results, results_of, with_known
from pymodel.differential.cli import main
from pymodel.differential.running.tally import Tally
from tests.differential.campaign_report.campaigns import campaign, diverging, dying, slow

FLAKY = replace(diverging(), signature="rare", status="flaky")
# Each attribute and child that the schema of Jenkins' JUnit plugin knows and that is used here.
SUITE_ATTRIBUTES = {"name", "tests", "errors", "failures", "skipped", "time"}
CASE_CHILDREN = {"failure", "error", "skipped", "system-out"}


def results(*findings: object) -> Results:
    return results_of(campaign(*findings), 1)  # type: ignore[arg-type]


def properties_of(suite: TestSuite) -> dict[str, str]:
    return {each.name: each.value for each in suite.properties()}  # type: ignore[no-untyped-call]  # of junitparser


def test_junit_has_a_case_for_the_whole_and_one_for_each_finding() -> None:
    document = JUnitXml.fromstring(as_junit(results(diverging(), FLAKY, dying(), slow())))
    (suite,) = document
    outcomes = [(case.classname, case.name, [type(each) for each in case.result]) for case in suite]
    assert outcomes == [
        ("scavdiff.campaign", "the whole campaign", []),
        ("scavdiff.divergence", "chunk.allocated differs in (*pageAlloc).allocRange", [Failure]),
        ("scavdiff.divergence", "rare", [Failure]),
        ("scavdiff.harness", "go: TargetDied", [Error]),
        ("scavdiff.slow", "slow: program 41", []),
    ]
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (5, 2, 1, 0)
    failure = next(iter(list(suite)[1].result))
    assert failure.message == "model disagrees with go."
    assert failure.type == "divergence, open"
    assert "divergence: alloc: chunk.allocated" in failure.text
    assert "scavdiff replay nightly/findings/" in failure.text
    assert properties_of(suite)["seed"] == "7"


def test_junit_uses_only_what_its_usual_readers_know() -> None:
    root = ET.fromstring(as_junit(results(diverging(), FLAKY, dying(), slow())))
    assert root.tag == "testsuites"
    (suite,) = root
    assert set(suite.attrib) <= SUITE_ATTRIBUTES
    assert [child.tag for child in suite] == ["properties"] + ["testcase"] * 5
    for case in suite.iter("testcase"):
        assert set(case.attrib) == {"name", "classname", "time"}
        assert {child.tag for child in case} <= CASE_CHILDREN
        assert float(case.attrib["time"]) >= 0


def test_what_no_xml_can_hold_is_replaced() -> None:
    hostile = "a\x00b\x1bc\ufffed\uffffe<&\"'>]]>"
    document = as_junit(results(diverging(signature=hostile, report=hostile)))
    case = list(ET.fromstring(document).iter("testcase"))[1]
    assert case.attrib["name"] == "a\ufffdb\ufffdc\ufffdd\ufffde<&\"'>]]>"


def test_what_is_known_to_fail_is_skipped_with_its_reason() -> None:
    marked = with_known(results(diverging(), FLAKY), {"rare": "issue 12"}, 1)
    cases = [list(case.result) for case in next(iter(JUnitXml.fromstring(as_junit(marked))))]
    assert [[type(each) for each in case] for case in cases] == [[], [Failure], [Skipped]]
    assert cases[2][0].message == "known to fail: issue 12"
    assert '"known": "issue 12"' in as_json_lines(marked)


def test_a_run_that_was_stopped_fails_the_case_of_the_whole() -> None:
    stopped = replace(results(), stopped="target go gave up")
    whole = next(iter(next(iter(JUnitXml.fromstring(as_junit(stopped))))))
    assert [type(each) for each in whole.result] == [Error]


def test_json_lines_are_events_from_begin_to_end() -> None:
    lines = as_json_lines(results(diverging(), dying(), slow())).splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["event"] for event in events] == [
        "begin",
        *["rate"] * 4,
        *["finding"] * 3,
        "recovery",
        "end",
    ]
    begin, finding, end = events[0], events[5], events[-1]
    assert (begin["format"], begin["seed"], begin["targets"]["go"]) == ("scavdiff events 1", 7, "1 (go1.18.10)")
    assert (finding["kind"], finding["count"], finding["groups"]) == ("divergence", 153, [["model"], ["go"]])
    assert finding["program_numbers"] == [12, 500]
    assert (end["exit_status"], end["totals"]["operations"], end["totals"]["left_out"]) == (
        1,
        1_234_567,
        [{"target": "go", "reason": "it lacks pacing", "programs": 9}],
    )


# The command.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A campaign as it is on disk."""
    path = tmp_path / "nightly"
    path.mkdir()
    view = campaign(folder=path)
    write_configuration(path, view.config)
    finding = diverging()
    sighting = Sighting(
        Kind.DIVERGENCE, finding.signature, 12, "tape caches", 3, 1.0, finding.trace, finding.report, 9, 4, 2
    )
    with Ledger(path / FILE_NAME) as ledger:
        number = ledger.begin_session(2)
        ledger.record(BlockResult(7, 0, Tally(program_count=384), (sighting,), 2.0), number, 2.0)
        ledger.end_session(number, 2.0, "finished")
    return path


def test_the_command_writes_all_that_is_asked_for_and_says_where(folder: Path, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("out.html", "out.xml", "out.jsonl")]
    flags = [str(part) for pair in zip(("--output", "--junit", "--json-lines"), paths, strict=True) for part in pair]
    result = CliRunner().invoke(main, ["campaign", "report", str(folder), *flags])
    assert result.exit_code == 0, result.output
    assert result.output == "".join(f"wrote {path}\n" for path in paths)
    assert paths[0].read_text().startswith("<!doctype html>")
    assert len(next(iter(JUnitXml.fromfile(str(paths[1]))))) == 2
    assert json.loads(paths[2].read_text().splitlines()[-1])["exit_status"] == 1


def test_by_default_the_page_goes_into_the_campaign_s_folder(folder: Path) -> None:
    result = CliRunner().invoke(main, ["campaign", "report", str(folder)])
    assert result.output == f"wrote {folder / 'report.html'}\n"
    assert (folder / "report.html").is_file()


def test_a_list_of_what_may_fail_is_heeded(folder: Path, tmp_path: Path) -> None:
    known, junit = tmp_path / "known.txt", tmp_path / "out.xml"
    known.write_text("alloc: chunk.allocated  # issue 12\n")
    result = CliRunner().invoke(
        main, ["campaign", "report", str(folder), "--junit", str(junit), "--known-failing", str(known)]
    )
    assert result.exit_code == 0, result.output
    suite = next(iter(JUnitXml.fromfile(str(junit))))
    assert (suite.failures, suite.skipped) == (0, 1)
    assert properties_of(suite)["exit-status"] == "0"


def test_a_folder_that_is_no_campaign_is_refused_in_a_sentence(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["campaign", "report", str(tmp_path)])
    assert result.exit_code == 2
    assert "is no campaign" in result.output
    assert "Traceback" not in result.output


def test_a_page_that_cannot_be_written_is_refused_in_a_sentence(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(
        main, ["campaign", "report", str(folder), "--output", str(tmp_path / "file" / "out.html")]
    )
    assert result.exit_code == 2
    assert "cannot write" in result.output


def test_faces_are_in_every_form_of_the_results() -> None:
    face = replace(diverging(), signature="summary differs in (*mheap).allocSpan", count=3)
    told = results(replace(diverging(), faces=(face,)))
    (event,) = (each for each in map(json.loads, as_json_lines(told).splitlines()) if each["event"] == "finding")
    assert [(each["signature"], each["count"], each["program_numbers"]) for each in event["faces"]] == [
        ("summary differs in (*mheap).allocSpan", 3, [12, 500])
    ]
    assert event["faces"][0]["replay"].startswith("scavdiff replay nightly/findings/summary-differs-in-mheap")
    assert "shows as: summary differs in (*mheap).allocSpan, 3 programs; scavdiff replay" in as_junit(told).decode()
