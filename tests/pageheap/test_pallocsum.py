from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymodel.pageheap import pallocsum
from pymodel.pageheap.constants import FREE_CHUNK_SUM
from pymodel.pageheap.failures import RuntimePanic
from pymodel.pageheap.pallocsum import merge_summaries, pack_palloc_sum, unpack
from tests.pageheap import plain

COUNTS = st.integers(0, (1 << 21) - 1)
SENTINEL = 1 << 63


@given(COUNTS, COUNTS, COUNTS)
def test_what_is_packed_comes_out(start: int, most: int, end: int) -> None:
    total = pack_palloc_sum(start, most, end)
    assert unpack(total) == (start, most, end)
    assert (pallocsum.sum_start(total), pallocsum.sum_max(total), pallocsum.sum_end(total)) == (start, most, end)


def test_a_wholly_free_root_entry_is_bit_63() -> None:
    assert pack_palloc_sum(1 << 21, 1 << 21, 1 << 21) == SENTINEL
    assert unpack(SENTINEL) == (1 << 21, 1 << 21, 1 << 21)
    assert pallocsum.sum_start(SENTINEL) == pallocsum.sum_max(SENTINEL) == pallocsum.sum_end(SENTINEL) == 1 << 21


def test_only_max_decides_on_the_sentinel() -> None:
    assert pack_palloc_sum(0, 1 << 21, 7) == SENTINEL
    assert unpack(pack_palloc_sum(1 << 21, 5, 1 << 21)) == (0, 5, 0)
    assert unpack(pack_palloc_sum(0, (1 << 21) + 1, 0)) == (0, 1, 0)


def test_a_free_chunk_has_512_in_each_field() -> None:
    assert FREE_CHUNK_SUM == 0x0008000040000200
    assert unpack(FREE_CHUNK_SUM) == (512, 512, 512)


def chunk_sums() -> st.SearchStrategy[int]:
    """Summaries, true and false ones, of chunks and of larger regions."""
    true_sums = st.sampled_from([0, FREE_CHUNK_SUM, pack_palloc_sum(1, 5, 2), pack_palloc_sum(0, 510, 500)])
    false_sums = st.builds(pack_palloc_sum, COUNTS, COUNTS, COUNTS)
    return true_sums | false_sums | st.just(SENTINEL) | st.integers(0, (1 << 64) - 1)


@given(
    st.lists(chunk_sums(), min_size=1, max_size=10), st.sampled_from([9, 12, 18, 0, 1, 60, 62, 63, 64, (1 << 64) - 1])
)
def test_merging_equals_the_plain_form(sums: list[int], log_max_pages: int) -> None:
    assert merge_summaries(sums, log_max_pages) == pack_palloc_sum(*plain.merge(sums, log_max_pages))


@pytest.mark.parametrize(
    ("sums", "log_max_pages", "expected"),
    [
        ([FREE_CHUNK_SUM] * 8, 9, (4096, 4096, 4096)),
        ([0] * 8, 9, (0, 0, 0)),
        ([FREE_CHUNK_SUM, 0, FREE_CHUNK_SUM], 9, (512, 512, 512)),
        ([pack_palloc_sum(3, 10, 20), pack_palloc_sum(30, 30, 0)], 9, (3, 50, 0)),
        ([FREE_CHUNK_SUM, pack_palloc_sum(30, 40, 7)], 9, (542, 542, 7)),
        ([pack_palloc_sum(0, 40, 7), FREE_CHUNK_SUM], 9, (0, 519, 519)),
        ([pack_palloc_sum(1 << 18, 1 << 18, 1 << 18)] * 8, 18, (1 << 21, 1 << 21, 1 << 21)),
    ],
)
def test_merged_summaries(sums: list[int], log_max_pages: int, expected: tuple[int, int, int]) -> None:
    assert unpack(merge_summaries(sums, log_max_pages)) == expected


def test_a_full_region_after_a_false_summary_still_counts_its_end() -> None:
    assert unpack(merge_summaries([pack_palloc_sum(0, 3, 5), 0], 9)) == (0, 5, 0)


def test_merging_nothing_panics() -> None:
    with pytest.raises(RuntimePanic) as caught:
        merge_summaries([], 9)
    assert caught.value.text == "runtime error: index out of range [0] with length 0"
