from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pymodel.pageheap.constants import LEAF, MAX_OFF_ADDR, MIN_OFF_ADDR
from pymodel.pageheap.failures import GoFailure, PanicKind, RuntimePanic, Throw
from pymodel.pageheap.mgcscavenge import (
    fill_aligned,
    find_candidate,
    find_scavenge_candidate,
    has_scavenge_candidate,
    heap_retained,
    print_scav_trace,
)
from pymodel.pageheap.mpallocbits import ALL_PAGES, PallocData
from pymodel.pageheap.mranges import AddrRange
from pymodel.pageheap.pallocsum import pack_palloc_sum
from pymodel.pageheap.runtime import Runtime
from pymodel.pageheap.words import MASK64
from tests.pageheap import plain
from tests.pageheap.heaps import (
    ALL,
    BASE,
    BASE_CHUNK,
    CHUNK,
    PAGE,
    check_invariants,
    empty_heap,
    full_heap,
    grow,
    grown_heap,
    page_address,
    pages,
    unscavenged_heap,
)
from tests.pageheap.test_mpallocbits import BITMAPS

GROUPS = st.sampled_from([1, 2, 4, 8, 16, 32, 64])
HUGE_PAGES = st.sampled_from([0, 4096, 8192, 16384, 1 << 18, 1 << 19, 1 << 20, 1 << 21, 1 << 22])


def failure(call: Callable[[], object]) -> GoFailure:
    with pytest.raises(GoFailure) as caught:
        call()
    return caught.value


def new_runtime(phys_page: int = 4096, huge_page: int = 0) -> Runtime:
    return Runtime(phys_page, huge_page)


# fillAligned and the candidate searches


@given(st.integers(0, MASK64), GROUPS)
def test_fill_aligned_fills_each_group_with_a_set_bit(x: int, m: int) -> None:
    assert fill_aligned(x, m) == plain.fill_aligned(x, m)


@pytest.mark.parametrize("m", [0, 3, 5, 63, 65, 128, MASK64])
def test_fill_aligned_throws_over_other_group_sizes(m: int) -> None:
    caught = failure(lambda: fill_aligned(1, m))
    assert isinstance(caught, Throw) and caught.text == "bad m value"


@given(BITMAPS, BITMAPS, GROUPS)
@example(ALL_PAGES ^ pages(448, 64), 0, 64)
@example(ALL_PAGES ^ pages(447, 64), 0, 64)
def test_has_scavenge_candidate_equals_the_walk_over_words(allocated: int, scavenged: int, m: int) -> None:
    expected = plain.has_scavenge_candidate(plain.words_of(scavenged), plain.words_of(allocated), m)
    assert has_scavenge_candidate(PallocData(allocated, scavenged), m, new_runtime()) == expected


@given(
    BITMAPS,
    st.just(0) | BITMAPS,
    st.integers(0, 511),
    GROUPS,
    st.integers(0, 513) | st.sampled_from([0, 1, 1 << 51, MASK64, MASK64 - 62]),
    st.sampled_from([4096, 8192, 16384, 65536, 524288]),
    HUGE_PAGES,
)
@example(0, 0, 511, 1, MASK64, 4096, 2 << 20)
@example(pages(0, 100), 0, 511, 4, MASK64, 4096, 2 << 20)
def test_find_scavenge_candidate_equals_the_walk_over_words(
    allocated: int, scavenged: int, search_idx: int, m: int, most: int, phys: int, huge: int
) -> None:
    words = plain.words_of(scavenged), plain.words_of(allocated)
    expected = plain.find_scavenge_candidate(*words, search_idx, m, most, phys=phys, huge=huge)
    chunk = PallocData(allocated, scavenged)
    assert find_scavenge_candidate(chunk, search_idx, m, most, new_runtime(phys, huge)) == expected


@pytest.mark.parametrize(
    ("free", "search_idx", "m", "most", "huge", "expected"),
    [
        (0, 511, 1, 512, 0, (0, 0)),
        (pages(0, 512), 511, 1, 0, 0, (511, 1)),
        (pages(0, 512), 511, 4, 0, 0, (508, 4)),
        (pages(0, 512), 511, 4, 5, 0, (504, 8)),
        (pages(0, 512), 511, 1, 1 << 51, 0, (0, 512)),
        (pages(0, 512), 63, 1, 100, 0, (0, 64)),
        (pages(3, 6), 511, 4, 512, 0, (4, 4)),
        (pages(3, 6), 511, 8, 512, 0, (0, 0)),
        (pages(0, 512), 511, 1, 1, 2 << 20, (256, 256)),
        (pages(1, 511), 511, 1, 300, 2 << 20, (212, 300)),
        (pages(0, 510), 511, 1, 255, 2 << 20, (0, 510)),
        (pages(0, 510), 511, 1, 254, 2 << 20, (256, 254)),
        (pages(256, 100), 511, 1, 50, 2 << 20, (306, 50)),
        (pages(0, 512), 511, 1, 1, 4 << 20, (0, 512)),
        (pages(0, 512), 511, 1, 1, 8192, (511, 1)),
    ],
)
def test_scavenge_candidates(
    free: int, search_idx: int, m: int, most: int, huge: int, expected: tuple[int, int]
) -> None:
    chunk = PallocData(ALL_PAGES ^ free, 0)
    assert find_scavenge_candidate(chunk, search_idx, m, most, new_runtime(4096, huge)) == expected


def test_a_huge_page_no_larger_than_a_physical_page_is_ignored() -> None:
    runtime = new_runtime(65536, 65536)
    assert find_scavenge_candidate(PallocData(), 511, 1, 1, runtime) == (511, 1)


@pytest.mark.parametrize(
    ("m", "text"),
    [
        (0, "min must be a non-zero power of 2"),
        (3, "min must be a non-zero power of 2"),
        (MASK64, "min must be a non-zero power of 2"),
        (128, "min too large"),
        (1 << 63, "min too large"),
    ],
)
def test_a_minimum_that_no_physical_page_has_is_printed_and_throws(m: int, text: str) -> None:
    runtime = new_runtime()
    for call in (
        lambda: has_scavenge_candidate(PallocData(), m, runtime),
        lambda: find_scavenge_candidate(PallocData(), 600, m, 1, runtime),
    ):
        caught = failure(call)
        assert isinstance(caught, Throw) and caught.text == text
        assert runtime.take_printed() == f"runtime: min = {m}\n"


@pytest.mark.parametrize(("search_idx", "word"), [(512, 8), (MASK64, (1 << 58) - 1)])
def test_a_search_index_past_the_chunk_panics(search_idx: int, word: int) -> None:
    caught = failure(lambda: find_scavenge_candidate(PallocData(), search_idx, 1, 1, new_runtime()))
    assert caught.text == f"runtime error: index out of range [{word}] with length 8"


# Generations and reservations


def test_a_new_generation_covers_the_heap_below_the_lowest_address_scavenged() -> None:
    p = unscavenged_heap(4)
    assert p.scavenge(CHUNK) == CHUNK
    assert p.scav.scav_lwm == page_address(0, 3)
    p.scavenge_start_gen()
    assert p.scav.in_use.ranges == [(BASE, BASE + 3 * CHUNK)]
    assert (p.scav.scav_lwm, p.scav.free_hwm, p.scav.gen) == (MAX_OFF_ADDR, MIN_OFF_ADDR, 2)


def test_a_page_freed_above_it_starts_the_generation_there() -> None:
    p = unscavenged_heap(4)
    p.scavenge(2 * CHUNK)
    p.alloc(4 * 512)
    p.free(page_address(100, 3), 1, False)
    p.scavenge_start_gen()
    assert p.scav.in_use.ranges == [(BASE, page_address(101, 3) - 1)]


def test_a_new_generation_resets_what_was_released() -> None:
    p = unscavenged_heap(1)
    p.scav.released = 12345
    p.scavenge_start_gen()
    assert p.scav.released == 0


def test_generations_count_in_32_bits() -> None:
    p = grown_heap()
    p.scav.gen = (1 << 32) - 1
    p.scavenge_start_gen()
    assert p.scav.gen == 0


@pytest.mark.parametrize(("chunk_count", "expected"), [(1, 65536), (64, CHUNK), (100, 100 * CHUNK // 64)])
def test_a_reservation_is_a_64th_of_the_heap(chunk_count: int, expected: int) -> None:
    p = grown_heap(chunk_count)
    p.scavenge_start_gen()
    assert p.scav.reservation_bytes == expected


def test_a_reservation_comes_off_the_top_and_is_widened_to_its_chunk() -> None:
    p = unscavenged_heap(100)
    assert p.scavenge_reserve() == (AddrRange(BASE + 98 * CHUNK, BASE + 100 * CHUNK), 1)
    assert p.scav.in_use.ranges == [(BASE, BASE + 98 * CHUNK)]
    assert p.scavenge_reserve() == (AddrRange(BASE + 96 * CHUNK, BASE + 98 * CHUNK), 1)


def test_reserving_from_nothing_gives_an_empty_range() -> None:
    assert empty_heap().scavenge_reserve() == (AddrRange(0, 0), 0)


def test_reserving_no_bytes_gives_an_empty_range_and_takes_nothing() -> None:
    p = unscavenged_heap()
    p.scav.reservation_bytes = 0
    assert p.scavenge_reserve() == (AddrRange(BASE + CHUNK, BASE + CHUNK), 1)
    assert p.scav.in_use.total_bytes == CHUNK
    assert p.scavenge(ALL) == 0


def test_unreserving_gives_the_range_back() -> None:
    p = unscavenged_heap(4)
    before = p.scav.in_use.ranges.copy()
    r, gen = p.scavenge_reserve()
    p.scavenge_unreserve(r, gen)
    assert p.scav.in_use.ranges == before


def test_unreserving_in_a_later_generation_does_nothing() -> None:
    p = unscavenged_heap(4)
    r, gen = p.scavenge_reserve()
    p.scavenge_unreserve(r, gen + 1)
    assert p.scav.in_use.ranges == [(BASE, BASE + 3 * CHUNK)]


def test_unreserving_an_empty_range_does_nothing_wherever_it_lies() -> None:
    p = unscavenged_heap()
    p.scavenge_unreserve(AddrRange(7, 7), p.scav.gen)
    p.scavenge_unreserve(AddrRange(9, 7), p.scav.gen)


def test_unreserving_from_inside_a_chunk_throws_even_if_stale() -> None:
    p = unscavenged_heap()
    caught = failure(lambda: p.scavenge_unreserve(AddrRange(BASE + PAGE, BASE + CHUNK), 77))
    assert isinstance(caught, Throw) and caught.text == "unreserving unaligned region"


def test_unreserving_before_the_first_generation_finds_no_room() -> None:
    p = grown_heap()
    caught = failure(lambda: p.scavenge_unreserve(AddrRange(BASE, BASE + CHUNK), 0))
    assert isinstance(caught, Throw) and caught.text == "persistentalloc: size == 0"


# scavenge and scavengeOne


def test_scavenging_takes_the_highest_pages_first() -> None:
    p = full_heap(2)
    for first, chunk in ((5, 0), (100, 0), (7, 1)):
        p.free(page_address(first, chunk), 2, False)
    p.scavenge_start_gen()
    for expected in (page_address(8, 1), page_address(7, 1), page_address(101), page_address(100), page_address(6)):
        assert p.scavenge(1) == PAGE
        assert p.scav.scav_lwm == expected
        check_invariants(p)


def test_scavenged_pages_stay_free() -> None:
    p = unscavenged_heap()
    assert p.scavenge(ALL) == CHUNK
    chunk = p.chunk_of(BASE_CHUNK)
    assert (chunk.allocated, chunk.scavenged) == (0, ALL_PAGES)
    assert p.alloc(512) == (BASE, CHUNK)


def test_scavenging_counts_what_it_releases() -> None:
    p = unscavenged_heap()
    p.runtime.memstats.heap_sys = CHUNK
    assert p.scavenge(3 * PAGE) == 2 << 20, "a whole huge page"
    stats = p.runtime.memstats
    assert (stats.heap_released, stats.stats_released) == (2 << 20, 2 << 20)
    assert stats.stats_committed == (1 << 64) - (2 << 20)
    assert heap_retained(p.runtime) == CHUNK - (2 << 20)
    assert p.scav.released == 0, "its caller counts"


def test_retained_memory_wraps_if_more_was_released_than_there_is() -> None:
    runtime = new_runtime()
    runtime.memstats.heap_released = 1
    assert heap_retained(runtime) == ALL


def test_scavenging_no_bytes_reserves_nothing() -> None:
    p = unscavenged_heap(2)
    before = p.scav.in_use.ranges.copy()
    assert p.scavenge(0) == 0
    assert p.scav.in_use.ranges == before


def test_the_rest_of_a_reservation_goes_back() -> None:
    p = unscavenged_heap(4, huge_page=0)
    assert p.scavenge(10 * PAGE) == 10 * PAGE
    assert p.scav.in_use.ranges == [(BASE, page_address(502, 3))]


@pytest.mark.parametrize(("phys_page", "released"), [(4096, 1), (8192, 1), (16384, 2), (524288, 64)])
def test_only_whole_physical_pages_are_released(phys_page: int, released: int) -> None:
    p = unscavenged_heap(1, phys_page, 0)
    assert p.scavenge(1) == released * PAGE
    assert p.chunk_of(BASE_CHUNK).scavenged == pages(512 - released, released)


def test_free_pages_that_fill_no_physical_page_stay() -> None:
    p = full_heap(2, phys_page=65536)
    p.free(page_address(1, 1), 14, False)
    p.free(page_address(9), 15, False)
    p.scavenge_start_gen()
    assert p.scavenge(ALL) == 8 * PAGE
    assert p.chunk_of(BASE_CHUNK).scavenged == pages(16, 8)


def test_scavenge_one_on_an_empty_range_does_nothing() -> None:
    p = grown_heap()
    for work in (AddrRange(0, 0), AddrRange(5, 5), AddrRange(9, 5)):
        assert p.scavenge_one(work, ALL) == (0, work)


def test_scavenge_one_throws_over_a_base_inside_a_chunk() -> None:
    caught = failure(lambda: grown_heap().scavenge_one(AddrRange(BASE + PAGE, BASE + CHUNK), 1))
    assert isinstance(caught, Throw) and caught.text == "scavengeOne called with unaligned work region"


def test_scavenge_one_without_a_candidate_uses_up_the_range() -> None:
    p = full_heap(3)
    assert p.scavenge_one(AddrRange(BASE, BASE + 3 * CHUNK), 1) == (0, AddrRange(BASE, BASE))


def test_scavenge_one_in_a_single_chunk_without_a_candidate_leaves_an_empty_range() -> None:
    p = full_heap()
    assert p.scavenge_one(AddrRange(BASE, BASE + CHUNK), 1) == (0, AddrRange(BASE, BASE))


def test_scavenge_one_goes_down_to_the_highest_candidate() -> None:
    p = full_heap(4)
    p.free(page_address(30, 1), 5, False)
    work = AddrRange(BASE, BASE + 4 * CHUNK)
    assert p.scavenge_one(work, 3 * PAGE) == (3 * PAGE, AddrRange(BASE, page_address(32, 1)))


def test_a_maximum_is_rounded_up_to_pages() -> None:
    p = unscavenged_heap(1, huge_page=0)
    work = AddrRange(BASE, BASE + CHUNK)
    assert p.scavenge_one(work, 2 * PAGE + 1) == (3 * PAGE, AddrRange(BASE, page_address(509)))
    assert p.scavenge_one(work, 0)[0] == PAGE, "no bytes are at least one physical page"
    assert p.scavenge_one(work, ALL)[0] == 508 * PAGE


def test_the_top_chunk_is_searched_below_the_ranges_limit() -> None:
    p = unscavenged_heap(1, huge_page=0)
    assert p.scavenge_one(AddrRange(BASE, page_address(64)), PAGE) == (PAGE, AddrRange(BASE, page_address(63)))


def test_a_chunk_without_a_bitmap_is_no_candidate() -> None:
    p = empty_heap(524288)
    # The leaf level's physical page holds 65536 summaries, but a block of chunks only 8192.
    grow(p, BASE)
    p.chunk_of(BASE_CHUNK).scavenged = 0
    p.summary[LEAF].extend(BASE_CHUNK + 16000)
    p.summary[LEAF].poke(BASE_CHUNK + 10000, pack_palloc_sum(512, 512, 512))
    assert find_candidate(p, AddrRange(BASE, BASE + 16000 * CHUNK), 1) == BASE_CHUNK


def test_the_candidate_search_faults_over_summaries_that_are_not_mapped() -> None:
    p = full_heap()
    grow(p, BASE + 4096 * CHUNK)
    p.alloc(512)
    caught = failure(lambda: p.scavenge_one(AddrRange(BASE, BASE + 4097 * CHUNK), 1))
    assert isinstance(caught, RuntimePanic) and caught.kind is PanicKind.MEMORY_FAULT


def test_the_candidate_search_wraps_below_the_lowest_chunk_and_panics() -> None:
    p = empty_heap()
    grow(p, MIN_OFF_ADDR, 2)
    p.alloc(1024)
    caught = failure(lambda: p.scavenge_one(AddrRange(MIN_OFF_ADDR, MIN_OFF_ADDR + 2 * CHUNK), 1))
    assert caught.text == "runtime error: index out of range [18446744073709551615] with length 8"


def test_a_range_above_the_leaves_panics() -> None:
    p = full_heap()
    caught = failure(lambda: p.scavenge_one(AddrRange(BASE, BASE + 100 * CHUNK), 1))
    assert caught.text == f"runtime error: index out of range [{BASE_CHUNK + 99}] with length {BASE_CHUNK + 8}"


def test_scavenging_pages_that_are_scavenged_throws_and_leaves_them_allocated() -> None:
    p = grown_heap()
    caught = failure(lambda: p.scavenge_range_locked(BASE_CHUNK, 3, 4))
    assert isinstance(caught, Throw) and caught.text == "double scavenge"
    assert p.chunk_of(BASE_CHUNK).allocated == pages(3, 4)
    assert p.scav.scav_lwm == MAX_OFF_ADDR


def test_scavenging_moves_the_search_address_down_as_any_free_does() -> None:
    p = unscavenged_heap()
    p.search_addr = page_address(511)
    p.scavenge_range_locked(BASE_CHUNK, 3, 4)
    assert p.search_addr == page_address(3)
    assert p.scav.scav_lwm == page_address(3)


# Trace lines


def trace(released: int, *, forced: bool = False, reset: bool = False) -> tuple[str, bool]:
    runtime = new_runtime()
    runtime.memstats.heap_sys = 100 << 20
    runtime.memstats.heap_released = 36 << 20
    runtime.memstats.heap_inuse = 48 << 20
    runtime.scavenge.print_controller_reset = reset
    print_scav_trace(runtime, 7, released, forced)
    return runtime.take_printed(), runtime.scavenge.print_controller_reset


def test_a_trace_line_counts_whole_kib() -> None:
    assert trace(2047) == ("scav 7 1 KiB work, 36864 KiB total, 75% util\n", False)


def test_forced_hides_a_controller_reset_which_the_next_line_tells() -> None:
    line = "scav 7 0 KiB work, 36864 KiB total, 75% util"
    assert trace(0, forced=True) == (line + " (forced)\n", False)
    assert trace(0, reset=True) == (line + " [controller reset]\n", False)
    assert trace(0, forced=True, reset=True) == (line + " (forced)\n", True)


def test_a_generations_trace_line_speaks_of_the_one_before() -> None:
    p = unscavenged_heap()
    p.runtime.memstats.heap_sys = CHUNK
    p.scav.released = 5 << 10
    p.scavenge_start_gen()
    assert p.runtime.take_printed() == "", "no trace unless asked for"
    p.runtime.scavtrace = 1
    p.scav.released = 5 << 10
    p.scavenge_start_gen()
    assert p.runtime.take_printed() == "scav 2 5 KiB work, 0 KiB total, 0% util\n"
