"""The repository as its tests see it: the files that git tracks, or would track once added."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def tracked_paths() -> tuple[str, ...]:
    """Paths, relative to the root, of every file that is tracked or new and not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return tuple(sorted({path for path in listing.split("\0") if path and (ROOT / path).is_file()}))


@cache
def tracked_texts() -> dict[str, str]:
    """The content of every tracked file that is text, by path."""
    texts = {}
    for path in tracked_paths():
        try:
            texts[path] = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return texts
