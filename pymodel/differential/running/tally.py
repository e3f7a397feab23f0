"""Counts of what a run compared, and of what it did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from pymodel.differential.programs.operations import KIND_BY_CLASS
from pymodel.differential.programs.program import Program

OUTCOME_NAMES = {1: "nothing", 2: "returned", 3: "thrown", 4: "panicked"}
_STEPS_TAG = 3 << 3 | 2
_OUTCOME_TAG = 1 << 3 | 2
# A byte of a varint from this on is followed by another.
_LONG = 0x80


@dataclass(slots=True)
class Tally:
    """What a run has done so far. An operation is counted once, however many targets ran it."""

    program_count: int = 0
    operation_count: int = 0
    state_count: int = 0
    operations: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    program_kinds: Counter[str] = field(default_factory=Counter)
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)
    outside_program_count: int = 0
    divergent_program_count: int = 0
    harness_errors: Counter[str] = field(default_factory=Counter)
    uncompared_program_count: int = 0
    series_program_count: int = 0
    series_operation_count: int = 0

    def add_compared(self, kind: str, program: Program, transcripts: Mapping[str, bytes]) -> None:
        """Counts a program of the given kind that at least two targets answered."""
        step_count, outcomes = count_outcomes(min(transcripts.values(), key=len))
        self.program_count += 1
        self.outside_program_count += program.outside_contract
        self.operation_count += step_count
        self.state_count += (step_count + 2) * (len(transcripts) - 1)
        self.program_kinds[kind] += 1
        for kind_class, count in Counter(map(type, program.operations[:step_count])).items():
            self.operations[KIND_BY_CLASS[kind_class].name] += count
        for name, count in outcomes.items():
            self.outcomes[name] += count

    def add_series(self, kind: str, program_count: int, operation_count: int, target_count: int) -> None:
        """Counts programs of a series that targets answered with equal digests, all of so many operations together."""
        self.program_count += program_count
        self.series_program_count += program_count
        self.operation_count += operation_count
        self.series_operation_count += operation_count
        self.state_count += (operation_count + 2 * program_count) * (target_count - 1)
        self.program_kinds[kind] += program_count

    def add(self, other: Tally) -> None:
        """Counts what `other` counted."""
        for each in fields(self):
            mine, others = getattr(self, each.name), getattr(other, each.name)
            if isinstance(mine, Counter):
                mine.update(others)
            else:
                setattr(self, each.name, mine + others)

    def to_plain(self) -> dict[str, Any]:
        """The counts as JSON has them; those of 0 are left out."""
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        plain = {name: dict(value) if isinstance(value, Counter) else value for name, value in plain.items()}
        plain["left_out"] = [[*pair, count] for pair, count in self.left_out.items()]
        return {name: value for name, value in plain.items() if value}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Tally:
        """The counts of `to_plain`; raises ValueError for what is none."""
        given: dict[str, Any] = {}
        for each in fields(cls):
            value = plain.get(each.name)
            if value is None:
                continue
            if each.name == "left_out":
                given[each.name] = Counter({(name, reason): int(count) for name, reason, count in value})
            elif isinstance(value, Mapping):
                given[each.name] = Counter({name: int(count) for name, count in value.items()})
            else:
                given[each.name] = int(value)
        return cls(**given)


def count_outcomes(transcript: bytes) -> tuple[int, dict[str, int]]:
    """The number of steps in an encoded transcript and the kinds of their outcomes, without decoding it."""
    tags: list[int] = []
    offset = 9 if transcript[:1] == b"\x09" else 0
    size = len(transcript)
    while offset < size:
        body = offset + 2
        length = transcript[offset + 1]
        if length >= _LONG:
            # Most steps that are not short have two bytes of length.
            second = transcript[body]
            if second < _LONG:
                length += (second << 7) - _LONG
                body += 1
            else:
                length, body = _varint(transcript, offset + 1)
        if transcript[offset] == _STEPS_TAG and transcript[body] == _OUTCOME_TAG:
            # Behind the tag and, almost always, one byte of length.
            tags.append(transcript[body + 2 if transcript[body + 1] < _LONG else _varint(transcript, body + 1)[1]])
        offset = body + length
    outcomes: dict[str, int] = {}
    for tag, count in Counter(tags).items():
        name = OUTCOME_NAMES.get(tag >> 3, "unknown")
        outcomes[name] = outcomes.get(name, 0) + count
    return len(tags), outcomes


def _varint(data: bytes, offset: int) -> tuple[int, int]:
    """The varint at `offset`, and the offset behind it."""
    value = shift = 0
    while True:
        byte = data[offset]
        value |= (byte & 0x7F) << shift
        offset += 1
        if byte < _LONG:
            return value, offset
        shift += 7
