"""The state of a page heap without its pages, as rows of texts: scalars, ranges, summaries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pymodel.differential.comparison.differences import Difference, tell_address_ranges, tell_summary
from pymodel.differential.comparison.state import HeapState, RangeSet
from pymodel.differential.model.folding import fold_runs
from pymodel.differential.model.observed import SCALARS


class Section(StrEnum):
    """What a row is of; the value is its heading."""

    SCALARS = "Scalars"
    RANGES = "Address ranges"
    SUMMARIES = "Summaries"


@dataclass(frozen=True, slots=True)
class Held:
    """What a state held at one moment; the state itself may change later."""

    scalars: tuple[int, ...]
    pacing: bool
    in_use: RangeSet
    scav_in_use: RangeSet
    summary_lengths: tuple[int, ...]
    summaries: dict[tuple[int, int], int]


@dataclass(frozen=True, slots=True)
class StateRow:
    """One thing: what each target held before and after a step, and whether their difference counts as one."""

    section: Section
    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    differs: bool


@dataclass(frozen=True, slots=True)
class StateRows:
    """All rows that are shown, and a sentence about the summaries that are not; empty if there are none."""

    rows: tuple[StateRow, ...]
    left_out: str


def held_by(state: HeapState) -> Held:
    """What a state holds now."""
    return Held(
        tuple(state.scalars),
        state.pacing,
        state.in_use,
        state.scav_in_use,
        state.summary_lengths,
        dict(state.summaries),
    )


def state_rows(
    after: Sequence[Held],
    before: Sequence[Held],
    differences: Iterable[Difference],
    *,
    summary_count_max: int,
    range_count_max: int,
) -> StateRows:
    """Every scalar and range set, and those summaries that differ or that the step changed."""
    fields = {difference.field for difference in differences}
    summaries = sorted(_summary_rows(after, before, "summary" in fields), key=lambda row: not row.differs)
    shown = summaries[:summary_count_max]
    rows = (
        *_scalar_rows(after, before, fields),
        *_range_rows(after, before, fields, range_count_max),
        *_length_rows(after, before, fields),
        *shown,
    )
    return StateRows(rows, _left_out(summaries[len(shown) :]))


def _scalar_rows(after: Sequence[Held], before: Sequence[Held], fields: set[str]) -> Iterator[StateRow]:
    pacing = any(held.pacing for held in after)
    for position, scalar in enumerate(SCALARS):
        if scalar.is_pacing and not pacing:
            continue
        yield StateRow(
            Section.SCALARS,
            scalar.go_name,
            tuple(scalar.tell(held.scalars[position]) for held in before),
            tuple(scalar.tell(held.scalars[position]) for held in after),
            scalar.go_name in fields,
        )


def _range_rows(after: Sequence[Held], before: Sequence[Held], fields: set[str], count_max: int) -> Iterator[StateRow]:
    sets: tuple[tuple[str, Callable[[Held], RangeSet]], ...] = (
        ("inUse", lambda held: held.in_use),
        ("scav.inUse", lambda held: held.scav_in_use),
    )
    for name, get in sets:
        tell = _teller([get(held) for held in (*before, *after)], count_max)
        differs = f"{name}.ranges" in fields
        yield StateRow(
            Section.RANGES, name, tuple(tell(get(h)) for h in before), tuple(tell(get(h)) for h in after), differs
        )
        total = f"{name}.totalBytes"
        before_bytes = tuple(str(get(held).total_bytes) for held in before)
        yield StateRow(
            Section.RANGES, total, before_bytes, tuple(str(get(held).total_bytes) for held in after), total in fields
        )


def _teller(sets: Sequence[RangeSet], count_max: int) -> Callable[[RangeSet], str]:
    """How to tell sets of ranges apart: whole if they are small, else by what not all of them have."""
    if all(len(held.pairs) <= count_max for held in sets):
        return lambda held: tell_address_ranges(held.pairs)
    common = set(sets[0].pairs).intersection(*(held.pairs for held in sets))

    def tell(held: RangeSet) -> str:
        own = [pair for pair in held.pairs if pair not in common]
        parts = [tell_address_ranges(own[:count_max])] if own else []
        if len(own) > count_max:
            parts.append(f"and {len(own) - count_max:,} more")
        if common:
            parts.append(f"{'and ' if own else ''}{len(common):,} that are the same everywhere")
        return ", ".join(parts) or "none"

    return tell


def _length_rows(after: Sequence[Held], before: Sequence[Held], fields: set[str]) -> Iterator[StateRow]:
    yield StateRow(
        Section.SUMMARIES,
        "lengths by level",
        tuple(", ".join(map(str, held.summary_lengths)) for held in before),
        tuple(", ".join(map(str, held.summary_lengths)) for held in after),
        "summary_lengths" in fields,
    )


def _summary_rows(after: Sequence[Held], before: Sequence[Held], counts: bool) -> Iterator[StateRow]:
    """Summaries that are not the same everywhere; `counts` says whether a difference in them is one."""
    columns = [held.summaries for held in (*after, *before)]
    entries: dict[int, list[tuple[int, tuple[int, ...]]]] = {}
    for level, index in sorted(set().union(*columns)):
        values = tuple(column.get((level, index), 0) for column in columns)
        if len(set(values)) > 1:
            entries.setdefault(level, []).append((index, values))
    for level, differing in entries.items():
        for index, count, values in fold_runs(differing):
            place = f"[{index}]" if count == 1 else f"[{index}:{index + count}]"
            told = tuple(map(tell_summary, values))
            differs = counts and len(set(values[: len(after)])) > 1
            yield StateRow(Section.SUMMARIES, f"level {level} {place}", told[len(after) :], told[: len(after)], differs)


def _left_out(rows: Sequence[StateRow]) -> str:
    differing = sum(row.differs for row in rows)
    counts = ((differing, "that differ"), (len(rows) - differing, "that the step changed alike"))
    parts = [f"{count:,} {words}" for count, words in counts if count]
    return f"Runs of summaries not shown: {', '.join(parts)}." if parts else ""
