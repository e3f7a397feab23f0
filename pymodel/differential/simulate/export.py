"""Results as CSV and as JSON: every sample, exact numbers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping

from pymodel.differential.simulate.quantities import NS_PER_SECOND
from pymodel.differential.simulate.results import Results, Sample

Cell = str | int | float | None

FORMAT = "scavdiff simulation 1"


def as_csv(results: Results) -> str:
    """A header, then a line for each sample; what there is none of is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(_COLUMNS), lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(_cells, results.samples))
    return text.getvalue()


def as_json(results: Results, settings: Mapping[str, Cell]) -> str:
    """One object: settings, samples and trace lines."""
    content = {
        "format": FORMAT,
        "settings": dict(settings),
        "samples": [_cells(sample) for sample in results.samples],
        "trace": [{"time_s": seconds(line.time_ns), "line": line.text} for line in results.trace],
        "failure": results.failure,
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def seconds(ns: int) -> float:
    """Seconds of virtual time, to the microsecond."""
    return round(ns / NS_PER_SECOND, 6)


_COLUMNS: dict[str, Callable[[Sample], Cell]] = {
    "time_s": lambda s: seconds(s.time_ns),
    "moment": lambda s: s.moment.value,
    "live_bytes": lambda s: s.live_bytes,
    "heap_inuse_bytes": lambda s: s.heap_inuse_bytes,
    "retained_bytes": lambda s: s.retained_bytes,
    "released_bytes": lambda s: s.released_bytes,
    "heap_goal_bytes": lambda s: s.heap_goal_bytes,
    "scavenge_goal_bytes": lambda s: s.scavenge_goal_bytes,
    "gc_cycles": lambda s: s.cycle_count,
    "scavenger": lambda s: s.scavenger,
    "sleep_ratio": lambda s: s.sleep_ratio,
    "err_integral": lambda s: s.err_integral,
    "cooldown_ns": lambda s: s.cooldown_ns,
}


def _cells(sample: Sample) -> dict[str, Cell]:
    return {name: cell(sample) for name, cell in _COLUMNS.items()}
