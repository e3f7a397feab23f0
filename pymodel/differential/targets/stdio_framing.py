"""The two forms of messages over pipes: protobuf behind its length, or a line of JSON.

proto/pageheap/v1/stdio.proto says what is sent; docs/porting.md tells it to those who write the other end.
"""

from __future__ import annotations

import os
import re
import select
import time
from typing import Protocol

from google.protobuf import json_format
from google.protobuf.message import DecodeError

from pymodel.differential.programs.wireform import delimited, tag_length, varint
from pymodel.differential.targets.connection import TRANSCRIPT_BYTES_MAX
from pymodel.wire import pageheap_pb2, stdio_pb2

STDIO_VERSION = 1
GREETINGS = " or ".join(f'"scavdiff stdio {form} {STDIO_VERSION}"' for form in ("protobuf", "json"))
EXPECTED_GREETING = f"its first line on standard output was to be {GREETINGS}"
SHOWN_LENGTH_MAX = 60
_GREETING_BYTES_MAX = 1 << 10
_GREETING = re.compile(rb"scavdiff stdio ([a-z]+) ([0-9]+)")
_ENVELOPE_BYTES = 1 << 10
# Base64 and the names of fields make JSON longer.
_LINE_BYTES_MAX = 4 * TRANSCRIPT_BYTES_MAX
# Several programs' transcripts, which wait in a pipe that was made larger.
_READ_BYTES = 1 << 18
_VARINT_BYTES_MAX = 10
# A message of one field, number 2 of its envelope: the program in a request, the transcript in a response.
_FIELD_TWO = tag_length(2)
# A program's id, then the clean heap.
_CANONICAL_BEGINNING = re.compile(rb"\x09.{8}\x12", re.DOTALL)


class NotSpoken(Exception):
    """What came is nothing that a target may write there; the text is a predicate of the target."""


class WrongVersion(NotSpoken):
    """The target speaks another version of this protocol."""


class NothingCame(Exception):
    """What was waited for did not come in the time allowed."""


class Outgoing:
    """Bytes on their way into a pipe, which are written as far as there is room: nobody ever waits here."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._left = bytearray()
        os.set_blocking(fd, False)

    def put(self, data: bytes) -> None:
        """Writes this, once all before it is written."""
        self._left += data
        self.push()

    def push(self) -> bool:
        """Writes what there is room for; whether nothing is left. What nobody reads any more is as good as written."""
        while self._left:
            try:
                written = os.write(self.fd, self._left)
            except BlockingIOError:
                return False
            except OSError:
                written = len(self._left)
            del self._left[:written]
        return True


class Incoming:
    """Bytes from a pipe, taken off it one line or one message at a time; what is outgoing goes out meanwhile.

    Both return None where the pipe has ended, and raise NothingCame once the time that `allow` gave is over.
    """

    def __init__(self, fd: int, outgoing: Outgoing) -> None:
        self._fd = fd
        self._outgoing = outgoing
        self._bytes = select.poll()
        self._bytes.register(fd, select.POLLIN)
        self._bytes_or_room = select.poll()
        self._bytes_or_room.register(fd, select.POLLIN)
        self._bytes_or_room.register(outgoing.fd, select.POLLOUT)
        self._deadline = 0.0
        self._buffer = bytearray()
        self._wanted: int | None = None

    def allow(self, seconds: float) -> None:
        """Lets what is asked for next take so long from now on."""
        self._deadline = time.monotonic() + seconds

    def has_come(self) -> bool:
        """Whether anything is there that was not taken, if only the pipe's end."""
        return bool(self._buffer or self._bytes.poll(0))

    def line(self, byte_count_max: int) -> bytes | None:
        """The next line, without its end."""
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > byte_count_max:
                raise NotSpoken(f"wrote a line of more than {byte_count_max} bytes: {shown(self._buffer)}")
            if not self._fill():
                return None
        return self._take(end + 1)[:-1]

    def message(self, byte_count_max: int) -> bytes | None:
        """The next message behind its length, without it."""
        self._wanted = None
        while (length := self._length()) is None:
            if not self._fill():
                return None
        start, size = length
        if size > byte_count_max:
            raise NotSpoken(
                f"announced a message of {size} bytes, more than a response may have; it wrote {shown(self._buffer)}"
            )
        self._wanted = size
        while len(self._buffer) < start + size:
            if not self._fill():
                return None
        self._wanted = None
        del self._buffer[:start]
        return self._take(size)

    def drain(self) -> None:
        """Throws away all that comes until the pipe ends."""
        while os.read(self._fd, _READ_BYTES):
            pass

    @property
    def unfinished(self) -> str:
        """What has come of a message that is not there yet, in words; empty if nothing has."""
        if not self._buffer:
            return ""
        wanted = "" if self._wanted is None else f" of a message of {self._wanted} bytes"
        return f"{len(self._buffer)} bytes had come{wanted}: {shown(self._buffer)}"

    def _length(self) -> tuple[int, int] | None:
        """Where the message begins and how long it is; None if its length has not come yet."""
        value = 0
        for position, byte in enumerate(self._buffer[:_VARINT_BYTES_MAX]):
            value |= (byte & 0x7F) << (7 * position)
            if byte < 0x80:
                return position + 1, value
        if len(self._buffer) >= _VARINT_BYTES_MAX:
            raise NotSpoken(f"wrote what is no length of a message: {shown(self._buffer)}")
        return None

    def _fill(self) -> bool:
        self._wait()
        block = os.read(self._fd, _READ_BYTES)
        self._buffer += block
        return bool(block)

    def _wait(self) -> None:
        while True:
            awaited = self._bytes if self._outgoing.push() else self._bytes_or_room
            events = awaited.poll(max(0.0, self._deadline - time.monotonic()) * 1000)
            if not events:
                raise NothingCame
            if any(fd == self._fd for fd, _ in events):
                return

    def _take(self, size: int) -> bytes:
        with memoryview(self._buffer) as buffer:
            taken = bytes(buffer[:size])
        del self._buffer[:size]
        return taken


class Form(Protocol):
    """How messages are written."""

    def request(self, program: bytes | None) -> bytes:
        """What is sent for an encoded program, or, for None, to ask the target who it is."""

    def read(self, incoming: Incoming) -> bytes | None:
        """The bytes of the next response; None where there is no more."""

    def transcript(self, data: bytes) -> bytes | None:
        """The transcript in a response that holds just that, if this can be told without reading it all."""

    def response(self, data: bytes) -> stdio_pb2.StdioResponse:
        """The response; raises NotSpoken."""


class ProtobufForm:
    """A length as a varint, then so many bytes."""

    def request(self, program: bytes | None) -> bytes:
        """The request behind its length."""
        if program is None:
            message = stdio_pb2.StdioRequest(describe=pageheap_pb2.DescribeRequest()).SerializeToString()
        else:
            message = delimited(_FIELD_TWO, program)
        return varint(len(message)) + message

    def read(self, incoming: Incoming) -> bytes | None:
        """The bytes of a response."""
        return incoming.message(TRANSCRIPT_BYTES_MAX + _ENVELOPE_BYTES)

    def transcript(self, data: bytes) -> bytes | None:
        """The bytes behind the envelope, as the target wrote them, if they begin as in the canonical encoding."""
        size = len(data)
        for length_bytes in range(1, 6):
            prefix = _FIELD_TWO + varint(max(0, size - 1 - length_bytes))
            if data.startswith(prefix) and len(prefix) == 1 + length_bytes:
                transcript = data[len(prefix) :]
                return transcript if _CANONICAL_BEGINNING.match(transcript) else None
        return None

    def response(self, data: bytes) -> stdio_pb2.StdioResponse:
        """The response decoded."""
        try:
            return stdio_pb2.StdioResponse.FromString(data)
        except DecodeError:
            raise NotSpoken(f"wrote what is no StdioResponse, in {len(data)} bytes: {shown(data)}") from None


class JsonForm:
    """One line of JSON: protobuf's JSON mapping."""

    def request(self, program: bytes | None) -> bytes:
        """The request as a line. Numbers that are zero are written too; what is optional and absent is not."""
        if program is None:
            request = stdio_pb2.StdioRequest(describe=pageheap_pb2.DescribeRequest())
        else:
            request = stdio_pb2.StdioRequest(program=pageheap_pb2.Program.FromString(program))
        text = json_format.MessageToJson(request, indent=None, always_print_fields_with_no_presence=True)
        return text.encode() + b"\n"

    def read(self, incoming: Incoming) -> bytes | None:
        """A line."""
        return incoming.line(_LINE_BYTES_MAX)

    def transcript(self, data: bytes) -> None:  # noqa: ARG002  # the protocol's signature
        """Nothing: JSON must be read to the end."""
        return

    def response(self, data: bytes) -> stdio_pb2.StdioResponse:
        """The response decoded, its fields in any order."""
        try:
            return json_format.Parse(data, stdio_pb2.StdioResponse())
        except (json_format.ParseError, UnicodeDecodeError) as error:
            reason = " ".join(str(error).split())
            raise NotSpoken(f"wrote a line that is no StdioResponse in JSON ({reason}): {shown(data)}") from None


_FORMS: dict[bytes, type[Form]] = {b"protobuf": ProtobufForm, b"json": JsonForm}


def read_greeting(incoming: Incoming) -> Form | None:
    """The form that a target's first line announces; None if it ended before. Raises NotSpoken."""
    line = incoming.line(_GREETING_BYTES_MAX)
    if line is None:
        return None
    match = _GREETING.fullmatch(line.strip())
    if match is None or match[1] not in _FORMS:
        raise NotSpoken(f"began with {shown(line)}, but {EXPECTED_GREETING}")
    if int(match[2]) != STDIO_VERSION:
        raise WrongVersion(
            f"speaks version {int(match[2])} of the protocol over pipes; this driver speaks version {STDIO_VERSION}"
        )
    return _FORMS[match[1]]()


def shown(data: bytes | bytearray) -> str:
    """The beginning of a target's bytes, fit for a report."""
    text = data[:SHOWN_LENGTH_MAX].decode(errors="backslashreplace")
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return f'"{text}"' + (" ..." if len(data) > SHOWN_LENGTH_MAX else "")
