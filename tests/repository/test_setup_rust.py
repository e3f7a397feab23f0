"""`tools/setup-rust` uses the Rust that is there, and says in one sentence what it cannot do without."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.repository.tree import ROOT

BASE_COMMANDS = ("bash", "chmod", "dirname", "head", "ln", "mkdir", "sed", "sort", "tail")


@pytest.fixture
def bare_clone(tmp_path: Path) -> Path:
    """A tree with what tools/setup-rust reads, a PATH folder without Rust, and a Python that fetches nothing."""
    (tmp_path / "bin").mkdir()
    for name in BASE_COMMANDS:
        found = shutil.which(name)
        assert found is not None
        (tmp_path / "bin" / name).symlink_to(found)
    for name in ("tools/setup-rust", "examples/port-rust/Cargo.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".venv/bin").mkdir(parents=True)
    plant(tmp_path / ".venv/bin/python", "echo 'no route to host' >&2; exit 1")
    plant(tmp_path / "bin/cc", "exit 0")
    return tmp_path


def plant(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o755)


def run_setup(clone: Path) -> subprocess.CompletedProcess[str]:
    command = [clone / "tools/setup-rust"]
    return subprocess.run(command, env={"PATH": str(clone / "bin")}, capture_output=True, text=True)


def test_rust_that_can_neither_be_found_nor_fetched_is_named_in_one_sentence(bare_clone: Path) -> None:
    run = run_setup(bare_clone)
    assert run.returncode == 2
    reason, sentence = run.stderr.splitlines()
    assert reason == "no route to host"
    assert sentence.startswith("setup: needs Rust 1.85 or newer with clippy and rustfmt for examples/port-rust")
    assert "install it with rustup" in sentence


def test_a_missing_linker_is_named_in_one_sentence(bare_clone: Path) -> None:
    (bare_clone / "bin/cc").unlink()
    run = run_setup(bare_clone)
    assert run.returncode == 2
    assert run.stderr.startswith("setup: needs a C compiler named cc")
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("version", "suffices"), [("1.63.0", False), ("1.84.1", False), ("1.85.0", True), ("1.100.0-nightly", True)]
)
def test_a_rust_that_is_too_old_is_not_used(bare_clone: Path, version: str, suffices: bool) -> None:
    plant(bare_clone / "bin/cargo", f'case "$*" in --version) echo "cargo {version} (0123456 2026-01-01)";; esac')
    run = run_setup(bare_clone)
    assert (run.returncode == 0) == suffices
    assert run.stdout.startswith("setup: ready: cargo" if suffices else "setup: no Rust 1.85 or newer")


def test_a_rust_without_clippy_is_not_used(bare_clone: Path) -> None:
    plant(bare_clone / "bin/cargo", 'case "$*" in --version) echo "cargo 1.95.0 (x)";; clippy*) exit 1;; esac')
    assert run_setup(bare_clone).returncode == 2
