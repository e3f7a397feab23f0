"""Behaviours that look wrong but are what Go 1.18 does, numbered as in the project's list of facts."""

from __future__ import annotations

import pytest

from pymodel.pageheap.constants import LEAF
from pymodel.pageheap.failures import PanicKind, RuntimePanic
from pymodel.pageheap.mgcscavenge import find_scavenge_candidate, print_scav_trace
from pymodel.pageheap.mpagecache import PageCache
from pymodel.pageheap.mpallocbits import ALL_PAGES, PallocData, summarize
from pymodel.pageheap.pallocsum import unpack
from pymodel.pageheap.runtime import Runtime
from pymodel.pageheap.words import MASK64
from tests.pageheap.heaps import ALL, BASE, BASE_CHUNK, CHUNK, PAGE, empty_heap, full_heap, page_address, pages
from tests.pageheap.heaps import unscavenged_heap as wholly_free_heap


def test_q1_pages_that_a_cache_flushes_are_hidden_from_the_scavenger_for_a_generation() -> None:
    p = full_heap(2)
    p.free(page_address(64, 1), 64, False)
    c = p.alloc_to_cache()
    p.scavenge_start_gen()
    p.free(page_address(5), 1, False)
    assert p.scavenge(ALL) == PAGE
    c.flush(p)
    p.scavenge_start_gen()
    assert p.scavenge(ALL) == 0
    p.scavenge_start_gen()
    assert p.scavenge(ALL) == 64 * PAGE == 524288


def test_q2_the_last_byte_freed_cuts_the_address_space_as_an_exclusive_limit() -> None:
    p = full_heap(1)
    p.scav.scav_lwm = BASE
    p.free(page_address(0), 2, False)
    assert p.scav.free_hwm == BASE + 0x3FFF
    p.scavenge_start_gen()
    assert p.scav.in_use.ranges == [(BASE, BASE + 0x3FFF)]
    assert p.scav.in_use.total_bytes == 16383


def test_q3_a_reservation_given_back_in_the_next_generation_is_lost_for_it() -> None:
    p = wholly_free_heap(2)
    p.alloc(512)
    held, gen = p.scavenge_reserve()
    assert held == (BASE + CHUNK, BASE + 2 * CHUNK)
    p.free(page_address(0), 8, False)
    assert p.scavenge(ALL) == 8 * PAGE
    p.scavenge_start_gen()
    p.scavenge_unreserve(held, gen)
    assert p.scavenge(ALL) == 0
    top = p.chunk_of(BASE_CHUNK + 1)
    assert (top.allocated, top.scavenged) == (0, 0)


def test_q4_a_byte_of_a_free_chunk_costs_a_huge_page() -> None:
    p = wholly_free_heap(1, huge_page=2 << 20)
    assert [p.scavenge(1) for _ in range(3)] == [2097152, 2097152, 0]


def test_q5_a_candidate_may_lie_above_the_search_index() -> None:
    chunk = PallocData(ALL_PAGES ^ (pages(40, 2) | pages(60, 2)), 0)
    assert find_scavenge_candidate(chunk, 41, 1, 2, Runtime(4096, 0)) == (60, 2)


def test_q5_so_scavenging_may_reach_above_a_reservation() -> None:
    p = full_heap()
    p.free(page_address(60), 2, False)
    released, rest = p.scavenge_one(p.in_use.ranges[0]._replace(limit=page_address(41)), ALL)
    assert released == 2 * PAGE
    assert rest.limit == page_address(60) > page_address(41)


def test_q6_a_run_of_62_inside_a_word_beats_one_of_60_across_two() -> None:
    # Pages 1 to 62 inside word 0, pages 98 to 157 across words 1 and 2.
    free = pages(1, 62) | pages(98, 60)
    assert unpack(summarize(ALL_PAGES ^ free)) == (0, 62, 0)


def test_q7_growing_from_inside_a_chunk_leaves_the_last_chunk_without_a_summary() -> None:
    p = empty_heap()
    p.runtime.add_arenas(BASE, BASE + 2 * CHUNK)
    p.grow(BASE + 100 * PAGE, 512 * PAGE)
    assert p.in_use.ranges == [(BASE, BASE + 2 * CHUNK)]
    assert unpack(p.summary[LEAF][BASE_CHUNK]) == (512, 512, 512)
    assert p.summary[LEAF][BASE_CHUNK + 1] == 0
    assert p.alloc(512) == (BASE, 512 * PAGE)
    assert p.alloc(1) == (0, 0), "the second chunk's memory is never found"


def test_q8_a_trace_line_divides_by_zero_if_nothing_is_retained() -> None:
    runtime = Runtime(4096, 0)
    with pytest.raises(RuntimePanic) as caught:
        print_scav_trace(runtime, 1, 0, False)
    assert (caught.value.kind, caught.value.text) == (PanicKind.DIVIDE, "runtime error: integer divide by zero")
    assert runtime.take_printed() == ""


def test_q8_utilisation_can_exceed_100_percent_and_wraps() -> None:
    runtime = Runtime(4096, 0)
    runtime.memstats.heap_sys = 1 << 20
    runtime.memstats.heap_inuse = 3 << 20
    print_scav_trace(runtime, 1, 1023, False)
    runtime.memstats.heap_inuse = MASK64 // 100 + 1
    print_scav_trace(runtime, 1, 0, False)
    assert runtime.take_printed().splitlines() == [
        "scav 1 0 KiB work, 0 KiB total, 300% util",
        "scav 1 0 KiB work, 0 KiB total, 0% util",
    ]


def test_q9_scavenging_before_the_first_generation_does_nothing() -> None:
    p = full_heap()
    p.free(BASE, 512, False)
    assert p.scavenge(ALL) == 0
    p.scavenge_start_gen()
    assert p.scavenge(ALL) == CHUNK


def test_q10_a_full_cache_has_128_pages_in_a_row_and_gives_its_64() -> None:
    c = PageCache(BASE, MASK64, 0b11)
    assert c.alloc(128) == (BASE, 2 * PAGE)
    assert (c.base, c.cache, c.scav) == (BASE, 0, 0)


def test_q11_allocating_no_pages_dereferences_nil() -> None:
    p = empty_heap()
    p.runtime.add_arenas(BASE, BASE + CHUNK)
    p.grow(BASE, CHUNK)
    with pytest.raises(RuntimePanic) as caught:
        p.alloc(0)
    assert caught.value.kind is PanicKind.NIL_DEREFERENCE
    assert p.chunk_of(BASE_CHUNK).allocated == ALL_PAGES, "the chunk was taken before the one below it was looked for"


def test_q12_looking_for_the_next_address_in_an_empty_set_panics() -> None:
    with pytest.raises(RuntimePanic) as caught:
        empty_heap().in_use.find_addr_greater_equal(BASE)
    assert caught.value.kind is PanicKind.BOUNDS
    assert caught.value.text == "runtime error: index out of range [0] with length 0"
