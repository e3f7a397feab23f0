"""A target behind a connection, gRPC or pipes: pipelined, supervised, restarted."""

from __future__ import annotations

import collections
import time

from pymodel.differential.errors import (
    HarnessError,
    ProtocolMismatch,
    TargetDied,
    TargetFailedToStart,
    TargetGivenUp,
    TargetHung,
    TargetRefused,
)
from pymodel.differential.targets.capabilities import (
    PROTOCOL_VERSION,
    Counter,
    Description,
    usable_capabilities,
)
from pymodel.differential.targets.connection import PROGRAM_BYTES_MAX, Connection, StreamBroken, StreamSilent
from pymodel.differential.targets.endpoints import Endpoint
from pymodel.differential.targets.process import DEATH_SECONDS_MAX
from pymodel.differential.targets.target import OPERATION_COUNT_MAX, PROGRAM_SECONDS_MAX, EncodedProgram
from pymodel.wire import pageheap_pb2

DESCRIBE_SECONDS_MAX = 5.0
RECOVERY_ATTEMPTS_MAX = 3
RECOVERY_PAUSE_SECONDS = 0.2
TEXT_LENGTH_MAX = 60
# Statuses that say that the target looked at the program and would not run it.
_REFUSALS = frozenset(
    {"INVALID_ARGUMENT", "RESOURCE_EXHAUSTED", "UNIMPLEMENTED", "OUT_OF_RANGE", "FAILED_PRECONDITION"}
)
_CONNECTION_LOST = "UNAVAILABLE"
# An answer already on the wire must not be missed because the driver itself came late.
_GRACE_SECONDS = 0.5


class RemoteTarget:
    """A target at an endpoint.

    Invariant: `_in_flight` holds what was sent and not received, in order; a stream that is open has been sent all of
    it. A stream is opened when it is needed, so a failure never hides behind the failure to recover from it.
    """

    def __init__(self, name: str, endpoint: Endpoint, *, program_seconds: float = PROGRAM_SECONDS_MAX) -> None:
        self.name = name
        self.in_process = False
        self.endpoint = endpoint
        self._program_seconds = program_seconds
        self._description: Description | None = None
        self._connection: Connection | None = None
        self._in_flight: collections.deque[EncodedProgram] = collections.deque()
        self._first_since = 0.0

    def describe(self) -> Description:
        """Connects if need be, and says who the target is."""
        self._connected()
        assert self._description is not None
        return self._description

    def send(self, request: EncodedProgram) -> None:
        """Hands a program over; does not wait for it."""
        if not self._in_flight:
            self._first_since = time.monotonic()
        self._in_flight.append(request)
        if self._connection is not None:
            self._connection.send(request.encoded)

    def receive(self) -> bytes:
        """Returns the transcript of the first program not yet answered, or raises its HarnessError."""
        connection = self._connected()
        program_id = self._in_flight[0].program_id
        try:
            transcript = connection.receive(self._seconds_left())
        except StreamSilent as silent:
            what = f"did not answer program {program_id} within {self._program_seconds:g} s{silent}"
            raise self._charge(TargetHung, what) from None
        except StreamBroken as broken:
            raise self._broken(program_id, broken) from None
        self._in_flight.popleft()
        self._first_since = connection.last_arrival
        return transcript

    def restart(self) -> None:
        """Distrusts the connection, and the process if it is the driver's."""
        self._disconnect()
        self.endpoint.discard()

    def close(self) -> None:
        """Ends the connection, and the process if it is the driver's."""
        self._in_flight.clear()
        self._disconnect()
        self.endpoint.close()

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._connect() if self._description is None else self._recover()
            for request in self._in_flight:
                self._connection.send(request.encoded)
            self._first_since = time.monotonic()
        return self._connection

    def _recover(self) -> Connection:
        """Connects again, several times if need be."""
        for _ in range(RECOVERY_ATTEMPTS_MAX - 1):
            try:
                return self._connect()
            except TargetFailedToStart:
                time.sleep(RECOVERY_PAUSE_SECONDS)
        try:
            return self._connect()
        except TargetFailedToStart as error:
            what = f"was given up after {RECOVERY_ATTEMPTS_MAX} attempts to start it again: it {error.what}"
            raise TargetGivenUp(
                self.name, what, exit_status=error.exit_status, stderr_lines=error.stderr_lines
            ) from error

    def _connect(self) -> Connection:
        """A connection to a target that has described itself well, with its stream open."""
        try:
            address = self.endpoint.open()
        except TargetFailedToStart as error:
            error.target = self.name
            raise
        connection = self.endpoint.connect()
        try:
            self._description = self._described(address, connection)
        except BaseException:
            connection.close()
            raise
        connection.open_stream()
        return connection

    def _described(self, address: str, connection: Connection) -> Description:
        try:
            answer = connection.describe(DESCRIBE_SECONDS_MAX)
        except StreamBroken as broken:
            if broken.status == _CONNECTION_LOST:
                self.endpoint.died(DEATH_SECONDS_MAX)
            exit_status, stderr_lines = self.endpoint.discard()
            raise TargetFailedToStart(
                self.name,
                f"does not answer Describe at {address}: {broken}",
                exit_status=exit_status,
                stderr_lines=stderr_lines,
            ) from None
        if answer.protocol_version != PROTOCOL_VERSION:
            raise ProtocolMismatch(
                self.name,
                f"speaks version {answer.protocol_version} of the protocol; this driver speaks version "
                f"{PROTOCOL_VERSION}",
            )
        return _description(answer)

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _seconds_left(self) -> float:
        return max(_GRACE_SECONDS, self._first_since + self._program_seconds - time.monotonic())

    def _broken(self, program_id: int, broken: StreamBroken) -> HarnessError:
        if broken.status in _REFUSALS:
            if not broken.goes_on:
                self._disconnect()
            self._in_flight.popleft()
            self._first_since = time.monotonic()
            refused = TargetRefused(self.name, f"refused program {program_id}: {broken}")
            refused.status = broken.status
            return refused
        if self.endpoint.died(DEATH_SECONDS_MAX if broken.status == _CONNECTION_LOST else 0):
            wrote = "" if broken.status else f": {broken.details}"
            return self._charge(TargetDied, f"died before it answered program {program_id}{wrote}")
        return self._charge(TargetDied, f"broke the stream before it answered program {program_id}: {broken}")

    def _charge(self, kind: type[HarnessError], what: str) -> HarnessError:
        """The failure of the first program in flight; what served it is discarded."""
        self._disconnect()
        self._in_flight.popleft()
        exit_status, stderr_lines = self.endpoint.discard()
        return kind(self.name, what, exit_status=exit_status, stderr_lines=stderr_lines)


def _description(answer: pageheap_pb2.DescribeResponse) -> Description:
    return Description(
        name=_one_line(answer.name),
        version=_one_line(answer.version),
        go_version=_one_line(answer.go_version),
        protocol_version=answer.protocol_version,
        capabilities=usable_capabilities(frozenset(answer.capabilities)),
        operation_count_max=answer.operation_count_max or OPERATION_COUNT_MAX,
        program_bytes_max=answer.program_bytes_max or PROGRAM_BYTES_MAX,
        counters=tuple(
            Counter(_one_line(counter.file), counter.line, counter.statement_count) for counter in answer.counters
        ),
    )


def _one_line(text: str) -> str:
    """A target's text made fit for a report: one line, printable, not long."""
    return "".join(c if c.isprintable() else "?" for c in text)[:TEXT_LENGTH_MAX]
