"""What driver and worker say to each other: one JSON object a line, one key that says what it is.

To the worker: `settings` once, then `job` any number of times, `stop` to cut the job short. From it: `ready` once, a
`result` for each job; `fatal` for a target that cannot go on and `bad_input` before it ends.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from pymodel.differential import errors
from pymodel.differential.campaign.blocks import Plain
from pymodel.differential.errors import BadInput, HarnessError, ScavdiffError, WorkerFailed
from pymodel.differential.targets.capabilities import Capability, Description


def write_message(stream: BinaryIO, kind: str, value: Any) -> None:
    """Writes a message and flushes it."""
    stream.write(json.dumps({kind: value}, separators=(",", ":")).encode() + b"\n")
    stream.flush()


def parse_message(line: bytes) -> tuple[str, Any]:
    """A line as its kind and value; raises WorkerFailed for what is no message."""
    try:
        ((kind, value),) = json.loads(line).items()
    except (ValueError, AttributeError) as error:
        raise WorkerFailed(f"a worker wrote what is no message: {line[:80]!r}") from error
    return str(kind), value


class Lines:
    """Cuts a stream of bytes into lines."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The lines that are whole with `data`."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        yield from lines


def error_to_plain(error: HarnessError) -> Plain:
    """A harness error as JSON has it."""
    return {
        "kind": type(error).__name__,
        "target": error.target,
        "what": error.what,
        "exit_status": error.exit_status,
        "stderr_lines": list(error.stderr_lines),
    }


def error_from_plain(plain: Plain) -> HarnessError:
    """The error of `error_to_plain`."""
    kind = getattr(errors, str(plain["kind"]), HarnessError)
    if not (isinstance(kind, type) and issubclass(kind, HarnessError)):
        kind = HarnessError
    return kind(plain["target"], plain["what"], exit_status=plain["exit_status"], stderr_lines=plain["stderr_lines"])


def failure_of(kind: str, value: Any) -> ScavdiffError | None:
    """The error that a message stands for, if it stands for one."""
    if kind == "fatal":
        return error_from_plain(value)
    return BadInput(str(value)) if kind == "bad_input" else None


def description_to_plain(description: Description) -> Plain:
    """A target's description as JSON has it."""
    return {
        "name": description.name,
        "version": description.version,
        "go_version": description.go_version,
        "protocol_version": description.protocol_version,
        "capabilities": sorted(description.capabilities),
        "operation_count_max": description.operation_count_max,
        "program_bytes_max": description.program_bytes_max,
    }


def description_from_plain(plain: Plain) -> Description:
    """The description of `description_to_plain`."""
    return Description(**{**plain, "capabilities": frozenset(map(Capability, plain["capabilities"]))})
