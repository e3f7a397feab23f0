"""Test the tester: each planted fault is found, shrunk and named, or charged to the right program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pymodel.differential.errors import HarnessError
from pymodel.differential.running.budget import Budget
from pymodel.differential.running.replay import replay_text
from pymodel.differential.running.side_by_side import SideBySide
from pymodel.differential.running.statuses import Status
from pymodel.differential.targets.target_specs import TimeLimits, make_target
from tests.planted.detection import ROOT, detect, planted_spec
from tests.planted.edits import Edit, edited_source, plant, source_of
from tests.planted.faults import WRONG_BEHAVIOURS, WRONG_RULES, WrongBehaviour, WrongRule

SEED = 1
# Enough for every misbehaviour to show more than once; each hang costs its time limit.
BEHAVIOUR_BUDGET = Budget(program_count=40)
LIMITS = TimeLimits(start_seconds=60, program_seconds=60)
# One that hangs is not waited for that long, though a slow program may then be charged as well; nor is one that never
# starts.
LIMITS_OF = {"hang": TimeLimits(start_seconds=60, program_seconds=2), "too slow start": TimeLimits(start_seconds=1)}


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("rule", WRONG_RULES, ids=lambda rule: rule.name)
def test_a_wrong_rule_is_found_shrunk_and_named(rule: WrongRule, tmp_path: Path) -> None:
    detection = detect(rule.name, SEED, tmp_path)
    finding = detection.finding
    assert finding is not None, "not found"
    assert not finding.flaky
    assert len(finding.program.operations) <= rule.operation_count_max, detection.told
    assert rule.words
    for words in rule.words:
        assert words in detection.told
    assert detection.result.exit_status == 1
    assert_replays(finding.path, planted_spec(rule.name))


def assert_replays(path: Path, spec: str) -> None:
    """The trace shows again what its head says, with the step marked that it was marked with."""
    side_by_side = SideBySide([make_target(name, name, LIMITS) for name in ("model", spec)])
    try:
        side_by_side.open()
        text, replayed = replay_text(path, side_by_side)
    finally:
        side_by_side.close()
    assert replayed.exit_status == 1
    assert [judgement.status for judgement in replayed.judgements] == [Status.STILL_FAILS]
    marked = re.search(r"^(.*\S)  # <- first difference$", path.read_text(), re.MULTILINE)
    assert marked is not None
    assert f"  {marked[1]}  <- first difference\n" in text


@pytest.mark.parametrize("fault", [fault for fault in WRONG_BEHAVIOURS if fault.answers], ids=lambda fault: fault.name)
def test_a_misbehaving_target_is_charged_and_the_run_goes_on(fault: WrongBehaviour, tmp_path: Path) -> None:
    detection = detect(fault.name, SEED, tmp_path, budget=BEHAVIOUR_BUDGET, limits=LIMITS_OF.get(fault.name, LIMITS))
    tally = detection.result.tally
    assert list(tally.harness_errors) == [f"planted: {fault.error}"]
    failed_count = tally.harness_errors.total()
    assert failed_count > 1
    assert tally.program_count == 40 - failed_count
    assert detection.result.findings == {}
    assert detection.result.exit_status == 2
    for words in fault.words:
        assert words in detection.told


@pytest.mark.parametrize(
    "fault", [fault for fault in WRONG_BEHAVIOURS if not fault.answers], ids=lambda fault: fault.name
)
def test_a_target_that_never_answers_stops_the_run_before_it_begins(fault: WrongBehaviour, tmp_path: Path) -> None:
    with pytest.raises(HarnessError) as caught:
        detect(fault.name, SEED, tmp_path, limits=LIMITS_OF.get(fault.name, LIMITS))
    assert type(caught.value).__name__ == fault.error
    for words in fault.words:
        assert words in str(caught.value)


def test_crash_report_keeps_the_exit_status_and_the_last_words(tmp_path: Path) -> None:
    told = detect("crash", SEED, tmp_path, budget=BEHAVIOUR_BUDGET, limits=LIMITS).told
    assert "target planted died before it answered program" in told
    assert "(exit status 3)" in told
    assert "| out of memory: cannot map 4194304 bytes" in told


def test_without_a_fault_nothing_is_found(tmp_path: Path) -> None:
    detection = detect("none", SEED, tmp_path, budget=Budget(operation_count=5000))
    assert detection.result.exit_status == 0
    assert detection.result.tally.operation_count >= 5000
    assert list(tmp_path.iterdir()) == []


def test_the_same_seed_finds_the_same_thing(tmp_path: Path) -> None:
    traces = []
    for folder in ("first", "second"):
        finding = detect("released not counted", 7, tmp_path / folder).finding
        assert finding is not None
        traces.append(finding.path.read_text().replace(str(tmp_path / folder), ""))
    assert traces[0] == traces[1]


def test_several_findings_are_told_apart_and_counted(tmp_path: Path) -> None:
    detection = detect("forgotten freeHWM", SEED, tmp_path, budget=Budget(operation_count=5000), stop_after=3)
    findings = detection.result.findings
    assert len({finding.path for finding in findings.values()}) == len(findings)
    assert sum(finding.count for finding in findings.values()) == detection.result.tally.divergent_program_count
    assert detection.result.tally.divergent_program_count > len(findings)


@pytest.mark.parametrize("rule", WRONG_RULES, ids=lambda rule: rule.name)
def test_each_fault_still_has_a_place_to_be_planted(rule: WrongRule) -> None:
    source = source_of(rule.edit.module)
    assert edited_source(source, rule.edit) != source
    compile(edited_source(source, rule.edit), rule.edit.module, "exec")


def test_a_fault_with_no_place_to_be_planted_is_refused() -> None:
    edit = Edit("pymodel.pageheap.mranges", "no such line", "")
    with pytest.raises(RuntimeError, match=r"contains 'no such line' 0 times, not once"):
        edited_source(source_of(edit.module), edit)
    with pytest.raises(RuntimeError, match="is imported already"):
        plant(Edit("pymodel.differential.running.budget", "a", "b"))
