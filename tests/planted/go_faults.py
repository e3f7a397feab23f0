"""Faults planted in the Go target's own source: what it forgets between two programs.

A run would not shrink them, for no program fails by itself; Go's tests of the harness must see them instead.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.planted.detection import ROOT

GO_MODULE = ROOT / "goharness"


@dataclass(frozen=True, slots=True)
class GoFault:
    """Something that the Go target forgets: each text in `path`, which is relative to goharness, becomes another."""

    name: str
    path: str
    edits: tuple[tuple[str, str], ...]
    test: str
    """The Go test that sees it."""
    package: str
    words: str
    """What that test then says."""


def _not_reset(name: str, *edits: tuple[str, str]) -> GoFault:
    """A setting that keeps what the program before made it; it starts as it should."""
    return GoFault(
        f"{name} not reset",
        "internal/pageheap/variables.go",
        edits,
        "TestSettingsOfAProgramAreNotThoseOfTheNext",
        "./internal/program",
        f"{name} is left from the program before",
    )


_RESET = "gomaxprocs, faketime, debug = gomaxprocsStart, 0, debugSettings{}"

GO_FAULTS = (
    _not_reset(
        "gomaxprocs",
        (_RESET, "faketime, debug = 0, debugSettings{}"),
        ("gomaxprocs       int32\n", "gomaxprocs       int32 = gomaxprocsStart\n"),
    ),
    _not_reset("faketime", (_RESET, "gomaxprocs, debug = gomaxprocsStart, debugSettings{}")),
    _not_reset("scavtrace", (_RESET, "gomaxprocs, faketime = gomaxprocsStart, 0")),
)


def go_test_with(fault: GoFault, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs the fault's test on a source in which it is planted; the source tree stays as it is.

    Raises RuntimeError if there is no place to plant it.
    """
    original = GO_MODULE / fault.path
    source = original.read_text()
    for before, after in fault.edits:
        if before not in source:
            raise RuntimeError(f"{fault.path} does not contain {before!r}")
        source = source.replace(before, after)
    changed, overlay = folder / original.name, folder / "overlay.json"
    changed.write_text(source)
    overlay.write_text(json.dumps({"Replace": {str(original): str(changed)}}))
    command = ["go", "test", "-overlay", str(overlay), "-run", f"^{fault.test}$", fault.package]
    return subprocess.run(command, cwd=GO_MODULE, capture_output=True, text=True)
