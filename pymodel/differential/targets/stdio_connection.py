"""A connection to a target over its standard input and output.

No threads: one that reads answers as they come takes turns with the specification in the middle of its work, which
costs more than it saves. What is sent is written as far as there is room, the rest while an answer is waited for, so
that neither side ever waits for the other to make room in a pipe.
"""

from __future__ import annotations

import contextlib
import fcntl
import sys
import threading
import time
from typing import IO

import grpc

from pymodel.differential.targets.connection import StreamBroken, StreamSilent
from pymodel.differential.targets.stdio_framing import (
    EXPECTED_GREETING,
    Form,
    Incoming,
    NothingCame,
    NotSpoken,
    Outgoing,
    WrongVersion,
    read_greeting,
    shown,
)
from pymodel.wire import pageheap_pb2, stdio_pb2

# As much as Linux lets any user have: mostly the answers to a whole window of programs.
PIPE_BYTES = 1 << 20

_STATUS_NAMES = frozenset(status.name for status in grpc.StatusCode)


class NoGreeting(Exception):
    """The target did not say what it speaks; the text is a predicate of the target."""


class StdioConnection:
    """The pipes of a process just started. `greeted` comes first; then as in any connection."""

    def __init__(self, stdin: IO[bytes], stdout: IO[bytes]) -> None:
        _widen(stdin)
        _widen(stdout)
        self._stdin = stdin
        self._stdout = stdout
        self._form: Form | None = None
        self._outgoing = Outgoing(stdin.fileno())
        self._incoming = Incoming(stdout.fileno(), self._outgoing)
        self._broken: StreamBroken | None = None
        # How many answers are to come.
        self._waiting_count = 0
        self._came_unasked = False
        self._is_closed = False
        self.last_arrival = time.monotonic()
        self._drain = threading.Thread(target=self._drain_output, daemon=True)

    def greeted(self, seconds: float) -> None:
        """Waits for the first line; raises NoGreeting, or WrongVersion."""
        self._incoming.allow(seconds)
        try:
            self._form = read_greeting(self._incoming)
        except NothingCame:
            raise NoGreeting(f"did not say within {seconds:g} s what it speaks: {EXPECTED_GREETING}") from None
        except WrongVersion:
            raise
        except NotSpoken as reason:
            raise NoGreeting(str(reason)) from None
        if self._form is None:
            raise NoGreeting(f"ended before it said what it speaks: {EXPECTED_GREETING}")

    def describe(self, seconds: float) -> pageheap_pb2.DescribeResponse:
        """Asks the target who it is; raises StreamBroken where it does not say."""
        self._ask(None)
        try:
            data = self._answer(seconds)
        except StreamSilent as silent:
            raise StreamBroken("", f"no answer within {seconds:g} s{silent}") from None
        response = self._response(data, "describe")
        return response.describe

    def open_stream(self) -> None:
        """Does nothing: the pipes are the stream."""

    def send(self, program: bytes) -> None:
        """Sends an encoded program; never blocks."""
        self._ask(program)

    def receive(self, seconds: float) -> bytes:
        """Returns the next transcript; raises StreamSilent after `seconds`, or StreamBroken."""
        assert self._form is not None
        data = self._answer(seconds)
        transcript = self._form.transcript(data)
        if transcript is not None:
            return transcript
        return self._response(data, "transcript").transcript.SerializeToString(deterministic=True)

    def close(self) -> None:
        """Ends the target's standard input. Idempotent."""
        if self._is_closed:
            return
        self._is_closed = True
        self._stdin.close()
        self._drain.start()

    def join(self, seconds: float) -> None:
        """Waits until its standard output is closed; to be called once the process has ended, after `close`."""
        self._drain.join(seconds)

    def _ask(self, program: bytes | None) -> None:
        assert self._form is not None
        if self._waiting_count == 0 and self._incoming.has_come():
            self._came_unasked = True
        self._waiting_count += 1
        self._outgoing.put(self._form.request(program))

    def _answer(self, seconds: float) -> bytes:
        if self._broken is None:
            try:
                return self._next_answer(seconds)
            except StreamBroken as broken:
                self._broken = broken
        raise self._broken

    def _next_answer(self, seconds: float) -> bytes:
        assert self._form is not None
        self._incoming.allow(seconds)
        try:
            data = self._form.read(self._incoming)
        except NothingCame:
            unfinished = self._incoming.unfinished
            raise StreamSilent(f"; {unfinished}" if unfinished else "") from None
        except NotSpoken as reason:
            raise StreamBroken("", f"it {reason}") from None
        if data is None:
            unfinished = self._incoming.unfinished
            what = "it closed its standard output" + (f"; {unfinished}" if unfinished else "")
            raise StreamBroken("UNAVAILABLE", what)
        if self._came_unasked:
            raise StreamBroken("", f"it wrote what nobody had asked for: {shown(data)}")
        self._waiting_count -= 1
        self.last_arrival = time.monotonic()
        return data

    def _response(self, data: bytes, wanted: str) -> stdio_pb2.StdioResponse:
        """The response, which must hold what was asked for, or a refusal, which is raised."""
        assert self._form is not None
        try:
            response = self._form.response(data)
            kind = response.WhichOneof("response")
            if kind == "refusal":
                raise _refused(response.refusal)
            if kind != wanted:
                raise NotSpoken(f"answered with {kind or 'an empty response'}, not with {wanted}: {shown(data)}")
        except NotSpoken as reason:
            self._broken = StreamBroken("", f"it {reason}")
            raise self._broken from None
        return response

    def _drain_output(self) -> None:
        """Lets the target write what it still has to: one that writes into a closed pipe dies of that, and one that
        waits for room in a full one does not end."""
        with self._stdout:
            self._incoming.drain()


def _widen(pipe: IO[bytes]) -> None:
    """Lets a pipe hold more, where the system allows it: a target then seldom waits in the middle of its work."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _refused(refusal: stdio_pb2.Refusal) -> StreamBroken:
    """A refusal as what it would be over gRPC; the stream goes on."""
    if refusal.status not in _STATUS_NAMES:
        raise NotSpoken(
            f'refused with the status "{refusal.status}", which is none of gRPC\'s, such as INVALID_ARGUMENT: '
            f"{refusal.message}"
        )
    refused = StreamBroken(refusal.status, refusal.message)
    refused.goes_on = True
    return refused
