"""Runs traces on the specification and decodes what it did, for tests."""

from __future__ import annotations

from dataclasses import dataclass

from pymodel.differential.comparison.outcomes import Outcome, OutcomeKind, decode_outcome
from pymodel.differential.comparison.state import Bitmaps, HeapState, RangeSet
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.model.observed import SCALARS
from pymodel.differential.programs.program import Program
from pymodel.differential.programs.text import parse_program
from pymodel.wire import pageheap_pb2 as pb

CHUNK_COUNT_MAX = 1 << 26
# Address of chunk 0xc000, and its index in the offset address space.
CHUNK_0XC000 = 0x3000000000
INDEX_0XC000 = 0xC000 + (1 << 25)


@dataclass(frozen=True)
class Snapshot:
    """The state after one step, as a value."""

    chunks: dict[int, Bitmaps]
    summaries: dict[tuple[int, int], int]
    scalars: dict[str, int]
    in_use: RangeSet
    scav_in_use: RangeSet
    summary_lengths: tuple[int, ...]


@dataclass(frozen=True)
class Ran:
    """What a program did: one outcome and printed text per step; states begin with the clean heap."""

    outcomes: list[Outcome]
    printed: list[str]
    states: list[Snapshot]

    @property
    def last(self) -> Outcome:
        return self.outcomes[-1]

    @property
    def values(self) -> tuple[int, ...]:
        """What the last operation returned."""
        assert self.last.kind is OutcomeKind.RETURNED
        return self.last.values

    def did(self) -> list[str]:
        return [outcome.kind.name.lower() for outcome in self.outcomes]


def snapshot(state: HeapState) -> Snapshot:
    return Snapshot(
        dict(state.chunks),
        dict(state.summaries),
        {scalar.go_name: value for scalar, value in zip(SCALARS, state.scalars, strict=True)},
        state.in_use,
        state.scav_in_use,
        state.summary_lengths,
    )


def program_of(operations: str, *, outside: bool = False, heap: str = "", pacing: bool = False) -> Program:
    """The program of some lines of a trace."""
    labels = [label for label, there in (("pacing", pacing), ("outside contract", outside)) if there]
    lines = ["pageheap program 1", *([f"heap {heap}"] if heap else []), *labels]
    return parse_program("\n".join([*lines, *(line.strip() for line in operations.strip().splitlines())])).program


def run(program: Program, checkpoint_interval: int = 0) -> Ran:
    """Runs a program on the specification."""
    return decode(run_on_specification(program, 1, checkpoint_interval))


def run_text(operations: str, *, outside: bool = False, heap: str = "", pacing: bool = False) -> Ran:
    """Runs some lines of a trace on the specification."""
    return run(program_of(operations, outside=outside, heap=heap, pacing=pacing))


def decode(data: bytes) -> Ran:
    """Decodes a transcript."""
    transcript = pb.Transcript.FromString(data)
    pacing = transcript.start.HasField("now_ns")
    state = HeapState(CHUNK_COUNT_MAX, pacing)
    state.apply(transcript.start)
    ran = Ran([], [], [snapshot(state)])
    for step in transcript.steps:
        outcome = decode_outcome(step.outcome)
        assert outcome is not None
        state.apply(step.observation)
        ran.outcomes.append(outcome)
        ran.printed.append(step.printed)
        ran.states.append(snapshot(state))
    end = HeapState(CHUNK_COUNT_MAX, pacing)
    end.apply(transcript.end)
    assert snapshot(end) == ran.states[-1]
    return ran
