from __future__ import annotations

from pymodel.differential.campaign_report.state_rows import Held, Section, state_rows
from pymodel.differential.comparison.differences import Difference
from pymodel.differential.comparison.state import RangeSet
from pymodel.differential.model.observed import SCALARS
from pymodel.pageheap.pallocsum import pack_palloc_sum


def held(
    *,
    search_addr: int = 0,
    pacing: bool = False,
    in_use: tuple[int, ...] = (),
    summaries: dict[tuple[int, int], int] | None = None,
) -> Held:
    scalars = (search_addr, *[0] * (len(SCALARS) - 1))
    return Held(
        scalars, pacing, RangeSet(in_use, sum(in_use[1::2]) - sum(in_use[::2])), RangeSet(), (1,) * 5, summaries or {}
    )


def difference(field: str) -> Difference:
    return Difference(field, field, (("model",), ("go",)), ("a", "b"))


def test_a_scalar_tells_what_each_target_held_before_and_after() -> None:
    rows = state_rows(
        [held(search_addr=0x10), held(search_addr=0x20)],
        [held(), held()],
        [difference("searchAddr")],
        summary_count_max=9,
        range_count_max=9,
    ).rows
    row = next(row for row in rows if row.name == "searchAddr")
    assert (row.before, row.after, row.differs) == (("0x0", "0x0"), ("0x10", "0x20"), True)
    assert [row.name for row in rows if row.differs] == ["searchAddr"]


def test_what_a_comparison_ignores_is_no_difference() -> None:
    rows = state_rows([held(search_addr=1), held()], [held(), held()], [], summary_count_max=9, range_count_max=9).rows
    assert not any(row.differs for row in rows)


def test_scalars_of_pacing_are_told_of_programs_with_pacing_only() -> None:
    def names(pacing: bool) -> set[str]:
        state = [held(pacing=pacing)]
        rows = state_rows(state, state, [], summary_count_max=9, range_count_max=9).rows
        return {row.name for row in rows if row.section is Section.SCALARS}

    assert "scavengeGoal" in names(True)
    assert "scavengeGoal" not in names(False)


def test_of_many_ranges_only_those_are_told_that_not_all_have() -> None:
    many = tuple(address for n in range(20) for address in (100 * n, 100 * n + 10))
    rows = state_rows(
        [held(in_use=many), held(in_use=many[2:])],
        [held(in_use=many)] * 2,
        [difference("inUse.ranges")],
        summary_count_max=9,
        range_count_max=4,
    ).rows
    row = next(row for row in rows if row.name == "inUse")
    assert row.after == (
        "[0x0,0xa), and 19 that are the same everywhere",
        "19 that are the same everywhere",
    )


def test_summaries_that_are_the_same_everywhere_are_left_out_and_the_others_bounded() -> None:
    before = {(4, index): pack_palloc_sum(index, index, index) for index in range(20)}
    after = {**before, **{(4, index): 0 for index in range(0, 20, 2)}}
    other = {**after, (4, 3): 0}
    told = state_rows(
        [held(summaries=after), held(summaries=other)],
        [held(summaries=before)] * 2,
        [difference("summary")],
        summary_count_max=3,
        range_count_max=9,
    )
    rows = [row for row in told.rows if row.name.startswith("level ")]
    assert rows[0].name == "level 4 [3]"
    assert rows[0].differs
    assert rows[0].after == ("(start 3, max 3, end 3)", "(start 0, max 0, end 0)")
    assert len(rows) == 3
    assert told.left_out == "Runs of summaries not shown: 7 that the step changed alike."
