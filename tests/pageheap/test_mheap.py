from __future__ import annotations

import pytest

from pymodel.pageheap.failures import RuntimePanic, Throw
from pymodel.pageheap.mheap import ARENA_SPACE_BASE, ARENA_SPACE_LIMIT, Mheap, count_mapped
from pymodel.pageheap.runtime import Runtime
from tests.pageheap.heaps import ALL, CHUNK, PAGE, check_invariants, empty_heap

ARENA = 64 << 20
BASE = ARENA_SPACE_BASE
MIB = 1 << 20


def heap(phys_page: int = 4096) -> Mheap:
    return Mheap(empty_heap(phys_page))


def cur_arena(h: Mheap) -> tuple[int, int]:
    return h.cur_arena_base - BASE, h.cur_arena_end - BASE


def free(h: Mheap, address: int, page_count: int) -> None:
    h.runtime.memstats.heap_inuse -= page_count * PAGE
    h.pages.free(address, page_count, False)


def register_arena(runtime: Runtime, base: int) -> None:
    runtime.add_arenas(base, base + 1)


def test_arenas_are_reserved_upward_and_never_again() -> None:
    h = heap()
    assert h.sys_alloc(1) == (BASE, ARENA)
    assert h.sys_alloc(ARENA + 1) == (BASE + ARENA, 2 * ARENA)
    assert h.sys_alloc(ARENA) == (BASE + 3 * ARENA, ARENA)
    assert len(h.runtime.arenas) == 4


def test_arenas_in_a_row_that_do_not_exist_are_reserved() -> None:
    h = heap()
    for number in (1, 4, 5):
        register_arena(h.runtime, BASE + number * ARENA)
    register_arena(h.runtime, BASE - ARENA)
    assert h.find_arenas(ARENA) == (BASE, ARENA)
    assert h.find_arenas(2 * ARENA) == (BASE + 2 * ARENA, 2 * ARENA)
    assert h.sys_alloc(3 * ARENA) == (BASE + 6 * ARENA, 3 * ARENA)
    assert h.sys_alloc(ARENA) == (BASE + 9 * ARENA, ARENA)


def test_the_last_arena_below_two_to_the_47_can_be_reserved() -> None:
    h = heap()
    space = ARENA_SPACE_LIMIT - ARENA_SPACE_BASE
    assert h.find_arenas(space) == (BASE, space)
    assert h.sys_alloc(space + 1) is None
    assert h.runtime.arenas == set()
    register_arena(h.runtime, BASE)
    assert h.sys_alloc(space) is None


def test_growing_takes_whole_chunks_from_the_bottom_of_an_arena() -> None:
    h = heap()
    assert h.grow(1) == CHUNK
    assert cur_arena(h) == (CHUNK, ARENA)
    assert h.grow(513) == 2 * CHUNK
    assert cur_arena(h) == (3 * CHUNK, ARENA)
    assert h.pages.in_use.ranges == [(BASE, BASE + 3 * CHUNK)]
    stats = h.runtime.memstats
    assert (stats.heap_sys, stats.heap_released, stats.stats_released) == (3 * CHUNK, 3 * CHUNK, 3 * CHUNK)
    check_invariants(h.pages)


def test_growing_fills_an_arena_to_its_end() -> None:
    h = heap()
    h.grow(512)
    assert h.grow(15 * 512) == 15 * CHUNK
    assert cur_arena(h) == (ARENA, ARENA)
    assert h.grow(512) == CHUNK
    assert cur_arena(h) == (ARENA + CHUNK, 2 * ARENA)


def test_space_that_continues_the_current_arena_extends_it() -> None:
    h = heap()
    h.grow(1)
    assert h.grow(16 * 512) == ARENA
    assert cur_arena(h) == (CHUNK + ARENA, 2 * ARENA)
    assert h.pages.in_use.ranges == [(BASE, BASE + ARENA + CHUNK)]


def test_what_is_left_of_an_arena_is_grown_before_a_new_one_elsewhere() -> None:
    h = heap()
    h.grow(1)
    register_arena(h.runtime, BASE + ARENA)
    assert h.grow(16 * 512) == 15 * CHUNK + ARENA
    assert cur_arena(h) == (3 * ARENA, 3 * ARENA)
    assert h.pages.in_use.ranges == [(BASE, BASE + ARENA), (BASE + 2 * ARENA, BASE + 3 * ARENA)]
    assert h.runtime.memstats.heap_sys == 2 * ARENA


def test_nothing_is_left_of_an_arena_that_is_used_up() -> None:
    h = heap()
    h.grow(16 * 512)
    register_arena(h.runtime, BASE + ARENA)
    assert h.grow(512) == CHUNK
    assert cur_arena(h) == (2 * ARENA + CHUNK, 3 * ARENA)


def test_a_heap_without_address_space_complains_and_stays_as_it_is() -> None:
    h = heap()
    h.grow(1)
    assert h.grow(1 << 40) is None
    assert h.runtime.take_printed() == (
        "runtime: out of memory: cannot allocate 9007199254740992-byte block (4194304 in use)\n"
    )
    assert cur_arena(h) == (CHUNK, ARENA)
    assert h.alloc_span(1 << 40) == (0, 0, 0)


def test_growing_by_no_pages_adds_an_empty_range() -> None:
    with pytest.raises(Throw, match="attempted to add zero-sized address range"):
        heap().grow(0)


def test_mapping_more_than_an_int64_throws_with_heap_sys_risen() -> None:
    h = heap()
    h.runtime.memstats.heap_sys = (1 << 63) - 1
    with pytest.raises(Throw, match="sysMemStat overflow"):
        count_mapped(h.runtime, 1)
    assert h.runtime.take_printed() == "runtime: val=9223372036854775808 n=1\n"
    assert (h.runtime.memstats.heap_sys, h.runtime.memstats.heap_released) == (1 << 63, 0)
    h.runtime.memstats.heap_sys = ALL
    with pytest.raises(Throw):
        count_mapped(h.runtime, CHUNK)
    h.runtime.memstats.heap_sys = (1 << 63) - 2
    count_mapped(h.runtime, 1)
    assert h.runtime.memstats.heap_sys == (1 << 63) - 1


def test_a_span_is_counted_as_in_use_and_as_no_longer_released() -> None:
    h = heap()
    assert h.alloc_span(3) == (BASE, 3 * PAGE, CHUNK)
    stats = h.runtime.memstats
    assert stats.heap_inuse == stats.stats_committed == 3 * PAGE
    assert stats.heap_released == stats.stats_released == CHUNK - 3 * PAGE
    assert h.alloc_span(3) == (BASE + 3 * PAGE, 3 * PAGE, 0)


def test_a_span_that_fits_does_not_grow_the_heap() -> None:
    h = heap()
    h.alloc_span(512)
    free(h, BASE, 512)
    assert h.alloc_span(512) == (BASE, 0, 0)
    assert h.runtime.memstats.heap_sys == CHUNK


def test_a_span_beyond_what_was_grown_throws() -> None:
    class Useless(Mheap):
        def grow(self, npage: int) -> int | None:
            return npage * PAGE

    with pytest.raises(Throw, match="grew heap, but no adequate free space found"):
        Useless(empty_heap()).alloc_span(1)


def fragmented() -> Mheap:
    """Two chunks in use but for every fourth page, of which nothing is released; in a new generation."""
    h = heap()
    base, _, _ = h.alloc_span(1024)
    for page in range(0, 1024, 4):
        free(h, base + page * PAGE, 1)
    h.pages.scavenge_start_gen()
    return h


@pytest.mark.parametrize(
    ("goal", "released_pages"),
    [
        (ALL, 0),
        # Retained are the two chunks, and the growth is a third.
        (3 * CHUNK, 0),
        (3 * CHUNK - 1, 1),
        (3 * CHUNK - 5 * PAGE, 5),
        (2 * CHUNK, 256),
        (0, 256),
    ],
)
def test_growing_scavenges_what_it_takes_the_heap_above_its_goal(goal: int, released_pages: int) -> None:
    h = fragmented()
    h.scavenge_goal = goal
    _, scav, growth = h.alloc_span(300)
    assert growth == CHUNK
    assert h.runtime.memstats.heap_released == CHUNK + released_pages * PAGE - scav
    assert h.pages.scav.released == 0
    check_invariants(h.pages)


def test_growing_scavenges_at_most_what_it_grew() -> None:
    h = heap()
    h.runtime.phys_huge_page_size = 0
    base, _, _ = h.alloc_span(4 * 512)
    for first, page_count in ((1, 699), (701, 699), (1401, 646)):
        free(h, base + first * PAGE, page_count)
    h.pages.scavenge_start_gen()
    h.scavenge_goal = 0
    _, scav, growth = h.alloc_span(1023)
    assert growth == 2 * CHUNK
    assert h.runtime.memstats.heap_released + scav == 2 * CHUNK + growth


def test_a_span_that_does_not_grow_scavenges_nothing() -> None:
    h = fragmented()
    h.scavenge_goal = 0
    assert h.alloc_span(1) == (BASE, 0, 0)
    assert h.runtime.memstats.heap_released == 0


def test_scavenging_all_starts_a_generation_and_tells_its_own_bytes() -> None:
    h = fragmented()
    h.pages.scavenge(PAGE)
    h.pages.scav.released = 123 << 10
    h.runtime.scavtrace = 1
    h.runtime.scavenge.print_controller_reset = True
    # The old generation's line first, which tells the reset; then the new one's, with this call's bytes.
    h.scavenge_all()
    assert h.runtime.take_printed() == (
        "scav 1 123 KiB work, 8 KiB total, 75% util [controller reset]\n"
        "scav 2 2040 KiB work, 2048 KiB total, 100% util (forced)\n"
    )
    assert (h.pages.scav.gen, h.pages.scav.released) == (2, 0)


def test_scavenging_all_of_a_heap_that_retains_nothing_divides_by_zero() -> None:
    h = heap()
    h.grow(1)
    h.scavenge_all()
    h.runtime.scavtrace = 1
    with pytest.raises(RuntimePanic, match="integer divide by zero"):
        h.scavenge_all()
    assert h.runtime.take_printed() == ""


def test_the_end_of_marking_records_what_is_in_use_and_paces_by_it() -> None:
    h = fragmented()
    h.mark_termination(8 * MIB, 8 * MIB)
    in_use = 768 * PAGE
    assert h.runtime.memstats.last_heap_inuse == h.runtime.memstats.heap_inuse == in_use
    assert h.scavenge_goal == (in_use + in_use // 10 + 4095) // 4096 * 4096


def test_the_end_of_sweeping_starts_a_generation_and_asks_for_sysmon() -> None:
    h = fragmented()
    h.sweep_done()
    assert (h.pages.scav.gen, h.runtime.scavenge.sysmon_wake) == (2, 1)
