"""What the tester is to reach: each figure with what it must be at least (or at most), what it aims at, a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One figure. A *ratio* hardly depends on the machine, so the benchmarks fail where one falls short."""

    key: str
    what: str
    at_least: float
    aim: float
    is_ratio: bool = False
    is_upper_bound: bool = False

    def holds(self, value: float) -> bool:
        """Whether the value is good enough."""
        return value <= self.at_least if self.is_upper_bound else value >= self.at_least


LINES = (
    Line("pipeline", "compared operations/s per core, model and Go, whole pipeline", 50_000, 100_000),
    Line("compiled", "the same with the compiled model", 100_000, 300_000),
    Line("to_naive", "ratio to naive in the same run", 40, 150, is_ratio=True),
    Line("to_slower_side", "whole pipeline / the slower of its two sides alone", 0.8, 0.95, is_ratio=True),
    Line("two_go", "two Go targets compared, no model, operations/s per core", 300_000, 1_000_000),
    Line("workers", "two workers / one, on two cores, wall clock", 1.8, 1.95, is_ratio=True),
    Line("span", "cost of an operation, heap span 4 MiB to 64 GiB", 1.2, 1.0, is_ratio=True, is_upper_bound=True),
    Line("reset", "cost of a program's reset, in operations", 20, 5, is_ratio=True, is_upper_bound=True),
    Line("memory", "resident memory after many operations / after 10^5", 1.1, 1.0, is_ratio=True, is_upper_bound=True),
)


def short_falls(values: Mapping[str, float]) -> list[Line]:
    """The lines that were measured and do not hold."""
    return [line for line in LINES if line.key in values and not line.holds(values[line.key])]


def table(values: Mapping[str, float]) -> Iterable[str]:
    """The lines of the table; what was not measured has no value."""
    yield f"{'figure':<66} {'measured':>10} {'required':>11} {'aim':>10}"
    for line in LINES:
        bound = "<= " if line.is_upper_bound else ">= "
        value = values.get(line.key)
        measured = "-" if value is None else _number(value)
        verdict = "not measured" if value is None else "ok" if line.holds(value) else "SHORT"
        yield f"{line.what:<66} {measured:>10} {bound + _number(line.at_least):>11} {_number(line.aim):>10}  {verdict}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
