"""How two or more targets' outcomes and states differ, in the words of the page heap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pymodel.differential.comparison.outcomes import PANIC_KIND_WORDS, Outcome, OutcomeKind, words_returned
from pymodel.differential.comparison.state import NO_BITMAPS, Changes, HeapState
from pymodel.differential.comparison.strictness import Part, Strictness
from pymodel.differential.model.folding import fold_runs
from pymodel.differential.model.observed import SCALARS, tell_float
from pymodel.differential.programs import program as p
from pymodel.differential.programs.calls import Form, ListForm, Words, words_to_bits
from pymodel.differential.programs.scanner import bit_ranges
from pymodel.differential.sentences import joined_with_and
from pymodel.pageheap.addresses import chunk_base
from pymodel.pageheap.pallocsum import WHOLLY_FREE, unpack

Held = TypeVar("Held")

# Up to so many ranges each, bitmaps and sets of ranges are shown whole.
WHOLE_RANGE_COUNT_MAX = 4
CHUNK_INDEX_OFFSET = 1 << 25


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which targets differ.

    `field` names the kind of thing, the same for every place: `outcome`, `outcome.released`, `printed`,
    `chunk.allocated`, `chunk.scavenged`, `summary`, `inUse.ranges`, `inUse.totalBytes`, `scav.inUse.ranges`,
    `scav.inUse.totalBytes`, `summary_lengths`, or a scalar by its name in Go. `what` says which one it is. `groups` are
    the targets that agree with each other, `held` what each group holds, in the same order.
    """

    field: str
    what: str
    groups: tuple[tuple[str, ...], ...]
    held: tuple[str, ...]

    def __str__(self) -> str:
        parts = [f"{joined_with_and(group)} {held}" for group, held in zip(self.groups, self.held, strict=True)]
        return f"{self.what}: {' '.join(parts)}"

    def group_of(self, name: str) -> int:
        """Which group a target is in."""
        return next(number for number, group in enumerate(self.groups) if name in group)


@dataclass(frozen=True, slots=True)
class Side:
    """What targets that sent the same bytes did at one step: their names, the outcome, and the state afterwards."""

    names: tuple[str, ...]
    outcome: Outcome | None
    printed: str
    state: HeapState
    changes: Changes


def find_differences(sides: Sequence[Side], operation: p.Operation | None, strictness: Strictness) -> list[Difference]:
    """All differences between sides that were equal a step before, ordered from cause to effect."""
    return [
        *_outcome_differences(sides, operation, strictness),
        *_printed_differences(sides, strictness),
        *_chunk_differences(sides),
        *_summary_differences(sides, strictness),
        *_scalar_differences(sides, strictness),
        *_range_set_differences(sides),
        *_length_differences(sides, strictness),
    ]


def _difference(
    field: str, what: str, sides: Sequence[Side], held: Sequence[Held], tell: Callable[[Held], str]
) -> Iterator[Difference]:
    """The difference between what the sides hold; nothing if there is none."""
    names_by_held: dict[Held, tuple[str, ...]] = {}
    for side, value in zip(sides, held, strict=True):
        names_by_held[value] = names_by_held.get(value, ()) + side.names
    if len(names_by_held) > 1:
        yield Difference(field, what, tuple(names_by_held.values()), tuple(map(tell, names_by_held)))


# Outcomes.


def _outcome_differences(
    sides: Sequence[Side], operation: p.Operation | None, strictness: Strictness
) -> Iterator[Difference]:
    outcomes = [side.outcome for side in sides if side.outcome is not None]
    if operation is None or len(outcomes) < len(sides):
        return
    shape = words_returned(operation)
    if all(outcome.kind is OutcomeKind.RETURNED for outcome in outcomes):
        named = [_named_words(shape, outcome.values) for outcome in outcomes]
        for name in dict.fromkeys(name for words in named for name in words):
            held = [words.get(name, "nothing") for words in named]
            yield from _difference(f"outcome.{name}", f"returned {name}", sides, held, str)
        return
    if not strictness.compares(Part.FAILURE_TEXT):
        outcomes = [Outcome(outcome.kind, outcome.values, "", outcome.panic_kind) for outcome in outcomes]
    yield from _difference("outcome", "outcome", sides, outcomes, lambda outcome: tell_outcome(operation, outcome))


def tell_outcome(operation: p.Operation, outcome: Outcome) -> str:
    """An outcome as a report says it: `returned released=65536`, `threw "bad m value"`."""
    match outcome.kind:
        case OutcomeKind.NOTHING:
            return outcome.kind.value
        case OutcomeKind.RETURNED:
            named = _named_words(words_returned(operation), outcome.values)
            return " ".join(["returned", *(f"{name}={text}" for name, text in named.items())])
        case OutcomeKind.THROWN:
            return f'threw "{outcome.text}"'
        case OutcomeKind.PANICKED:
            kind = PANIC_KIND_WORDS.get(outcome.panic_kind, f"kind {outcome.panic_kind}")
            return f'panicked "{outcome.text}" ({kind})'


def _named_words(shape: Words, values: tuple[int, ...]) -> dict[str, str]:
    """The words that an operation returned, by name, each as a person reads it."""
    named: dict[str, str] = {}
    position = 0
    for name, form in shape.values:
        words = values[position : position + form.word_count]
        position += form.word_count
        match form:
            case Form.BITS:
                named[name] = tell_ranges(bit_ranges(words_to_bits(words)))
            case Form.COUNT:
                named[name] = str(words[0])
            case Form.WORD:
                named[name] = f"{words[0]:#x}"
            case Form.FLOAT:
                named[name] = tell_float(words[0])
    if shape.rest is ListForm.RANGES:
        rest = values[position:]
        named["ranges"] = tell_address_ranges(zip(rest[::2], rest[1::2], strict=True))
    return named


def _printed_differences(sides: Sequence[Side], strictness: Strictness) -> Iterator[Difference]:
    if strictness.compares(Part.PRINTED):
        held = [side.printed for side in sides]
        yield from _difference("printed", "printed", sides, held, lambda text: repr(text) if text else "nothing")


# State.


def _chunk_differences(sides: Sequence[Side]) -> Iterator[Difference]:
    indices: Iterable[int] = set().union(*(side.changes.chunks for side in sides))
    if any(side.changes.everything for side in sides):
        indices = set().union(*(side.state.chunks for side in sides))
    for position, name in enumerate(("allocated", "scavenged")):
        differing = []
        for index in sorted(indices):
            bits = tuple(side.state.chunks.get(index, NO_BITMAPS)[position] for side in sides)
            if len(set(bits)) > 1:
                differing.append((index, bits))
        for index, count, bits in fold_runs(differing):
            tell = bits_teller(bits)
            yield from _difference(f"chunk.{name}", f"{tell_chunks(index, count)} {name}", sides, bits, tell)


def bits_teller(bitmaps: Sequence[int]) -> Callable[[int], str]:
    """How to tell several bitmaps apart: whole if they are simple, else by their set bits where they differ."""
    if all(len(bit_ranges(bits)) <= WHOLE_RANGE_COUNT_MAX for bits in bitmaps):
        return lambda bits: tell_ranges(bit_ranges(bits))
    differing = 0
    for bits in bitmaps:
        differing |= bits ^ bitmaps[0]

    def tell(bits: int) -> str:
        ranges = bit_ranges(bits & differing)
        return f"{tell_ranges(ranges)} of those that differ" if ranges else "none of those that differ"

    return tell


def tell_ranges(ranges: Iterable[tuple[int, int]]) -> str:
    """Half-open ranges of pages: `[0,3) [64,128)`; `none` if there are none."""
    return " ".join(f"[{low},{high})" for low, high in ranges) or "none"


def tell_address_ranges(ranges: Iterable[tuple[int, int]]) -> str:
    """Half-open ranges of addresses."""
    return " ".join(f"[{base:#x},{limit:#x})" for base, limit in ranges) or "none"


def tell_chunks(index: int, count: int) -> str:
    """A run of chunks as programs name them, with the address of the first."""
    first = index - CHUNK_INDEX_OFFSET
    if count == 1:
        return f"chunk {first:#x} (at {chunk_base(index):#x})"
    return f"chunks [{first:#x},{first + count:#x}) (from {chunk_base(index):#x})"


def _summary_differences(sides: Sequence[Side], strictness: Strictness) -> Iterator[Difference]:
    if not strictness.compares(Part.SUMMARIES):
        return
    keys: Iterable[tuple[int, int]] = set().union(*(side.changes.summaries for side in sides))
    if any(side.changes.everything for side in sides):
        keys = set().union(*(side.state.summaries for side in sides))
    differing: dict[int, list[tuple[int, tuple[int, ...]]]] = {}
    for level, index in sorted(keys):
        values = tuple(side.state.summaries.get((level, index), 0) for side in sides)
        if len(set(values)) > 1:
            differing.setdefault(level, []).append((index, values))
    for level, entries in differing.items():
        for index, count, values in fold_runs(entries):
            place = f"[{index}]" if count == 1 else f"[{index}:{index + count}]"
            yield from _difference("summary", f"summary level {level} {place}", sides, values, tell_summary)


def tell_summary(value: int) -> str:
    """A packed summary as (start, max, end), in pages."""
    start, most, end = unpack(value)
    note = f" from {value:#x}" if value & WHOLLY_FREE and value != WHOLLY_FREE else ""
    return f"(start {start}, max {most}, end {end}){note}"


def _scalar_differences(sides: Sequence[Side], strictness: Strictness) -> Iterator[Difference]:
    for position, scalar in enumerate(SCALARS):
        if scalar.go_name not in strictness.ignored_scalars:
            held = [side.state.scalars[position] for side in sides]
            yield from _difference(scalar.go_name, scalar.go_name, sides, held, scalar.tell)


def _range_set_differences(sides: Sequence[Side]) -> Iterator[Difference]:
    for name, sets in (
        ("inUse", [side.state.in_use for side in sides]),
        ("scav.inUse", [side.state.scav_in_use for side in sides]),
    ):
        ranges = [held.pairs for held in sets]
        yield from _difference(f"{name}.ranges", name, sides, ranges, tell_address_ranges)
        totals = [held.total_bytes for held in sets]
        yield from _difference(f"{name}.totalBytes", f"{name}.totalBytes", sides, totals, str)


def _length_differences(sides: Sequence[Side], strictness: Strictness) -> Iterator[Difference]:
    if strictness.compares(Part.SUMMARY_LENGTHS):
        held = [side.state.summary_lengths for side in sides]
        yield from _difference(
            "summary_lengths", "summary lengths, root first", sides, held, lambda lengths: ", ".join(map(str, lengths))
        )
