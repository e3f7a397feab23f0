"""How targets are named on the command line, and what is made of it."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from pymodel.differential.errors import BadInput
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.targets.endpoints import START_SECONDS_MAX, FixedEndpoint, StartedEndpoint
from pymodel.differential.targets.go_build import built_go_binary
from pymodel.differential.targets.process import guarded
from pymodel.differential.targets.remote import RemoteTarget
from pymodel.differential.targets.stdio_endpoint import StdioEndpoint
from pymodel.differential.targets.target import PROGRAM_SECONDS_MAX, ModelTarget, Target

GO_BINARY = Path("goharness/bin/goharness")
COUNTING_BINARY = Path("goharness/bin/goharness-counting")
GO_SOURCES = Path("goharness")
PORT_MAX = 65535


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long a target may take, in seconds: to start, and to answer one program."""

    start_seconds: float = START_SECONDS_MAX
    program_seconds: float = PROGRAM_SECONDS_MAX


def make_target(spec: str, name: str, limits: TimeLimits, *, counting: bool = False) -> Target:
    """The target that `spec` names; nothing is started or connected yet. Raises BadInput.

    If `counting`, `go` is the Go target that has counters.
    """
    if spec == "model":
        return ModelTarget(run_on_specification, version("pymodel"), name, limits.program_seconds)
    if spec == "go":
        # Over gRPC a program takes the driver twice as long.
        command = [str(find_counting_binary() if counting else find_go_binary()), "--stdio"]
        endpoint = StdioEndpoint(name, command, limits.start_seconds, ends_with_input=True)
        return RemoteTarget(name, endpoint, program_seconds=limits.program_seconds)
    kind, _, rest = spec.partition(":")
    if kind == "exec":
        return _started(name, guarded(_split_command(spec, rest), sys.executable), limits)
    if kind == "stdio":
        endpoint = StdioEndpoint(name, _split_command(spec, rest), limits.start_seconds)
        return RemoteTarget(name, endpoint, program_seconds=limits.program_seconds)
    return RemoteTarget(name, FixedEndpoint(_address(spec)), program_seconds=limits.program_seconds)


def find_go_binary() -> Path:
    """The built Go target: of this checkout; of this installation, built if need be; of the current directory."""
    return _found_or_built(GO_BINARY, "the Go target", "make go")


def find_counting_binary() -> Path:
    """The built Go target that counts what it reaches; found, or built, as the plain one is."""
    return _found_or_built(COUNTING_BINARY, "the Go target that counts what it reaches", "make counting", counting=True)


def _found_or_built(binary: Path, what: str, command: str, *, counting: bool = False) -> Path:
    """`binary` of this checkout; of this installation, built if need be; of the current directory. Raises BadInput."""
    checkout, package = Path(__file__).resolve().parents[3], Path(__file__).resolve().parents[2]
    # Only the package of a wheel holds the sources.
    if (package / GO_SOURCES / "go.mod").is_file():
        return built_go_binary(package / GO_SOURCES, counting=counting)
    for folder in (checkout, Path.cwd()):
        if (folder / binary).is_file():
            return folder / binary
    raise BadInput(f"{what} is not built: there is no {checkout / binary}; run `{command}` in the repository")


def _started(name: str, command: list[str], limits: TimeLimits) -> Target:
    endpoint = StartedEndpoint(name, command, limits.start_seconds)
    return RemoteTarget(name, endpoint, program_seconds=limits.program_seconds)


def _split_command(spec: str, rest: str) -> list[str]:
    try:
        command = shlex.split(rest)
    except ValueError as error:
        raise BadInput(f"target {spec!r}: the command does not parse: {error}") from error
    if not command:
        raise BadInput(f"target {spec!r}: no command behind {spec.partition(':')[0]}:")
    return command


def _address(spec: str) -> str:
    if spec.startswith("unix:") and len(spec) > len("unix:"):
        return spec
    host, _, port = spec.removeprefix("tcp:").rpartition(":")
    if host and port.isdecimal() and 0 < int(port) <= PORT_MAX:
        return f"{host}:{port}"
    raise BadInput(f"target {spec!r} is not one of: go, model, unix:/path, host:port, exec:COMMAND, stdio:COMMAND")
