from __future__ import annotations

import pytest

from pymodel.differential.simulate.history import (
    DURATION_NS_MAX,
    LIVE_BYTES_MAX,
    HistoryBuilder,
    ImpossibleRow,
    LoggedCycle,
    Row,
)


def built(rows: list[Row], row_count_max: int = 4) -> HistoryBuilder:
    builder = HistoryBuilder(row_count_max)
    for row in rows:
        builder.add(row)
    return builder


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (Row(5, 0, 0), "time does not go forward"),
        (Row(4, 0, 0), "time does not go forward"),
        (Row(6, 10, 111), "111 bytes are freed, but only 110 are allocated"),
        (Row(DURATION_NS_MAX + 1, 0, 0), "more than 10000 hours"),
        (Row(6, LIVE_BYTES_MAX, 0), "are in use at once, more than 16.0 GiB"),
        (Row(6, 1 << 61, 1 << 61), "bytes are allocated in all"),
    ],
)
def test_a_row_that_cannot_follow_is_refused(row: Row, why: str) -> None:
    builder = built([Row(5, 100, 0)])
    with pytest.raises(ImpossibleRow, match=why):
        builder.add(row)


def test_a_history_may_begin_with_what_is_there_at_time_zero() -> None:
    assert built([Row(0, 7, 0), Row(1, 0, 7)]).finish() == (Row(0, 7, 0), Row(1, 0, 7))


def test_long_histories_keep_their_sums_and_their_end_in_few_rows() -> None:
    builder = built([Row(number, 3 * number, 2 * number) for number in range(1, 1002)])
    rows = builder.finish()
    assert len(rows) <= 4
    assert builder.row_count == 1001
    assert rows[-1].end_ns == 1001
    assert sum(row.allocated_bytes for row in rows) == 3 * 1001 * 1002 // 2
    assert sum(row.dead_bytes for row in rows) == 2 * 1001 * 1002 // 2


def test_cycles_put_together_never_make_a_heap_that_was_not_there() -> None:
    # Each cycle finds 100 bytes of which 10 stay; two in one must not find 190.
    rows = [Row(1, 100, 90, LoggedCycle(100))]
    rows += [Row(number, 90, 90, LoggedCycle(100)) for number in range(2, 10)]
    kept = built(rows).finish()
    live = 0
    for row in kept:
        assert live + row.allocated_bytes <= 100
        live += row.allocated_bytes - row.dead_bytes
    assert live == 10


def test_a_forced_release_survives_being_put_together() -> None:
    rows = [Row(number, 1, 1, LoggedCycle(9, release_all=number == 3)) for number in range(1, 10)]
    assert sum(row.cycle is not None and row.cycle.release_all for row in built(rows).finish()) == 1
