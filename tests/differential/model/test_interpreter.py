"""Each operation follows the rule that docs/programs.md gives it."""

from __future__ import annotations

import pytest

from pymodel.differential.comparison.outcomes import OutcomeKind
from tests.differential.decoded_runs import CHUNK_0XC000, INDEX_0XC000, run_text

ALL_PAGES = (1 << 512) - 1
CHUNK_BYTES = 4 << 20
CHUNK_DOES_NOT_EXIST_TEXT = "runtime error: invalid memory address or nil pointer dereference"
STATISTICS = ("heap_sys", "heap_released", "heap_inuse", "heapStats.committed", "heapStats.released")


def statistics(scalars: dict[str, int]) -> tuple[int, ...]:
    """The five statistics, as signed numbers."""
    return tuple(v - (1 << 64) if (v := scalars[name]) >> 63 else v for name in STATISTICS)


def test_the_clean_heap_is_the_one_that_init_makes() -> None:
    state = run_text("").states[0]
    marks = {"searchAddr": 0x7FFFFFFFFFFF, "scav.scavLWM": 0x7FFFFFFFFFFF, "scav.freeHWM": 0}
    assert state.scalars == dict.fromkeys(state.scalars, 0) | marks
    assert (state.chunks, state.summaries, state.in_use.bounds) == ({}, {}, ())
    assert state.summary_lengths == (0, 0, 0, 0, 0)


def test_grow_counts_the_new_memory_as_released_and_marks_it_scavenged() -> None:
    ran = run_text("grow 0xc000 chunks=2")
    assert ran.values == ()
    assert statistics(ran.states[1].scalars) == (2 * CHUNK_BYTES, 2 * CHUNK_BYTES, 0, 0, 2 * CHUNK_BYTES)
    assert ran.states[1].chunks == {INDEX_0XC000: (0, ALL_PAGES), INDEX_0XC000 + 1: (0, ALL_PAGES)}
    assert ran.states[1].in_use.bounds == (CHUNK_0XC000, CHUNK_0XC000 + 2 * CHUNK_BYTES)


@pytest.mark.parametrize("second", ["grow 0xc000 chunks=1", "grow 0xbfff chunks=2", "grow 0xc001 chunks=9"])
def test_grow_does_nothing_if_any_of_its_chunks_is_in_use(second: str) -> None:
    ran = run_text(f"grow 0xc000 chunks=2\n{second}")
    assert ran.did() == ["returned", "nothing"]
    assert ran.states[1] == ran.states[2]


def test_grow_reaches_both_ends_of_the_address_space() -> None:
    ran = run_text("grow -0x1ffffff chunks=1\ngrow 0x1ffffff chunks=1\ngrow -2 chunks=1\ngrow 1 chunks=1")
    assert ran.did() == ["returned"] * 4
    assert sorted(ran.states[-1].chunks) == [1, (1 << 25) - 2, (1 << 25) + 1, (1 << 26) - 1]


def test_grow_lets_arenas_exist_so_that_search_addresses_are_mapped() -> None:
    # Two chunks side by side in different summaries of level 3: find stops there, and the first free page that it knows
    # of is the start of the first summary, chunk 0xc000, which is not in use. Its arena exists, so it may stand.
    ran = run_text("grow 0xb000 chunks=1\ngrow 0xc007 chunks=2\ns0 = alloc 512\ns1 = alloc 513")
    assert ran.values == (CHUNK_0XC000 + 7 * CHUNK_BYTES, 513 * 8192)
    assert ran.states[-1].scalars["searchAddr"] == CHUNK_0XC000


def test_alloc_counts_pages_as_in_use_and_scavenged_ones_as_committed() -> None:
    ran = run_text("grow 0xc000 chunks=1\ns0 = alloc 17")
    assert ran.values == (CHUNK_0XC000, 17 * 8192)
    released = CHUNK_BYTES - 17 * 8192
    assert statistics(ran.states[2].scalars) == (CHUNK_BYTES, released, 17 * 8192, 17 * 8192, released)


def test_alloc_of_pages_that_are_not_scavenged_changes_only_what_is_in_use() -> None:
    ran = run_text("grow 0xc000 chunks=1\ns0 = alloc 17\nfree s0\ns1 = alloc 17")
    assert ran.values == (CHUNK_0XC000, 0)
    assert statistics(ran.states[4].scalars) == statistics(ran.states[2].scalars)


def test_an_alloc_that_fails_returns_zeros_and_leaves_its_slot_empty() -> None:
    ran = run_text("grow 0xc000 chunks=1\ns0 = alloc 513\nfree s0")
    assert ran.outcomes[1].values == (0, 0)
    assert ran.did() == ["returned", "returned", "nothing"]
    assert statistics(ran.states[2].scalars) == statistics(ran.states[1].scalars)


def test_users_of_empty_slots_do_nothing() -> None:
    ran = run_text("""
        grow 0xc000 chunks=1
        free s0
        free s0 pages=0..1
        s1 = cache_alloc c0 1
        flush c0
        scavenge_one r0 all
        unreserve r0
    """)
    assert ran.did() == ["returned"] + ["nothing"] * 6
    assert ran.states[1:] == [ran.states[1]] * 7


def test_free_of_a_part_frees_what_the_slot_still_owns_run_by_run() -> None:
    ran = run_text("""
        grow 0xc000 chunks=1
        s0 = alloc 20
        free s0 pages=4..6
        free s0 pages=10..12
        free s0 pages=3..15
        free s0 pages=3..15
        free s0
        free s0
    """)
    assert [outcome.values for outcome in ran.outcomes[2:]] == [(1,), (1,), (3,), (), (2,), ()]
    assert ran.did()[5:] == ["nothing", "returned", "nothing"]
    allocated = [bits for bits, _ in (state.chunks[INDEX_0XC000] for state in ran.states[1:])]
    twenty = (1 << 20) - 1
    assert allocated == [0, twenty, twenty ^ 0b11_0000, twenty ^ 0b1100_0011_0000, 0xF8007, 0xF8007, 0, 0]
    assert ran.states[-1].scalars["heap_inuse"] == 0


def test_free_cuts_its_pages_off_at_the_slots_length() -> None:
    ran = run_text("grow 0xc000 chunks=1\ns0 = alloc 4\ns1 = alloc 4\nfree s0 pages=2..99\nfree s0 pages=4..9")
    assert ran.did()[3:] == ["returned", "nothing"]
    assert ran.states[-1].chunks[INDEX_0XC000][0] == 0b11110011


def test_a_cache_slot_keeps_its_cache_while_pages_are_taken_from_it() -> None:
    ran = run_text("grow 0xc000 chunks=1\nc0 = cache\ns0 = cache_alloc c0 2\ns1 = cache_alloc c0 64\nfree s1\nflush c0")
    word = (1 << 64) - 1
    assert ran.outcomes[1].values == (CHUNK_0XC000, word, word)
    assert ran.outcomes[2].values == (CHUNK_0XC000, 2 * 8192, CHUNK_0XC000, word ^ 3, word ^ 3)
    assert ran.outcomes[3].values == (0, 0, CHUNK_0XC000, word ^ 3, word ^ 3)
    assert ran.did()[4:] == ["nothing", "returned"]
    assert ran.states[3].scalars["heap_inuse"] == 2 * 8192
    assert ran.states[-1].chunks[INDEX_0XC000] == (3, ALL_PAGES ^ 3)


def test_a_flushed_slot_holds_the_emptied_cache() -> None:
    ran = run_text("grow 0xc000 chunks=1\nc0 = cache\nflush c0\ns0 = cache_alloc c0 1\nflush c0")
    assert ran.outcomes[3].values == (0, 0, 0, 0, 0)
    assert ran.did()[2:] == ["returned"] * 3


def test_scavenge_returns_what_it_released_and_counts_it_only_if_asked() -> None:
    ran = run_text(
        """
        grow 0xc000 chunks=1
        s0 = alloc 512
        free s0
        start_gen
        scavenge 8192
        scavenge 8192 counted
    """,
        heap="phys_page=4096 huge_page=0",
    )
    assert [outcome.values for outcome in ran.outcomes[4:]] == [(8192,), (8192,)]
    assert [state.scalars["scav.released"] for state in ran.states[4:]] == [0, 0, 8192]
    assert statistics(ran.states[-1].scalars) == (CHUNK_BYTES, 16384, 0, CHUNK_BYTES - 16384, 16384)


def test_a_reservation_shrinks_as_it_is_searched_and_is_given_back_once() -> None:
    ran = run_text(
        """
        grow 0xc000 chunks=1
        s0 = alloc 512
        free s0
        start_gen
        r0 = reserve
        scavenge_one r0 8192
        unreserve r0
        unreserve r0
    """,
        heap="phys_page=4096 huge_page=0",
    )
    limit = CHUNK_0XC000 + CHUNK_BYTES
    assert ran.outcomes[4].values == (CHUNK_0XC000, limit, 1)
    assert ran.outcomes[5].values == (8192, CHUNK_0XC000, limit - 8192)
    assert ran.did()[6:] == ["returned", "nothing"]
    assert ran.states[5].scav_in_use.bounds == ()
    assert ran.states[7].scav_in_use.bounds == (CHUNK_0XC000, limit - 8192)


def test_an_empty_reservation_fills_its_slot() -> None:
    ran = run_text("r0 = reserve\nscavenge_one r0 all\nunreserve r0\nunreserve r0")
    assert [outcome.values for outcome in ran.outcomes] == [(0, 0, 0), (0, 0, 0), (), ()]
    assert ran.did() == ["returned"] * 3 + ["nothing"]


def test_a_failure_ends_the_program_with_its_text_kind_and_state() -> None:
    ran = run_text("grow 0xc000 chunks=1\nscavenge_at 0x3000001000 0x3000400000 all\nstart_gen", outside=True)
    assert ran.did() == ["returned", "thrown"]
    assert ran.last.text == "scavengeOne called with unaligned work region"
    assert ran.states[1] == ran.states[2]


def test_what_a_failure_left_half_done_is_observed() -> None:
    # The chunk after the last is touched when the pages of the first are free already.
    ran = run_text("grow 0xc000 chunks=1\ns0 = alloc 512\nfree_at 0x2fffffe000 513", outside=True)
    assert ran.last.kind is OutcomeKind.PANICKED
    assert ran.last.text == CHUNK_DOES_NOT_EXIST_TEXT
    # free had lowered searchAddr before it fell.
    assert ran.states[-1].scalars["searchAddr"] == 0x2FFFFFE000


def test_a_program_after_one_that_failed_runs_on_a_clean_heap() -> None:
    assert run_text("grow 0xc000 chunks=1\ns0 = alloc 0", outside=True).did() == ["returned", "panicked"]
    assert run_text("").states[0].scalars["heap_sys"] == 0


def test_what_was_printed_goes_with_its_step_only() -> None:
    ran = run_text("start_gen\ncall ranges_add 0x5 0x5 []", outside=True)
    assert ran.printed == ["", "runtime: range = {0x5, 0x5}\n"]
    assert ran.last.text == "attempted to add zero-sized address range"


def test_pokes_change_only_what_is_in_view() -> None:
    ran = run_text(
        f"""
        grow 0xc000 chunks=1
        poke_summary 4 {INDEX_0XC000} 0x7
        poke_summary 4 {INDEX_0XC000 + 1} 0x7
        poke_summary 3 {INDEX_0XC000 >> 3} 0x9
        poke_chunk 0xc000 allocated=[0..3] scavenged=[1..2]
        poke_chunk 0xc001 allocated=[0..3] scavenged=[]
        poke_search_addr 0x77
    """,
        outside=True,
    )
    assert ran.did()[1:] == ["returned", "nothing", "returned", "returned", "nothing", "returned"]
    assert ran.states[-1].summaries[4, INDEX_0XC000] == 7
    assert ran.states[-1].summaries[3, INDEX_0XC000 >> 3] == 9
    assert ran.states[-1].chunks == {INDEX_0XC000: (7, 2)}
    assert ran.states[-1].scalars["searchAddr"] == 0x77


def test_a_chunk_far_outside_the_address_space_is_no_other_chunk() -> None:
    ran = run_text(f"grow 0xc000 chunks=1\npoke_chunk {0xC000 + (1 << 42)} allocated=[] scavenged=[]", outside=True)
    assert ran.did() == ["returned", "nothing"]


def test_grow_at_counts_nothing() -> None:
    ran = run_text("grow_at 0x3000000000 4194304", outside=True)
    assert statistics(ran.states[1].scalars) == (0, 0, 0, 0, 0)
    assert list(ran.states[1].chunks) == [INDEX_0XC000]


def test_a_span_from_a_cache_asked_for_too_much_records_what_was_asked_for() -> None:
    # Q10: a full cache "has" 128 pages in a row. The pages beyond its 64 are freed as recorded.
    ran = run_text("grow 0xc000 chunks=1\nc0 = cache\ns0 = cache_alloc c0 128\nfree s0", outside=True)
    assert ran.outcomes[2].values[0] == CHUNK_0XC000
    assert ran.states[3].scalars["heap_inuse"] == 128 * 8192
    assert ran.values == (1,)
    assert ran.states[4].scalars["heap_inuse"] == 0


@pytest.mark.parametrize(
    ("call", "values"),
    [
        ("get [0..3] 2", (1,)),
        ("block64 [64..66] 70", (3,)),
        ("set_range [] 510 2", (0,) * 7 + (3 << 62,)),
        ("clear_range [0..512] 0 448", (0,) * 7 + ((1 << 64) - 1,)),
        ("set_block64 [] 0 0x5", (5,) + (0,) * 7),
        ("clear_block64 [0..3] 0 0x2", (5,) + (0,) * 7),
        ("popcnt_range [0..3 500..512] 2 500", (3,)),
        ("summarize []", (0x8000040000200,)),
        ("find [0..3] 2 0", (3, 3)),
        ("find_bit_range64 0x70 3", (4,)),
        ("fill_aligned 0x1 4", (0xF,)),
        ("has_scavenge_candidate [] [] 1", (1,)),
        ("find_scavenge_candidate [] [] 511 1 1", (256, 256)),
        ("pack_palloc_sum 1 2 3", (1 | 2 << 21 | 3 << 42,)),
        ("unpack 0x8000000000000000", (1 << 21,) * 6),
        ("merge_summaries 9 [0x8000040000200 0x8000040000200]", (1024 | 1024 << 21 | 1024 << 42,)),
        ("chunk_index 0x3000000000", (INDEX_0XC000, INDEX_0XC000 >> 13, INDEX_0XC000 & 8191)),
        ("chunk_base 0x200c000", (CHUNK_0XC000,)),
        ("chunk_page_index 0x3000006000", (3,)),
        ("off_addr_to_level_index 4 0x3000000000", (INDEX_0XC000,)),
        ("level_index_to_off_addr 4 33603584", (CHUNK_0XC000,)),
        ("addrs_to_summary_range 4 0x3000000000 0x3000400001", (INDEX_0XC000, INDEX_0XC000 + 2)),
        ("block_align_summary_range 4 9 17", (8, 24)),
        ("make_addr_range 0x1000 0x3000", (0x1000, 0x3000, 0x2000)),
        ("range_contains 0x1000 0x3000 0x2fff", (1,)),
        ("range_subtract 0x1000 0x3000 0x2000 0x9000", (0x1000, 0x2000)),
        ("range_remove_greater_equal 0x1000 0x3000 0x2000", (0x1000, 0x2000)),
        ("ranges_find_succ 0x1000 [0x1000..0x2000]", (1,)),
        ("ranges_find_addr_greater_equal 0x0 [0x1000..0x2000]", (0x1000, 1)),
        ("ranges_find_addr_greater_equal 0x2000 [0x1000..0x2000]", (0, 0)),
        ("ranges_contains 0x2000 [0x1000..0x2000]", (0,)),
        ("ranges_add 0x2000 0x3000 [0x1000..0x2000 0x5000..0x6000]", (0x3000, 0x1000, 0x3000, 0x5000, 0x6000)),
        ("ranges_remove_last 4096 [0x1000..0x4000]", (0x3000, 0x4000, 0x2000, 0x1000, 0x3000)),
        ("ranges_remove_greater_equal 0x2000 [0x1000..0x4000]", (0x1000, 0x1000, 0x2000)),
        ("ranges_clone_into 9 [0x1000..0x4000]", (0x3000, 0x1000, 0x4000)),
    ],
)
def test_a_call_takes_and_returns_the_words_of_the_table(call: str, values: tuple[int, ...]) -> None:
    assert run_text(f"call {call}").values == values


def test_signed_arguments_are_read_in_twos_complement() -> None:
    ran = run_text("call off_addr_to_level_index all 0", outside=True)
    assert ran.last.text == "runtime error: index out of range [-1]"
