"""What a stored trace is expected to show, as its head says it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pymodel.differential.errors import HarnessError
from pymodel.differential.programs.text import TraceFile
from pymodel.differential.running.findings import DIVERGENCE_MARK, FLAKY_MARK

_HARNESS_ERROR = re.compile(r"harness error \(\w+\)")


@dataclass(frozen=True, slots=True)
class Expectation:
    """The signature that the trace was kept for; None for a trace on which all targets are to agree.

    A `flaky` one did not show again when its program was run again.
    """

    signature: str | None = None
    flaky: bool = False


def expectation_of(trace: TraceFile) -> Expectation:
    """Reads the comments before the first operation: the first line of a report there is the signature."""
    head = [comment.text for comment in trace.comments if comment.at <= 0 and not comment.behind and comment.text]
    for line in head:
        if line.startswith(DIVERGENCE_MARK):
            return Expectation(line.removeprefix(DIVERGENCE_MARK), any(FLAKY_MARK in other for other in head))
        if harness_error := _HARNESS_ERROR.match(line):
            return Expectation(harness_error[0])
    return Expectation()


def harness_signature(error: HarnessError) -> str:
    """A harness error by its kind, as the report of one begins."""
    return f"harness error ({type(error).__name__})"
