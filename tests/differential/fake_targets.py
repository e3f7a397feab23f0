"""Targets in this process, for tests of what stands above targets."""

from __future__ import annotations

import collections
from collections.abc import Callable

from pymodel.differential.errors import HarnessError
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.model.series import answer_series
from pymodel.differential.programs.program import Program, Scavenge
from pymodel.differential.targets.capabilities import ALL_CAPABILITIES, Capability, Description
from pymodel.differential.targets.target import EncodedProgram
from pymodel.wire import pageheap_pb2

Answer = Callable[[Program, bytes], bytes | HarnessError]


def right(_: Program, transcript: bytes) -> bytes:
    """What the specification does."""
    return transcript


def more_released(program: Program, transcript: bytes) -> bytes:
    """What the specification does, but every `scavenge` that releases something claims a byte more in its outcome."""
    message = pageheap_pb2.Transcript.FromString(transcript)
    for operation, step in zip(program.operations, message.steps, strict=False):
        if isinstance(operation, Scavenge) and step.outcome.returned.values[0] > 0:
            step.outcome.returned.values[0] += 1
    return message.SerializeToString()


class FakeTarget:
    """Answers with what `answer` makes of the specification's transcript, and to series with the digests of that, of
    which `answer_to_series` may make something else; counts restarts."""

    def __init__(
        self,
        name: str,
        answer: Answer = right,
        *,
        capabilities: frozenset[Capability] = ALL_CAPABILITIES,
        in_process: bool = False,
        answer_to_series: Callable[[bytes], bytes] = lambda answer: answer,
    ) -> None:
        self.name = name
        self.in_process = in_process
        self.restart_count = 0
        self.closed = False
        self.sent: list[int] = []
        self._called = name
        self._answer = answer
        self._answer_to_series = answer_to_series
        self._capabilities = capabilities
        self._in_flight: collections.deque[EncodedProgram] = collections.deque()

    def describe(self) -> Description:
        return Description(self._called, "1", "go1.18.10", 1, self._capabilities, 1000, 1 << 20)

    def send(self, request: EncodedProgram) -> None:
        self.sent.append(request.program_id)
        self._in_flight.append(request)

    def receive(self) -> bytes:
        request = self._in_flight.popleft()
        if request.series is not None:
            return self._answer_to_series(answer_series(self._run, request.series, request.program_id))
        return self._run(request.program, request.program_id, request.checkpoint_interval)

    def _run(self, program: Program, program_id: int, checkpoint_interval: int) -> bytes:
        answer = self._answer(program, run_on_specification(program, program_id, checkpoint_interval))
        if isinstance(answer, HarnessError):
            raise answer
        return answer

    def restart(self) -> None:
        self.restart_count += 1

    def close(self) -> None:
        self.closed = True
