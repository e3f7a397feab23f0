"""A connection to a target over its standard input and output.

A thread writes and a thread reads, so that neither side ever waits for the other to make room in a pipe.
"""

from __future__ import annotations

import contextlib
import fcntl
import queue
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
    NotSpoken,
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
        self._greeting: queue.SimpleQueue[Form | NotSpoken | None] = queue.SimpleQueue()
        self._requests: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[bytes, float] | StreamBroken] = queue.SimpleQueue()
        self._incoming = Incoming(stdout.fileno())
        self._broken: StreamBroken | None = None
        # Written by the caller, read by the reading thread, which finds answers that nobody asked for.
        self._asked_count = 0
        self._is_closed = False
        self.last_arrival = time.monotonic()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._reader.start()

    def greeted(self, seconds: float) -> None:
        """Waits for the first line; raises NoGreeting, or WrongVersion."""
        try:
            form = self._greeting.get(timeout=seconds)
        except queue.Empty:
            raise NoGreeting(f"did not say within {seconds:g} s what it speaks: {EXPECTED_GREETING}") from None
        if form is None:
            raise NoGreeting(f"ended before it said what it speaks: {EXPECTED_GREETING}")
        if isinstance(form, WrongVersion):
            raise form
        if isinstance(form, NotSpoken):
            raise NoGreeting(str(form))
        self._form = form
        self._writer.start()

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
        """Ends the target's standard input once what is being written is gone. Idempotent."""
        self._is_closed = True
        self._requests.put(None)
        if self._form is None:
            with contextlib.suppress(OSError):
                self._stdin.close()

    def join(self, seconds: float) -> None:
        """Waits until all that the target wrote has come; to be called once the process has ended."""
        self._reader.join(seconds)
        if self._form is not None:
            self._writer.join(seconds)

    def _ask(self, program: bytes | None) -> None:
        assert self._form is not None
        self._asked_count += 1
        # A request of no bytes asks who the target is; no program is empty.
        self._requests.put(b"" if program is None else program)

    def _answer(self, seconds: float) -> bytes:
        if self._broken is not None:
            raise self._broken
        try:
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            unfinished = self._incoming.unfinished
            raise StreamSilent(f"; {unfinished}" if unfinished else "") from None
        if isinstance(answer, StreamBroken):
            self._broken = answer
            raise answer
        data, self.last_arrival = answer
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

    def _write(self) -> None:
        assert self._form is not None
        with contextlib.suppress(OSError), self._stdin:
            while (program := self._requests.get()) is not None and not self._is_closed:
                self._stdin.write(self._form.request(program or None))
                if self._requests.empty():
                    self._stdin.flush()

    def _read(self) -> None:
        with self._stdout:
            form: Form | NotSpoken | None
            try:
                form = read_greeting(self._incoming)
            except NotSpoken as reason:
                form = reason
            self._greeting.put(form)
            if form is not None and not isinstance(form, NotSpoken):
                self._answers.put(self._read_answers(form))
            # Whoever writes into a pipe that is closed dies of that, and not of what is wrong.
            self._incoming.drain()

    def _read_answers(self, form: Form) -> StreamBroken:
        """Takes answers off the pipe as they come, so that the target never waits for the driver; says how it ended."""
        answered_count = 0
        try:
            while (data := form.read(self._incoming)) is not None:
                answered_count += 1
                if answered_count > self._asked_count:
                    return StreamBroken("", f"it wrote what nobody had asked for: {shown(data)}")
                self._answers.put((data, time.monotonic()))
        except NotSpoken as reason:
            return StreamBroken("", f"it {reason}")
        unfinished = self._incoming.unfinished
        return StreamBroken("UNAVAILABLE", "it closed its standard output" + (f"; {unfinished}" if unfinished else ""))


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
