"""`make soak` tells flat memory from growing memory."""

from __future__ import annotations

import os
import subprocess
import sys

from tools.soak import descendants, resident_kib, verdict


def test_flat_memory_is_flat() -> None:
    line, flat = verdict("targets", [102400, *[99000] * 28, 108000])
    assert flat
    assert "first tenth" in line


def test_growth_of_more_than_a_tenth_is_not_flat() -> None:
    line, flat = verdict("targets", [100 * 1024 + step * 1024 for step in range(20)])
    assert not flat
    assert line == "resident memory, targets: first tenth 100.5 MiB, last tenth 118.5 MiB (+17.9%): NOT FLAT"


def test_memory_of_a_process_and_its_children_is_read() -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(1, flush=True); input()'])"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        children = list(descendants(parent.pid))
        assert len(children) == 1
        assert resident_kib(children[0]) > 1000
        assert children[0] in descendants(os.getpid())
        parent.communicate(b"\n")
    assert resident_kib(children[0]) == 0
