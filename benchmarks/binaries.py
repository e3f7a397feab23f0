"""The Go programs that the benchmarks run; `make go` builds them."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BENCH = ROOT / "goharness/bin/bench"
