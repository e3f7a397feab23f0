"""The Go target of an installed scavdiff: built on first use from the sources in the package, into the user's cache.

A checkout builds with `make go` instead. What is built is kept by what it was built from: the sources in the package,
the Go version, and the Go 1.18.10 tree that GO118_ROOT names. Of other packages' builds, those used last are kept.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from pymodel.differential.errors import BadInput
from pymodel.differential.targets.go_command import GoCommand, find_go, go_needed, no_go

BINARY_NAME = "goharness"
SCRATCH_PREFIX = "build-"
# Of what was built from other sources, by earlier versions of this package: so many are kept.
OTHERS_KEPT_COUNT = 2
_LOCK_NAME = "lock"
_COUNTING_SUFFIX = "-counting"
_DIGEST_LENGTH = 16


def built_go_binary(sources: Path, *, counting: bool = False) -> Path:
    """The Go target built from the folder `sources`, now or by an earlier use; raises BadInput if it cannot be built.

    If `counting`, it is the one that counts what programs reach.
    Without a go command, what was built from the same sources while there was one is taken.
    """
    paths = sorted(path for path in sources.rglob("*") if path.is_file())
    files = {path.relative_to(sources).as_posix(): path.read_bytes() for path in paths}
    folder = user_cache_path("scavdiff") / "go" / _digest_of(files)
    needed = go_needed(files["go.mod"].decode())
    go = find_go(needed, sources)
    if go is None:
        binary = _newest_binary(folder, counting)
        if binary is None:
            raise no_go(needed)
        return binary
    return _Build(files, folder, go, counting).binary()


@dataclass(frozen=True, slots=True)
class _Build:
    """The sources, by name; the folder for all that is built from them; and the go command that builds."""

    files: dict[str, bytes]
    folder: Path
    go: GoCommand
    counting: bool

    def binary(self) -> Path:
        """The program. Of several processes that want it at once, one builds, and the others wait."""
        binary = self.folder / _key(self.go, self.counting) / BINARY_NAME
        if binary.is_file():
            _note_use(self.folder)
            return binary
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _note_use(self.folder)
            with _only_one(self.folder / _LOCK_NAME):
                if not binary.is_file():
                    self._make(binary)
                    _remove_old(self.folder)
        except OSError as error:
            why = f"{error.strerror}; XDG_CACHE_HOME can name another folder to keep it in"
            raise BadInput(f"cannot build Go's page heap in {self.folder}: {why}") from error
        return binary

    def _make(self, binary: Path) -> None:
        started = time.monotonic()
        what = "Go's own page heap" + (", which counts what is reached," if self.counting else "")
        _say(f"building {what} with {self.go.version}; only the first use does, and may take minutes")
        for left_by_a_killed_build in self.folder.glob(f"{SCRATCH_PREFIX}*"):
            shutil.rmtree(left_by_a_killed_build, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=SCRATCH_PREFIX, dir=self.folder) as scratch:
            tree, made = Path(scratch) / "sources", Path(scratch) / "made"
            for name, content in self.files.items():
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                (tree / name).write_bytes(content)
            self.go.run(("run", "./cmd/cut"), tree)
            overlay: tuple[str, ...] = ()
            if self.counting:
                counters = Path(scratch) / "counters"
                self.go.run(("run", "./cmd/count", "-into", str(counters)), tree)
                overlay = "-overlay", str(counters / "overlay.json")
            self.go.run(("build", "-buildvcs=false", "-trimpath", "-o", str(made), *overlay, "."), tree)
            binary.parent.mkdir(exist_ok=True)
            os.replace(made, binary)
        _say(f"built in {time.monotonic() - started:.0f} s and kept in {binary.parent}")


def _digest_of(files: dict[str, bytes]) -> str:
    """A digest of names and contents."""
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:_DIGEST_LENGTH]


def _key(go: GoCommand, counting: bool) -> str:
    """The name of the folder for what `go` builds: its version, then what tells the tree of GO118_ROOT from others, and
    whether it counts."""
    key = re.sub(r"[^\w.+-]", "-", go.version)
    root = os.environ.get("GO118_ROOT")
    if root:
        key += f"-{hashlib.sha256(str(Path(root).resolve()).encode()).hexdigest()[:_DIGEST_LENGTH]}"
    return key + (_COUNTING_SUFFIX if counting else "")


def _newest_binary(folder: Path, counting: bool) -> Path | None:
    built = [
        path for path in folder.glob(f"*/{BINARY_NAME}") if path.parent.name.endswith(_COUNTING_SUFFIX) == counting
    ]
    return max(built, key=lambda path: path.stat().st_mtime, default=None)


def _note_use(folder: Path) -> None:
    """Dates the folder; a cache that cannot be written can still be read."""
    with suppress(OSError):
        os.utime(folder)


def _remove_old(folder: Path) -> None:
    """Removes what was built from other sources, but for what was used last and what is just being built."""
    others = [other for other in folder.parent.iterdir() if other.is_dir() and other != folder]
    others.sort(key=lambda other: other.stat().st_mtime, reverse=True)
    for old in others[OTHERS_KEPT_COUNT:]:
        with suppress(Timeout), FileLock(old / _LOCK_NAME, timeout=0):
            shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Holds the lock at `path`, and says so if that means to wait."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        _say("waiting for another scavdiff, which is building Go's page heap")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _say(text: str) -> None:
    print(f"scavdiff: {text}", file=sys.stderr, flush=True)
