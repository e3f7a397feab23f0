from __future__ import annotations

from collections.abc import Callable

import pytest

from pymodel.pageheap.constants import FREE_CHUNK_SUM, LEAF, MAX_OFF_ADDR, MAX_SEARCH_ADDR, MIN_OFF_ADDR
from pymodel.pageheap.failures import GoFailure, PanicKind, RuntimePanic, Throw
from pymodel.pageheap.mpagealloc import FreeWindow, PageAlloc
from pymodel.pageheap.mpallocbits import ALL_PAGES
from pymodel.pageheap.pallocsum import pack_palloc_sum, unpack
from pymodel.pageheap.runtime import Runtime
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
)

BAD_ADDRESS = "runtime error: invalid memory address or nil pointer dereference"


def failure(call: Callable[[], object]) -> GoFailure:
    with pytest.raises(GoFailure) as caught:
        call()
    return caught.value


def panic(call: Callable[[], object]) -> tuple[PanicKind, str]:
    caught = failure(call)
    assert isinstance(caught, RuntimePanic)
    return caught.kind, caught.text


# A new heap.


def test_a_new_heap_has_gos_initial_values() -> None:
    p = empty_heap()
    assert (p.search_addr, p.start, p.end) == (MAX_OFF_ADDR, 0, 0)
    assert (p.in_use.ranges, p.in_use.total_bytes, p.in_use.capacity) == ([], 0, 16)
    scav = p.scav
    assert (scav.in_use.ranges, scav.in_use.total_bytes, scav.in_use.capacity) == ([], 0, 0)
    assert (scav.gen, scav.reservation_bytes, scav.released, scav.scav_lwm) == (0, 0, 0, MAX_OFF_ADDR)


def test_the_first_free_high_water_mark_is_address_zero_not_the_lowest_address() -> None:
    assert empty_heap().scav.free_hwm == 0


def test_an_empty_heap_gives_no_pages() -> None:
    p = empty_heap()
    assert p.alloc(1) == (0, 0)
    assert p.search_addr == MAX_SEARCH_ADDR


# grow


def test_grown_memory_is_free_and_scavenged() -> None:
    p = grown_heap(2)
    for ci in (BASE_CHUNK, BASE_CHUNK + 1):
        chunk = p.chunk_of(ci)
        assert (chunk.allocated, chunk.scavenged, p.summary[LEAF][ci]) == (0, ALL_PAGES, FREE_CHUNK_SUM)
    assert (p.start, p.end, p.search_addr) == (BASE_CHUNK, BASE_CHUNK + 2, BASE)
    assert p.in_use.ranges == [(BASE, BASE + 2 * CHUNK)]
    check_invariants(p)


def test_growing_above_does_not_move_the_search_address() -> None:
    p = full_heap()
    p.search_addr = page_address(3)
    grow(p, BASE + 5 * CHUNK)
    assert p.search_addr == page_address(3)
    grow(p, BASE - 5 * CHUNK)
    assert p.search_addr == BASE - 5 * CHUNK


def test_start_and_end_span_gaps() -> None:
    p = grown_heap()
    grow(p, BASE + 100 * CHUNK)
    grow(p, BASE - 100 * CHUNK)
    assert (p.start, p.end) == (BASE_CHUNK - 100, BASE_CHUNK + 101)
    check_invariants(p)


def test_both_halves_of_the_address_space_can_be_in_use() -> None:
    p = grown_heap()
    kernel_half = 0xFFFFFFFFFF800000
    grow(p, kernel_half)
    assert [r.base for r in p.in_use.ranges] == [kernel_half, BASE]
    assert p.alloc(512)[0] == kernel_half
    assert p.alloc(1)[0] == BASE
    check_invariants(p)


def test_the_lowest_chunk_of_the_address_space_looks_like_no_growth_at_all() -> None:
    p = empty_heap()
    grow(p, MIN_OFF_ADDR)
    assert (p.start, p.end) == (0, 1)
    grow(p, MIN_OFF_ADDR + 2 * CHUNK)
    assert (p.start, p.end) == (2, 3), "start 0 passes for the first growth once more"


def test_a_wholly_free_root_entry_becomes_the_sentinel() -> None:
    p = empty_heap()
    base = 0x3400000000
    grow(p, base, 4096)
    root = (base + (1 << 47)) >> 34
    assert p.summary[0][root] == 1 << 63
    assert p.alloc(1 << 21) == (base, 1 << 34)
    assert p.summary[0][root] == 0
    p.free(base, 1 << 21, False)
    assert p.summary[0][root] == 1 << 63


# chunks


def test_a_chunk_of_a_missing_block_is_none_or_a_nil_dereference() -> None:
    p = grown_heap()
    assert p.try_chunk_of(0) is None
    assert panic(lambda: p.chunk_of(0)) == (PanicKind.NIL_DEREFERENCE, BAD_ADDRESS)


def test_the_block_of_a_grown_chunk_holds_8192_chunks() -> None:
    p = grown_heap()
    first = BASE_CHUNK // 8192 * 8192
    for ci in (first + 1, first + 8191):
        chunk = p.chunk_of(ci)
        assert (chunk.allocated, chunk.scavenged) == (0, 0)
    assert p.try_chunk_of(first - 1) is p.try_chunk_of(first + 8192) is None


def test_a_chunk_past_the_last_block_panics() -> None:
    p = grown_heap()
    expected = (PanicKind.BOUNDS, "runtime error: index out of range [8192] with length 8192")
    assert panic(lambda: p.chunk_of(1 << 26)) == expected
    assert panic(lambda: p.try_chunk_of(1 << 26)) == expected


# alloc


def test_the_lowest_run_that_fits_is_taken() -> None:
    p = full_heap(2)
    for first, count in ((10, 3), (100, 8), (300, 5)):
        p.free(page_address(first), count, False)
    assert p.alloc(4) == (page_address(100), 0)
    assert p.alloc(4) == (page_address(104), 0)
    assert p.alloc(4) == (page_address(300), 0)
    assert p.alloc(4) == (0, 0)
    assert p.alloc(3) == (page_address(10), 0)
    check_invariants(p)


def test_scavenged_bytes_are_reported_once() -> None:
    p = grown_heap()
    assert p.alloc(10) == (BASE, 10 * PAGE)
    p.free(BASE, 10, False)
    assert p.alloc(12) == (BASE, 2 * PAGE)


def test_a_run_may_cross_chunks() -> None:
    p = full_heap(3)
    p.free(page_address(500), 12, False)
    p.free(page_address(0, 1), 512, False)
    p.free(page_address(0, 2), 7, False)
    assert p.alloc(532) == (0, 0)
    assert p.alloc(531) == (page_address(500), 0)
    assert [p.chunk_of(BASE_CHUNK + k).allocated for k in range(3)] == [ALL_PAGES] * 3
    check_invariants(p)


@pytest.mark.parametrize("neighbour", [8, 64, 512, 4096])
def test_a_run_may_cross_blocks_of_every_level(neighbour: int) -> None:
    base = (BASE + (1 << 34)) // (neighbour * CHUNK) * (neighbour * CHUNK)
    p = empty_heap()
    grow(p, base - CHUNK, 2)
    assert p.alloc(1000) == (base - CHUNK, 1000 * PAGE)
    check_invariants(p)


def test_a_run_does_not_cross_a_gap() -> None:
    p = grown_heap()
    grow(p, BASE + 2 * CHUNK)
    assert p.alloc(513) == (0, 0)
    check_invariants(p)


def test_allocating_one_page_too_many_marks_the_heap_as_exhausted() -> None:
    p = full_heap()
    assert p.search_addr != MAX_SEARCH_ADDR
    assert p.alloc(2) == (0, 0)
    assert p.search_addr != MAX_SEARCH_ADDR
    assert p.alloc(1) == (0, 0)
    assert p.search_addr == MAX_SEARCH_ADDR


def test_the_search_address_moves_up_only_by_what_a_search_has_learnt() -> None:
    p = full_heap(2)
    p.free(page_address(100), 1, False)
    p.free(page_address(0, 1), 3, False)
    assert p.search_addr == page_address(100)
    assert p.alloc(3) == (page_address(0, 1), 0)
    assert p.search_addr == page_address(100)


@pytest.mark.parametrize("npages", [ALL, 1 << 63, 1 << 51, (1 << 51) + 1, 1 << 30])
def test_a_page_count_that_no_heap_has_finds_nothing(npages: int) -> None:
    assert grown_heap(2).alloc(npages) == (0, 0)


def test_the_search_address_moves_up_to_the_first_free_page_seen() -> None:
    p = full_heap()
    p.free(page_address(130), 1, False)
    p.free(page_address(200), 10, False)
    p.search_addr = BASE
    assert p.alloc(3) == (page_address(200), 0)
    assert p.search_addr == page_address(130)


def test_pages_that_cannot_fit_above_the_search_address_are_searched_from_the_root() -> None:
    p = full_heap()
    p.free(BASE, 300, False)
    p.search_addr = page_address(400)
    assert p.alloc(200) == (BASE, 0)
    assert p.search_addr == page_address(400)


def test_a_search_address_at_the_end_of_all_chunks_means_that_nothing_is_free() -> None:
    p = grown_heap()
    p.search_addr = BASE + CHUNK
    assert p.alloc(1) == (0, 0)
    c = p.alloc_to_cache()
    assert (c.base, c.cache, c.scav) == (0, 0, 0)
    assert p.search_addr == BASE + CHUNK


# update


def test_update_leaves_the_levels_above_alone_if_the_leaf_stays_the_same() -> None:
    p = grown_heap()
    root = (BASE + (1 << 47)) >> 34
    p.summary[0].poke(root, 1)
    p.update(BASE, 1, True, False)
    assert p.summary[0][root] == 1
    p.alloc(1)
    assert p.summary[0][root] != 1


def test_update_believes_contig_about_the_chunks_in_between() -> None:
    p = grown_heap(3)
    middle = p.chunk_of(BASE_CHUNK + 1)
    middle.allocated = pages(0, 10)
    p.update(BASE, 3 * 512, True, False)
    assert p.summary[LEAF][BASE_CHUNK + 1] == FREE_CHUNK_SUM
    p.update(BASE, 3 * 512, False, False)
    assert unpack(p.summary[LEAF][BASE_CHUNK + 1]) == (0, 502, 502)
    p.update(BASE, 3 * 512, True, True)
    assert p.summary[LEAF][BASE_CHUNK + 1] == 0


def test_update_over_a_wrapped_range_panics_over_the_slice() -> None:
    p = grown_heap(4)
    base = page_address(0, 2)
    text = f"runtime error: slice bounds out of range [{BASE_CHUNK + 3}:{BASE_CHUNK}]"
    assert panic(lambda: p.update(base, (1 << 51) - 512, True, False)) == (PanicKind.BOUNDS, text)


# free


def test_freeing_leaves_scavenged_bits_alone() -> None:
    p = grown_heap()
    p.alloc(4)
    p.free(BASE, 4, False)
    assert p.chunk_of(BASE_CHUNK).scavenged == ALL_PAGES ^ pages(0, 4)
    check_invariants(p)


def test_freeing_over_many_chunks() -> None:
    p = full_heap(4)
    p.free(page_address(200), 3 * 512, False)
    assert [p.chunk_of(BASE_CHUNK + k).allocated for k in range(4)] == [pages(0, 200), 0, 0, pages(200, 312)]
    check_invariants(p)


def test_freeing_raises_the_free_high_water_mark_to_the_last_byte() -> None:
    p = full_heap()
    p.free(page_address(3), 2, False)
    assert p.scav.free_hwm == page_address(5) - 1
    p.free(page_address(1), 1, False)
    assert p.scav.free_hwm == page_address(5) - 1


def test_the_scavengers_own_free_does_not_raise_it() -> None:
    p = full_heap()
    p.free(page_address(3), 2, True)
    assert p.scav.free_hwm == 0


def test_freeing_twice_is_not_noticed() -> None:
    p = full_heap()
    p.free(BASE, 2, False)
    p.free(BASE, 2, False)
    assert p.chunk_of(BASE_CHUNK).allocated == ALL_PAGES ^ 3


@pytest.mark.parametrize("npages", [1, 2, 600])
def test_freeing_where_there_is_no_block_of_chunks_dereferences_nil(npages: int) -> None:
    p = full_heap()
    base = BASE - 8192 * CHUNK
    assert panic(lambda: p.free(base, npages, False)) == (PanicKind.NIL_DEREFERENCE, BAD_ADDRESS)
    assert p.search_addr == base, "what was written before stays written"


def test_freeing_above_the_leaves_length_panics() -> None:
    p = full_heap()
    ci = BASE_CHUNK + 4000
    text = f"runtime error: index out of range [{ci}] with length {BASE_CHUNK + 8}"
    assert panic(lambda: p.free(page_address(0, 4000), 1, False)) == (PanicKind.BOUNDS, text)


def test_freeing_between_two_mapped_parts_faults() -> None:
    p = full_heap()
    grow(p, BASE + 4096 * CHUNK)
    fault = (PanicKind.MEMORY_FAULT, BAD_ADDRESS)
    assert panic(lambda: p.free(page_address(0, 2048), 1, False)) == fault
    assert p.scav.free_hwm == page_address(1, 2048) - 1


def test_freeing_outside_the_address_space_panics_over_the_block() -> None:
    p = full_heap()
    text = "runtime error: index out of range [8192] with length 8192"
    assert panic(lambda: p.free(1 << 47, 1, False)) == (PanicKind.BOUNDS, text)


def test_freeing_an_endless_range_stops_at_the_first_missing_block() -> None:
    p = full_heap()
    nil = (PanicKind.NIL_DEREFERENCE, BAD_ADDRESS)
    assert panic(lambda: p.free(BASE, 1 << 50, False)) == nil
    assert p.chunk_of(BASE_CHUNK).allocated == 0


def test_freeing_no_pages_at_a_chunks_start_frees_that_chunk_and_the_one_below() -> None:
    p = full_heap(2)
    text = f"runtime error: slice bounds out of range [{BASE_CHUNK + 2}:{BASE_CHUNK}]"
    assert panic(lambda: p.free(BASE + CHUNK, 0, False)) == (PanicKind.BOUNDS, text)
    assert [p.chunk_of(BASE_CHUNK + k).allocated for k in range(2)] == [0, 0]
    assert [p.summary[LEAF][BASE_CHUNK + k] for k in range(2)] == [0, FREE_CHUNK_SUM]


# find


@pytest.mark.parametrize("distance", [3, 20, 100, 1000, 5000])
def test_find_does_not_look_below_the_search_address(distance: int) -> None:
    p = full_heap()
    p.free(page_address(5), 1, False)
    low, high = BASE + distance * CHUNK, BASE + 2 * distance * CHUNK
    grow(p, low)
    grow(p, high)
    p.alloc(512)
    p.search_addr = low
    assert p.find(1) == (high, high)


def test_find_tells_the_first_free_page_as_the_next_search_address() -> None:
    p = full_heap(2)
    p.free(page_address(100), 1, False)
    p.free(page_address(0, 1), 3, False)
    p.search_addr = BASE
    assert p.find(3) == (page_address(0, 1), BASE)
    assert p.find(1) == (page_address(100), page_address(100))


def test_find_moves_its_candidate_up_to_memory_that_exists() -> None:
    p = full_heap()
    high = BASE + 3 * (1 << 34)
    grow(p, high, 2)
    assert p.find(600) == (high, high), "the window starts at the root entry, where no arena is"


def test_find_keeps_a_candidate_inside_an_arena_that_exists_only_in_part() -> None:
    p = empty_heap()
    grow(p, BASE + 8 * CHUNK, 2)
    assert p.find(600) == (BASE + 8 * CHUNK, BASE + 8 * CHUNK)
    assert p.find_mapped_addr(BASE) == BASE, "the arena exists, the chunk does not"


def test_find_mapped_addr_above_all_memory_is_the_highest_address() -> None:
    p = grown_heap()
    assert p.find_mapped_addr(BASE + (1 << 40)) == MAX_OFF_ADDR
    assert p.find_mapped_addr(MIN_OFF_ADDR) == BASE


def test_find_mapped_addr_on_an_empty_heap_panics() -> None:
    text = "runtime error: index out of range [0] with length 0"
    assert panic(lambda: empty_heap().find_mapped_addr(BASE)) == (PanicKind.BOUNDS, text)


def test_find_mapped_addr_beyond_the_arena_map_panics() -> None:
    text = "runtime error: index out of range [4194304] with length 4194304"
    assert panic(lambda: grown_heap().find_mapped_addr(1 << 47)) == (PanicKind.BOUNDS, text)


def test_find_throws_if_a_level_lacks_what_the_level_above_promised() -> None:
    p = full_heap()
    for level, shift in ((0, 34), (1, 31)):
        p.summary[level].poke((BASE + (1 << 47)) >> shift, pack_palloc_sum(0, 9, 0))
    caught = failure(lambda: p.alloc(3))
    assert isinstance(caught, Throw) and caught.text == "bad summary data"
    block = ((BASE + (1 << 47)) >> 31) * 8
    lines = p.runtime.take_printed().splitlines()
    assert lines[:4] == [
        f"runtime: summary[1][{block // 8}] = 0, 9, 0",
        "runtime: level = 2, npages = 3, j0 = 0",
        f"runtime: p.searchAddr = {hex(p.search_addr)}, i = {block}",
        "runtime: levelShift[level] = 28, levelBits[level] = 3",
    ]
    assert lines[4:] == [f"runtime: summary[2][{block + k}] = (0, 0, 0)" for k in range(8)]


def test_find_throws_if_a_chunk_lacks_what_its_leaf_promised() -> None:
    p = full_heap(2)
    for level, shift in enumerate((34, 31, 28, 25, 22)):
        p.summary[level].poke((BASE + CHUNK + (1 << 47)) >> shift, pack_palloc_sum(0, 9, 0))
    p.search_addr = page_address(511)
    assert failure(lambda: p.alloc(3)).text == "bad summary data"
    assert p.runtime.take_printed() == (f"runtime: summary[4][{BASE_CHUNK + 1}] = (0, 9, 0)\nruntime: npages = 3\n")


def test_alloc_throws_if_the_search_addresss_chunk_lacks_what_its_leaf_promised() -> None:
    p = full_heap()
    p.search_addr = page_address(130)
    p.summary[LEAF].poke(BASE_CHUNK, pack_palloc_sum(0, 9, 0))
    assert failure(lambda: p.alloc(3)).text == "bad summary data"
    assert p.runtime.take_printed() == (
        f"runtime: max = 9, npages = 3\nruntime: searchIdx = 130, p.searchAddr = {hex(page_address(130))}\n"
    )


def test_a_window_narrows_to_what_lies_inside_and_ignores_what_lies_beside() -> None:
    window = FreeWindow(Runtime(4096, 0))
    assert (window.base, window.bound) == (0, (1 << 48) - 1)
    window.found_free(0x1000, 0x1000)
    assert (window.base, window.bound) == (0x1000, 0x1FFF)
    window.found_free(0x2000, 0x1000)
    window.found_free(0x0, 0x1000)
    assert (window.base, window.bound) == (0x1000, 0x1FFF)


@pytest.mark.parametrize("place", [0x1800, 0x800])
def test_a_window_throws_over_a_range_that_overlaps_in_part(place: int) -> None:
    runtime = Runtime(4096, 0)
    window = FreeWindow(runtime)
    window.found_free(0x1000, 0x1000)
    assert failure(lambda: window.found_free(place, 0x1000)).text == "range partially overlaps"
    assert runtime.take_printed() == (
        f"runtime: addr = {hex(MIN_OFF_ADDR + place)}, size = 4096\n"
        "runtime: base = 0xffff800000001000, bound = 0xffff800000001fff\n"
    )


def test_a_search_address_in_a_gap_faults() -> None:
    p = full_heap()
    grow(p, BASE + 4096 * CHUNK)
    p.search_addr = page_address(0, 2048)
    assert panic(lambda: p.alloc(1)) == (PanicKind.MEMORY_FAULT, BAD_ADDRESS)
    assert panic(lambda: p.alloc_to_cache()) == (PanicKind.MEMORY_FAULT, BAD_ADDRESS)


def test_a_failure_in_the_middle_leaves_what_was_written() -> None:
    p = grown_heap()
    failure(lambda: p.alloc_range(page_address(500), 1 << 40))
    assert p.chunk_of(BASE_CHUNK).allocated == pages(500, 12)
    assert p.summary[LEAF][BASE_CHUNK] == FREE_CHUNK_SUM


def test_a_subclass_sees_every_update_and_growth() -> None:
    class Watching(PageAlloc):
        __slots__ = ("seen",)

        def __init__(self, runtime: Runtime) -> None:
            self.seen: list[tuple[int, ...]] = []
            super().__init__(runtime)

        def update(self, base: int, npages: int, contig: bool, alloc: bool) -> None:
            self.seen.append((base, npages, contig, alloc))
            super().update(base, npages, contig, alloc)

        def grow(self, base: int, size: int) -> None:
            self.seen.append((base, size))
            super().grow(base, size)

    p = Watching(Runtime(4096, 0))
    p.grow(BASE, CHUNK)
    p.alloc(3)
    cache = p.alloc_to_cache()
    cache.flush(p)
    p.free(BASE, 3, False)
    p.scavenge_start_gen()
    assert p.scavenge(1) == PAGE
    assert p.seen == [
        (BASE, CHUNK),
        (BASE, 512, True, False),
        (BASE, 3, True, True),
        (BASE, 64, False, True),
        (BASE, 64, False, False),
        (BASE, 3, True, False),
        (page_address(2), 1, True, True),
        (page_address(2), 1, True, False),
    ]
