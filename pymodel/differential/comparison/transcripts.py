"""A target's transcript, decoded and checked: each step's outcome, printed text and the state afterwards.

A transcript that is none, or that contradicts itself, raises TargetLied.
"""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.message import DecodeError

from pymodel.differential.comparison.differences import Side
from pymodel.differential.comparison.outcomes import Outcome, OutcomeKind, decode_outcome, words_returned
from pymodel.differential.comparison.state import Changes, Contradiction, HeapState
from pymodel.differential.errors import TargetLied
from pymodel.differential.programs.check import chunks_grown
from pymodel.differential.programs.program import Program
from pymodel.wire import pageheap_pb2


class TranscriptReader:
    """Reads one transcript that the targets `names` sent, byte for byte the same."""

    def __init__(self, names: tuple[str, ...], program: Program, data: bytes, program_id: int | None) -> None:
        self.names = names
        self._program = program
        self._chunk_count_max = sum(map(chunks_grown, program.operations))
        try:
            self._message = pageheap_pb2.Transcript.FromString(data)
        except DecodeError as error:
            raise self._lie(f"answered with what is no transcript: {error}") from None
        if program_id is not None and self._message.program_id != program_id:
            raise self._lie(f"answered program {program_id} with the transcript of {self._message.program_id}")

    def sides(self) -> Iterator[Side]:
        """The start, then each step; the state of a side changes when the next is asked for.

        After the last step, the state must equal the complete observation that ends the transcript.
        """
        state = self._empty_state()
        yield Side(self.names, None, "", state, self._apply(state, self._message.start, "at the start", complete=True))
        step = -1
        outcome = None
        for step, message in enumerate(self._message.steps):
            if outcome is not None and outcome.is_failure:
                raise self._lie(f"went on after the failure of operations[{step - 1}]")
            if step >= len(self._program.operations):
                raise self._lie(f"answered {len(self._program.operations)} operations with more steps")
            outcome = self._outcome(step, message)
            changes = self._apply(state, message.observation, f"after operations[{step}]")
            yield Side(self.names, outcome, message.printed, state, changes)
        if step + 1 < len(self._program.operations) and not (outcome is not None and outcome.is_failure):
            raise self._lie(f"stopped after {step + 1} of {len(self._program.operations)} operations without a failure")
        self._check_end(state)

    def _empty_state(self) -> HeapState:
        return HeapState(self._chunk_count_max, self._program.pacing)

    def check(self) -> None:
        """Reads the whole transcript; raises TargetLied if it contradicts itself."""
        for _ in self.sides():
            pass

    def _outcome(self, step: int, message: pageheap_pb2.Step) -> Outcome:
        operation = self._program.operations[step]
        outcome = decode_outcome(message.outcome)
        if outcome is None:
            raise self._lie(f"gave operations[{step}] no outcome")
        if outcome.kind is OutcomeKind.RETURNED and not words_returned(operation).fits(len(outcome.values)):
            expected = str(words_returned(operation)) or "nothing"
            raise self._lie(f"returned {len(outcome.values)} words from operations[{step}], which returns {expected}")
        return outcome

    def _apply(
        self, state: HeapState, observation: pageheap_pb2.Observation, when: str, *, complete: bool = False
    ) -> Changes:
        try:
            if complete and not observation.complete:
                raise Contradiction("did not observe the whole state")
            return state.apply(observation)
        except Contradiction as contradiction:
            raise self._lie(f"{contradiction} ({when})") from None

    def _check_end(self, state: HeapState) -> None:
        end = self._empty_state()
        self._apply(end, self._message.end, "at the end", complete=True)
        parts = [
            name
            for name in ("chunks", "summaries", "scalars", "in_use", "scav_in_use", "summary_lengths")
            if getattr(end, name) != getattr(state, name)
        ]
        if parts:
            raise self._lie(f"reported changes that do not add up to the state at the end: {', '.join(parts)} differ")

    def _lie(self, what: str) -> TargetLied:
        return TargetLied(self.names[0], what)
