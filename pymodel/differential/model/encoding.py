"""Transcripts in the canonical encoding (docs/protocol.md): targets that agree produce the same bytes.

Fields ascend by number, repeated numbers are packed, and nothing else is there. Each function returns one field with
its tag, ready to be joined with others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from struct import Struct

from pymodel.differential.model.observed import SCALARS
from pymodel.differential.programs.wireform import (
    delimited,
    pack_word,
    packed_words,
    tag_fixed64,
    tag_length,
    tag_varint,
    varint,
)

# Transcript and Step.

PROGRAM_ID, _START, _STEP, _END = tag_fixed64(1), tag_length(2), tag_length(3), tag_length(4)
_OUTCOME, _PRINTED, _OBSERVATION = tag_length(1), tag_length(2), tag_length(3)


def transcript(program_id: int, start: bytes, steps: Iterable[bytes], end: bytes) -> bytes:
    """A Transcript, from the content of its two complete observations and its encoded steps."""
    return b"".join([PROGRAM_ID, pack_word(program_id), delimited(_START, start), *steps, delimited(_END, end)])


# What precedes contents of few bytes, by their length: most steps are so short.
_SHORT = 1024
_OBSERVATION_HEADS = tuple(_OBSERVATION + varint(size) for size in range(_SHORT))
_STEP_HEADS = tuple(_STEP + varint(size) for size in range(_SHORT))


def step(outcome: bytes, printed: str, observation: bytes) -> bytes:
    """An element of Transcript.steps, from an encoded outcome and the content of an observation."""
    if printed:
        outcome += delimited(_PRINTED, printed.encode())
    size = len(observation)
    if size >= _SHORT:
        return delimited(_STEP, outcome + delimited(_OBSERVATION, observation))
    head = _OBSERVATION_HEADS[size]
    size += len(outcome) + len(head)
    if size >= _SHORT:
        return delimited(_STEP, outcome + head + observation)
    return _STEP_HEADS[size] + outcome + head + observation


# Outcome.

_NOTHING, _RETURNED, _THROWN, _PANICKED = tag_length(1), tag_length(2), tag_length(3), tag_length(4)
_VALUES, _THROWN_TEXT, _PANIC_KIND, _PANIC_TEXT = tag_length(1), tag_length(1), tag_varint(1), tag_length(2)

NOTHING = delimited(_OUTCOME, delimited(_NOTHING, b""))


def returned_list(values: Sequence[int]) -> bytes:
    """The outcome of an operation that returned these words."""
    return delimited(_OUTCOME, delimited(_RETURNED, packed_words(_VALUES, values)))


def _returned_words(count: int) -> Callable[..., bytes]:
    """`returned_list` for just that many words, of which all but the words is the same every time."""
    prefix = returned_list((0,) * count)[: -8 * count]
    return partial(Struct(f"<{len(prefix)}s{count}Q").pack, prefix)


RETURNED = returned_list(())
returned_1 = _returned_words(1)
returned_2 = _returned_words(2)
returned_3 = _returned_words(3)
returned_5 = _returned_words(5)


def thrown(text: str) -> bytes:
    """The outcome of an operation that ended in Go's throw."""
    return delimited(_OUTCOME, delimited(_THROWN, _text(_THROWN_TEXT, text)))


def panicked(kind: int, text: str) -> bytes:
    """The outcome of an operation that ended in a run-time panic."""
    return delimited(_OUTCOME, delimited(_PANICKED, _PANIC_KIND + varint(kind) + _text(_PANIC_TEXT, text)))


def _text(tag: bytes, text: str) -> bytes:
    return delimited(tag, text.encode()) if text else b""


# Observation.

COMPLETE = tag_varint(1) + b"\x01"
_IN_USE, _SUMMARY_LENGTHS, _SCAV_IN_USE = tag_length(7), tag_length(8), tag_length(9)
_BOUNDS, _TOTAL_BYTES, _LENGTHS = tag_length(1), tag_fixed64(2), tag_length(1)

_CHUNK_RUN = Struct("<4sQcQ2s64s2s64s").pack
_CHUNK_RUN_HEAD = tag_length(2) + varint(2 * 9 + 2 * 66) + tag_fixed64(1)
_CHUNK_COUNT, _ALLOCATED, _SCAVENGED = tag_fixed64(2), tag_length(3) + b"\x40", tag_length(4) + b"\x40"


def chunk_run(index: int, count: int, allocated: int, scavenged: int) -> bytes:
    """An element of Observation.chunks; the bitmaps are 512-bit integers."""
    return _CHUNK_RUN(
        _CHUNK_RUN_HEAD,
        index,
        _CHUNK_COUNT,
        count,
        _ALLOCATED,
        allocated.to_bytes(64, "little"),
        _SCAVENGED,
        scavenged.to_bytes(64, "little"),
    )


_SUMMARY_RUN = Struct("<12sQcQcQ").pack
_SUMMARY_RUN_HEADS = tuple(
    tag_length(3) + varint(4 * 9) + tag_fixed64(1) + pack_word(level) + tag_fixed64(2) for level in range(5)
)
_SUMMARY_COUNT, _SUMMARY_VALUE = tag_fixed64(3), tag_fixed64(4)


def summary_run(level: int, index: int, count: int, value: int) -> bytes:
    """An element of Observation.summaries."""
    return _SUMMARY_RUN(_SUMMARY_RUN_HEADS[level], index, _SUMMARY_COUNT, count, _SUMMARY_VALUE, value)


_SUMMARY_ALONE = Struct("<12sQcQc").pack


def summary_head(level: int, index: int) -> bytes:
    """The beginning of a `summary_run` of one summary; only the value, as a word, is missing."""
    return _SUMMARY_ALONE(_SUMMARY_RUN_HEADS[level], index, _SUMMARY_COUNT, 1, _SUMMARY_VALUE)


SCALAR_TAGS = tuple(tag_fixed64(scalar.number) for scalar in SCALARS)
"""What precedes each of SCALARS, in that order."""


def in_use(bounds: Sequence[int], total_bytes: int) -> bytes:
    """Observation.in_use; bounds are base, limit, base, limit, ..."""
    return delimited(_IN_USE, _range_set(bounds, total_bytes))


def scav_in_use(bounds: Sequence[int], total_bytes: int) -> bytes:
    """Observation.scav_in_use, likewise."""
    return delimited(_SCAV_IN_USE, _range_set(bounds, total_bytes))


def _range_set(bounds: Sequence[int], total_bytes: int) -> bytes:
    return packed_words(_BOUNDS, bounds) + _TOTAL_BYTES + pack_word(total_bytes)


def summary_lengths(lengths: Sequence[int]) -> bytes:
    """Observation.summary_lengths."""
    return delimited(_SUMMARY_LENGTHS, packed_words(_LENGTHS, lengths))
