"""Findings: divergences told apart by their signatures, each kept as a trace that replays it."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pymodel.differential.comparison.compare import Divergence
from pymodel.differential.errors import BadInput
from pymodel.differential.programs.program import Program
from pymodel.differential.programs.text import AT_HEAP, Comment, TraceFile, print_program

STEP_MARK = "<- first difference"
# `scavdiff replay` reads these in the head of a trace, see expectation.py.
DIVERGENCE_MARK = "divergence: "
FLAKY_MARK = "did not show again"
SLUG_LENGTH_MAX = 60


@dataclass(slots=True)
class Finding:
    """A divergence, by the shortest program known to show it.

    `origin` says which program of which seed showed it first, `path` where the trace is, `count` how many programs of
    the run had this signature. A finding that did not show again when its program was run again is `flaky`.
    """

    divergence: Divergence
    program: Program
    origin: str
    path: Path
    original_operation_count: int
    found_after_operation_count: int
    found_after_seconds: float
    count: int = 1
    flaky: bool = False


def trace_path(folder: Path, signature: str, seed: int) -> Path:
    """Where the trace of a finding goes."""
    return folder / f"{slug(signature)}-{seed}.trace"


def slug(text: str) -> str:
    """`text` as part of a file name."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:SLUG_LENGTH_MAX].rstrip("-") or "finding"


def print_trace(program: Program, heading: str, step: int | None) -> str:
    """A trace with `heading` as comments, and the step of the first difference marked."""
    comments = [Comment(AT_HEAP, line.rstrip()) for line in heading.splitlines()]
    if step is not None and 0 <= step < len(program.operations):
        comments.append(Comment(step, STEP_MARK, behind=True))
    return print_program(TraceFile(program, tuple(comments)))


def write_atomically(path: Path, content: str | bytes) -> None:
    """Writes a file so that it is there whole or not at all; raises BadInput where it cannot be written."""
    data = content.encode() if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror}") from error


def read_text(path: Path) -> str:
    """The text of a trace; raises BadInput where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not a trace: it is not UTF-8 text") from error
