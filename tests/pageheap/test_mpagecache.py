from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymodel.pageheap.constants import LEAF, MAX_SEARCH_ADDR
from pymodel.pageheap.failures import Throw
from pymodel.pageheap.mpagecache import PageCache
from pymodel.pageheap.mpallocbits import ALL_PAGES
from pymodel.pageheap.pallocsum import pack_palloc_sum
from pymodel.pageheap.words import MASK64
from tests.pageheap.heaps import (
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

WORDS = st.integers(0, MASK64) | st.sampled_from([0, 1, MASK64, 1 << 63, MASK64 >> 1])


def state(c: PageCache) -> tuple[int, int, int]:
    return c.base, c.cache, c.scav


@given(WORDS, WORDS, st.integers(1, 64))
def test_a_cache_gives_the_lowest_run_that_fits(cache: int, scav: int, npages: int) -> None:
    c = PageCache(BASE, cache, scav)
    taken = next((i for i in range(65 - npages) if cache >> i & pages(0, npages) == pages(0, npages)), None)
    result = c.alloc(npages)
    if taken is None:
        assert (result, state(c)) == ((0, 0), (BASE, cache, scav))
    else:
        mask = pages(taken, npages)
        assert result == (BASE + taken * PAGE, (scav & mask).bit_count() * PAGE)
        assert state(c) == (BASE, cache & ~mask, scav & ~mask)


@given(WORDS, WORDS)
def test_one_page_and_a_run_of_one_are_the_same(cache: int, scav: int) -> None:
    one, run = PageCache(BASE, cache, scav), PageCache(BASE, cache, scav)
    assert one.alloc(1) == run.alloc_n(1)
    assert state(one) == state(run)


def test_an_empty_cache_gives_nothing() -> None:
    c = PageCache(BASE, 0, MASK64)
    assert c.empty()
    assert [c.alloc(n) for n in (0, 1, 2, 64, 128)] == [(0, 0)] * 5


def test_no_pages_from_a_full_cache_are_its_base() -> None:
    c = PageCache(BASE, MASK64, MASK64)
    assert (c.alloc(0), state(c)) == ((BASE, 0), (BASE, MASK64, MASK64))
    assert PageCache(BASE, MASK64 - 1, 0).alloc(0) == (0, 0)


@pytest.mark.parametrize("npages", [65, 100, 127, 129, MASK64])
def test_more_pages_than_a_cache_has_are_not_given(npages: int) -> None:
    assert PageCache(BASE, MASK64, 0).alloc(npages) == (0, 0)


def test_a_cache_takes_the_free_pages_of_the_first_block_that_has_any() -> None:
    p = full_heap(2)
    p.free(page_address(70), 3, False)
    p.free(page_address(120), 20, False)
    c = p.alloc_to_cache()
    assert state(c) == (page_address(64), pages(6, 3) | pages(56, 8), 0)
    assert p.chunk_of(BASE_CHUNK).allocated == ALL_PAGES ^ pages(128, 12)
    assert p.search_addr == page_address(127)
    check_invariants(p)


def test_a_cache_is_told_of_scavenged_pages_of_the_whole_block() -> None:
    p = grown_heap()
    p.alloc(10)
    chunk = p.chunk_of(BASE_CHUNK)
    chunk.scavenged |= 1  # Outside the contract: a page in use that counts as scavenged.
    c = p.alloc_to_cache()
    assert state(c) == (BASE, MASK64 ^ pages(0, 10), MASK64 ^ pages(1, 9))
    assert chunk.scavenged == ALL_PAGES ^ pages(1, 63), "only bits of pages that the cache took are cleared"


def test_the_search_address_may_move_down_to_the_end_of_the_block() -> None:
    p = full_heap(2)
    p.free(page_address(3, 1), 1, False)
    p.search_addr = page_address(511)
    p.alloc_to_cache()
    assert p.search_addr == page_address(63, 1)
    p = full_heap()
    p.free(page_address(64), 1, False)
    p.search_addr = page_address(127) + PAGE - 1
    p.alloc_to_cache()
    assert p.search_addr == page_address(127), "moved down by less than a page"


def test_the_slow_path_finds_a_later_chunk() -> None:
    p = full_heap()
    grow(p, BASE + 9 * CHUNK)
    p.search_addr = BASE
    c = p.alloc_to_cache()
    assert state(c) == (BASE + 9 * CHUNK, MASK64, MASK64)
    check_invariants(p)


def test_an_exhausted_heap_gives_an_empty_cache_and_says_so() -> None:
    p = full_heap()
    assert p.search_addr != MAX_SEARCH_ADDR
    assert state(p.alloc_to_cache()) == (0, 0, 0)
    assert p.search_addr == MAX_SEARCH_ADDR
    assert state(p.alloc_to_cache()) == (0, 0, 0)
    assert state(empty_heap().alloc_to_cache()) == (0, 0, 0)


def test_a_promised_page_that_is_not_there_throws() -> None:
    p = full_heap()
    p.summary[LEAF].poke(BASE_CHUNK, pack_palloc_sum(0, 1, 0))
    with pytest.raises(Throw, match=r"^bad summary data$"):
        p.alloc_to_cache()
    assert p.runtime.take_printed() == ""


def test_flushing_gives_back_what_is_left() -> None:
    p = grown_heap()
    c = p.alloc_to_cache()
    c.alloc(5)
    c.flush(p)
    assert state(c) == (0, 0, 0)
    chunk = p.chunk_of(BASE_CHUNK)
    assert (chunk.allocated, chunk.scavenged) == (pages(0, 5), ALL_PAGES ^ pages(0, 5))
    assert p.search_addr == BASE
    check_invariants(p)


def test_flushing_does_not_raise_the_free_high_water_mark() -> None:
    p = grown_heap()
    p.alloc_to_cache().flush(p)
    assert p.scav.free_hwm == 0


def test_flushing_an_empty_cache_does_nothing_even_if_it_knows_of_scavenged_pages() -> None:
    p = grown_heap()
    c = p.alloc_to_cache()
    c.cache = 0
    before = p.chunk_of(BASE_CHUNK).scavenged
    c.flush(p)
    assert state(c) == (BASE, 0, MASK64)
    assert p.chunk_of(BASE_CHUNK).scavenged == before


def test_flushing_marks_scavenged_pages_that_were_never_the_caches() -> None:
    p = full_heap()
    PageCache(BASE, 1, 3).flush(p)
    chunk = p.chunk_of(BASE_CHUNK)
    assert (chunk.allocated, chunk.scavenged) == (ALL_PAGES ^ 1, 3)
