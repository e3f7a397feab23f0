"""What is found, told in the words of the page heap."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from pymodel.differential.comparison.compare import Divergence
from pymodel.differential.errors import HarnessError
from pymodel.differential.programs.program import Program
from pymodel.differential.programs.text import OUTSIDE_LINE, PACING_LINE, print_operation
from pymodel.differential.running.expectation import harness_signature
from pymodel.differential.running.findings import DIVERGENCE_MARK, FLAKY_MARK, STEP_MARK, Finding

DIFFERENCE_COUNT_MAX = 20
OPERATION_COUNT_MAX = 40
OPERATIONS_BEFORE_COUNT = 30


def divergence_report(finding: Finding, names: Sequence[str], replay_flags: Sequence[str]) -> str:
    """The report of a finding: program, differences, who stands alone, where to read first, how to replay it."""
    return "\n".join(_divergence_lines(finding, names, replay_flags))


def _divergence_lines(finding: Finding, names: Sequence[str], replay_flags: Sequence[str]) -> Iterator[str]:
    divergence = finding.divergence
    yield f"{DIVERGENCE_MARK}{divergence.signature}"
    yield (
        f"found in {finding.origin}, after {finding.found_after_operation_count:,} operations; {_shortened(finding)}"
    )
    yield ""
    yield from program_lines(finding.program, divergence.step)
    yield ""
    yield from difference_lines(divergence)
    yield ""
    yield from verdict_lines(divergence, names)
    yield f"replay: {replay_command(finding.path, replay_flags)}"


def _shortened(finding: Finding) -> str:
    before, after = finding.original_operation_count, len(finding.program.operations)
    if finding.flaky:
        return f"{FLAKY_MARK}: kept as it was, {before} operations, with what the targets answered"
    return f"shrunk from {before} operations to {after}" if after < before else f"{after} operations"


def program_lines(program: Program, step: int | None) -> Iterator[str]:
    """The program as a trace has it, with the step marked; of a long one the part before that step."""
    yield f"  heap phys_page={program.phys_page_size} huge_page={program.phys_huge_page_size}"
    if program.pacing:
        yield f"  {PACING_LINE}"
    if program.outside_contract:
        yield f"  {OUTSIDE_LINE}"
    last = len(program.operations) if step is None else step + 1
    first = 0 if last <= OPERATION_COUNT_MAX else last - OPERATIONS_BEFORE_COUNT
    if first:
        yield f"  ... {first} operations ..."
    for index in range(first, last):
        mark = f"  {STEP_MARK}" if index == step else ""
        yield f"  {print_operation(program.operations[index])}{mark}"
    if last < len(program.operations):
        yield f"  ... {len(program.operations) - last} operations more ..."


def difference_lines(divergence: Divergence) -> Iterator[str]:
    """Where and how the targets differ."""
    where = "on the clean heap" if divergence.step is None else f"after operation {divergence.step + 1}"
    yield f"{where}:"
    shown = divergence.differences[:DIFFERENCE_COUNT_MAX]
    yield from (f"  {difference}" for difference in shown)
    if len(shown) < len(divergence.differences):
        yield f"  ... {len(divergence.differences) - len(shown)} differences more ..."


def verdict_lines(divergence: Divergence, names: Sequence[str]) -> Iterator[str]:
    """Who stands alone, if that can be said, and where to read first."""
    if divergence.alone is not None and len(names) > 2:
        others = [name for name in names if name != divergence.alone]
        yield f"{divergence.alone} stands alone; {', '.join(others)} agree"
    elif len(names) > 2:
        yield "no target stands alone"
    yield f"most likely concerned: {divergence.suspect}"


def harness_report(error: HarnessError, origin: str, path: Path, replay_flags: Sequence[str]) -> str:
    """The report of a harness error, with the last words of the target."""
    return "\n".join(
        [
            f"{harness_signature(error)}: {error}",
            f"in {origin}",
            *(f"  | {line}" for line in error.stderr_lines),
            f"replay: {replay_command(path, replay_flags)}",
        ]
    )


def replay_command(path: Path, flags: Sequence[str]) -> str:
    """The command that runs a trace on the same targets."""
    return shlex.join(["scavdiff", "replay", str(path), *flags])
