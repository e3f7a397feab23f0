from __future__ import annotations

import pytest

from tests.repository.tree import ROOT
from tools.reality_check import CANNOT_AGREE, make_checks, report_lines

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
