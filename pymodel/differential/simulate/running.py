"""Runs a simulation's program: on the specification alone, or side by side with other targets."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pymodel.differential.comparison.compare import TRUSTED
from pymodel.differential.errors import BadInput
from pymodel.differential.programs.codec import encode_program
from pymodel.differential.programs.program import Program
from pymodel.differential.running.findings import Finding, print_trace, trace_path, write_atomically
from pymodel.differential.running.minimal import minimal_divergence
from pymodel.differential.running.report import divergence_report
from pymodel.differential.running.side_by_side import Comparison, SideBySide
from pymodel.differential.shrinking import Limits
from pymodel.differential.targets.target import EncodedProgram
from pymodel.differential.targets.target_specs import TimeLimits, make_target

PROGRAM_ID = 1
# A simulated program is long, and so is each attempt at shortening it.
LIMITS = TimeLimits(program_seconds=300)
"""A simulated program may be the longest that there are."""
SHRINK_LIMITS = Limits(candidate_count_max=1500, operation_count_max=150_000)


@dataclass(frozen=True, slots=True)
class Run:
    """The specification's transcript, and what was compared with it: lines to print, and the exit status."""

    transcript: bytes
    verdict: str = ""
    exit_status: int = 0


def run_alone(program: Program) -> Run:
    """Runs a program on the specification."""
    with closing(make_target(TRUSTED, TRUSTED, LIMITS)) as model:
        model.send(EncodedProgram(PROGRAM_ID, program, encode_program(program, PROGRAM_ID)))
        return Run(model.receive())


def run_compared(program: Program, specs: Sequence[str], origin: str, folder: Path, flags: tuple[str, ...]) -> Run:
    """Runs a program on the specification and on the targets that `specs` name, and compares each step.

    `origin` is what a report calls the program, `folder` where a divergence's trace goes, `flags` those with which
    `scavdiff replay` runs it. Raises BadInput where no target can run it, HarnessError where the specification fails.
    """
    targets = [make_target(spec, spec, LIMITS) for spec in (TRUSTED, *specs)]
    with closing(SideBySide(targets)) as side_by_side:
        side_by_side.open()
        comparison = side_by_side.run([program])[0]
        return _judge(comparison, side_by_side, origin, folder, flags)


def _judge(comparison: Comparison, side_by_side: SideBySide, origin: str, folder: Path, flags: tuple[str, ...]) -> Run:
    lines = [f"{name} was left out: {reason}" for name, reason in comparison.left_out.items()]
    if len(comparison.transcripts) + len(comparison.failures) < 2:
        raise BadInput(f"no target can run this simulation ({'; '.join(lines)})")
    if TRUSTED not in comparison.transcripts:
        raise comparison.failures[0]
    for error in comparison.failures:
        lines.append(f"harness error ({type(error).__name__}): {error}")
        lines += [f"  | {line}" for line in error.stderr_lines]
    status = 2 if comparison.failures else 0
    if comparison.divergence is not None:
        lines.append(_report(comparison, side_by_side, origin, folder, flags))
        status = 1
    elif len(comparison.transcripts) > 1:
        names = " and ".join(comparison.transcripts)
        count = len(comparison.program.operations)
        lines.append(f"no divergence: {names} agree on every outcome and every state of {count:,} operations")
    return Run(comparison.transcripts[TRUSTED], "\n".join(lines), status)


def _report(comparison: Comparison, side_by_side: SideBySide, origin: str, folder: Path, flags: tuple[str, ...]) -> str:
    """Shortens the program, keeps its trace, and tells the divergence."""
    divergence = comparison.divergence
    assert divergence is not None
    program = comparison.program
    minimal = minimal_divergence(side_by_side, program, divergence, SHRINK_LIMITS)
    step = len(program.operations) if divergence.step is None else divergence.step + 1
    finding = Finding(
        minimal.divergence,
        minimal.program,
        origin,
        trace_path(folder, minimal.divergence.signature, 0),
        original_operation_count=len(program.operations),
        found_after_operation_count=step,
        found_after_seconds=0.0,
        flaky=minimal.flaky,
    )
    report = divergence_report(finding, side_by_side.names, flags)
    write_atomically(finding.path, print_trace(finding.program, report, finding.divergence.step))
    return report
