"""The lines that a Go 1.18 program prints with GODEBUG=gctrace=1 and scavtrace=1, read and printed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pymodel.differential.simulate.quantities import MIB, parse_seconds

_MS = r"[0-9.]+"
_GC = re.compile(
    rf"gc (?P<number>[0-9]{{1,9}}) @(?P<seconds>[0-9]+(?:\.[0-9]+)?)s [0-9]+%: {_MS}\+{_MS}\+{_MS} ms clock, "
    rf"{_MS}\+{_MS}/{_MS}/{_MS}\+{_MS} ms cpu, "
    r"(?P<at_start>[0-9]{1,9})->(?P<at_end>[0-9]{1,9})->(?P<marked>[0-9]{1,9}) MB, "
    r"(?P<goal>[0-9]{1,14}) MB goal, [0-9]+ MB stacks, [0-9]+ MB globals, (?P<processors>[0-9]{1,4}) P( \(forced\))?"
)
_SCAV = re.compile(
    r"scav (?P<generation>[0-9]{1,10}) (?P<work>[0-9]{1,17}) KiB work, (?P<total>[0-9]{1,17}) KiB total, "
    r"(?P<used>[0-9]{1,20})% util(?P<mark> \(forced\)| \[controller reset\])?"
)


@dataclass(frozen=True, slots=True)
class GcLine:
    """A line of gctrace; sizes in bytes, from whole MiB. `marked_bytes` live on after the cycle."""

    number: int
    time_ns: int
    end_bytes: int
    marked_bytes: int
    goal_bytes: int
    processor_count: int


@dataclass(frozen=True, slots=True)
class ScavLine:
    """A line of scavtrace."""

    generation: int
    work_kib: int
    total_kib: int
    used_percent: int
    forced: bool = False
    controller_reset: bool = False

    def __str__(self) -> str:
        mark = " (forced)" if self.forced else " [controller reset]" if self.controller_reset else ""
        did = f"{self.work_kib} KiB work, {self.total_kib} KiB total, {self.used_percent}% util"
        return f"scav {self.generation} {did}{mark}"


def is_gc_line(text: str) -> bool:
    """Whether a line claims to be one of gctrace."""
    return re.match(r"gc [0-9]+ @", text) is not None


def is_scav_line(text: str) -> bool:
    """Whether a line claims to be one of scavtrace."""
    return re.match(r"scav [0-9]+ ", text) is not None


def parse_gc_line(text: str) -> GcLine | None:
    """The line, without its line end; None if it is not whole or not of Go 1.18."""
    match = _GC.fullmatch(text)
    if match is None:
        return None
    return GcLine(
        int(match["number"]),
        parse_seconds(match["seconds"]),
        int(match["at_end"]) * MIB,
        int(match["marked"]) * MIB,
        int(match["goal"]) * MIB,
        int(match["processors"]),
    )


def parse_scav_line(text: str) -> ScavLine | None:
    """The line, without its line end; None if it is not whole or not of Go 1.18."""
    match = _SCAV.fullmatch(text)
    if match is None:
        return None
    return ScavLine(
        int(match["generation"]),
        int(match["work"]),
        int(match["total"]),
        int(match["used"]),
        forced=match["mark"] == " (forced)",
        controller_reset=match["mark"] == " [controller reset]",
    )
