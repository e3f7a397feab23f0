"""Simpler values for one value: a number, a word, a chunk, a bitmap; the boldest proposal first."""

from __future__ import annotations

from collections.abc import Iterator

from pymodel.differential.generation.maker import CANONICAL_CHUNK
from pymodel.differential.shrinking.simplicity import CANONICAL_ADDRESS

_BYTE_COUNTS = (1, 8192, 65536, 1 << 20, 1 << 21, 1 << 22)
_DURATIONS = (1, 10**3, 10**6, 10**9, 10**12)
# Bits of a float64's fraction that are kept when it is rounded.
_FRACTION_BIT_COUNT = 52
_KEPT_BIT_COUNTS = (0, 2, 5, 12, 26)


def lower_number(number: int, low: int) -> Iterator[int]:
    """Numbers in [low, number): the least, then from halfway up; repeated, this is a binary search."""
    if number <= low:
        return
    yield low
    distance = number - low
    for shift in range(1, distance.bit_length()):
        yield number - (distance >> shift)


def lower_byte_count(number: int, low: int) -> Iterator[int]:
    """Numbers of bytes below one: the sizes that mean something, then as any number."""
    yield from (count for count in _BYTE_COUNTS if low < count < number)
    yield from lower_number(number, low)


def lower_duration(duration_ns: int) -> Iterator[int]:
    """Numbers of nanoseconds below one: whole units of time, then as any number."""
    yield from (unit for unit in _DURATIONS if unit < duration_ns)
    yield from lower_number(duration_ns, 0)


def nearer_instant(instant_ns: int) -> Iterator[int]:
    """Instants nearer to 0, at the same side of it."""
    sign = 1 if instant_ns > 0 else -1
    yield from (sign * nearer for nearer in lower_number(abs(instant_ns), 0))


def lower_multiple(number: int, unit: int) -> Iterator[int]:
    """Multiples of `unit`, from `unit` itself up to below a number."""
    yield from (unit * count for count in lower_number(number // unit, 1))


def simpler_float(bits: int) -> Iterator[int]:
    """Floats that are simpler than one by its bits: zero, one, without its sign, with fewer bits of its fraction."""
    if not bits:
        return
    yield 0
    yield 0x3FF0_0000_0000_0000
    yield bits & ~(1 << 63)
    for kept in _KEPT_BIT_COUNTS:
        dropped = _FRACTION_BIT_COUNT - kept
        yield bits >> dropped << dropped
    yield from (bits ^ 1 << place for place in reversed(range(_FRACTION_BIT_COUNT)) if bits >> place & 1)


def nearer_chunk(chunk: int) -> Iterator[int]:
    """Chunks nearer to the canonical one."""
    distance = abs(chunk - CANONICAL_CHUNK)
    sign = 1 if chunk > CANONICAL_CHUNK else -1
    yield from (CANONICAL_CHUNK + sign * nearer for nearer in lower_number(distance, 0))


def simpler_word(word: int) -> Iterator[int]:
    """Words that are simpler than one of bits, a summary or an address: fewer bits, rounder, smaller."""
    if not word:
        return
    yield 0
    for shift in (32, 22, 13, 6):
        if word >> shift and word & (1 << shift) - 1:
            yield word >> shift << shift
    if word != CANONICAL_ADDRESS:
        yield CANONICAL_ADDRESS | word & (1 << 22) - 1
    yield word >> 1
    for bit in reversed(range(word.bit_length())):
        if word >> bit & 1:
            yield word ^ 1 << bit
    yield word - 1


def simpler_bitmap(bits: int) -> Iterator[int]:
    """Bitmaps with fewer pages set: none, one half of the runs, all runs but one, and each run shorter."""
    if not bits:
        return
    yield 0
    runs = bit_runs(bits)
    middle = len(runs) // 2
    if middle:
        yield _joined(runs[:middle])
        yield _joined(runs[middle:])
    for index, (first, limit) in enumerate(runs):
        others = _joined(runs[:index] + runs[index + 1 :])
        yield others
        for length in lower_number(limit - first, 1):
            yield others | (1 << first + length) - (1 << first)
            yield others | (1 << limit) - (1 << limit - length)


def bit_runs(bits: int) -> list[tuple[int, int]]:
    """The runs of set bits as [first, limit), lowest first."""
    runs, at = [], 0
    while bits >> at:
        first = at + ((bits >> at) & -(bits >> at)).bit_length() - 1
        ones = bits >> first
        at = first + (~ones & ones + 1).bit_length() - 1
        runs.append((first, at))
    return runs


def _joined(runs: list[tuple[int, int]]) -> int:
    return sum((1 << limit) - (1 << first) for first, limit in runs)
