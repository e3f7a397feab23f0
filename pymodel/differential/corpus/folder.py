"""The corpus on disk: a trace for each program, and an index of what each reaches."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pymodel.differential.campaign.blocks import Kept
from pymodel.differential.programs.text import parse_program
from pymodel.differential.running.findings import read_text, write_atomically

INDEX_NAME = "index.json"
FORMAT = "scavdiff corpus 1"
_NAME_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Stored:
    """What a corpus folder holds.

    `given` were there before the campaign began, `made` came from its blocks. Nothing is known of the features of those
    that are in no index: `unmeasured` are their traces.
    """

    given: tuple[Kept, ...] = ()
    made: tuple[Kept, ...] = ()
    unmeasured: tuple[str, ...] = ()


def file_name(trace: str) -> str:
    """The name of a program's file."""
    return f"{hashlib.sha256(trace.encode()).hexdigest()[:_NAME_LENGTH]}.trace"


def read_corpus(folder: Path) -> Stored:
    """What is in a folder, which need not exist; raises BadInput for a trace that cannot be read.

    An index that is damaged or of another version counts as none: its programs are measured again.
    """
    index = _read_index(folder / INDEX_NAME)
    given: list[Kept] = []
    made: list[Kept] = []
    unmeasured: list[str] = []
    for path in sorted(folder.glob("*.trace")):
        trace = read_text(path)
        program = parse_program(trace, str(path)).program
        if path.name not in index:
            unmeasured.append(trace)
            continue
        said = index[path.name]
        kept = Kept(trace, said.features, len(program.operations), said.shape)
        (given if said.is_given else made).append(kept)
    return Stored(tuple(given), tuple(made), tuple(unmeasured))


def write_corpus(folder: Path, given: Iterable[Kept], made: Iterable[Kept]) -> None:
    """Makes the folder hold these programs; the index is written last, files that it does not name are removed.

    Each file is there whole or not at all. Traces in no index stay: they wait to be measured.
    """
    before = _read_index(folder / INDEX_NAME)
    programs: dict[str, dict[str, object]] = {}
    numbers: dict[str, int] = {}
    for is_given, all_kept in ((False, made), (True, given)):
        for kept in all_kept:
            name = file_name(kept.trace)
            reached = [numbers.setdefault(feature, len(numbers)) for feature in kept.features]
            programs[name] = {"features": reached, "given": is_given, "shape": kept.shape}
            if not (folder / name).is_file():
                write_atomically(folder / name, kept.trace)
    # Each feature is written once, and programs name it by its number: an eighth of the size.
    index = {"format": FORMAT, "features": list(numbers), "programs": programs}
    write_atomically(folder / INDEX_NAME, json.dumps(index, separators=(",", ":")) + "\n")
    for name in before.keys() - programs.keys():
        (folder / name).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Indexed:
    """What an index says of a program."""

    features: tuple[str, ...]
    is_given: bool
    shape: str


def _read_index(path: Path) -> dict[str, _Indexed]:
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        if plain["format"] != FORMAT:
            return {}
        features = list(map(str, plain["features"]))
        return {
            str(name): _Indexed(
                tuple(features[int(number)] for number in said["features"]),
                bool(said["given"]),
                str(said.get("shape", "")),
            )
            for name, said in plain["programs"].items()
            # A name that leads elsewhere would be removed there.
            if "/" not in name and name.endswith(".trace")
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}
