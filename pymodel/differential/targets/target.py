"""Targets: whatever runs programs and answers each with a transcript.

Programs are pipelined: `send` any number, then `receive` the transcripts in the same order. Where a target fails, it is
exactly one program that is charged, the first not yet answered: `receive` raises the HarnessError in its place. The
programs behind it are sent again, to the target restarted.
"""

from __future__ import annotations

import collections
import traceback
from collections.abc import Callable
from typing import Protocol

from pymodel.differential.errors import TargetDied, TargetHung, TargetRefused
from pymodel.differential.model.pacing import GrowthTooLarge
from pymodel.differential.model.series import answer_series
from pymodel.differential.programs.program import Program
from pymodel.differential.programs.series import Series
from pymodel.differential.programs.value import value
from pymodel.differential.targets.alarm import OutOfTime, time_limit
from pymodel.differential.targets.capabilities import ALL_CAPABILITIES, PROTOCOL_VERSION, Description
from pymodel.differential.targets.connection import PROGRAM_BYTES_MAX
from pymodel.differential.targets.process import STDERR_LINE_COUNT_MAX

OPERATION_COUNT_MAX = 1 << 17
PROGRAM_SECONDS_MAX = 30.0
GO_VERSION = "go1.18.10"


@value
class EncodedProgram:
    """A program as it is sent: its value, its encoding (which carries the same id and interval).

    It may stand for a `series`; `program` is then the clean heap that the series' programs begin on.
    """

    program_id: int
    program: Program
    encoded: bytes
    checkpoint_interval: int = 0
    series: Series | None = None


class Target(Protocol):
    """Runs programs, each on a clean page heap. `in_process` tells one that works only inside `receive`."""

    name: str
    in_process: bool

    def describe(self) -> Description:
        """Connects if need be, and says who the target is; raises ProtocolMismatch or TargetFailedToStart."""

    def send(self, request: EncodedProgram) -> None:
        """Hands a program over; does not wait for it."""

    def receive(self) -> bytes:
        """Returns the transcript of the first program not yet answered, or raises its HarnessError."""

    def restart(self) -> None:
        """Distrusts the connection: what is sent but not received is sent again on a new one."""

    def close(self) -> None:
        """Ends the target, if the driver started it, and the connection."""


class ModelTarget:
    """The specification, run in this process by `run` (program, id, checkpoint interval -> transcript)."""

    def __init__(
        self,
        run: Callable[[Program, int, int], bytes],
        version: str = "",
        name: str = "model",
        program_seconds: float = PROGRAM_SECONDS_MAX,
    ) -> None:
        self.name = name
        self.in_process = True
        self._run = run
        self._version = version
        self._program_seconds = program_seconds
        self._in_flight: collections.deque[EncodedProgram] = collections.deque()

    def describe(self) -> Description:
        """Says that the specification runs everything."""
        return Description(
            "model",
            self._version,
            GO_VERSION,
            PROTOCOL_VERSION,
            ALL_CAPABILITIES,
            OPERATION_COUNT_MAX,
            PROGRAM_BYTES_MAX,
        )

    def send(self, request: EncodedProgram) -> None:
        """Keeps the program until `receive` runs it."""
        self._in_flight.append(request)

    def receive(self) -> bytes:
        """Runs the oldest program kept. A fault of the specification itself is charged like a death."""
        request = self._in_flight.popleft()
        try:
            with time_limit(self._program_seconds):
                if request.series is not None:
                    return answer_series(self._run, request.series, request.program_id)
                return self._run(request.program, request.program_id, request.checkpoint_interval)
        except OutOfTime:
            what = f"did not answer program {request.program_id} within {self._program_seconds:g} s"
            raise TargetHung(self.name, what) from None
        except GrowthTooLarge as error:
            raise TargetRefused(self.name, f"refused program {request.program_id}: {error}") from None
        except Exception as error:
            lines = traceback.format_exc().splitlines()
            raise TargetDied(
                self.name, f"raised {type(error).__name__}: {error}", stderr_lines=lines[-STDERR_LINE_COUNT_MAX:]
            ) from error

    def restart(self) -> None:
        """Does nothing: no state is kept between programs."""

    def close(self) -> None:
        """Forgets what was sent."""
        self._in_flight.clear()
