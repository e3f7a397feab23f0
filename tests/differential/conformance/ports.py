"""Ports in this process, which refuse what a port must refuse, for tests of what judges them."""

from __future__ import annotations

from pymodel.differential.errors import BadInput, HarnessError, TargetRefused
from pymodel.differential.programs.codec import decode_program, encode_program
from pymodel.differential.targets.capabilities import Capability, capabilities_needed
from tests.differential.fake_targets import Answer, FakeTarget, right

LEVEL_6 = frozenset(Capability(number) for number in range(1, 7))


def refused(status: str) -> TargetRefused:
    error = TargetRefused("port", f"refused program 1: {status}")
    error.status = status
    return error


class Port(FakeTarget):
    """Answers what the specification answers, unless `answer` makes something else of it; `failures` by program id."""

    def __init__(
        self,
        answer: Answer = right,
        *,
        capabilities: frozenset[Capability] = LEVEL_6,
        checkpoints: bool = True,
        malformed: str = "INVALID_ARGUMENT",
        unnamed: str = "UNIMPLEMENTED",
        failures: dict[int, HarnessError] | None = None,
    ) -> None:
        super().__init__("port", answer, capabilities=capabilities)
        self._named = capabilities
        self._checkpoints = checkpoints
        self._malformed = malformed
        self._unnamed = unnamed
        self._failures = failures or {}

    def receive(self) -> bytes:
        request = self._in_flight.popleft()
        if request.program_id in self._failures:
            raise self._failures[request.program_id]
        try:
            decoded = decode_program(request.encoded)
        except BadInput:
            if self._malformed:
                raise refused(self._malformed) from None
            decoded = decode_program(encode_program(request.program, request.program_id))
        if self._unnamed and capabilities_needed(decoded.program) - self._named:
            raise refused(self._unnamed)
        return self._run(decoded.program, decoded.program_id, decoded.checkpoint_interval if self._checkpoints else 0)
