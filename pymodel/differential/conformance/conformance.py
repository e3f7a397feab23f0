"""`scavdiff conformance`: level after level, what a port has, and where it departs first."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pymodel.differential.conformance.check_level import LevelResult, Settings, Standing, check_level
from pymodel.differential.conformance.levels import LEVELS, Level
from pymodel.differential.errors import HarnessError
from pymodel.differential.running.side_by_side import FATAL_ERRORS, SideBySide
from pymodel.differential.targets.capabilities import Capability, Description

_WIDTH = 100
_EXTRAS = (Capability.OUTSIDE_CONTRACT, Capability.SERIES)


@dataclass(frozen=True, slots=True)
class Conformance:
    """What came of each level that was asked for; `fatal` ended it early."""

    results: tuple[LevelResult, ...]
    wanted: Level | None = None
    fatal: HarnessError | None = None

    @property
    def reached(self) -> int:
        """The highest level up to which all passed; 0 for none."""
        reached = 0
        for result in self.results:
            if result.standing is not Standing.PASSED:
                break
            reached = result.level.number
        return reached

    @property
    def exit_status(self) -> int:
        """2 for a harness error; 1 if a level departs, or one is missing that was asked for or nothing is there; 0."""
        standings = {result.standing for result in self.results}
        if self.fatal is not None or standings & {Standing.BROKEN, Standing.NOT_COMPARED}:
            return 2
        if Standing.DEPARTS in standings or self.reached < (self.wanted.number if self.wanted else 1):
            return 1
        return 0


def check_levels(
    side_by_side: SideBySide, name: str, settings: Settings, wanted: Level | None, tell: Callable[[str], None]
) -> Conformance:
    """Holds the target `name` to the others on all levels, or on those up to `wanted`; tells each row as it comes."""
    results: list[LevelResult] = []
    tell(_row("level", "result", "programs", "operations", ""))
    for level in LEVELS[: wanted.number] if wanted else LEVELS:
        try:
            results.append(check_level(level, side_by_side, name, settings))
        except FATAL_ERRORS as error:
            return Conformance(tuple(results), wanted, error)
        tell(_result_row(results[-1]))
    return Conformance(tuple(results), wanted)


def told(conformance: Conformance, name: str, description: Description) -> str:
    """What is said at the end: each departure with its report, then how far the port is, and what comes next."""
    return "\n".join(_told_lines(conformance, name, description))


def _told_lines(conformance: Conformance, name: str, description: Description) -> Iterator[str]:
    for result in conformance.results:
        if result.report:
            yield ""
            yield f"{result.level} {'departs' if result.standing is Standing.DEPARTS else 'is broken'}:"
            yield textwrap.indent(result.report, "  ", lambda line: bool(line.strip()))
    if conformance.fatal is not None:
        yield ""
        yield f"ended early: {conformance.fatal}"
        yield from (f"  | {line}" for line in conformance.fatal.stderr_lines)
    yield ""
    yield _verdict(conformance, name)
    yield from _next_lines(conformance)
    extras = [capability.words for capability in _EXTRAS if capability in description.capabilities]
    if extras:
        yield f"{name} also names {' and '.join(extras)}, of no level: `scavdiff run` compares that"


def _verdict(conformance: Conformance, name: str) -> str:
    reached = conformance.reached
    if not reached:
        return f"{name} conforms to no level yet"
    names = ", ".join(level.name for level in LEVELS[:reached])
    return f"{name} conforms up to level {reached} of {len(LEVELS)}: {names}"


def _next_lines(conformance: Conformance) -> Iterator[str]:
    """What to work on next."""
    reached = conformance.reached
    if reached == len(LEVELS) or conformance.fatal is not None:
        return
    level = LEVELS[reached]
    result = next((each for each in conformance.results if each.level is level), None)
    match result.standing if result is not None else None:
        case Standing.DEPARTS:
            yield f"next: mend {level}, whose first difference is above"
        case Standing.BROKEN | Standing.NOT_COMPARED:
            yield f"next: mend the adapter on {level}; `scavdiff smoke` says more"
        case _:
            yield from textwrap.wrap(f"next: {level}, {_what_it_takes(level)}", _WIDTH, subsequent_indent="  ")


def _what_it_takes(level: Level) -> str:
    parts = []
    if level.operations:
        parts.append(f"the operations {', '.join(level.operations)}")
    if level.functions:
        parts.append(f"calls of {', '.join(level.functions)}")
    return f"which is {' and '.join(parts)} (docs/programs.md); Go has it in {', '.join(level.go_files)}"


def _result_row(result: LevelResult) -> str:
    level = f"{result.level.number} {result.level.name}"
    counts = (f"{result.program_count:,}", f"{result.operation_count:,}") if result.program_count else ("", "")
    return _row(level, result.standing, *counts, result.told)


def _row(*cells: str) -> str:
    level, standing, programs, operations, rest = cells
    return f"{level:<18} {standing:<16} {programs:>8} {operations:>11}  {rest}".rstrip()


def settings_line(names: Sequence[str], settings: Settings) -> str:
    """What is compared with what, and how long."""
    return f"{names[0]} against {' and '.join(names[1:])}, seed {settings.seed}, {settings.budget} on each level"
