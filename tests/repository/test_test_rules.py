"""The rules that pytest runs under: nothing skipped, warnings are errors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run_pytest(folder: Path, test_code: str) -> subprocess.CompletedProcess[str]:
    """Runs the repository's own settings and conftest on one test file."""
    for name in ("pyproject.toml", "tests/conftest.py"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text((ROOT / name).read_text())
    (folder / "tests" / "test_planted.py").write_text(test_code)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_a_passing_test_passes(tmp_path: Path) -> None:
    assert run_pytest(tmp_path, "def test_x(): pass\n").returncode == pytest.ExitCode.OK


@pytest.mark.parametrize(
    "test_code",
    [
        "from pytest import skip\ndef test_x(): skip('no Go')\n",
        "from pytest import mark as m\n@m.skip(reason='no Go')\ndef test_x(): pass\n",
        "from pytest import mark as m\n@m.xfail\ndef test_x(): assert False\n",
        "from pytest import importorskip\nimportorskip('no_such_module')\ndef test_x(): pass\n",
        "import warnings\ndef test_x(): warnings.warn('x')\n",
        "def test_x(): assert False\n",
    ],
)
def test_what_was_not_shown_fails_the_run(tmp_path: Path, test_code: str) -> None:
    run = run_pytest(tmp_path, "def test_fine(): pass\n" + test_code)
    assert run.returncode != pytest.ExitCode.OK, run.stdout
