"""The example port in Rust: in good order, equal to Go at all seven levels, and found out where a fault is planted."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from pymodel.differential.running import run
from pymodel.differential.running.minimal import minimal_divergence
from pymodel.differential.shrinking.search import Limits
from tests.examples.comparing import PATIENCE, compare_with_model
from tests.repository.tree import ROOT

PORT = ROOT / "examples/port-rust"
ADAPTER = ("src/main.rs", "src/adapter.rs", "src/calls.rs")
# Where the part of src/adapter.rs begins that a port of four levels would not have.
ABOVE_LEVEL_4 = "    // What levels 5 and 6 add.\n"
ADAPTER_LINE_COUNT_MAX = 150
OPERATION_COUNT = 30_000
# A comparison makes more than that in 10 s: see docs/performance.md.
PLANTED_OPERATION_COUNT_MAX = 50_000

# The six faults are six shrinks; how short a program can become is shown elsewhere.
SHRINKING_LIMITS = Limits(candidate_count_max=150)

# Number of the fault, and what the report speaks of.
PLANTED = [
    (1, "grow: chunk.scavenged|set_range"),
    (2, "inUse|call ranges_"),
    (3, "freeHWM"),
    (4, "packPallocSum|mergeSummaries"),
    (5, "findScavengeCandidate"),
    (6, "critSleepRatio|pi_next"),
]


def cargo(*arguments: str) -> str:
    """What cargo prints for the port; a failure of it is one of the test, with all that was printed."""
    process = subprocess.run(["cargo", *arguments], cwd=PORT, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr + process.stdout
    return process.stdout


@pytest.fixture(scope="module")
def port() -> str:
    """The built port as a target. What Cargo.lock names is fetched, if need be, here and only here."""
    cargo("fetch", "--locked", "--quiet")
    cargo("build", "--locked", "--offline", "--quiet")
    return f"stdio:{PORT / 'target/debug/port-rust'}"


@pytest.mark.usefixtures("port")
@pytest.mark.parametrize(
    "command",
    [
        ("fmt", "--all", "--check"),
        ("clippy", "--locked", "--offline", "--quiet", "--workspace", "--all-targets", "--", "--deny", "warnings"),
        ("test", "--locked", "--offline", "--quiet", "--workspace"),
    ],
    ids=lambda command: command[0],
)
def test_cargo_finds_no_fault(command: tuple[str, ...]) -> None:
    cargo(*command)


def code_line_count(text: str) -> int:
    """Lines that are neither blank nor a comment."""
    lines = map(str.strip, text.splitlines())
    return sum(bool(line) and not line.startswith("//") for line in lines)


def test_the_adapter_of_four_levels_is_short() -> None:
    texts = [(PORT / name).read_text() for name in ADAPTER]
    assert ABOVE_LEVEL_4 in texts[1]
    texts[1] = texts[1].partition(ABOVE_LEVEL_4)[0] + "}\n"
    assert sum(map(code_line_count, texts)) <= ADAPTER_LINE_COUNT_MAX


def test_the_page_heap_knows_nothing_of_the_harness() -> None:
    outside = {PORT / "src" / name for name in ("main.rs", "adapter.rs", "calls.rs", "pacing.rs")}
    texts = {path: path.read_text() for path in (PORT / "src").glob("*.rs") if path not in outside}
    assert len(texts) > 10
    assert [path for path, text in texts.items() if "scavdiff" in text or "prost" in text] == []


def test_the_port_does_what_go_and_the_specification_do(port: str, tmp_path: Path) -> None:
    result, told = compare_with_model(port, "go", operation_count=OPERATION_COUNT, folder=tmp_path)
    assert result.exit_status == 0, told
    assert result.tally.operation_count >= OPERATION_COUNT
    assert not result.tally.harness_errors
    assert {reason for _, reason in result.tally.left_out} == {"needs outside contract"}


def test_the_adapter_passes_the_smoke_test(port: str) -> None:
    command = [sys.executable, "-m", "pymodel.differential.cli", "smoke", "--target", port, *PATIENCE]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert process.returncode == 0, process.stdout
    assert "broken" not in process.stdout


@pytest.mark.parametrize(("number", "spoken_of"), PLANTED)
def test_a_planted_fault_is_found_and_named(
    number: int, spoken_of: str, port: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "minimal_divergence", partial(minimal_divergence, limits=SHRINKING_LIMITS))
    result, told = compare_with_model(
        f"{port} --plant={number}", operation_count=PLANTED_OPERATION_COUNT_MAX, folder=tmp_path
    )
    (finding,) = result.findings.values()
    assert not finding.flaky
    assert re.search(spoken_of, told), told


def test_a_wrong_flag_is_told_in_one_sentence(port: str) -> None:
    process = subprocess.run([port.removeprefix("stdio:"), "--plan"], capture_output=True, text=True)
    assert process.returncode != 0
    assert "usage: port-rust [--plant=NUMBER]" in process.stderr
