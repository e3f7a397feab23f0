from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pymodel.pageheap.failures import PanicKind, RuntimePanic
from pymodel.pageheap.mpallocbits import (
    ALL_PAGES,
    PageBits,
    PallocBits,
    PallocData,
    find,
    find_bit_range64,
    first_free,
    longest_run,
    range_mask,
    runs_of,
    summarize,
)
from pymodel.pageheap.pallocsum import unpack
from pymodel.pageheap.words import MASK64, NOT_FOUND
from tests.pageheap import plain
from tests.pageheap.heaps import pages


def runs_bitmap(lengths: list[int]) -> int:
    """Runs of zeros and ones in turn, cut off at 512."""
    bits, at, value = 0, 0, 0
    for length in lengths:
        if value:
            bits |= pages(at, length)
        at, value = at + length, 1 - value
    return bits & ALL_PAGES


def word_bitmap(words: list[int]) -> int:
    return plain.bits_of(words)


RUN_LENGTHS = st.sampled_from([1, 2, 3, 5, 31, 60, 61, 62, 63, 64, 65, 100, 128, 200]) | st.integers(1, 512)
SPECIAL_WORDS = st.sampled_from([0, 1, MASK64, 1 << 63, MASK64 - 1, MASK64 >> 1, 0x5555555555555555])
BITMAPS = (
    st.lists(RUN_LENGTHS, max_size=40).map(runs_bitmap)
    | st.lists(SPECIAL_WORDS | st.integers(0, MASK64), min_size=8, max_size=8).map(word_bitmap)
    | st.integers(0, ALL_PAGES)
    | st.sampled_from([0, ALL_PAGES])
)
BOUNDED_RANGES = st.integers(0, 511).flatmap(lambda i: st.tuples(st.just(i), st.integers(1, 512 - i)))
STRAY_INDICES = st.integers(0, 600) | st.integers(0, MASK64) | st.integers(MASK64 - 600, MASK64)
ANY_RANGES = BOUNDED_RANGES | st.tuples(STRAY_INDICES, STRAY_INDICES)


def panic_text(call: Callable[[], object]) -> str | None:
    """What the call panics with, in either form, or None."""
    try:
        call()
    except RuntimePanic as panic:
        return panic.text if panic.kind is PanicKind.BOUNDS else panic.kind.name
    except plain.IndexPanic as panic:
        return str(panic)
    return None


@given(BITMAPS, ANY_RANGES)
@example(ALL_PAGES, (0, 512))
@example(0, (64, 0))
@example(0, (0, 0))
@example(0, (100, 0))
@example(0, (100, MASK64 - 49))
@example(0, (100, MASK64 - 10))
@example(0, (64, 64))
@example(0, (500, 13))
def test_ranges_touch_the_bits_that_a_walk_over_words_touches(bits: int, bounds: tuple[int, int]) -> None:
    i, n = bounds
    words = plain.words_of(bits)
    expected_panic = panic_text(lambda: plain.touched(i, n))
    set_bits, cleared = PageBits(bits), PageBits(bits)
    assert panic_text(lambda: set_bits.set_range(i, n)) == expected_panic
    assert panic_text(lambda: cleared.clear_range(i, n)) == expected_panic
    assert panic_text(lambda: PageBits(bits).popcnt_range(i, n)) == expected_panic
    assert panic_text(lambda: plain.popcnt_range(words, i, n)) == expected_panic
    if expected_panic is None:
        assert set_bits.bits == plain.bits_of(plain.set_range(words, i, n))
        assert cleared.bits == plain.bits_of(plain.clear_range(words, i, n))
        assert PageBits(bits).popcnt_range(i, n) == plain.popcnt_range(words, i, n)
    else:
        assert set_bits.bits == cleared.bits == bits


@given(BOUNDED_RANGES)
def test_a_bounded_range_is_the_bits_from_i_to_i_plus_n(bounds: tuple[int, int]) -> None:
    i, n = bounds
    assert range_mask(i, n) == sum(1 << k for k in range(i, i + n))


@pytest.mark.parametrize(
    ("i", "n", "text"),
    [
        (512, 1, "[8] with length 8"),
        (600, 7, "[9] with length 8"),
        (500, 13, "[8] with length 8"),
        (0, 0, "[288230376151711743] with length 8"),
        (MASK64, 1, "[288230376151711743] with length 8"),
    ],
)
def test_a_range_past_the_last_word_panics(i: int, n: int, text: str) -> None:
    assert panic_text(lambda: PageBits().set_range(i, n)) == f"runtime error: index out of range {text}"


def test_an_empty_range_at_a_words_start_sets_that_word_and_the_one_before() -> None:
    b = PageBits()
    b.set_range(64, 0)
    assert b.bits == pages(0, 128)


@given(BITMAPS, st.integers(0, 511), st.integers(0, MASK64))
def test_single_bits_and_blocks(bits: int, i: int, v: int) -> None:
    words = plain.words_of(bits)
    b = PageBits(bits)
    assert b.get(i) == words[i // 64] >> (i % 64) & 1
    assert b.block64(i) == words[i // 64]
    b.set(i)
    assert b.bits == bits | 1 << i
    b.clear(i)
    assert b.bits == bits & ~(1 << i)
    b = PageBits(bits)
    b.set_block64(i, v)
    words[i // 64] |= v
    assert b.bits == plain.bits_of(words)
    b.clear_block64(i, v)
    words[i // 64] &= ~v
    assert b.bits == plain.bits_of(words)


@pytest.mark.parametrize("method", ["get", "set", "clear", "block64"])
def test_a_single_bit_past_the_end_panics(method: str) -> None:
    assert panic_text(lambda: getattr(PageBits(), method)(512)) == "runtime error: index out of range [8] with length 8"


@pytest.mark.parametrize("method", ["set_block64", "clear_block64"])
def test_a_block_past_the_end_panics(method: str) -> None:
    b = PageBits(5)
    assert panic_text(lambda: getattr(b, method)(576, 1)) == "runtime error: index out of range [9] with length 8"
    assert b.bits == 5


def test_all_bits_at_once() -> None:
    b = PallocBits()
    b.alloc_all()
    assert b.bits == ALL_PAGES
    b.free_all()
    assert b.bits == 0


@given(BITMAPS, BOUNDED_RANGES)
def test_palloc_bits_are_page_bits_under_other_names(bits: int, bounds: tuple[int, int]) -> None:
    i, n = bounds
    b = PallocBits(bits)
    b.alloc_range(i, n)
    assert b.bits == bits | pages(i, n)
    b.free(i, n)
    assert b.bits == bits & ~pages(i, n)
    b.alloc_pages64(i, 3)
    b.free1(i // 64 * 64)
    assert b.pages64(i) & 3 == 2


@given(BITMAPS)
@example(runs_bitmap([0, 1, 62, 36, 60]))
def test_summarize_equals_the_list_of_all_runs(bits: int) -> None:
    assert unpack(summarize(bits)) == plain.summarize(plain.words_of(bits))


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        (0, (512, 512, 512)),
        (ALL_PAGES, (0, 0, 0)),
        (1, (0, 511, 511)),
        (1 << 511, (511, 511, 0)),
        (pages(0, 500), (0, 12, 12)),
        (1 << 10 | 1 << 500, (10, 489, 11)),
        (ALL_PAGES ^ (pages(3, 5) | pages(100, 9)), (0, 9, 0)),
    ],
)
def test_summaries(bits: int, expected: tuple[int, int, int]) -> None:
    assert unpack(PallocBits(bits).summarize()) == expected


@given(BITMAPS, st.integers(0, 20))
def test_longest_run_is_the_longest_of_all_runs(bits: int, at_least: int) -> None:
    runs = plain.free_runs(plain.words_of(~bits & ALL_PAGES))
    assert longest_run(bits, at_least) == max([at_least, *(size for _, size in runs)])


@given(BITMAPS, st.integers(1, 513))
def test_runs_of_keeps_the_bits_that_start_a_long_enough_run(bits: int, n: int) -> None:
    assert runs_of(bits, n) == sum(1 << i for i in range(512) if bits >> i & pages(0, n) == pages(0, n))


PAGE_COUNTS = st.integers(0, 513) | st.sampled_from([1, 2, 63, 64, 65, 127, 128, 129, 511, 512, MASK64])
SEARCH_INDICES = st.integers(0, 511) | st.sampled_from([512, 513, 575, 576, MASK64, MASK64 - 63])


@given(BITMAPS, PAGE_COUNTS, SEARCH_INDICES)
@example(runs_bitmap([0, 511]), 5, 0)
@example(ALL_PAGES ^ (1 << 70), 0, 0)
def test_find_equals_the_walk_over_words(bits: int, npages: int, search_idx: int) -> None:
    assert find(bits, npages, search_idx) == plain.find(plain.words_of(bits), npages, search_idx)


@given(BITMAPS, SEARCH_INDICES, st.integers(0, 64), st.integers(65, 512))
def test_the_three_searches_are_one_rule(bits: int, search_idx: int, few: int, many: int) -> None:
    words, b = plain.words_of(bits), PallocBits(bits)
    assert b.find1(search_idx) == plain.find1(words, search_idx)
    assert b.find_small_n(few, search_idx) == plain.find_small_n(words, few, search_idx)
    assert b.find_large_n(many, search_idx) == plain.find_large_n(words, many, search_idx)


def test_find_starts_at_the_word_of_its_search_index() -> None:
    only_page_70 = ALL_PAGES ^ (1 << 70)
    assert first_free(only_page_70, 127) == 70
    assert first_free(only_page_70, 128) == NOT_FOUND


def test_a_failing_find_may_still_tell_the_first_free_page() -> None:
    assert find(ALL_PAGES ^ (1 << 70), 100, 0) == (NOT_FOUND, 70)


def test_find_of_no_pages_is_content_with_the_start_of_a_word() -> None:
    assert find(ALL_PAGES ^ (1 << 70), 0, 0) == (64, 70)


@given(
    st.lists(RUN_LENGTHS, max_size=20).map(runs_bitmap).map(lambda bits: bits & MASK64) | SPECIAL_WORDS,
    st.integers(0, MASK64) | st.integers(0, 700),
)
@example(MASK64, 128)
@example(MASK64, 0)
@example(MASK64, 127)
@example(MASK64, 64)
def test_find_bit_range64_equals_gos_rounds(c: int, n: int) -> None:
    assert find_bit_range64(c, n) == plain.find_bit_range64(c, n)


@given(st.integers(0, MASK64), st.integers(1, 64))
def test_find_bit_range64_finds_the_lowest_run(c: int, n: int) -> None:
    starts = [i for i in range(65 - n) if c >> i & plain.ones(n) == plain.ones(n)]
    assert find_bit_range64(c, n) == (starts[0] if starts else 64)


@given(BITMAPS, BITMAPS, BOUNDED_RANGES)
def test_allocating_clears_scavenged_and_freeing_leaves_it(
    allocated: int, scavenged: int, bounds: tuple[int, int]
) -> None:
    i, n = bounds
    chunk = PallocData(allocated, scavenged)
    assert chunk.alloc_range(i, n) == (scavenged & pages(i, n)).bit_count()
    assert (chunk.allocated, chunk.scavenged) == (allocated | pages(i, n), scavenged & ~pages(i, n))
    chunk.set_scavenged(i, n)
    chunk.free(i, n)
    assert (chunk.allocated, chunk.scavenged) == (allocated & ~pages(i, n), scavenged | pages(i, n))
    assert chunk.summarize() == summarize(chunk.allocated)
    assert chunk.find(1, 0) == find(chunk.allocated, 1, 0)
    assert chunk.alloc_all() == (scavenged | pages(i, n)).bit_count()
    assert (chunk.allocated, chunk.scavenged) == (ALL_PAGES, 0)
    chunk.set_scavenged(0, 512)
    chunk.free1(i)
    assert (chunk.allocated, chunk.scavenged) == (ALL_PAGES ^ (1 << i), ALL_PAGES)
    chunk.free_all()
    assert (chunk.allocated, chunk.scavenged) == (0, ALL_PAGES)
