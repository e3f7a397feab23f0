"""The example port in C: level 1 of conformance, an adapter that is short, and found out where a fault is planted."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from pymodel.differential.cli import main
from tests.examples.comparing import PATIENCE
from tests.repository.tree import ROOT, tracked_texts

PORT = ROOT / "examples/port-c"
ADAPTER_LINE_COUNT_MAX = 150
# More than a fault needs, and a second's work.
PLANTED_PROGRAM_COUNT = 60


def built(folder: Path, plant: int = 0) -> Path:
    command = ["make", "-s", "-C", str(PORT), f"PLANT={plant}", f"BUILD={folder}"]
    made = subprocess.run(command, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return folder / "port-c"


def scavdiff(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, result.stdout


def conformance(port: Path, folder: Path, *flags: str) -> tuple[int, str]:
    return scavdiff("conformance", "--target", f"stdio:{port}", "--findings", str(folder / "findings"), *flags)


def test_the_port_conforms_to_level_1(tmp_path: Path) -> None:
    status, told = conformance(built(tmp_path), tmp_path, "--level", "1", "--programs", "150")
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


def blocks() -> list[str]:
    """The fenced blocks of docs/porting.md without a language."""
    found = re.findall(r"^```(\w*)\n(.*?)^```", tracked_texts()["docs/porting.md"], re.DOTALL | re.MULTILINE)
    return [block for language, block in found if not language]


def commands_of_the_document() -> list[str]:
    return [line for block in blocks() for line in block.splitlines() if line.startswith("scavdiff ")]


def test_what_the_document_shows_is_what_is_printed(tmp_path: Path) -> None:
    smoked = scavdiff("smoke", "--target", f"stdio:{built(tmp_path / '2', 2)}", *PATIENCE)[1]
    right = conformance(built(tmp_path / "0"), tmp_path, "--programs", "100")[1]
    wrong = conformance(built(tmp_path / "3", 3), tmp_path, "--level", "1", "--programs", "100")[1]
    shown = {"works  ": smoked, "level  ": right, "diverge": wrong}
    checked = 0
    for block in blocks():
        if printed := shown.get(block[:7]):
            lines = [line for line in block.splitlines() if line not in ("", "...") and "Describe: " not in line]
            assert [line for line in lines if line.strip() not in printed] == []
            checked += 1
    assert checked == 3


def test_every_command_of_the_document_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built(tmp_path).rename(tmp_path / "my-port")
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "scavdiff-findings"
    folder.mkdir()
    (folder / "x.trace").write_text("pageheap program 1\nheap phys_page=4096 huge_page=0\ncall fill_aligned 1 4\n")
    commands = commands_of_the_document()
    assert len(commands) == 6
    for command in commands:
        status, told = scavdiff(*shlex.split(command)[1:])
        assert status == 0, f"{command}\n{told}"


def test_without_a_compiler_the_build_says_what_to_install(tmp_path: Path) -> None:
    command = ["make", "-s", "-C", str(PORT), "CC=no-such-compiler", f"BUILD={tmp_path}"]
    made = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    assert made.returncode == 2
    assert "no C compiler: no-such-compiler is not there; install gcc or clang, or name one with CC=" in made.stderr
