from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymodel.pageheap.constants import MAX_OFF_ADDR, MIN_OFF_ADDR
from pymodel.pageheap.failures import GoFailure, RuntimePanic, Throw
from pymodel.pageheap.mranges import (
    AddrRange,
    AddrRanges,
    linear,
    make_addr_range,
    off_addr_less_equal,
    off_addr_less_than,
)
from pymodel.pageheap.runtime import Runtime
from pymodel.pageheap.words import MASK64
from tests.pageheap.plain import PlainRanges

TOP = 1 << 64


def failure_text(call: Callable[[], object]) -> str:
    with pytest.raises(GoFailure) as caught:
        call()
    return caught.value.text


def new_ranges() -> AddrRanges:
    ranges = AddrRanges(Runtime(4096, 0))
    ranges.init()
    return ranges


def test_the_kernel_half_comes_before_the_user_half() -> None:
    in_order = [MIN_OFF_ADDR, MASK64, 0, 0x3000000000, MAX_OFF_ADDR, MAX_OFF_ADDR + 1, MIN_OFF_ADDR - 1]
    assert sorted(in_order, key=linear) == in_order
    for low, high in pairwise(in_order):
        assert off_addr_less_than(low, high) and off_addr_less_equal(low, high)
        assert not off_addr_less_than(high, low) and not off_addr_less_equal(high, low)
    assert off_addr_less_equal(0, 0) and not off_addr_less_than(0, 0)


def test_size_is_zero_for_an_inverted_range() -> None:
    assert AddrRange(8, 24).size() == 16
    assert AddrRange(24, 8).size() == AddrRange(8, 8).size() == 0
    assert AddrRange(MASK64 - 7, 8).size() == 16


def test_contains_is_half_open() -> None:
    r = AddrRange(8, 16)
    assert [r.contains(addr) for addr in (7, 8, 15, 16, MASK64)] == [False, True, True, False, False]


@pytest.mark.parametrize(("base", "limit"), [(MASK64, 0), (0, MIN_OFF_ADDR), (MIN_OFF_ADDR - 1, MIN_OFF_ADDR)])
def test_a_range_across_the_two_halves_throws(base: int, limit: int) -> None:
    expected = "addr range base and limit are not in the same memory segment"
    assert failure_text(lambda: make_addr_range(base, limit)) == expected
    assert failure_text(lambda: make_addr_range(limit, base)) == expected


def test_a_range_within_one_half_is_made_even_if_inverted() -> None:
    assert make_addr_range(16, 8) == (16, 8)
    assert make_addr_range(MIN_OFF_ADDR, MASK64) == (MIN_OFF_ADDR, MASK64)


@pytest.mark.parametrize(
    ("b", "expected"),
    [
        ((10, 20), (0, 0)),
        ((0, 30), (0, 0)),
        ((0, 10), (10, 20)),
        ((20, 30), (10, 20)),
        ((0, 12), (12, 20)),
        ((10, 12), (12, 20)),
        ((18, 20), (10, 18)),
        ((18, 30), (10, 18)),
    ],
)
def test_subtract_cuts_one_side_or_all(b: tuple[int, int], expected: tuple[int, int]) -> None:
    assert AddrRange(10, 20).subtract(AddrRange(*b)) == expected


def test_subtract_throws_if_it_would_split() -> None:
    assert failure_text(lambda: AddrRange(10, 20).subtract(AddrRange(12, 18))) == "bad prune"


def test_remove_greater_equal_of_one_range() -> None:
    r = AddrRange(10, 20)
    assert [r.remove_greater_equal(addr) for addr in (5, 10, 15, 20, 25)] == [(0, 0), (0, 0), (10, 15), r, r]


def test_remove_greater_equal_across_the_halves_throws() -> None:
    r = AddrRange(MASK64 - 7, 16)
    assert "same memory segment" in failure_text(lambda: r.remove_greater_equal(8))


SPOTS = st.integers(0, 40)
PIECES = st.lists(SPOTS, unique=True, max_size=36)
"""Numbers of 16-byte pieces, in the order in which they are added."""


def address(spot: int) -> int:
    """Pieces 0 to 19 lie in the kernel half, ending at its top; the others in the user half, from 0x1000."""
    return (MASK64 + 1 - 16 * (20 - spot)) if spot < 20 else 0x1000 + 16 * (spot - 20)


def both(pieces: list[int]) -> tuple[AddrRanges, PlainRanges]:
    ranges, plain = new_ranges(), PlainRanges()
    for spot in pieces:
        base = address(spot)
        ranges.add(AddrRange(base, (base + 16) & MASK64))
        plain.add(linear(base), linear(base) + 16)
    return ranges, plain


def check_same(ranges: AddrRanges, plain: PlainRanges) -> None:
    assert [(linear(r.base), linear(r.base) + r.size()) for r in ranges.ranges] == plain.ranges
    assert ranges.total_bytes == plain.total()


@given(PIECES, st.integers(0, 800))
def test_a_set_answers_as_the_plain_list_does(pieces: list[int], offset: int) -> None:
    ranges, plain = both(pieces)
    check_same(ranges, plain)
    addr = (MASK64 + 1 - 16 * 22 + offset) & MASK64 if offset < 400 else 0x1000 - 32 + offset - 400
    assert ranges.find_succ(addr) == plain.find_succ(linear(addr))
    assert ranges.contains(addr) == plain.contains(linear(addr))
    if pieces:
        above = plain.at_or_above(linear(addr))
        found, ok = ranges.find_addr_greater_equal(addr)
        assert (linear(found), ok) == (above, True) if above is not None else (found, ok) == (0, False)


@given(PIECES, SPOTS, st.integers(0, 15))
def test_removing_from_an_address_upward(pieces: list[int], spot: int, offset: int) -> None:
    ranges, plain = both(pieces)
    addr = address(spot) + offset
    ranges.remove_greater_equal(addr)
    plain.remove_at_or_above(linear(addr))
    check_same(ranges, plain)


@given(PIECES, st.lists(st.integers(0, 100) | st.just(MASK64), max_size=5))
def test_removing_the_last_bytes(pieces: list[int], counts: list[int]) -> None:
    ranges, plain = both(pieces)
    for count in counts:
        removed, expected = ranges.remove_last(count), plain.remove_last(count)
        if expected is None:
            assert removed == (0, 0)
        else:
            assert (linear(removed.base), linear(removed.base) + removed.size()) == expected
        check_same(ranges, plain)


@given(PIECES, PIECES)
def test_a_clone_is_equal_and_independent(pieces: list[int], before: list[int]) -> None:
    ranges, plain = both(pieces)
    destination, _ = both(before)
    ranges.clone_into(destination)
    check_same(destination, plain)
    destination.remove_greater_equal(MIN_OFF_ADDR)
    check_same(ranges, plain)


def test_removing_no_bytes_gives_an_empty_range_at_the_limit() -> None:
    ranges, _ = both([25])
    limit = ranges.ranges[0].limit
    assert ranges.remove_last(0) == (limit, limit)
    assert ranges.total_bytes == 16


def test_neighbours_coalesce_on_both_sides() -> None:
    ranges = new_ranges()
    for base in (0, 32, 16):
        ranges.add(AddrRange(base, base + 16))
    assert ranges.ranges == [(0, 48)]


def test_adding_an_empty_range_prints_it_and_throws() -> None:
    runtime = Runtime(4096, 0)
    ranges = AddrRanges(runtime)
    ranges.init()
    assert failure_text(lambda: ranges.add(AddrRange(0x20, 0x10))) == "attempted to add zero-sized address range"
    assert runtime.take_printed() == "runtime: range = {0x20, 0x10}\n"


def test_an_overlap_is_not_noticed() -> None:
    ranges = new_ranges()
    ranges.add(AddrRange(0x10, 0x30))
    ranges.add(AddrRange(0x20, 0x40))
    assert (ranges.ranges, ranges.total_bytes) == ([(0x10, 0x30), (0x20, 0x40)], 0x40)


def test_the_search_of_overlapping_ranges_stops_at_the_first_that_contains_the_address() -> None:
    ranges = new_ranges()
    ranges.ranges = [AddrRange(16 * k, 16 * k + 400) for k in range(17)]
    # The middle one, index 8, contains the address, and the search goes no further.
    assert ranges.find_succ(16 * 8 + 100) == 9


def test_the_seventeenth_range_doubles_the_room() -> None:
    ranges = new_ranges()
    for k in range(17):
        assert ranges.capacity == 16
        ranges.add(AddrRange(32 * k, 32 * k + 16))
    assert ranges.capacity == 32


def test_a_set_without_room_cannot_grow() -> None:
    ranges = AddrRanges(Runtime(4096, 0))
    with pytest.raises(Throw, match=r"^persistentalloc: size == 0$"):
        ranges.add(AddrRange(0, 16))
    assert (ranges.ranges, ranges.total_bytes) == ([], 0)


def test_a_clone_makes_room_as_large_as_the_source_has() -> None:
    source, destination = new_ranges(), AddrRanges(Runtime(4096, 0))
    source.clone_into(destination)
    assert destination.capacity == 0
    source.add(AddrRange(0, 16))
    source.clone_into(destination)
    assert destination.capacity == 16


def test_looking_in_an_empty_set_for_the_next_address_panics() -> None:
    with pytest.raises(RuntimePanic) as caught:
        new_ranges().find_addr_greater_equal(0)
    assert caught.value.text == "runtime error: index out of range [0] with length 0"


def test_an_empty_set_contains_nothing() -> None:
    assert not new_ranges().contains(0)
