"""`python -m benchmarks` measures everything in one run, prints it, and keeps it as JSON.

Exit status: 0; 1 if a ratio falls short of what it must be; 2 if the compiled model is not that of the sources.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import machine
from benchmarks.measuring import FAST_MODEL, Counts, measure
from benchmarks.reach import short_falls, table
from tools.fast_model import is_up_to_date

STALE_MODEL = (
    "the compiled model in {folder} is not that of the present sources and this Python: run `make fast-model`, or "
    "remove the folder to measure without it"
)


def main(arguments: Sequence[str]) -> int:
    """Measures, prints and keeps."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of which the median counts (default: 5)")
    parser.add_argument("--operations", type=int, default=120_000, help="in a round of a part (default: 120,000)")
    parser.add_argument("--memory-operations", type=int, default=1_000_000, help="of the long run (default: 10^6)")
    parser.add_argument("--scale", type=float, default=1.0, help="of the programs that show growth (default: 1)")
    parser.add_argument("--json", type=Path, default=Path("build/bench.json"), help="where the result is kept")
    options = parser.parse_args(arguments)
    if FAST_MODEL.is_dir() and not is_up_to_date(FAST_MODEL):
        print(f"benchmarks: {STALE_MODEL.format(folder=FAST_MODEL)}", file=sys.stderr)
        return 2
    conditions = machine()
    for name, value in conditions.items():
        print(f"{name:<14} {value}")
    print("rates are operations per second of processor time, driver and targets together; medians\n", flush=True)
    counts = Counts(options.rounds, options.operations, options.memory_operations, options.scale)
    result = measure(counts, lambda line: print(line, flush=True))
    print()
    print("\n".join(table(result.reach)))
    options.json.parent.mkdir(parents=True, exist_ok=True)
    kept = {"machine": conditions, "figures": result.figures, "reach": result.reach}
    options.json.write_text(json.dumps(kept, indent=2) + "\n")
    short = short_falls(result.reach)
    for line in short:
        print(f"falls short: {line.what}", file=sys.stderr)
    # What depends on the machine is told, and fails nothing.
    return 1 if any(line.is_ratio for line in short) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
