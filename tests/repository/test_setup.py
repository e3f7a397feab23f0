"""`make setup` says in one sentence what it cannot do without."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.repository.tree import ROOT

BASE_COMMANDS = ("bash", "cat", "chmod", "cut", "dirname", "head", "ln", "rm", "sed", "sha256sum", "sort", "tail")

FILES = (
    "tools/setup",
    "pyproject.toml",
    "requirements.lock",
    "requirements-go.lock",
    "requirements-cc.lock",
    "goharness/go.mod",
)

VENV_MAKER = 'case "$*" in "-m venv"*) mkdir -p .venv/bin; cp bin/fake .venv/bin/python;; esac'


@pytest.fixture
def bare_clone(tmp_path: Path) -> Path:
    """A tree with what tools/setup reads, and a PATH folder without Python and Go."""
    (tmp_path / "bin").mkdir()
    for name in BASE_COMMANDS:
        found = shutil.which(name)
        assert found is not None
        (tmp_path / "bin" / name).symlink_to(found)
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def run_setup(clone: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [clone / "tools/setup"], env={"PATH": str(clone / "bin"), **environment}, capture_output=True, text=True
    )


def plant(clone: Path, name: str, script: str) -> None:
    (clone / "bin" / name).write_text(f"#!/bin/bash\n{script}\n")
    (clone / "bin" / name).chmod(0o755)


def what_pip_is_asked(clone: Path) -> str:
    """Runs setup with a virtual environment whose pip does nothing but say what it was asked to install."""
    plant(clone, "fake", f'echo "$*" >>{clone}/asked')
    plant(clone, "python3", VENV_MAKER)
    for name in ("mkdir", "cp"):
        (clone / "bin" / name).symlink_to(str(shutil.which(name)))
    run_setup(clone)
    return (clone / "asked").read_text()


def test_missing_python_is_named_in_one_sentence(bare_clone: Path) -> None:
    run = run_setup(bare_clone)
    assert run.returncode == 2
    assert run.stderr.startswith("setup: needs Python 3.11 or newer: ")
    assert run.stderr.count("\n") == 1


def test_an_old_python_is_passed_over(bare_clone: Path) -> None:
    plant(bare_clone, "python3", 'case "$*" in *"< (3, 11)"*) exit 1;; esac')
    run = run_setup(bare_clone)
    assert run.returncode == 2
    assert run.stderr.startswith("setup: needs Python 3.11 or newer: ")


def test_a_python_that_is_asked_for_and_too_old_is_refused(bare_clone: Path) -> None:
    plant(bare_clone, "old-python", "exit 1")
    run = run_setup(bare_clone, PYTHON="old-python")
    assert run.returncode == 2
    assert "old-python" in run.stderr


def test_a_python_without_venv_is_named_in_one_sentence(bare_clone: Path) -> None:
    plant(bare_clone, "python3", 'case "$*" in "-m venv"*) exit 1;; esac')
    run = run_setup(bare_clone)
    assert run.returncode == 2
    assert "its venv module is missing" in run.stderr
    assert not (bare_clone / ".venv").exists()


@pytest.mark.parametrize(
    ("version", "suffices"),
    [("go1.18.10", False), ("go1.21.13", False), ("go1.26.0", True), ("go1.26.8", True), ("go1.30rc1", True)],
)
def test_a_go_that_is_too_old_is_not_used(bare_clone: Path, version: str, suffices: bool) -> None:
    (bare_clone / "goharness/go.mod").write_text("module m\n\ngo 1.26.0\n")
    plant(bare_clone, "go", f"echo {version}")
    asked = what_pip_is_asked(bare_clone)
    assert "-r requirements.lock" in asked
    assert ("-r requirements-go.lock" in asked) == (not suffices)


@pytest.mark.parametrize("present", [False, True])
def test_a_c_compiler_is_installed_where_there_is_none(bare_clone: Path, present: bool) -> None:
    (bare_clone / "goharness/go.mod").write_text("module m\n\ngo 1.26.0\n")
    plant(bare_clone, "go", "echo go1.26.0")
    if present:
        plant(bare_clone, "cc", "exit 0")
    asked = what_pip_is_asked(bare_clone)
    assert ("-r requirements-cc.lock" in asked) == (not present)
    assert (bare_clone / ".venv/bin/cc").exists() == (not present)


def test_setup_that_is_up_to_date_installs_nothing() -> None:
    subprocess.run([ROOT / "tools/setup"], check=True)
    run = subprocess.run([ROOT / "tools/setup"], env=dict(os.environ), capture_output=True, text=True, check=True)
    assert "installing" not in run.stdout
    assert run.stdout.startswith("setup: ready: Python 3.")
