from __future__ import annotations

import pytest

from pymodel.pageheap.words import MASK64, align_down, align_up, low_mask, shift_left, signed, trailing_zeros


@pytest.mark.parametrize(
    ("n", "alignment", "expected"),
    [(0, 8, 0), (1, 8, 8), (8, 8, 8), (9, 8, 16), (MASK64, 8, 0), (MASK64 - 7, 8, MASK64 - 7)],
)
def test_align_up_wraps_at_the_top(n: int, alignment: int, expected: int) -> None:
    assert align_up(n, alignment) == expected


def test_align_down_clears_low_bits() -> None:
    assert [align_down(n, 8) for n in (0, 7, 8, MASK64)] == [0, 0, 8, MASK64 - 7]


def test_shifts_by_64_or_more_leave_nothing() -> None:
    assert [shift_left(3, count) for count in (0, 62, 63, 64, 65, 1 << 63)] == [3, 3 << 62, 1 << 63, 0, 0, 0]


def test_low_mask_of_64_or_more_is_all_ones() -> None:
    assert [low_mask(count) for count in (0, 1, 63, 64, 1 << 63)] == [0, 1, MASK64 >> 1, MASK64, MASK64]


def test_signed_reads_twos_complement() -> None:
    assert [signed(x) for x in (0, (1 << 63) - 1, 1 << 63, MASK64)] == [0, (1 << 63) - 1, -(1 << 63), -1]


def test_trailing_zeros_is_the_index_of_the_lowest_bit() -> None:
    assert [trailing_zeros(x) for x in (1, 2, 12, 1 << 511)] == [0, 1, 2, 511]
