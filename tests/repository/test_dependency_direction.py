"""Dependencies point one way: tests -> differential -> {pageheap, wire}."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repository.tree import ROOT

# What each part may import besides itself; None stands for anything installed.
ALLOWED: dict[str, set[str] | None] = {
    "pymodel/pageheap": set(sys.stdlib_module_names),
    "pymodel/wire": {*sys.stdlib_module_names, "google"},
    "pymodel/differential": None,
}
FORBIDDEN_TO_DRIVER = {"tests", "tools"}


def imported_modules(code: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where they lead"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_allowed(part: str, module: str) -> bool:
    allowed, top_level = ALLOWED[part], module.partition(".")[0]
    if allowed is None:
        return top_level not in FORBIDDEN_TO_DRIVER
    return top_level in allowed or f"{module}.".startswith(part.replace("/", ".") + ".")


@pytest.mark.parametrize("part", ALLOWED)
def test_imports_point_one_way(part: str) -> None:
    sources = sorted((ROOT / part).rglob("*.py"))
    assert sources
    wrong = [
        f"{source.relative_to(ROOT)} imports {module}"
        for source in sources
        for module in imported_modules(source.read_text())
        if not is_allowed(part, module)
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("part", "code", "allowed"),
    [
        ("pymodel/pageheap", "from pymodel.pageheap import mranges", True),
        ("pymodel/pageheap", "import bisect", True),
        ("pymodel/pageheap", "import pymodel.pageheap_extra", False),
        ("pymodel/pageheap", "from pymodel import wire", False),
        ("pymodel/pageheap", "def f():\n    import pymodel.differential", False),
        ("pymodel/pageheap", "import hypothesis", False),
        ("pymodel/wire", "from google.protobuf import message", True),
        ("pymodel/wire", "from pymodel.pageheap import mranges", False),
        ("pymodel/differential", "import grpc", True),
        ("pymodel/differential", "from tests.differential import planted", False),
    ],
)
def test_a_planted_import_is_judged(part: str, code: str, allowed: bool) -> None:
    assert all(is_allowed(part, module) for module in imported_modules(code)) == allowed


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("pymodel/pageheap/planted.py", "import pymodel.differential.programs.text\n"),
        ("pymodel/pageheap/planted.py", "from pymodel.wire import pageheap_pb2\n"),
        ("pymodel/pageheap/planted.py", "from google.protobuf import message\n"),
        ("pymodel/pageheap/planted.py", "import hypothesis\n"),
        ("pymodel/pageheap/planted.py", "import tests.repository.tree\n"),
        ("pymodel/pageheap/planted.py", "from . import mranges\n"),
        ("pymodel/wire/planted.py", "import pymodel.differential.programs.text\n"),
    ],
)
def test_ruff_refuses_a_planted_violation(path: str, code: str) -> None:
    verdict = ruff_verdict(path, code)
    assert verdict.returncode == 1
    assert "TID25" in verdict.stdout


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("pymodel/pageheap/planted.py", "import bisect\n\nfrom pymodel.pageheap import mranges\n"),
        (
            "pymodel/differential/planted.py",
            "from pymodel.pageheap import mranges\nfrom pymodel.wire import pageheap_pb2\n",
        ),
        ("tests/planted.py", "import pymodel.differential.programs.text\n"),
    ],
)
def test_ruff_lets_the_right_direction_through(path: str, code: str) -> None:
    assert ruff_verdict(path, code).returncode == 0


def ruff_verdict(path: str, code: str) -> subprocess.CompletedProcess[str]:
    """What ruff's import rules say of this code, were it at this path."""
    ruff = Path(sys.executable).with_name("ruff")
    command = [str(ruff), "check", "--select=TID", f"--stdin-filename={path}", "--output-format=concise", "-"]
    return subprocess.run(command, cwd=ROOT, input=code, capture_output=True, text=True)
