from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pymodel.differential.errors import BadInput
from tests.repository.tree import ROOT
from tools.reality_check import CANNOT_AGREE, RUN_COUNT_MAX, main, make_checks, report_lines, whole_log

REAL = [
    "scav 0 0 KiB work, 3464 KiB total, 12% util",
    "scav 1 84992 KiB work, 88456 KiB total, 91% util",
    "scav 2 0 KiB work, 88448 KiB total, 91% util",
    "scav 3 1096 KiB work, 89544 KiB total, 99% util (forced)",
]
SIMULATED = [
    "scav 0 0 KiB work, 0 KiB total, 12% util",
    "scav 1 56000 KiB work, 56000 KiB total, 80% util",
    "scav 2 28000 KiB work, 84000 KiB total, 90% util",
    "scav 3 1216 KiB work, 85216 KiB total, 100% util (forced)",
]


def failed(real: list[str], simulated: list[str]) -> list[str]:
    return [check.what.split(":")[0] for check in make_checks(real, simulated) if not check.holds]


def test_traces_that_differ_only_in_time_agree() -> None:
    assert failed(REAL, SIMULATED) == []


@pytest.mark.parametrize(
    ("real", "simulated", "what"),
    [
        ([*REAL, "scav 4 0 KiB work"], SIMULATED, "format"),
        ([], SIMULATED, "format"),
        ([line.replace(" total", "  total") for line in REAL], SIMULATED, "format"),
        (REAL[1:], SIMULATED, "generations"),
        (REAL, SIMULATED[:2] + SIMULATED[3:], "generations"),
        ([REAL[0], REAL[1].replace("88456", "80000"), *REAL[2:]], SIMULATED, "fields, real"),
        (
            REAL,
            [SIMULATED[0], SIMULATED[1].replace("56000 KiB work", "1000 KiB work"), *SIMULATED[2:]],
            "fields, simulated",
        ),
        (REAL, [*SIMULATED[:3], SIMULATED[3].replace("100%", "60%")], "fields, simulated"),
        ([*REAL[:3], REAL[3].replace("99%", "12%")], SIMULATED, "direction"),
        (REAL, [line.replace("8", "1") for line in SIMULATED], "magnitude"),
    ],
)
def test_each_disagreement_is_found(real: list[str], simulated: list[str], what: str) -> None:
    assert what in failed(real, simulated)


def test_the_report_shows_both_traces_the_checks_and_what_is_not_compared() -> None:
    checks = list(make_checks(REAL, SIMULATED[:3]))
    text = "\n".join(report_lines(REAL, SIMULATED[:3], checks))
    assert REAL[1] in text and SIMULATED[1] in text
    assert "FAIL generations" in text and "ok   format" in text
    assert text.endswith(CANNOT_AGREE)


def test_the_documented_run_is_what_the_tool_makes_of_its_two_traces() -> None:
    block = (ROOT / "docs" / "reality-check.md").read_text().split("```\n")[1]
    lines = block.splitlines()
    traces = [line.split("  scav ") for line in lines[1 : lines.index("")]]
    real, simulated = [left.rstrip() for left, _ in traces], [f"scav {right}" for _, right in traces]
    checks = list(make_checks(real, simulated))
    assert all(check.holds for check in checks)
    assert "\n".join(report_lines(real, simulated, checks)).splitlines() == lines


GC_LINE = (
    "gc 1 @0.5s 0%: 0.006+1.6+0.002 ms clock, 0.013+0/0.17/0+0.004 ms cpu, "
    "4->5->3 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P\n"
)
# As one thread's line comes out in the middle of another's.
TORN = GC_LINE[:40] + "scav 1 0 KiB work, 88448 KiB total, 91% util\n" + GC_LINE[40:]


def runs_that_write(*logs: str) -> tuple[Callable[[], str], list[str]]:
    """Runs that write these logs one after the other, and the logs of runs that are still to come."""
    left = list(logs)
    return lambda: left.pop(0), left


def test_a_program_whose_lines_are_torn_is_run_again_until_they_are_whole(capsys: pytest.CaptureFixture[str]) -> None:
    run, left = runs_that_write(TORN, TORN, GC_LINE, TORN)
    log, history = whole_log(run)
    assert log == GC_LINE
    assert [row.end_ns for row in history.rows] == [5 * 10**8]
    assert left == [TORN]
    assert [line.partition(":1: ")[0] for line in capsys.readouterr().err.splitlines()] == [
        "not whole: log of run 1",
        "not whole: log of run 2",
    ]


def test_a_program_whose_lines_are_always_torn_is_given_up() -> None:
    run, left = runs_that_write(*[TORN] * RUN_COUNT_MAX, GC_LINE)
    told = f"none of {RUN_COUNT_MAX} runs of the program left a log with whole lines; log of run {RUN_COUNT_MAX}:1: "
    with pytest.raises(BadInput) as caught:
        whole_log(run)
    assert str(caught.value).startswith(told)
    assert left == [GC_LINE]


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (f"printf '{TORN}' >&2", f"reality-check: none of {RUN_COUNT_MAX} runs of the program left a log with whole"),
        ("exit 3", "reality-check: the program did not run to its end: "),
        (None, "reality-check: cannot run "),
    ],
)
def test_where_there_is_nothing_to_check_the_last_line_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], script: str | None, told: str
) -> None:
    program = tmp_path / "program"
    if script is not None:
        program.write_text(f"#!/bin/sh\n{script.replace('%', '%%')}\n")
        program.chmod(0o755)
    assert main([str(program)]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.splitlines()[-1].startswith(told)
    assert "Traceback" not in output.err
