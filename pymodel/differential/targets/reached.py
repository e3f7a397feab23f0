"""The tail of a transcript that tells what a program reached of a target's own statements: no part of what is compared.

It is a bitmap of the counters that Describe lists: counter i is bit i % 8 of byte i // 8.
"""

from __future__ import annotations

from collections.abc import Iterator

from pymodel.differential.programs.wireform import tag_length, varint

_REACHED = tag_length(6)


class NothingReached(Exception):
    """A transcript does not end with the bitmap of the target's counters."""


def split_reached(answer: bytes, counter_count: int) -> tuple[bytes, bytes]:
    """The transcript without its tail, and the bitmap; raises NothingReached.

    The fields of a transcript ascend, so the bitmap is at its very end.
    """
    size = (counter_count + 7) // 8
    head = _REACHED + varint(size)
    at = len(answer) - size
    if at < len(head) or answer[at - len(head) : at] != head:
        raise NothingReached(f"sent a transcript without a bitmap of {counter_count} counters at its end")
    return answer[: at - len(head)], answer[at:]


def counters_reached(bitmap: bytes) -> Iterator[int]:
    """The numbers of the counters whose bits are set, lowest first."""
    bits = int.from_bytes(bitmap, "little")
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
