"""Generated protocol code equals what proto/ generates, and the protocol keeps its lint rules."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository.tree import ROOT
from tools import stubs


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return stubs.generate(tmp_path_factory.mktemp("stubs"))


def test_committed_code_has_not_drifted(generated: dict[str, bytes]) -> None:
    assert len(generated) == 6
    assert stubs.drifted(ROOT, generated) == []


def test_drift_of_each_kind_is_found(generated: dict[str, bytes], tmp_path: Path) -> None:
    stubs.write(tmp_path, generated)
    assert stubs.drifted(tmp_path, generated) == []
    changed, missing, *_ = sorted(generated)
    (tmp_path / changed).write_bytes(generated[changed] + b"\n")
    (tmp_path / missing).unlink()
    (tmp_path / "pymodel/wire/old_pb2.py").write_text("")
    assert stubs.drifted(tmp_path, generated) == [
        "pymodel/wire/old_pb2.py is generated no longer",
        f"{changed} differs from what proto/ generates",
        f"{missing} is missing",
    ]


def test_writing_repairs_drift(generated: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "pymodel/wire").mkdir(parents=True)
    (tmp_path / "pymodel/wire/old_pb2.py").write_text("")
    stubs.write(tmp_path, generated)
    assert stubs.drifted(tmp_path, generated) == []


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ("  // Span slot written.\n", "", "COMMENT_FIELD"),
        ("// Program is a list of operations on numbered slots, run on a clean page heap.\n", "", "COMMENT_MESSAGE"),
        ("", "", ""),
        ("PANIC_KIND_UNSPECIFIED", "PANIC_KIND_NONE", "ENUM_ZERO_VALUE_SUFFIX"),
        ("PANIC_KIND_BOUNDS", "BOUNDS", "ENUM_VALUE_PREFIX"),
        ("package pageheap.v1;", "package pageheap.v2;", "PACKAGE_DIRECTORY_MATCH"),
        ("service PageHeapService", "service PageHeap", "SERVICE_SUFFIX"),
        ("bytes allocated", "bytes Allocated", "FIELD_LOWER_SNAKE_CASE"),
    ],
)
def test_protocol_lint_refuses_a_planted_violation(tmp_path: Path, before: str, after: str, rule: str) -> None:
    copy = tmp_path / "proto"
    shutil.copytree(ROOT / "proto", copy)
    for path in copy.rglob("*.proto"):
        path.write_text(path.read_text().replace(before, after))
    buf = Path(sys.executable).with_name("buf")
    command = [str(buf), "lint", str(copy), "--error-format=json"]
    lint = subprocess.run(command, capture_output=True, text=True)
    assert f'"type":"{rule}"' in lint.stdout if rule else lint.stdout == ""
    assert (lint.returncode == 0) == (rule == "")
