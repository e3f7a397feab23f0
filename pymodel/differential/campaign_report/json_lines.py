"""Results as JSON lines: an object a line, each with an `event`: `begin`, `rate`, `finding`, `recovery`, `end`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from pymodel.differential.campaign_report.results import Result, Results

FORMAT = "scavdiff events 1"


def as_json_lines(results: Results) -> str:
    """The lines, each ended by a line feed, in ASCII."""
    return "".join(f"{json.dumps(event)}\n" for event in _events(results))


def _events(results: Results) -> Iterator[dict[str, Any]]:
    yield {
        "event": "begin",
        "format": FORMAT,
        "what": results.what,
        "name": results.name,
        "seed": results.seed,
        **({"shard": results.shard} if results.shard else {}),
        "targets": dict(results.targets),
    }
    yield from ({"event": "rate", **point} for point in results.rate_over_time)
    yield from ({"event": "finding", **_finding(result)} for result in results.results)
    yield from ({"event": "recovery", **recovery} for recovery in results.recoveries)
    yield {
        "event": "end",
        "seconds": results.seconds,
        "exit_status": results.exit_status,
        "stopped": results.stopped or None,
        "totals": dict(results.totals),
    }


def _finding(result: Result) -> dict[str, Any]:
    """What it says; a time, seconds or faces that it has not are left out."""
    said = {name: value for name, value in asdict(result).items() if value is not None and value != ""}
    return said if result.faces else {name: value for name, value in said.items() if name != "faces"}
