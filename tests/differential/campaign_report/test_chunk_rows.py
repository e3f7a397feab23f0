from __future__ import annotations

from pymodel.differential.campaign_report.chunk_rows import Pages, choose_rows, words_of

FULL = (1 << 512) - 1
FAR = 1 << 60


def test_neighbours_that_look_the_same_in_every_target_before_and_after_are_one_row() -> None:
    pages = Pages(((10, 3, (0, FULL)), (13, 2, (0, FULL))), FAR)
    (row,) = choose_rows([pages, pages], [pages, pages], 8).rows
    assert (row.first, row.chunk_count, row.differs, row.is_changed) == (10, 5, False, False)


def test_a_chunk_that_differs_stands_alone_and_says_what_each_target_has() -> None:
    left = Pages(((10, 4, (0, 0)),), FAR)
    right = Pages(((10, 1, (0, 0)), (11, 1, (1, 0)), (12, 2, (0, 0))), FAR)
    rows = choose_rows([left, right], [left, left], 8).rows
    assert [(row.first, row.chunk_count, row.differs) for row in rows] == [
        (10, 1, False),
        (11, 1, True),
        (12, 2, False),
    ]
    assert rows[1].after == ((0, 0), (1, 0))
    assert rows[1].before == ((0, 0), (0, 0))


def test_a_chunk_that_one_target_has_not_in_use_differs() -> None:
    (row,) = choose_rows([Pages(((10, 1, (0, 0)),), FAR), Pages((), FAR)], [Pages((), FAR)] * 2, 8).rows
    assert row.differs
    assert row.after == ((0, 0), None)


def test_what_differs_is_drawn_first_then_what_changed_and_the_rest_is_counted() -> None:
    before = Pages(tuple((index, 1, (index, 0)) for index in range(0, 20, 2)), FAR)
    after = Pages(tuple((index, 1, (index + (index in (4, 16)), 0)) for index in range(0, 20, 2)), FAR)
    other = Pages(tuple((index, 1, (index + (index in (4, 16)), int(index == 18))) for index in range(0, 20, 2)), FAR)
    chosen = choose_rows([after, other], [before, before], 2)
    assert [row.first for row in chosen.rows] == [4, 18]
    assert chosen.left_out == "Chunks not drawn: 1 that the step changed alike, 7 that are the same and unchanged."
    assert choose_rows([after, other], [before, before], 10).left_out == ""


def test_the_chunk_of_search_addr_stands_alone_and_names_its_page() -> None:
    chunk_bytes = 4 << 20
    address = (11 * chunk_bytes + 5 * 8192 - (1 << 47)) & (1 << 64) - 1
    pages = Pages(((10, 4, (0, 0)),), address)
    rows = choose_rows([pages], [pages], 8).rows
    assert [(row.first, row.chunk_count, row.search_pages) for row in rows] == [
        (10, 1, (None,)),
        (11, 1, (5,)),
        (12, 2, (None,)),
    ]


def test_a_bitmap_is_eight_words_the_first_holding_the_first_pages() -> None:
    assert words_of(1 | 1 << 64 | 1 << 511) == "1 1 0 0 0 0 0 8000000000000000"
