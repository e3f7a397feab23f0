"""Stored traces run again: which are fixed, which still fail, and which show something else than they were kept for."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pymodel.differential.errors import BadInput
from pymodel.differential.programs.text import parse_program
from pymodel.differential.running.expectation import Expectation, expectation_of, harness_signature
from pymodel.differential.running.findings import FLAKY_MARK, read_text
from pymodel.differential.running.known_failing import TRACE_SUFFIX, KnownFailing
from pymodel.differential.running.side_by_side import Comparison, SideBySide


class Status(enum.StrEnum):
    """What became of a stored trace."""

    AGREES = "AGREES"
    """All targets agree, as they were expected to."""
    FIXED = "FIXED"
    """All targets agree; the trace was kept because they did not."""
    STILL_FAILS = "STILL FAILS"
    """It shows what it was kept for."""
    CHANGED = "CHANGED"
    """It shows something else."""
    STALE = "STALE"
    """It cannot show anything: it is no valid trace, or needs what the targets lack."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One trace's status, in words, with the exit status that it asks for, and why it is no news (`known`), if so."""

    path: Path
    status: Status
    words: str
    exit_status: int
    known: str | None = None

    @property
    def told(self) -> str:
        """The words, and why it is no news."""
        return self.words if self.known is None else f"{self.words} (known: {self.known})"


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay came to; `problems` are sentences on entries of the list that are wrong."""

    judgements: tuple[Judgement, ...]
    problems: tuple[str, ...] = ()

    @property
    def exit_status(self) -> int:
        """1 for a divergence or a wrong entry, else 2 for a harness error or a stale trace, else 0."""
        news = {judgement.exit_status for judgement in self.judgements if judgement.known is None}
        if self.problems or 1 in news:
            return 1
        return max(news, default=0)

    @property
    def totals(self) -> str:
        """How many traces have which status."""
        counts = Counter(judgement.status for judgement in self.judgements)
        known_count = sum(judgement.known is not None for judgement in self.judgements)
        parts = [f"{counts[status]} {status}" for status in Status if counts[status]]
        known = f"; {known_count} known to fail" if known_count else ""
        traces = "1 trace" if len(self.judgements) == 1 else f"{len(self.judgements)} traces"
        return f"{traces}: {', '.join(parts)}{known}"


def traces_in(arguments: Iterable[Path]) -> list[Path]:
    """The files named, and all traces in and below the folders named, in order; raises BadInput where there is none."""
    found: dict[Path, Path] = {}
    for argument in arguments:
        if not argument.exists():
            raise BadInput(f"there is no file or folder {argument}")
        below = (path for path in argument.rglob(f"*{TRACE_SUFFIX}") if path.is_file())
        paths = sorted(below) if argument.is_dir() else [argument]
        if not paths:
            raise BadInput(f"there is no trace in {argument}: no file in or below it ends in {TRACE_SUFFIX}")
        for path in paths:
            found.setdefault(path.resolve(), path)
    return list(found.values())


def judge_all(paths: Sequence[Path], side_by_side: SideBySide, known: KnownFailing) -> Iterator[Judgement]:
    """Runs one trace after the other."""
    for path in paths:
        try:
            trace = parse_program(read_text(path), str(path))
        except BadInput as error:
            yield _stale(path, str(error), known)
        else:
            (comparison,) = side_by_side.run([trace.program])
            yield judge(path, expectation_of(trace), comparison, known)


def judge(path: Path, expected: Expectation, comparison: Comparison, known: KnownFailing) -> Judgement:
    """The status of a trace that was run."""
    shown = shown_signatures(comparison)
    left_out = _left_out(comparison)
    if shown:
        return _failing(path, expected, shown, left_out, comparison, known)
    if len(comparison.transcripts) < 2:
        return _stale(path, left_out, known)
    if expected.signature is not None and left_out:
        return _stale(path, f"the others agree, but {left_out}", known)
    if expected.signature is None:
        known.passed(path, None)
        return Judgement(path, Status.AGREES, left_out, 0)
    if expected.flaky:
        # It may well fail the next time, so an entry that names it is in its place.
        reason = known.reason(path, (expected.signature,))
        return Judgement(path, Status.FIXED, f"was {expected.signature}, which {FLAKY_MARK} at once", 0, reason)
    known.passed(path, expected.signature)
    return Judgement(path, Status.FIXED, f"was {expected.signature}", 0)


def shown_signatures(comparison: Comparison) -> tuple[str, ...]:
    """What a comparison shows: its divergence, then its harness errors."""
    divergence = () if comparison.divergence is None else (comparison.divergence.signature,)
    return (*divergence, *dict.fromkeys(map(harness_signature, comparison.failures)))


def _failing(
    path: Path,
    expected: Expectation,
    shown: tuple[str, ...],
    left_out: str,
    comparison: Comparison,
    known: KnownFailing,
) -> Judgement:
    now = "; ".join([*shown, *filter(None, [left_out])])
    if expected.signature in shown:
        status, words = Status.STILL_FAILS, now
    elif expected.signature is None:
        status, words = Status.CHANGED, f"expected to agree, now {now}"
    else:
        status, words = Status.CHANGED, f"was {expected.signature}, now {now}"
    asked = 1 if comparison.divergence is not None else 2
    return Judgement(path, status, words, asked, known.reason(path, shown))


def _stale(path: Path, why: str, known: KnownFailing) -> Judgement:
    return Judgement(path, Status.STALE, why, 2, known.reason(path, ()))


def _left_out(comparison: Comparison) -> str:
    return "; ".join(f"{name} was left out: {reason}" for name, reason in comparison.left_out.items())
