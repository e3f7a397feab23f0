"""What a run says of itself at its end: what was compared, what was found, and what was not compared."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from pymodel.differential.comparison.strictness import Strictness
from pymodel.differential.errors import HarnessError
from pymodel.differential.programs.operations import KIND_BY_NAME
from pymodel.differential.running.progress import duration
from pymodel.differential.running.tally import Tally
from pymodel.differential.targets.capabilities import Description

PACING_NOT_COMPARED = "pacing: gcPaceScavenger, bgscavenge and its controller, the trace line"
NOT_COMPARED = (
    "other ports: 32-bit and arm64 constants, and what they make of the same code",
    "concurrency inside one page heap: operations run one after the other, with no lock ever contended",
    "the operating system: memory is only accounted for, never mapped, used or given back",
    "wall-clock time",
)

WIDTH_MAX = 100
LABEL_WIDTH = 11
# Stands where a line may not be broken.
HARD_SPACE = "\N{NO-BREAK SPACE}"


class FindingLike(Protocol):
    """What a summary says of a finding."""

    @property
    def count(self) -> int:
        """How many programs showed it."""

    @property
    def flaky(self) -> bool:
        """Whether it did not show again."""

    @property
    def path(self) -> Path:
        """Where its trace is."""


class ResultLike(Protocol):
    """What a summary says of a run."""

    tally: Tally
    fatal: HarnessError | None
    interrupted: bool
    seconds: float

    @property
    def findings(self) -> Mapping[str, FindingLike]:
        """Findings by signature."""


class TargetsLike(Protocol):
    """What a summary says of targets."""

    @property
    def strictness(self) -> Strictness:
        """What is compared."""

    @property
    def descriptions(self) -> Mapping[str, Description]:
        """Descriptions by name."""


def summary(result: ResultLike, targets: TargetsLike, seed: int, width: int = WIDTH_MAX) -> str:
    """The whole text, lines ended by line feeds and at most `width` columns long where words allow."""
    width = min(width, WIDTH_MAX)
    lines = [line for entry in _entries(result, targets, seed) for line in _wrapped(entry, width)]
    # Paths and a target's own words are left as they are.
    return "\n".join([*lines, *_verdict(result)]) + "\n"


def _wrapped(entry: str, width: int) -> list[str]:
    """An entry as lines; what follows its first line stands below its text."""
    indent = 2 if entry.startswith("  ") else LABEL_WIDTH
    lines = textwrap.wrap(entry, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)
    return [line.replace(HARD_SPACE, " ") for line in lines]


def _entries(result: ResultLike, compared: TargetsLike, seed: int) -> Iterator[str]:
    tally = result.tally
    rate = tally.operation_count / result.seconds if result.seconds > 0 else 0
    targets = ", ".join(f"{name} ({_who(description)})" for name, description in compared.descriptions.items())
    yield f"{'targets':<{LABEL_WIDTH}}{targets}"
    yield f"{'seed':<{LABEL_WIDTH}}{seed}"
    yield (
        f"{'compared':<{LABEL_WIDTH}}{tally.program_count:,} programs, "
        f"{tally.outside_program_count:,} of them outside the contract, {tally.operation_count:,} operations, "
        f"{tally.state_count:,} whole states in {duration(result.seconds)} ({rate:,.0f} operations/s)"
    )
    if tally.series_program_count:
        yield (
            f"{'series':<{LABEL_WIDTH}}{tally.series_program_count:,} of these programs, with "
            f"{tally.series_operation_count:,} operations, were made by the targets and compared by digests"
        )
    yield f"{'strictness':<{LABEL_WIDTH}}{compared.strictness}"
    yield _table("programs", tally.program_kinds)
    yield _table("operations", tally.operations)
    yield _table("outcomes", tally.outcomes)
    yield "not compared"
    for (name, reason), count in sorted(tally.left_out.items()):
        yield f"  {count:,} programs left out for {name}: {reason}"
    if tally.uncompared_program_count:
        yield f"  {tally.uncompared_program_count:,} programs that fewer than two targets answered"
    if not any(KIND_BY_NAME[name].pacing_only for name in tally.operations):
        yield f"  {PACING_NOT_COMPARED}"
    for text in NOT_COMPARED:
        yield f"  {text}"


def _who(description: Description) -> str:
    parts = (description.version, description.go_version)
    return ", ".join(dict.fromkeys(part for part in parts if part)) or "no version"


def _table(title: str, counts: Counter[str]) -> str:
    """Counts in words, largest first."""
    largest_first = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    parts = (f"{name} {count:,}".replace(" ", HARD_SPACE) for name, count in largest_first)
    return f"{title:<{LABEL_WIDTH}}{', '.join(parts)}"


def _verdict(result: ResultLike) -> Iterator[str]:
    tally = result.tally
    for kind, count in sorted(tally.harness_errors.items()):
        yield f"harness errors: {count:,} x {kind}"
    if result.fatal is not None:
        yield f"stopped: {result.fatal}"
        yield from (f"  | {line}" for line in result.fatal.stderr_lines)
    if result.interrupted:
        yield "interrupted"
    for signature, finding in result.findings.items():
        flaky = " (did not show again)" if finding.flaky else ""
        yield f"divergence: {signature}, {finding.count:,} programs{flaky}: {finding.path}"
    if not result.findings:
        yield "no divergence"
