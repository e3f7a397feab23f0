"""A reader of exported suites as a port's own tests would have one: it knows docs/suite-format.md and nothing else.

Standard library only; nothing of the tester is imported.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

State = dict[str, Any]


def files_of(suite: Path, level: int) -> list[dict[str, Any]]:
    manifest = json.loads((suite / "suite.json").read_text())
    assert (manifest["format"], manifest["version"]) == ("pageheap suite", 1)
    (entry,) = [entry for entry in manifest["levels"] if entry["number"] == level]
    return [json.loads((suite / name).read_text()) for name in entry["files"]]


def numbers(words: list[str]) -> list[int]:
    return [int(word, 16) for word in words]


def after(state: State, changes: State) -> State:
    """The state once the changes are made: what is listed replaces what was, and zero is as if it was never there."""
    made = {**state, **{key: value for key, value in changes.items() if key not in ("chunks", "summaries")}}
    made["chunks"] = {**state.get("chunks", {}), **changes.get("chunks", {})}
    made["summaries"] = {
        level: {**state.get("summaries", {}).get(level, {}), **changes.get("summaries", {}).get(level, {})}
        for level in {**state.get("summaries", {}), **changes.get("summaries", {})}
    }
    return without_zeros(made)


def without_zeros(state: State) -> State:
    chunks = {
        index: both
        for index, both in state.get("chunks", {}).items()
        if any(numbers(both["allocated"]) + numbers(both["scavenged"]))
    }
    summaries = {
        level: {index: value for index, value in values.items() if int(value, 16)}
        for level, values in state.get("summaries", {}).items()
    }
    return {**state, "chunks": chunks, "summaries": {level: values for level, values in summaries.items() if values}}


def expected(function: str, arguments: list[int]) -> list[int] | None:
    """What a few functions return, worked out page by page; None for the others."""
    bits = [arguments[i // 64] >> i % 64 & 1 for i in range(512)] if len(arguments) >= 8 else []
    match function:
        case "get":
            return [bits[arguments[8]]]
        case "popcnt_range":
            return [sum(bits[arguments[8] : arguments[8] + arguments[9]])]
        case "set_range":
            first, count = arguments[8:]
            made = [1 if first <= i < first + count else bit for i, bit in enumerate(bits)]
            return [sum(bit << i for i, bit in enumerate(made[64 * w : 64 * w + 64])) for w in range(8)]
        case "find":
            page_count, first = arguments[8], arguments[9] // 64 * 64
            free = [i for i in range(first, 512) if not bits[i]]
            starts = [i for i in free if i + page_count <= 512 and not any(bits[i : i + page_count])]
            none = 2**64 - 1
            return [starts[0] if starts else none, free[0] if free else none]
    return None
