"""Test the tester: what the Go target forgets between two programs is seen by its own tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.planted.go_faults import GO_FAULTS, GoFault, go_test_with


@pytest.mark.parametrize("fault", GO_FAULTS, ids=lambda fault: fault.name)
def test_what_the_go_target_forgets_is_seen(fault: GoFault, tmp_path: Path) -> None:
    ran = go_test_with(fault, tmp_path)
    assert ran.returncode == 1, ran.stderr
    said = [line.partition(": ")[2] for line in ran.stdout.splitlines() if "_test.go:" in line]
    # What is left changes the probes of the other settings, too.
    assert fault.words in said


def test_without_a_fault_the_test_passes(tmp_path: Path) -> None:
    fault = replace(GO_FAULTS[0], edits=())
    ran = go_test_with(fault, tmp_path)
    assert ran.returncode == 0, ran.stdout
    assert ran.stdout.startswith("ok")


def test_a_fault_with_no_place_in_the_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"variables\.go does not contain 'no such text'"):
        go_test_with(replace(GO_FAULTS[0], edits=(("no such text", ""),)), tmp_path)
