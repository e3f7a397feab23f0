"""Where a target is, and whose the process there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pymodel.differential.targets.connection import Connection, GrpcConnection
from pymodel.differential.targets.process import SupervisedProcess, TargetProcess

START_SECONDS_MAX = 10.0


class Endpoint(Protocol):
    """Where a target is, and what the driver knows of the process there."""

    def open(self) -> str:
        """Returns where the target is, in words; starts it if it is the driver's to start."""

    def connect(self) -> Connection:
        """A connection to the target, which `open` has just found."""

    def died(self, seconds: float) -> bool:
        """Whether the target's process is known to have ended, or ends within `seconds`."""

    def discard(self) -> tuple[str | None, list[str]]:
        """Ends the process, if it is the driver's; returns its exit status in words and its last stderr lines."""

    def close(self) -> None:
        """Ends the process politely, if it is the driver's."""


@dataclass(slots=True)
class FixedEndpoint:
    """A server that somebody else runs."""

    address: str

    def open(self) -> str:
        """Returns the address."""
        return self.address

    def connect(self) -> Connection:
        """A channel to the address."""
        return GrpcConnection(self.address)

    def died(self, seconds: float) -> bool:  # noqa: ARG002  # the protocol's signature
        """Always no: the process is not ours to watch."""
        return False

    def discard(self) -> tuple[str | None, list[str]]:
        """Knows nothing."""
        return None, []

    def close(self) -> None:
        """Does nothing."""


P = TypeVar("P", bound=SupervisedProcess)


class ProcessEndpoint(Generic[P]):
    """A process of the driver's own, of which there is at most one at a time."""

    def __init__(self) -> None:
        self._process: P | None = None

    @property
    def process_id(self) -> int | None:
        """The id of the process running now, which leads a process group of its own."""
        return self._process.process_id if self._process is not None else None

    def died(self, seconds: float) -> bool:
        """Whether the process has ended, or ends within `seconds`."""
        return self._process is None or self._process.wait_for_death(seconds)

    def discard(self) -> tuple[str | None, list[str]]:
        """Kills the process, and says how it ended and what it wrote last; the status is its own if it had ended."""
        if self._process is None:
            return None, []
        process, self._process = self._process, None
        ended = process.wait_for_death(0)
        process.kill()
        return process.exit_status() if ended else None, process.stderr_lines()

    def close(self) -> None:
        """Ends the process politely."""
        if self._process is not None:
            self._process.stop()
            self._process = None


class StartedEndpoint(ProcessEndpoint[TargetProcess]):
    """A server that the driver starts from `command`, anew after each `discard`."""

    def __init__(self, target: str, command: Sequence[str], start_seconds: float = START_SECONDS_MAX) -> None:
        super().__init__()
        self._target = target
        self._command = command
        self._start_seconds = start_seconds
        self._address = ""

    def open(self) -> str:
        """Returns the address that the command printed, once started; raises TargetFailedToStart."""
        if self._process is not None and self._process.wait_for_death(0):
            self.discard()
        if self._process is None:
            process = TargetProcess(self._target, self._command)
            self._address = process.wait_until_listening(self._start_seconds)
            self._process = process
        return self._address

    def connect(self) -> Connection:
        """A channel to the address that the command printed."""
        return GrpcConnection(self._address)
