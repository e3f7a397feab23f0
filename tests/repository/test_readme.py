"""The README's example of a divergence is what the tester prints."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.repository.tree import ROOT, tracked_texts

# Lines that depend on the generator and on where the target is.
VARYING = ("found in program", "replay: ")


def test_the_readmes_divergence_is_what_is_printed(tmp_path: Path) -> None:
    blocks = re.findall(r"```\n(divergence: .*?)```", tracked_texts()["README.md"], re.DOTALL)
    assert len(blocks) == 1
    target = shlex.join([sys.executable, "-m", "tests.planted", "serve", "scavenged bits survive an allocation"])
    command = [sys.executable, "-m", "pymodel.differential.cli", "run", "--seed=1", "--examples=4", "--stop-after=1"]
    run = subprocess.run(
        [*command, f"--findings={tmp_path}", f"--target=exec:{target}"], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 1, run.stderr
    printed = (run.stdout + run.stderr).splitlines()
    shown = [line for line in blocks[0].splitlines() if not line.startswith(VARYING)]
    assert [line for line in shown if line not in printed] == []
