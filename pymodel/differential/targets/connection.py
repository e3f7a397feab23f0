"""One connection to a target: Describe, and a stream on which programs are pipelined; here over gRPC.

Programs and transcripts pass as raw bytes; what they say is not this module's business.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

# What goes wrong is told by us, once; gRPC's own log lines would stand between. Read when grpc is imported.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import grpc
from google.protobuf.message import DecodeError

from pymodel.wire import pageheap_pb2

SERVICE = "/pageheap.v1.PageHeapService/"
PROGRAM_BYTES_MAX = 16 << 20
TRANSCRIPT_BYTES_MAX = 256 << 20
_ENVELOPE_BYTES = 1 << 10
_DESCRIBE_BYTES_MAX = 1 << 20
_CHANNEL_OPTIONS = (
    ("grpc.max_send_message_length", PROGRAM_BYTES_MAX + _ENVELOPE_BYTES),
    ("grpc.max_receive_message_length", TRANSCRIPT_BYTES_MAX + _ENVELOPE_BYTES),
    ("grpc.enable_http_proxy", 0),
    ("grpc.enable_retries", 0),
    # A channel of its own for each connection: what is known of a dead process does not delay its successor.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 500),
)


class StreamBroken(Exception):
    """The stream ended before an answer came; `status` is a gRPC status name, "OK" where the target just ended it,
    and empty where what came is no answer at all.

    Where `goes_on`, the status was the answer to one program, and the stream answers those behind it.
    """

    goes_on = False

    def __init__(self, status: str, details: str) -> None:
        self.status = status
        self.details = details
        super().__init__(": ".join(filter(None, (status, details))))


class StreamSilent(Exception):
    """No answer came within the time allowed; the text says what came instead, if anything."""


class Connection(Protocol):
    """A connection to a target. Programs are answered in the order sent."""

    last_arrival: float
    """When the last answer received arrived, by time.monotonic()."""

    def describe(self, seconds: float) -> pageheap_pb2.DescribeResponse:
        """Asks the target who it is; raises StreamBroken with the status where it does not say."""

    def open_stream(self) -> None:
        """Starts the stream, once, after `describe`."""

    def send(self, program: bytes) -> None:
        """Sends an encoded program; never blocks."""

    def receive(self, seconds: float) -> bytes:
        """Returns the next transcript in the order sent; raises StreamSilent after `seconds`, or StreamBroken."""

    def close(self) -> None:
        """Ends the stream at once. Idempotent."""


@dataclass(frozen=True, slots=True)
class _Answer:
    transcript: bytes
    arrived: float


class GrpcConnection:
    """A channel to `address` (`unix:/path` or `host:port`) and, once `open_stream` was called, one Run stream."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address.removeprefix("tcp:"), options=_CHANNEL_OPTIONS)
        self._requests: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[_Answer | StreamBroken] = queue.SimpleQueue()
        self._call: grpc.Call | None = None
        self._broken: StreamBroken | None = None
        self.last_arrival = time.monotonic()

    def describe(self, seconds: float) -> pageheap_pb2.DescribeResponse:
        """Asks the target who it is; raises StreamBroken with the status where it does not say."""
        describe = self._channel.unary_unary(SERVICE + "Describe", None, None)
        request = pageheap_pb2.DescribeRequest().SerializeToString()
        try:
            answer: bytes = describe(request, timeout=seconds)
        except grpc.RpcError as error:
            raise _stream_broken(error) from error
        if len(answer) > _DESCRIBE_BYTES_MAX:
            raise StreamBroken("OK", "the answer to Describe is longer than 1 MiB")
        try:
            return pageheap_pb2.DescribeResponse.FromString(answer)
        except DecodeError as error:
            raise StreamBroken("OK", "the answer to Describe is not a DescribeResponse") from error

    def open_stream(self) -> None:
        """Starts the Run stream."""
        run = self._channel.stream_stream(SERVICE + "Run", None, None)
        self._call = run(iter(self._requests.get, None))
        threading.Thread(target=self._pump, args=(self._call,), daemon=True).start()

    def send(self, program: bytes) -> None:
        """Sends an encoded program; never blocks."""
        self._requests.put(program)

    def receive(self, seconds: float) -> bytes:
        """Returns the next transcript in the order sent; raises StreamSilent after `seconds`, or StreamBroken."""
        if self._broken is not None:
            raise self._broken
        try:
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            raise StreamSilent from None
        if isinstance(answer, StreamBroken):
            self._broken = answer
            raise answer
        self.last_arrival = answer.arrived
        return answer.transcript

    def close(self) -> None:
        """Ends the stream and the channel at once. Idempotent."""
        self._requests.put(None)
        if self._call is not None:
            self._call.cancel()  # type: ignore[no-untyped-call]  # grpc-stubs leaves it untyped
        self._channel.close()

    def _pump(self, answers: Iterator[bytes]) -> None:
        """Takes answers off the wire as they come, so that the target never waits for the driver."""
        try:
            for transcript in answers:
                self._answers.put(_Answer(transcript, time.monotonic()))
        except grpc.RpcError as error:
            self._answers.put(_stream_broken(error))
        else:
            self._answers.put(StreamBroken("OK", "the target ended the stream"))


def _stream_broken(error: grpc.RpcError) -> StreamBroken:
    return StreamBroken(error.code().name, error.details() or "")
