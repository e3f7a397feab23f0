"""A target that speaks over its standard input and output: `stdio:COMMAND ARGS`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from pymodel.differential.errors import ProtocolMismatch
from pymodel.differential.targets.connection import Connection
from pymodel.differential.targets.endpoints import START_SECONDS_MAX, ProcessEndpoint
from pymodel.differential.targets.process import DEATH_SECONDS_MAX, STOP_SECONDS_MAX, SupervisedProcess, guarded
from pymodel.differential.targets.stdio_connection import NoGreeting, StdioConnection
from pymodel.differential.targets.stdio_framing import WrongVersion


class PipedProcess(SupervisedProcess):
    """A running command and the connection over its pipes. A pipe of the guard's own ends it with the driver; one that
    ends with its input needs none."""

    def __init__(self, target: str, command: Sequence[str], *, ends_with_input: bool = False) -> None:
        if ends_with_input:
            self._driver_fd = -1
            super().__init__(target, command)
        else:
            self._start_guarded(target, command)
        assert self._process.stdin is not None and self._process.stdout is not None
        self.connection = StdioConnection(self._process.stdin, self._process.stdout)

    def _start_guarded(self, target: str, command: Sequence[str]) -> None:
        alive_fd, self._driver_fd = os.pipe()
        try:
            super().__init__(target, guarded(command, sys.executable, alive_fd), pass_fds=(alive_fd,))
        except BaseException:
            os.close(self._driver_fd)
            raise
        finally:
            os.close(alive_fd)

    def greet(self, seconds: float) -> None:
        """Waits for the first line, or kills the process and raises TargetFailedToStart or ProtocolMismatch."""
        try:
            self.connection.greeted(seconds)
        except NoGreeting as error:
            if str(error).startswith("ended"):
                self.wait_for_death(DEATH_SECONDS_MAX)
            raise self.failed_to_start(str(error)) from None
        except WrongVersion as error:
            self.kill()
            raise ProtocolMismatch(self._target, str(error)) from None

    def stop(self) -> None:
        """Ends the process: by the end of its input, then politely, then not. Idempotent."""
        self.connection.close()
        self.wait_for_death(STOP_SECONDS_MAX)
        super().stop()

    def _let_go(self) -> None:
        if self._driver_fd >= 0:
            os.close(self._driver_fd)
        self.connection.close()
        self.connection.join(STOP_SECONDS_MAX)


class StdioEndpoint(ProcessEndpoint[PipedProcess]):
    """A command of which each process serves one connection; started anew after each `discard`."""

    def __init__(
        self,
        target: str,
        command: Sequence[str],
        start_seconds: float = START_SECONDS_MAX,
        *,
        ends_with_input: bool = False,
    ) -> None:
        """`ends_with_input` says that the command is known to end where its input does, and needs no guard."""
        super().__init__()
        self._ends_with_input = ends_with_input
        self._target = target
        self._command = command
        self._start_seconds = start_seconds

    def open(self) -> str:
        """Starts a process, which says what it speaks; raises TargetFailedToStart or ProtocolMismatch."""
        self.discard()
        process = PipedProcess(self._target, self._command, ends_with_input=self._ends_with_input)
        process.greet(self._start_seconds)
        self._process = process
        return "its standard input"

    def connect(self) -> Connection:
        """The pipes of the process."""
        assert self._process is not None
        return self._process.connection
