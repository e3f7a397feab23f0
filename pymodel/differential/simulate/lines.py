"""Input files, read line by line, so that their length costs no memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pymodel.differential.errors import BadInput

LINE_LENGTH_MAX = 100_000


@contextmanager
def read_lines(path: Path) -> Iterator[Iterator[str]]:
    """The lines of a text file, each with its line end; raises BadInput where it cannot be read."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            yield iter(lambda: file.readline(LINE_LENGTH_MAX), "")
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text") from error
