from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymodel.pageheap import addresses
from pymodel.pageheap.constants import LEVEL_BITS, LEVEL_LOG_PAGES, LEVEL_SHIFT
from pymodel.pageheap.failures import RuntimePanic

WORDS = st.integers(0, (1 << 64) - 1)
HEAP_ADDRESSES = st.integers(0, (1 << 48) - 1).map(lambda offset: (offset + 0xFFFF800000000000) % (1 << 64))
LEVELS = st.integers(0, 4)


@pytest.mark.parametrize(
    ("addr", "index"),
    [
        (0xFFFF800000000000, 0),
        (0xFFFF8000003FFFFF, 0),
        (0xFFFFFFFFFFC00000, (1 << 25) - 1),
        (0, 1 << 25),
        (0x3000000000, 33603584),
        (0x7FFFFFFFFFFF, (1 << 26) - 1),
        (0x800000000000, 1 << 26),
        (0xFFFF7FFFFFFFFFFF, (1 << 42) - 1),
    ],
)
def test_chunk_index_counts_from_the_start_of_the_offset_space(addr: int, index: int) -> None:
    assert addresses.chunk_index(addr) == index


@given(WORDS)
def test_chunk_base_is_the_first_address_of_the_chunk(addr: int) -> None:
    base = addresses.chunk_base(addresses.chunk_index(addr))
    assert 0 <= addr - base < 1 << 22
    assert base % (1 << 22) == 0


def test_chunk_base_wraps_for_an_index_that_no_address_has() -> None:
    assert addresses.chunk_base((1 << 64) - 1) == 0xFFFF800000000000 - (1 << 22)


@given(WORDS)
def test_chunk_and_page_index_give_the_page(addr: int) -> None:
    chunk = addresses.chunk_base(addresses.chunk_index(addr))
    assert chunk + addresses.chunk_page_index(addr) * 8192 == addr - addr % 8192


@given(WORDS)
def test_l1_and_l2_split_a_chunk_index(ci: int) -> None:
    assert addresses.chunk_l1(ci) * 8192 + addresses.chunk_l2(ci) == ci
    assert addresses.chunk_l2(ci) < 8192


@given(LEVELS, HEAP_ADDRESSES)
def test_level_index_and_its_address_are_inverse_up_to_the_entry_size(level: int, addr: int) -> None:
    first = addresses.level_index_to_off_addr(level, addresses.off_addr_to_level_index(level, addr))
    assert 0 <= addr - first < 8192 << LEVEL_LOG_PAGES[level]


@given(LEVELS, HEAP_ADDRESSES, st.integers(1, 1 << 40))
def test_summary_range_holds_exactly_the_entries_of_the_addresses(level: int, base: int, size: int) -> None:
    limit = (base + size) % (1 << 64)
    lo, hi = addresses.addrs_to_summary_range(level, base, limit)
    assert lo == addresses.off_addr_to_level_index(level, base)
    assert hi - 1 == addresses.off_addr_to_level_index(level, (limit - 1) % (1 << 64))


def test_summary_range_of_an_empty_range_at_an_entrys_start_is_empty() -> None:
    assert addresses.addrs_to_summary_range(0, 0, 0) == (8192, 8192)


def test_summary_range_below_the_offset_space_wraps() -> None:
    assert addresses.addrs_to_summary_range(0, 0xFFFF800000000000, 0xFFFF800000000000) == (0, 1 << 30)


@given(LEVELS, st.integers(0, 1 << 30), st.integers(0, 1 << 30))
def test_block_align_widens_to_whole_blocks(level: int, lo: int, hi: int) -> None:
    block = 1 << LEVEL_BITS[level]
    aligned_lo, aligned_hi = addresses.block_align_summary_range(level, lo, hi)
    assert aligned_lo % block == aligned_hi % block == 0
    assert 0 <= lo - aligned_lo < block
    assert 0 <= aligned_hi - hi < block


def test_block_align_keeps_the_sign_of_an_index() -> None:
    assert addresses.block_align_summary_range(4, -1, -1) == (-8, 0)


@pytest.mark.parametrize(("level", "text"), [(5, "[5] with length 5"), (-1, "[-1]")])
def test_a_level_that_does_not_exist_panics(level: int, text: str) -> None:
    for call in (
        lambda: addresses.off_addr_to_level_index(level, 0),
        lambda: addresses.level_index_to_off_addr(level, 0),
        lambda: addresses.addrs_to_summary_range(level, 0, 1),
        lambda: addresses.block_align_summary_range(level, 0, 1),
    ):
        with pytest.raises(RuntimePanic) as caught:
            call()
        assert caught.value.text == f"runtime error: index out of range {text}"


def test_levels_cover_the_address_space() -> None:
    assert [8192 << log for log in LEVEL_LOG_PAGES] == [1 << shift for shift in LEVEL_SHIFT]
    assert sum(LEVEL_BITS) + 22 == 48
