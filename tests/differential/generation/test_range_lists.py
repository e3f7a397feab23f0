from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pymodel.differential.generation.choices import TapeChoices
from pymodel.differential.generation.range_lists import address_around, flat, range_between, range_list

tapes = st.integers(0, (1 << 64) - 1).map(TapeChoices)


@given(tapes)
def test_a_list_is_ascending_and_disjoint_and_has_one_to_twenty_ranges(tape: TapeChoices) -> None:
    ranges = range_list(tape)
    assert 1 <= len(ranges) <= 20
    assert all(base < limit < 1 << 64 for base, limit in ranges)
    assert all(low[1] <= high[0] for low, high in pairwise(ranges))


@given(tapes)
def test_a_range_between_overlaps_none(tape: TapeChoices) -> None:
    ranges = range_list(tape)
    base, limit = range_between(tape, ranges)
    assert base < limit
    assert all(limit <= low or high <= base for low, high in ranges)


def test_a_range_between_touches_below_above_both_and_neither() -> None:
    touched = set()
    for seed in range(300):
        tape = TapeChoices(seed)
        ranges = range_list(tape)
        base, limit = range_between(tape, ranges)
        touched.add((base in {high for _, high in ranges}, limit in {low for low, _ in ranges}))
    assert touched == {(False, False), (False, True), (True, False), (True, True)}


def test_lists_are_long_enough_to_be_searched_by_halves_and_to_outgrow_their_array() -> None:
    lengths = [len(range_list(TapeChoices(seed))) for seed in range(300)]
    assert sum(length > 8 for length in lengths) > 60
    assert sum(length > 16 for length in lengths) > 10
    assert min(lengths) == 1


def test_addresses_lie_in_at_and_beside_ranges() -> None:
    found = set()
    for seed in range(300):
        tape = TapeChoices(seed)
        ranges = range_list(tape)
        address = address_around(tape, ranges)
        found.add("in" if any(base <= address < limit for base, limit in ranges) else "out")
        found |= {"base" for base, _ in ranges if base == address} | {
            "limit" for _, limit in ranges if limit == address
        }
    assert found == {"in", "out", "base", "limit"}


def test_a_list_becomes_words_base_before_limit() -> None:
    assert flat([(1, 2), (5, 9)]) == (1, 2, 5, 9)
