"""`scavdiff show`: the page heap after each step of a trace, as one target has it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from pymodel.differential.comparison.differences import Side, tell_address_ranges, tell_outcome
from pymodel.differential.comparison.transcripts import TranscriptReader
from pymodel.differential.errors import BadInput
from pymodel.differential.model.observed import SCALARS
from pymodel.differential.programs.codec import encode_program
from pymodel.differential.programs.program import Program
from pymodel.differential.programs.text import parse_program, print_operation
from pymodel.differential.running.findings import read_text
from pymodel.differential.running.pictures import LEGEND, MARKS_LEGEND, heap_picture
from pymodel.differential.targets.capabilities import reason_to_leave_out
from pymodel.differential.targets.target import EncodedProgram, Target

PROGRAM_ID = 1


def show_trace(path: Path, target: Target, console: Console) -> None:
    """Runs the trace on one target and draws each state on `console`; raises BadInput or HarnessError."""
    program = parse_program(read_text(path), str(path)).program
    reader = TranscriptReader((target.name,), program, _transcript(target, program), PROGRAM_ID)
    reader.check()
    for line in _lines(reader, program, console.width):
        console.print(line)


def _transcript(target: Target, program: Program) -> bytes:
    encoded = encode_program(program, PROGRAM_ID)
    description = target.describe()
    reason = reason_to_leave_out(description, program, len(encoded))
    if reason is not None:
        raise BadInput(f"target {target.name} cannot run this trace: {reason}")
    target.send(EncodedProgram(PROGRAM_ID, program, encoded))
    return target.receive()


def _lines(reader: TranscriptReader, program: Program, width: int) -> Iterator[Text]:
    yield Text(LEGEND, "dim")
    yield Text(MARKS_LEGEND, "dim")
    before: dict[str, str] = {}
    for number, side in enumerate(reader.sides()):
        yield Text()
        yield from _step_heading(number, side, program)
        if number:
            yield from heap_picture(side.state, width)
        scalars = _scalars(side)
        yield from _wrapped([f"{name} {held}" for name, held in scalars.items() if before.get(name) != held], width)
        before = scalars


def _step_heading(number: int, side: Side, program: Program) -> Iterator[Text]:
    if side.outcome is None:
        yield Text("clean heap", "bold")
        return
    operation = program.operations[number - 1]
    yield Text(f"{number}  {print_operation(operation)}", "bold")
    yield Text(f"   {tell_outcome(operation, side.outcome)}")
    for line in side.printed.splitlines():
        yield Text(f"   printed {line!r}")


def _scalars(side: Side) -> dict[str, str]:
    """All that a picture does not draw, by name, as a person reads it."""
    state = side.state
    held = {
        scalar.go_name: scalar.tell(value)
        for scalar, value in zip(SCALARS, state.scalars, strict=True)
        if state.pacing or not scalar.is_pacing
    }
    held["scav.inUse"] = tell_address_ranges(state.scav_in_use.pairs)
    held["scav.inUse.totalBytes"] = str(state.scav_in_use.total_bytes)
    return held


def _wrapped(parts: list[str], width: int) -> Iterator[Text]:
    """The parts on as few lines as hold them; a part too long for a line gets one of its own."""
    line = "  "
    for part in parts:
        if len(line) + len(part) + 2 > width and line.strip():
            yield Text(line)
            line = "  "
        line += f"{'' if not line.strip() else '  '}{part}"
    if line.strip():
        yield Text(line)
