from __future__ import annotations

import io
from pathlib import Path
from typing import Literal

import pytest
from rich.console import Console

from pymodel.differential.comparison.state import HeapState
from pymodel.differential.comparison.transcripts import TranscriptReader
from pymodel.differential.errors import BadInput
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.programs.program import (
    Alloc,
    Free,
    Grow,
    Operation,
    PokeChunk,
    PokeSearchAddr,
    Program,
    Scavenge,
    StartGen,
)
from pymodel.differential.programs.text import print_program
from pymodel.differential.running.pictures import ROW_COUNT_MAX, cell_count, cell_glyphs, heap_picture, heap_rows
from pymodel.differential.running.show import show_trace
from tests.differential.fake_targets import FakeTarget

ALL_PAGES = (1 << 512) - 1


def state_after(*operations: Operation) -> HeapState:
    program = Program(operations, outside_contract=True)
    state = None
    for side in TranscriptReader(("model",), program, run_on_specification(program, 1), 1).sides():
        state = side.state
    assert state is not None
    return state


def picture(*operations: Operation, width: int = 60) -> list[str]:
    return [line.plain.rstrip() for line in heap_picture(state_after(*operations), width)]


def test_a_row_shows_what_is_allocated_free_and_scavenged() -> None:
    poke = PokeChunk(0xC000, (1 << 64) - 1, ALL_PAGES >> 128 << 128)
    assert picture(Grow(0xC000, 1), poke) == [
        "0xc000       ####....ssssssssssssssssssssssss a64 f64 s384",
        "             ^ searchAddr",
    ]


def test_pages_that_are_allocated_and_scavenged_stand_out() -> None:
    assert cell_glyphs((ALL_PAGES, (1 << 256) - 1), 4) == "!!##"
    assert cell_glyphs((0b11, 0b101), 512)[:4] == "!#s."


def test_a_cell_whose_pages_differ_is_drawn_as_mixed() -> None:
    assert cell_glyphs((1, 0), 16) == "+" + "." * 15


def test_equal_neighbours_are_folded_but_the_chunk_of_search_addr_stands_alone() -> None:
    assert picture(Grow(0xC000, 40), Alloc(0, 512)) == [
        "0xc000       ################################ a512",
        "             ^ searchAddr",
        "0xc001 x39   ssssssssssssssssssssssssssssssss s512",
    ]


def test_chunks_of_which_nothing_is_known_are_free_and_folded() -> None:
    pokes = [PokeChunk(chunk, 0, 0) for chunk in (0xC001, 0xC002)]
    search = PokeSearchAddr(0x7FFFFFFFFFFF)
    assert picture(Grow(0xC000, 4), *pokes, search) == [
        "0xc000       ssssssssssssssssssssssssssssssss s512",
        "0xc001 x2    ................................ f512",
        "0xc003       ssssssssssssssssssssssssssssssss s512",
    ]


def test_a_gap_between_chunks_in_use_is_told() -> None:
    assert "          ... 98 chunks not in use ..." in picture(Grow(1, 2), Grow(101, 1))


def test_the_scavengers_range_is_marked_whole_or_in_part() -> None:
    operations = (Grow(0xC000, 130), Alloc(0, 130 * 512), Free(0, 5, 700), StartGen())
    assert [row.gutter for row in heap_rows(state_after(*operations))] == ["|", "|", "|"]
    # The next generation begins where this one stopped, in the middle of a chunk.
    again = (*operations, Scavenge(1), StartGen())
    assert [row.gutter for row in heap_rows(state_after(*again))] == ["|", ":", " "]


def test_search_addr_in_the_right_half_is_marked_from_the_left() -> None:
    lines = picture(Grow(0xC000, 1), Alloc(0, 500), Alloc(1, 1))
    assert lines[1] == "                                 searchAddr ^"
    assert lines[1].index("^") == lines[0].index("#") + 31


@pytest.mark.parametrize(("width", "cells"), [(40, 16), (60, 32), (80, 32), (92, 64), (160, 128)])
def test_no_line_is_wider_than_the_terminal(width: int, cells: int) -> None:
    operations = [Grow(chunk, 1 + chunk % 3) for chunk in range(0xC000, 0xC100, 4)]
    lines = picture(*operations, Alloc(0, 700), width=width)
    assert cell_count(width) == cells
    assert max(map(len, lines)) <= width
    assert len(lines) <= 2 * ROW_COUNT_MAX + 2


def test_a_heap_without_chunks_says_so() -> None:
    assert picture() == ["no chunk in use"]


def shown(operations: tuple[Operation, ...], tmp_path: Path, *, terminal: bool, no_color: bool = False) -> str:
    path = tmp_path / "x.trace"
    path.write_text(print_program(Program(operations)))
    screen = io.StringIO()
    colours: Literal["standard", "auto"] = "standard" if terminal else "auto"
    console = Console(file=screen, width=60, force_terminal=terminal, no_color=no_color, color_system=colours)
    show_trace(path, FakeTarget("model"), console)
    return screen.getvalue()


def test_each_step_is_shown_with_its_outcome_its_picture_and_what_else_changed(tmp_path: Path) -> None:
    text = shown((Grow(0xC000, 1), Alloc(0, 512), StartGen()), tmp_path, terminal=False)
    assert "clean heap\n  searchAddr 0x7fffffffffff  start 0  end 0" in text
    assert "2  s0 = alloc 512\n   returned address=0x3000000000 scav=4194304\n0xc000       ####" in text
    assert "3  start_gen\n" in text
    assert "scav.gen 1" in text.split("3  start_gen")[1]
    assert "heap_sys" not in text.split("2  s0 = alloc")[1]
    assert max(map(len, text.splitlines())) <= 60


def test_colours_are_for_terminals_and_can_be_turned_off(tmp_path: Path) -> None:
    operations = (Grow(0xC000, 1),)
    assert "\x1b[34m" in shown(operations, tmp_path, terminal=True)
    assert "\x1b[34m" not in shown(operations, tmp_path, terminal=True, no_color=True)
    assert "\x1b" not in shown(operations, tmp_path, terminal=False)


def test_a_target_that_cannot_run_the_trace_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.trace"
    path.write_text(print_program(Program((Grow(0xC000, 1),))))
    with pytest.raises(BadInput, match="target port cannot run this trace: needs page allocator"):
        show_trace(path, FakeTarget("port", capabilities=frozenset()), Console(file=io.StringIO()))
