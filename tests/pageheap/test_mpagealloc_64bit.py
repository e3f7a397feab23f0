from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymodel.pageheap.constants import FREE_CHUNK_SUM, LEAF, LEVEL_SHIFT
from pymodel.pageheap.failures import GoFailure, PanicKind, RuntimePanic, Throw
from pymodel.pageheap.mpagealloc_64bit import SummaryLevel, sys_grow
from pymodel.pageheap.mranges import AddrRange
from tests.pageheap.heaps import BASE, BASE_CHUNK, CHUNK, empty_heap, grow, grown_heap


def panic(call: Callable[[], object]) -> tuple[PanicKind, str]:
    with pytest.raises(RuntimePanic) as caught:
        call()
    return caught.value.kind, caught.value.text


FAULT = (PanicKind.MEMORY_FAULT, "runtime error: invalid memory address or nil pointer dereference")


def level_with_one_page() -> SummaryLevel:
    """4096 entries may be indexed, of 8192 reserved; those in [512, 1024) are mapped."""
    level = SummaryLevel(8192, 4096)
    level.extend(4096)
    level.map(AddrRange(4096, 8192))
    return level


def test_a_mapped_entry_is_zero_until_it_is_written() -> None:
    level = level_with_one_page()
    assert level[512] == level[1023] == 0
    level[512] = 7
    assert (level[512], level.peek(512), level[513]) == (7, 7, 0)


def test_replace_writes_and_tells_whether_the_entry_changed() -> None:
    level = level_with_one_page()
    assert [level.replace(512, total) for total in (0, 3, 3, 0)] == [False, True, False, True]
    assert level[512] == 0


@pytest.mark.parametrize("index", [0, 511, 1024, 4095])
def test_an_entry_in_memory_that_is_not_mapped_faults(index: int) -> None:
    level = level_with_one_page()
    assert panic(lambda: level[index]) == FAULT
    assert panic(lambda: level.__setitem__(index, 1)) == FAULT
    assert panic(lambda: level.replace(index, 0)) == FAULT
    assert level.peek(index) == 0
    assert not level.is_mapped(index)


@pytest.mark.parametrize(("index", "suffix"), [(4096, " with length 4096"), (1 << 63, " with length 4096"), (-1, "")])
def test_an_entry_at_or_above_the_length_panics(index: int, suffix: str) -> None:
    level = level_with_one_page()
    expected = (PanicKind.BOUNDS, f"runtime error: index out of range [{index}]{suffix}")
    assert panic(lambda: level[index]) == expected
    assert panic(lambda: level.__setitem__(index, 1)) == expected
    assert panic(lambda: level.replace(index, 0)) == expected


def test_replace_panics_above_the_length_even_where_memory_is_mapped_and_written() -> None:
    level = level_with_one_page()
    level.poke(600, 1)
    level.length = 600
    expected = (PanicKind.BOUNDS, "runtime error: index out of range [600] with length 600")
    assert panic(lambda: level.replace(600, 1)) == expected


def test_children_are_checked_against_capacity_then_faulted() -> None:
    level = level_with_one_page()
    level[520] = 9
    assert level.children(64) == [0] * 8
    assert level.children(65) == [9, 0, 0, 0, 0, 0, 0, 0]
    assert panic(lambda: level.children(63)) == FAULT
    assert panic(lambda: level.children(1023)) == FAULT
    text = "runtime error: slice bounds out of range [:8200] with capacity 8192"
    assert panic(lambda: level.children(1024)) == (PanicKind.BOUNDS, text)


def test_children_beyond_the_length_can_be_read_where_they_are_mapped() -> None:
    level = SummaryLevel(8192, 4096)
    level.extend(8)
    level.map(AddrRange(0, 4096))
    assert level.children(2) == [0] * 8


def test_fill_writes_up_to_the_first_entry_that_faults() -> None:
    level = level_with_one_page()
    assert panic(lambda: level.fill(1020, 1030, 5)) == FAULT
    assert [level.peek(index) for index in range(1019, 1025)] == [0, 5, 5, 5, 5, 0]


@pytest.mark.parametrize(
    ("lo", "hi", "text"),
    [(513, 8193, "[:8193] with capacity 8192"), (513, 512, "[513:512]"), (1 << 40, 3, "[1099511627776:3]")],
)
def test_fill_checks_its_bounds_first(lo: int, hi: int, text: str) -> None:
    level = level_with_one_page()
    expected = (PanicKind.BOUNDS, f"runtime error: slice bounds out of range {text}")
    assert panic(lambda: level.fill(lo, hi, 5)) == expected


@given(st.integers(512, 1024), st.integers(512, 1024))
def test_fill_writes_its_slice_and_nothing_else(lo: int, hi: int) -> None:
    level = level_with_one_page()
    for index in range(512, 1024):
        level[index] = 1
    if lo <= hi:
        level.fill(lo, hi, 5)
        assert [level[index] for index in range(512, 1024)] == [5 if lo <= k < hi else 1 for k in range(512, 1024)]


def test_an_empty_fill_touches_nothing() -> None:
    level_with_one_page().fill(0, 0, 5)


@given(st.dictionaries(st.integers(0, 1023), st.integers(0, 3)), st.integers(0, 1023), st.integers(1, 1024))
def test_nonzero_lists_what_a_walk_would_find(entries: dict[int, int], lo: int, count: int) -> None:
    level = SummaryLevel(1024, 4096)
    level.extend(1024)
    level.map(AddrRange(0, 8192))
    for index, total in entries.items():
        level[index] = total
    hi = min(lo + count, 1024)
    assert list(level.nonzero(lo, hi)) == [(index, level[index]) for index in range(lo, hi) if level[index] != 0]


def test_nonzero_faults_where_the_walk_would_at_its_first_entry() -> None:
    level = level_with_one_page()
    assert panic(lambda: list(level.nonzero(8, 16))) == FAULT


def test_a_length_beyond_the_capacity_panics() -> None:
    level = level_with_one_page()
    text = "runtime error: slice bounds out of range [:8193] with capacity 8192"
    assert panic(lambda: level.extend(8193)) == (PanicKind.BOUNDS, text)
    assert len(level) == 4096


def test_poke_writes_without_checks() -> None:
    level = level_with_one_page()
    level.poke(600, 3)
    assert level[600] == 3


def test_memory_mapped_again_reads_as_zero() -> None:
    level = level_with_one_page()
    level[600] = 3
    level.map(AddrRange(4096, 12288))
    assert level[600] == level[1024] == 0


def test_the_levels_have_gos_sizes_and_start_empty() -> None:
    p = empty_heap()
    assert [level.capacity for level in p.summary] == [1 << 14, 1 << 17, 1 << 20, 1 << 23, 1 << 26]
    assert [len(level) for level in p.summary] == [0] * 5
    text = f"runtime error: index out of range [{BASE_CHUNK}] with length 0"
    assert panic(lambda: p.summary[LEAF][BASE_CHUNK]) == (PanicKind.BOUNDS, text)


def test_growing_extends_each_level_to_the_end_of_the_last_block() -> None:
    p = grown_heap(9)
    assert [len(level) for level in p.summary] == [16384, 65640, 525064, 4200456, 33603600]


def test_growing_below_shortens_nothing() -> None:
    p = grown_heap(9)
    grow(p, BASE - 64 * CHUNK)
    assert len(p.summary[LEAF]) == 33603600


@pytest.mark.parametrize("phys_page", [4096, 8192, 65536, 524288])
def test_growing_maps_whole_physical_pages_of_summaries(phys_page: int) -> None:
    p = grown_heap(1, phys_page)
    per_page = phys_page // 8
    for level, shift in zip(p.summary[1:], LEVEL_SHIFT[1:], strict=True):
        index = ((BASE + (1 << 47)) >> shift) // per_page * per_page
        assert [level.is_mapped(k) for k in (index, index + per_page - 1, index - 1, index + per_page)] == [
            *(True, True),
            *(False, False),
        ]


def test_the_whole_root_level_is_mapped_by_the_first_growth() -> None:
    p = grown_heap()
    assert all(p.summary[0].is_mapped(index) for index in range(16384))


def test_each_growth_maps_only_what_its_neighbours_have_not() -> None:
    p = grown_heap()
    leaves = p.summary[LEAF]
    assert leaves[BASE_CHUNK] == FREE_CHUNK_SUM
    for chunk in (8, 511, -1, -512, 1024):
        grow(p, BASE + chunk * CHUNK)
        assert leaves[BASE_CHUNK + chunk] == leaves[BASE_CHUNK] == FREE_CHUNK_SUM


def test_a_gap_between_far_apart_chunks_is_not_mapped() -> None:
    p = grown_heap()
    grow(p, BASE + 4096 * CHUNK)
    assert panic(lambda: p.summary[LEAF][BASE_CHUNK + 2048]) == FAULT


def growth_failure(base: int, size: int, *, after: int = 0) -> tuple[str, str]:
    """Text and print of a growth that fails, on a heap of `after` chunks."""
    p = grown_heap(after) if after else empty_heap()
    with pytest.raises(GoFailure) as caught:
        p.grow(base, size)
    return caught.value.text, p.runtime.take_printed()


def test_growing_outside_the_address_space_panics_over_capacity() -> None:
    text = "runtime error: slice bounds out of range [:32768] with capacity 16384"
    assert growth_failure(1 << 47, CHUNK) == (text, "")


def test_growing_in_the_gap_below_the_offset_space_panics_over_capacity() -> None:
    text = "runtime error: slice bounds out of range [:1073741824] with capacity 16384"
    assert growth_failure(0xFFFF800000000000 - 2 * CHUNK, CHUNK) == (text, "")


@pytest.mark.parametrize(
    ("base", "size"), [((1 << 64) - CHUNK, CHUNK), (0xFFFF7FFFFFC00000, CHUNK), (BASE, 0xFFFF800000000000)]
)
def test_growing_across_the_two_halves_throws(base: int, size: int) -> None:
    text = "addr range base and limit are not in the same memory segment"
    assert growth_failure(base, size) == (text, "")


def test_growing_by_nothing_prints_the_empty_range_and_throws() -> None:
    printed = "runtime: range = {0x3000000000, 0x3000000000}\n"
    assert growth_failure(BASE, 0) == ("attempted to add zero-sized address range", printed)


def test_growing_backwards_prints_the_inverted_range_and_throws() -> None:
    printed = f"runtime: range = {{{hex(BASE)}, {hex(BASE - 8 * CHUNK)}}}\n"
    assert growth_failure(BASE, (1 << 64) - 8 * CHUNK) == ("attempted to add zero-sized address range", printed)


def test_growing_around_a_far_smaller_range_in_use_throws() -> None:
    assert growth_failure(BASE - 2048 * CHUNK, 4096 * CHUNK, after=1) == ("bad prune", "")


def test_sys_grow_refuses_bounds_inside_a_chunk() -> None:
    p = empty_heap()
    with pytest.raises(Throw, match=r"^sysGrow bounds not aligned to pallocChunkBytes$"):
        sys_grow(p, BASE, BASE + 8192)
    assert p.runtime.take_printed() == "runtime: base = 0x3000000000, limit = 0x3000002000\n"
