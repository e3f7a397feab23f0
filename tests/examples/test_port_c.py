"""The example port in C: level 1 of conformance, an adapter that is short, and found out where a fault is planted."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from pymodel.differential.cli import main
from tests.repository.tree import ROOT

PORT = ROOT / "examples/port-c"
ADAPTER_LINE_COUNT_MAX = 150
# More than a fault needs, and a second's work.
PLANTED_PROGRAM_COUNT = 60


def built(folder: Path, plant: int = 0) -> Path:
    command = ["make", "-s", "-C", str(PORT), f"PLANT={plant}", f"BUILD={folder}"]
    made = subprocess.run(command, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return folder / "port-c"


def conformance(port: Path, folder: Path, *flags: str) -> tuple[int, str]:
    command = ["conformance", "--target", f"stdio:{port}", "--findings", str(folder / "findings"), *flags]
    result = CliRunner().invoke(main, command)
    return result.exit_code, result.stdout


def test_the_port_conforms_to_level_1(tmp_path: Path) -> None:
    status, told = conformance(built(tmp_path), tmp_path, "--level", "1", "--programs", "300")
    assert status == 0, told
    assert "port-c conforms up to level 1 of 7: bits\n" in told
    assert "next: level 2 (ranges)" in told


def test_the_adapter_is_as_short_as_the_documents_say() -> None:
    assert len((PORT / "adapter.c").read_text().splitlines()) <= ADAPTER_LINE_COUNT_MAX


@pytest.mark.parametrize(
    ("plant", "signature"),
    [
        (1, "call summarize: outcome.sum"),
        (2, "call find: outcome.new_search_idx"),
        (3, "call find_scavenge_candidate: outcome.start, outcome.size"),
    ],
)
def test_a_planted_fault_is_found_and_shrunk_to_one_call(tmp_path: Path, plant: int, signature: str) -> None:
    flags = ("--level", "1", "--programs", str(PLANTED_PROGRAM_COUNT))
    status, told = conformance(built(tmp_path, plant), tmp_path, *flags)
    assert status == 1
    assert f"divergence: {signature}\n" in told
    assert "operations to 1\n" in told
    assert "port-c conforms to no level yet\n" in told


def test_without_a_compiler_the_build_says_what_to_install(tmp_path: Path) -> None:
    command = ["make", "-s", "-C", str(PORT), "CC=no-such-compiler", f"BUILD={tmp_path}"]
    made = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    assert made.returncode == 2
    assert "no C compiler: no-such-compiler is not there; install gcc or clang, or name one with CC=" in made.stderr
