"""Lists of what is known to fail, so that a run fails only for news; an entry that no longer fails is news too.

One entry a line, then blanks, `#` and the reason: the path of a trace (it ends in .trace, and is meant from the list's
own folder or from the current one) or a signature as reports tell it. Lines that begin with # are comments.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pymodel.differential.errors import BadInput

TRACE_SUFFIX = ".trace"
_ENTRY = re.compile(r"(?P<name>.+?)\s+#\s*(?P<reason>\S.*)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: `paths` holds what the path of a trace can mean, and is empty for a signature."""

    name: str
    reason: str
    place: str
    paths: frozenset[Path] = frozenset()


class KnownFailing:
    """A list; it remembers which entries were met, and how."""

    def __init__(self, entries: Collection[Entry] = ()) -> None:
        self._entries = tuple(entries)
        self._failed: set[Entry] = set()
        self._passed: set[Entry] = set()

    @classmethod
    def read(cls, path: Path) -> KnownFailing:
        """The list in a file; raises BadInput for a line that is no entry, or names something twice."""
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise BadInput(f"cannot read {path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise BadInput(f"{path} is not a list of what is known to fail: it is not UTF-8 text") from error
        entries: dict[str, Entry] = {}
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip() and not line.lstrip().startswith("#"):
                entry = _parse(line.strip(), path, number)
                if entry.name in entries:
                    raise BadInput(f"{entry.place}: {entry.name} stands in {entries[entry.name].place} already")
                entries[entry.name] = entry
        return cls(tuple(entries.values()))

    def reason(self, path: Path | None, signatures: Collection[str]) -> str | None:
        """Why it is no news that the trace at `path` fails with these signatures; None if it is news."""
        met = self._naming(path, signatures)
        self._failed.update(met)
        return met[0].reason if met else None

    def passed(self, path: Path | None, signature: str | None) -> None:
        """Notes that the trace at `path`, kept for `signature`, does not fail."""
        self._passed.update(self._naming(path, () if signature is None else (signature,)))

    def problems(self) -> tuple[str, ...]:
        """A sentence for each entry that no longer fails, or names nothing that was replayed."""
        return tuple(sentence for entry in self._entries if (sentence := self._problem(entry)) is not None)

    def _problem(self, entry: Entry) -> str | None:
        if entry in self._failed:
            return None
        if entry in self._passed:
            return f"{entry.place}: {entry.name} no longer fails; take it off the list"
        if any(path.is_file() for path in entry.paths):
            return None
        what = "there is no such trace" if entry.paths else "no trace that was replayed has this signature"
        return f"{entry.place}: {entry.name} names nothing: {what}"

    def _naming(self, path: Path | None, signatures: Collection[str]) -> list[Entry]:
        resolved = path.resolve() if path is not None else None
        return [entry for entry in self._entries if resolved in entry.paths or entry.name in signatures]


def _parse(line: str, path: Path, number: int) -> Entry:
    place = f"{path}:{number}"
    entry = _ENTRY.fullmatch(line)
    if entry is None:
        raise BadInput(f"{place}: expected a trace or a signature, then # and why it is known to fail, found {line!r}")
    name = entry["name"]
    paths = {path.parent / name, Path(name)} if name.endswith(TRACE_SUFFIX) else set()
    return Entry(name, entry["reason"], place, frozenset(each.resolve() for each in paths))
