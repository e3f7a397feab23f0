"""A target's process: started, watched, ended, and never left behind."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from pymodel.differential.errors import TargetFailedToStart

LISTENING_PREFIX = "listening on "
STDERR_LINE_COUNT_MAX = 20
STOP_SECONDS_MAX = 2.0
# After a stream breaks, the process that broke it needs a moment until its exit status can be read.
DEATH_SECONDS_MAX = 5.0
_TAIL_BYTES_MAX = 64 << 10
_LINE_BYTES_MAX = 64 << 10
_GO_FATAL_PREFIXES = ("panic: ", "fatal error: ")


class SupervisedProcess:
    """A running command of which the driver holds all three standard streams.

    The command runs in a process group of its own, so that Ctrl-C reaches only the driver, and so that what it
    starts in turn ends with it. `pass_fds` stay open in it.
    """

    def __init__(self, target: str, command: Sequence[str], pass_fds: Sequence[int] = ()) -> None:
        self._target = target
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                pass_fds=pass_fds,
            )
        except OSError as error:
            raise TargetFailedToStart(target, f"cannot be run: {command[0]}: {error.strerror}") from error
        assert self._process.stderr is not None
        self._stderr = _Tail(self._process.stderr)

    @property
    def process_id(self) -> int:
        """The id of the process started, which leads its group."""
        return self._process.pid

    def wait_for_death(self, seconds: float) -> bool:
        """Whether the process has ended, or ends within `seconds`. It is not reaped, so its group id stays taken."""
        deadline = time.monotonic() + seconds
        while not self._has_ended():
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.005)
        return True

    def stop(self) -> None:
        """Ends the process: first politely, then not. Idempotent."""
        if self._process.returncode is None and not self._has_ended():
            # Not by ending the driver's sign of life: the guard of a command answers that with SIGKILL.
            self._signal_group(signal.SIGTERM)
            self.wait_for_death(STOP_SECONDS_MAX)
        self.kill()

    def kill(self) -> None:
        """Ends the process and all that it started at once. Idempotent."""
        if self._process.returncode is None:
            self._signal_group(signal.SIGKILL)
            self._process.wait()
            self._let_go()
            self._stderr.join(STOP_SECONDS_MAX)

    def exit_status(self) -> str | None:
        """How the process ended, in words; None while it runs or before `kill` or `stop`."""
        status = self._process.returncode
        if status is None:
            return None
        return f"exit status {status}" if status >= 0 else f"killed by {_signal_name(-status)}"

    def stderr_lines(self) -> list[str]:
        """The last lines on standard error; of a Go crash also the line that names it, however long the dump."""
        lines = self._stderr.text().splitlines()
        last = lines[-STDERR_LINE_COUNT_MAX:]
        fatal = [line for line in lines[:-STDERR_LINE_COUNT_MAX] if line.startswith(_GO_FATAL_PREFIXES)]
        return [*fatal[:1], "...", *last] if fatal else last

    def failed_to_start(self, what: str) -> TargetFailedToStart:
        """Kills the process; the error that says so, with its exit status if it had ended by itself."""
        ended = self._has_ended()
        self.kill()
        return TargetFailedToStart(
            self._target,
            what,
            exit_status=self.exit_status() if ended else None,
            stderr_lines=self.stderr_lines(),
        )

    def _has_ended(self) -> bool:
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return self._process.returncode is not None or os.waitid(os.P_PID, self._process.pid, options) is not None

    def _signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _let_go(self) -> None:
        """Closes what the driver held of a process that has ended."""


class TargetProcess(SupervisedProcess):
    """A running command that serves the protocol and says on its standard output where.

    Its standard input stays open for as long as the driver lives.
    """

    def __init__(self, target: str, command: Sequence[str]) -> None:
        super().__init__(target, command)
        assert self._process.stdout is not None
        self._address = _AddressReader(self._process.stdout)

    def wait_until_listening(self, seconds: float) -> str:
        """Returns the address that the process prints, or kills it and raises TargetFailedToStart."""
        try:
            address = self._address.found.get(timeout=seconds)
        except queue.Empty:
            raise self.failed_to_start(f"did not say within {seconds:g} s that it listens") from None
        if address is None:
            self.wait_for_death(DEATH_SECONDS_MAX)
            raise self.failed_to_start("ended before it listened")
        return address

    def _let_go(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._address.join(STOP_SECONDS_MAX)


class _AddressReader(threading.Thread):
    """Reads standard output to its end; puts the first address found there, or None, into `found`."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self.found: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._stream = stream
        self.start()

    def run(self) -> None:
        address = None
        with self._stream:
            while line := self._stream.readline(_LINE_BYTES_MAX):
                text = line.decode(errors="replace").strip()
                if address is None and text.startswith(LISTENING_PREFIX):
                    address = text.removeprefix(LISTENING_PREFIX)
                    self.found.put(address)
        if address is None:
            self.found.put(None)


class _Tail(threading.Thread):
    """Reads a stream to its end and keeps its last bytes."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._bytes = b""
        self.start()

    def run(self) -> None:
        with self._stream:
            while block := os.read(self._stream.fileno(), _TAIL_BYTES_MAX):
                self._bytes = (self._bytes + block)[-_TAIL_BYTES_MAX:]

    def text(self) -> str:
        return self._bytes.decode(errors="replace")


def guarded(command: Sequence[str], python: str, alive_fd: int = 0) -> list[str]:
    """`command` run so that it ends with the driver even if it knows nothing of standard input.

    `alive_fd` is the reading end of a pipe that ends with the driver. If it is standard input, the command has none.
    """
    return [python, "-I", "-S", str(Path(__file__).with_name("guard.py")), str(alive_fd), *command]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
