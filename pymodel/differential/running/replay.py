"""`scavdiff replay`: a trace run again, each step with what each target did, up to the first difference."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pymodel.differential.comparison.compare import Divergence
from pymodel.differential.comparison.differences import Side, tell_outcome
from pymodel.differential.comparison.transcripts import TranscriptReader
from pymodel.differential.errors import BadInput
from pymodel.differential.programs.program import Program
from pymodel.differential.programs.text import parse_program, print_operation
from pymodel.differential.running.expectation import expectation_of, harness_signature
from pymodel.differential.running.findings import DIVERGENCE_MARK, STEP_MARK, read_text
from pymodel.differential.running.known_failing import KnownFailing
from pymodel.differential.running.report import difference_lines, verdict_lines
from pymodel.differential.running.side_by_side import Comparison, SideBySide
from pymodel.differential.running.statuses import Replayed, judge


def replay_text(path: Path, side_by_side: SideBySide, known: KnownFailing | None = None) -> tuple[str, Replayed]:
    """Runs the trace on all targets; what to print, and what came of it, where what `known` lists is no news."""
    trace = parse_program(read_text(path), str(path))
    program, expected = trace.program, expectation_of(trace)
    comparison = side_by_side.run([program])[0]
    if len(comparison.transcripts) < 2 and not comparison.failures:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in comparison.left_out.items())
        raise BadInput(f"fewer than two targets can run {path} ({reasons})")
    known = known or KnownFailing()
    judgement = judge(path, expected, comparison, known)
    replayed = Replayed((judgement,), known.problems())
    lines = [*_step_lines(program, comparison), *_verdict_lines(comparison, list(comparison.transcripts))]
    if expected.signature is not None or judgement.known is not None:
        lines.append(f"{judgement.status}: {judgement.told}")
    return "\n".join([*lines, *replayed.problems]) + "\n", replayed


def _step_lines(program: Program, comparison: Comparison) -> Iterator[str]:
    """Each step's operation and outcomes, to the first difference or to the end."""
    readers = [
        TranscriptReader((name,), program, transcript, comparison.program_id)
        for name, transcript in comparison.transcripts.items()
    ]
    last = _last_step(comparison.divergence)
    for number, sides in enumerate(zip(*(reader.sides() for reader in readers), strict=False)):
        if number == 0:
            continue
        mark = f"  {STEP_MARK}" if number == last else ""
        yield f"{number:>3}  {print_operation(program.operations[number - 1])}{mark}"
        yield from _outcome_lines(program, number - 1, sides)
        if number == last:
            break


def _last_step(divergence: Divergence | None) -> int | None:
    if divergence is None or divergence.step is None:
        return None
    return divergence.step + 1


def _outcome_lines(program: Program, step: int, sides: tuple[Side, ...]) -> Iterator[str]:
    """What was done, once for those that did the same; names only where targets differ."""
    told: dict[str, list[str]] = {}
    for side in sides:
        assert side.outcome is not None
        text = tell_outcome(program.operations[step], side.outcome)
        if side.printed:
            text += f", printed {side.printed!r}"
        told.setdefault(text, []).extend(side.names)
    for text, names in told.items():
        who = f"{', '.join(names)} " if len(told) > 1 else ""
        yield f"     {who}{text}"


def _verdict_lines(comparison: Comparison, names: list[str]) -> Iterator[str]:
    yield ""
    for name, reason in comparison.left_out.items():
        yield f"{name} was left out: {reason}"
    for error in comparison.failures:
        yield f"{harness_signature(error)}: {error}"
        yield from (f"  | {line}" for line in error.stderr_lines)
    if comparison.divergence is not None:
        yield f"{DIVERGENCE_MARK}{comparison.divergence.signature}"
        yield from difference_lines(comparison.divergence)
        yield from verdict_lines(comparison.divergence, names)
    elif len(comparison.transcripts) > 1:
        yield f"no divergence: {', '.join(names)} agree on every outcome and every state"
