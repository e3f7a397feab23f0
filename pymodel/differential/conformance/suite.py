"""`scavdiff export`: a fixed suite of traces with what is expected of them, and what checks one.

A suite is a folder: `suite.json` lists the files, each of which is a trace with its expected observations. The same
version of this code and the same level make the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymodel.differential.conformance.level_programs import level_works
from pymodel.differential.conformance.levels import LEVELS, Level
from pymodel.differential.conformance.suite_json import FORMAT, VERSION, program_of_trace, trace_text
from pymodel.differential.errors import BadInput
from pymodel.differential.programs.operations import KIND_BY_CLASS
from pymodel.differential.programs.program import Call, Operation, Program
from pymodel.differential.running.findings import read_text, write_atomically
from pymodel.differential.targets.target import GO_VERSION

MANIFEST = "suite.json"
SEED = 1
PROGRAM_COUNT = 24
# So many are taken as they come.
ANY_PROGRAM_COUNT = 20
OPERATION_COUNT_MAX = 60
# A program that grows thousands of chunks says little more than one that grows three, in a hundred times the space.
FILE_BYTES_MAX = 160 << 10


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a suite that is not as it should be: the file, and what, as a predicate of it."""

    file: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}"


def export_suite(folder: Path, levels: Sequence[Level] = LEVELS) -> int:
    """Writes the suite of these levels into `folder`, and takes what an earlier one left there away; how many traces.

    Raises BadInput for a folder that holds something else.
    """
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / MANIFEST).is_file())):
        raise BadInput(f"{folder} is there already and holds no suite: name a new folder, or an empty one")
    before = _files_of(_manifest(folder)) if (folder / MANIFEST).is_file() else []
    texts = dict(_traces(levels))
    for name, text in texts.items():
        write_atomically(folder / name, text)
    for name in set(before) - texts.keys():
        (folder / name).unlink(missing_ok=True)
    write_atomically(folder / MANIFEST, _manifest_text(levels, texts))
    return len(texts)


def check_suite(folder: Path) -> tuple[int, list[Problem]]:
    """How many traces a suite has, and what in it is stale, changed, missing or not of it.

    The specification runs each program as the file has it, whatever made it. Raises BadInput where there is no suite.
    """
    manifest = _manifest(folder)
    digests = _files_of(manifest)
    problems = [Problem(name, "is not of the suite") for name in sorted(_found(folder) - digests.keys())]
    for name, digest in digests.items():
        problems += _problems_of(folder, name, digest)
    return len(digests), problems


def _traces(levels: Sequence[Level]) -> Iterator[tuple[str, str]]:
    """The files of a suite and their texts, in order."""
    for level in levels:
        for number, program in enumerate(_programs(level)):
            name = f"{level.slug}/{number:02}"
            yield f"{name}.json", trace_text(name, level, program)


def _programs(level: Level) -> Iterator[Program]:
    """Programs of a level, the last few of them such that all of its operations and functions are in some."""
    missing = {*level.operations, *level.functions}
    count = 0
    for work in level_works(level, SEED, OPERATION_COUNT_MAX):
        held = set(map(_name, work.program.operations))
        is_wanted = count < ANY_PROGRAM_COUNT or not missing or held & missing
        if is_wanted and len(trace_text("", level, work.program)) <= FILE_BYTES_MAX:
            yield work.program
            count += 1
            missing -= held
        if count >= PROGRAM_COUNT and not missing:
            return


def _name(operation: Operation) -> str:
    return operation.function if isinstance(operation, Call) else KIND_BY_CLASS[type(operation)].name


def _manifest_text(levels: Sequence[Level], texts: Mapping[str, str]) -> str:
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "go_version": GO_VERSION,
        "page_size": "0x2000",
        "chunk_bytes": "0x400000",
        "chunk_index_offset": "0x2000000",
        "levels": [
            {
                "number": level.number,
                "name": level.name,
                "files": {name: _digest(text) for name, text in texts.items() if name.startswith(f"{level.slug}/")},
            }
            for level in levels
        ],
    }
    return json.dumps(manifest, indent=1) + "\n"


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        raise BadInput(f"{folder} is no suite: it has no {MANIFEST}")
    manifest = _json(path)
    if manifest.get("format") != FORMAT:
        raise BadInput(f'{path} is not the manifest of a suite: its "format" is not "{FORMAT}"')
    if manifest.get("version") != VERSION:
        raise BadInput(f"{path} has version {manifest.get('version')} of the format; this scavdiff knows {VERSION}")
    return manifest


def _files_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The digests of the manifest by file."""
    try:
        files = {name: digest for level in manifest["levels"] for name, digest in level["files"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{MANIFEST} does not list files by level: {error}") from None
    for name in files:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise BadInput(f"{MANIFEST} lists {name}, which is not in the suite's folder")
    return files


def _found(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*.json")} - {MANIFEST}


def _problems_of(folder: Path, name: str, digest: str) -> Iterator[Problem]:
    """What is wrong with one file: nothing, or one thing."""
    path = folder / name
    if not path.is_file():
        yield Problem(name, "is missing")
        return
    text = read_text(path)
    try:
        trace = _json(path)
        level = LEVELS[int(trace["level"]) - 1]
        right = trace_text(name.removesuffix(".json"), level, program_of_trace(trace))
    except (BadInput, KeyError, TypeError, ValueError, IndexError) as error:
        yield Problem(name, f"cannot be read: {error}")
        return
    if text != right:
        yield Problem(name, f"is stale: {_first_difference(trace, json.loads(right))}")
    elif _digest(text) != digest:
        yield Problem(name, f"is right, but was changed: its digest is not that of {MANIFEST}")


def _first_difference(trace: Mapping[str, Any], right: Mapping[str, Any]) -> str:
    """Where a trace first expects something else than the specification does."""
    for key in right:
        if key != "steps" and key != "end" and trace.get(key) != right[key]:
            return f"its {key} is not what the specification says"
    steps = trace["steps"]
    for number, (step, right_step) in enumerate(zip(steps, right["steps"], strict=False), start=1):
        for key, value in right_step.items():
            if step.get(key) != value:
                text = right_step["text"]
                return f"step {number} ({text}) expects {key} {step.get(key)}, but the specification says {value}"
    if len(steps) != len(right["steps"]):
        return f"it has {len(steps)} steps, but the specification ends after {len(right['steps'])}"
    if trace.get("end") != right["end"]:
        return "its end is not what the specification says"
    return "it says the same in other bytes"


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(read_text(path))
    except ValueError as error:
        raise BadInput(f"{path} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise BadInput(f"{path} is not a JSON object")
    return value


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
