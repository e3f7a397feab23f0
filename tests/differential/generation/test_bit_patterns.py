from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pymodel.differential.generation.bit_patterns import (
    FULL,
    allocated_and_scavenged,
    bitmap,
    page_edge,
    page_run,
    run_mask,
)
from pymodel.differential.generation.choices import TapeChoices

tapes = st.integers(0, (1 << 64) - 1).map(TapeChoices)


def free_runs(bits: int) -> list[int]:
    """The lengths of the runs of clear pages."""
    return [len(run) for run in f"{bits:0512b}".split("1") if run]


@given(tapes)
def test_a_bitmap_has_512_pages(tape: TapeChoices) -> None:
    assert 0 <= bitmap(tape) <= FULL


@given(tapes)
def test_a_run_has_at_least_one_page_and_ends_within_the_chunk(tape: TapeChoices) -> None:
    first, limit = page_run(tape)
    assert 0 <= first < limit <= 512


@given(tapes)
def test_no_page_is_allocated_and_scavenged(tape: TapeChoices) -> None:
    allocated, scavenged = allocated_and_scavenged(tape)
    assert allocated & scavenged == 0


@given(st.integers(0, 511), st.integers(1, 512))
def test_the_mask_of_a_run_sets_its_pages_and_no_other(first: int, length: int) -> None:
    limit = min(first + length, 512)
    assert [page for page in range(513) if run_mask(first, limit) >> page & 1] == list(range(first, limit))


def test_edges_of_words_are_met_more_often_than_chance_would() -> None:
    tape = TapeChoices(1)
    edges = [page_edge(tape) for _ in range(1000)]
    assert sum(edge % 64 in (0, 1, 63) for edge in edges) > 300


def test_all_situations_that_summaries_tell_apart_occur() -> None:
    tape = TapeChoices(2)
    bitmaps = [bitmap(tape) for _ in range(600)]
    assert 0 in bitmaps and FULL in bitmaps
    longest = [max(free_runs(bits), default=0) for bits in bitmaps]
    # The look inside words is needed only where every run is shorter than 62 pages. Go: (*pallocBits).summarize.
    assert sum(0 < length < 62 for length in longest) > 100
    assert any(62 <= length <= 64 for length in longest) and any(64 < length < 512 for length in longest)
    assert any(len(free_runs(bits)) > 50 for bits in bitmaps)
    assert any(bits and not bits & bits << 1 for bits in bitmaps)
