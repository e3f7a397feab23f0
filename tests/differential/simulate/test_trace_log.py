from __future__ import annotations

import pytest

from pymodel.differential.errors import BadInput
from pymodel.differential.simulate.history import LoggedCycle, Row
from pymodel.differential.simulate.trace_lines import ScavLine, parse_scav_line
from pymodel.differential.simulate.trace_log import TraceLog, parse_log

MIB = 1 << 20


def gc(number: int, seconds: str, sizes: str, goal: int, processors: int = 2, end: str = "") -> str:
    return (
        f"gc {number} @{seconds}s 0%: 0.006+1.6+0.002 ms clock, 0.013+0/0.17/0+0.004 ms cpu, {sizes} MB, "
        f"{goal} MB goal, 0 MB stacks, 0 MB globals, {processors} P{end}"
    )


def parse(*lines: str, end: str = "\n") -> TraceLog:
    text = [f"{line}\n" for line in lines[:-1]] + [f"{line}{end}" for line in lines[-1:]]
    return parse_log(text, "x.log")


def test_a_line_of_gctrace_is_what_was_allocated_since_the_one_before_and_what_it_found_dead() -> None:
    history = parse(gc(1, "0.5", "4->5->3", 4), "the program's own words", gc(2, "1.5", "6->7->2", 6)).history
    assert history.rows == (
        Row(5 * 10**8, 5 * MIB, 2 * MIB, LoggedCycle(4 * MIB)),
        Row(15 * 10**8, 4 * MIB, 5 * MIB, LoggedCycle(6 * MIB)),
    )
    assert history.processor_count == 2
    assert not history.paced


def test_a_forced_line_of_scavtrace_belongs_to_the_cycle_before_it() -> None:
    log = parse(
        gc(1, "0.5", "4->5->3", 4, end=" (forced)"),
        "scav 2 1096 KiB work, 89560 KiB total, 99% util (forced)",
        gc(2, "1", "4->5->3", 6),
    )
    assert [row.cycle and row.cycle.release_all for row in log.history.rows] == [True, False]
    assert log.scav_lines == (ScavLine(2, 1096, 89560, 99, forced=True),)


def test_sizes_rounded_down_never_make_a_cycle_find_less_than_was_left() -> None:
    rows = parse(gc(1, "0.5", "4->5->5", 4), gc(2, "0.5", "4->4->4", 6)).history.rows
    assert [(row.allocated_bytes, row.dead_bytes) for row in rows] == [(5 * MIB, 0), (0, MIB)]
    assert rows[1].end_ns > rows[0].end_ns


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([], "x.log:1: the log is empty"),
        (["hello"], "x.log:1: the log has no line of gctrace; run the program with GODEBUG=gctrace=1,scavtrace=1"),
        (
            ["scav 0 0 KiB work, 0 KiB total, 75% util"],
            "x.log:1: the log has only lines of scavtrace, which tell no time; "
            "run the program with GODEBUG=gctrace=1,scavtrace=1",
        ),
        ([gc(1, "0.5", "4->5->3", 4)[:60]], "x.log:1: the line of gctrace is not whole, or not of Go 1.18"),
        ([gc(7, "0.5", "4->5->3", 4)], "x.log:1: gc 7 where gc 1 should be: part of the log is missing"),
        (
            [gc(1, "2", "4->5->3", 4), gc(2, "1.5", "4->5->3", 4)],
            "x.log:2: time goes backwards: 1.5 s after 2 s",
        ),
        ([gc(1, "2", "4->5->3", 4, processors=0)], "x.log:1: 0 P: a program has at least one processor"),
        (
            [gc(1, "2", "4->5->3", 4), "scav 1 x KiB work"],
            "x.log:2: the line of scavtrace is not whole, or not of Go 1.18",
        ),
        ([gc(1, "0", "4->5->3", 4)], "x.log:1: the log ends at 0 s, so no time passes in it"),
    ],
)
def test_bad_input_is_one_sentence_with_file_and_line(lines: list[str], sentence: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse(*lines)
    assert str(refused.value) == sentence


def test_a_log_cut_off_in_its_last_line_is_refused_even_if_the_line_seems_whole() -> None:
    with pytest.raises(BadInput, match=r"x\.log:1: the log is cut off in this line"):
        parse(gc(1, "0.5", "4->5->3", 4), end="")


@pytest.mark.parametrize("end", ["", " (forced)", " [controller reset]"])
def test_lines_of_scavtrace_print_as_they_were_read(end: str) -> None:
    text = f"scav 8 84992 KiB work, 88464 KiB total, 91% util{end}"
    assert str(parse_scav_line(text)) == text
