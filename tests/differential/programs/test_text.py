"""Traces are read and written without loss, and refused with the place and what was expected."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymodel.differential.errors import BadInput
from pymodel.differential.programs.program import (
    Alloc,
    Cache,
    CacheAlloc,
    Call,
    Faketime,
    Flush,
    Free,
    FreeAt,
    Gc,
    Gomaxprocs,
    Grow,
    GrowAt,
    HeapRetained,
    MarkTermination,
    Pace,
    PokeChunk,
    PokeClock,
    PokePhysPage,
    PokeSearchAddr,
    PokeStats,
    PokeSummary,
    PrintScavTrace,
    Program,
    Ready,
    Reserve,
    Scavenge,
    ScavengeAll,
    ScavengeAt,
    ScavengeCost,
    ScavengeOne,
    Scavtrace,
    Span,
    StartGen,
    SweepDone,
    Sysmon,
    Tick,
    Timer,
    Unreserve,
    UnreserveAt,
    Wake,
)
from pymodel.differential.programs.text import (
    AT_HEAP,
    AT_OUTSIDE,
    AT_PACING,
    AT_VERSION,
    Comment,
    InvalidProgram,
    ProgramSyntaxError,
    TraceFile,
    parse_program,
    print_program,
    with_heading,
)
from tests.differential.any_programs import any_programs

DOCUMENTATION = Path(__file__).parents[3] / "docs" / "programs.md"

EVERY_OPERATION = """\
pageheap program 1
heap phys_page=8192 huge_page=0
pacing
outside contract
grow -0xc000 chunks=2
s0 = alloc 17
free s0 pages=4..9
free s0
c1 = cache
s2 = cache_alloc c1 3
flush c1
start_gen
scavenge 65536
scavenge all counted
r0 = reserve
scavenge_one r0 5
unreserve r0
call find [0..3 64..128] 3 0
call ranges_add 0x1 0x2 [0x3..0x4 0x5..0x6]
call merge_summaries 9 [0x1 0x3]
grow_at 0x30 50
free_at 0x1 2 scavenged
free_at 0x1 2
scavenge_at 0x1 0x2 all
unreserve_at 0x1 0x2 3
poke_summary 4 1 0x40
poke_chunk -0xc000 allocated=[] scavenged=[0..512]
poke_search_addr 0x3
tick 10ms
tick 1500us
timer
sysmon
wake
ready
gomaxprocs 8
scavenge_cost 0ns
faketime 1
scavtrace 0
pace all 4194304
mark_termination 8388608 4194304
sweep_done
gc all 0
scavenge_all
s7 = span 512
heap_retained
print_scav_trace 4294967295 1024
print_scav_trace 0 all forced
call pi_next 0x1 0x0 0x0 0x0 0x0 0x0 1 0 0x0 0x0 0x0
call pi_reset 0x7ff8000000000000 0 1
poke_phys_page 12288
poke_stats 1 2 all
poke_clock -9223372036854775808
"""

comment_texts = st.text(st.characters(exclude_characters="\n", codec="utf-8"), max_size=8).map(str.rstrip)


@st.composite
def traces(draw: st.DrawFn) -> TraceFile:
    """A program with comments and blank lines in every kind of place."""
    program = draw(any_programs())
    labels = [at for at, there in ((AT_PACING, program.pacing), (AT_OUTSIDE, program.outside_contract)) if there]
    comments: list[Comment] = []
    for at in (AT_VERSION, AT_HEAP, *labels, *range(len(program.operations) + 1)):
        if at != AT_VERSION:
            comments += [Comment(at, text) for text in draw(st.lists(st.none() | comment_texts, max_size=2))]
        if at != len(program.operations) and draw(st.booleans()):
            comments.append(Comment(at, draw(comment_texts), behind=True))
    return TraceFile(program, tuple(comments))


@given(traces())
def test_reading_what_was_written_gives_the_same_trace(trace: TraceFile) -> None:
    text = print_program(trace)
    assert parse_program(text) == trace
    assert print_program(parse_program(text)) == text


def test_every_operation_is_read_as_it_is_written() -> None:
    assert parse_program(EVERY_OPERATION).program == Program(
        (
            Grow(-0xC000, 2),
            Alloc(0, 17),
            Free(0, 4, 9),
            Free(0),
            Cache(1),
            CacheAlloc(2, 1, 3),
            Flush(1),
            StartGen(),
            Scavenge(65536),
            Scavenge((1 << 64) - 1, counted=True),
            Reserve(0),
            ScavengeOne(0, 5),
            Unreserve(0),
            Call("find", (7, (1 << 64) - 1, 0, 0, 0, 0, 0, 0, 3, 0)),
            Call("ranges_add", (1, 2, 3, 4, 5, 6)),
            Call("merge_summaries", (9, 1, 3)),
            GrowAt(0x30, 50),
            FreeAt(1, 2, scavenged=True),
            FreeAt(1, 2),
            ScavengeAt(1, 2, (1 << 64) - 1),
            UnreserveAt(1, 2, 3),
            PokeSummary(4, 1, 0x40),
            PokeChunk(-0xC000, 0, (1 << 512) - 1),
            PokeSearchAddr(3),
            Tick(10_000_000),
            Tick(1_500_000),
            Timer(),
            Sysmon(),
            Wake(),
            Ready(),
            Gomaxprocs(8),
            ScavengeCost(0),
            Faketime(True),
            Scavtrace(False),
            Pace((1 << 64) - 1, 4 << 20),
            MarkTermination(8 << 20, 4 << 20),
            SweepDone(),
            Gc((1 << 64) - 1, 0),
            ScavengeAll(),
            Span(7, 512),
            HeapRetained(),
            PrintScavTrace((1 << 32) - 1, 1024),
            PrintScavTrace(0, (1 << 64) - 1, forced=True),
            Call("pi_next", (1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0)),
            Call("pi_reset", (0x7FF8000000000000, 0, 1)),
            PokePhysPage(12288),
            PokeStats(1, 2, (1 << 64) - 1),
            PokeClock(-(1 << 63)),
        ),
        phys_page_size=8192,
        phys_huge_page_size=0,
        outside_contract=True,
        pacing=True,
    )
    assert print_program(parse_program(EVERY_OPERATION)) == EVERY_OPERATION


def test_the_example_of_the_documentation_is_a_trace() -> None:
    example = DOCUMENTATION.read_text().split("```")[1].lstrip("\n")
    assert print_program(parse_program(example)) == example


def test_comments_and_blank_lines_keep_their_places() -> None:
    text = (
        "pageheap program 1  # first\n"
        "# before the heap\n"
        "heap phys_page=4096 huge_page=2097152\n"
        "\n"
        "#\n"
        "start_gen  # behind, with # in it\n"
        "#    indented\n"
        "\n"
    )
    trace = parse_program(text)
    assert trace.comments == (
        Comment(AT_VERSION, "first", behind=True),
        Comment(AT_HEAP, "before the heap"),
        Comment(0, None),
        Comment(0, ""),
        Comment(0, "behind, with # in it", behind=True),
        Comment(1, "   indented"),
        Comment(1, None),
    )
    assert print_program(trace) == text


def test_blanks_number_forms_and_a_missing_heap_line_do_not_matter() -> None:
    loose = "pageheap  program 1\n  s00=alloc 0x11 #x\r\nfree s0 pages = 4 .. 0X9 # y"
    with pytest.raises(ProgramSyntaxError):
        parse_program(loose)
    program = parse_program(loose.replace("0X9", "0x9")).program
    assert program == Program((Alloc(0, 17), Free(0, 4, 9)))


def test_a_heading_stands_behind_the_first_line() -> None:
    text = print_program(with_heading(Program((StartGen(),)), "found by seed 7\n\nstep 0"))
    assert text.splitlines()[:4] == ["pageheap program 1", "# found by seed 7", "#", "# step 0"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "f:1:1: expected `pageheap program 1`, found the end of the line"),
        ("# x\npageheap program 1", "f:1:1: expected `pageheap program 1`, found the end of the line"),
        ("pageheap program 2\n", "f:1:18: expected `pageheap program 1`, found `2`"),
        ("pageheap program 1 x\n", "f:1:20: expected the end of the line, found `x`"),
        ("V\nfoo\n", "f:2:1: expected an operation, found `foo`"),
        ("V\n\n  s0 alloc 3\n", "f:3:6: expected `=`, found `alloc`"),
        ("V\nalloc 3\n", "f:2:1: expected a span slot and `=` before `alloc`, found `alloc`"),
        ("V\nc0 = alloc 3\n", "f:2:1: expected a span slot before `= alloc`, found `c0`"),
        ("V\ns0 = scavenge 3\n", "f:2:6: expected an operation that writes a slot, found `scavenge`"),
        ("V\ns0 = alloc\n", "f:2:11: expected a number (page_count), found the end of the line"),
        ("V\ns0 = alloc -1\n", "f:2:12: expected a number (page_count), found `-1`"),
        ("V\ns0 = alloc 17x\n", "f:2:12: expected a number (page_count), found `17x`"),
        (
            "V\nscavenge 18446744073709551616\n",
            "f:2:10: expected a number of bytes (byte_count) of at most 18446744073709551615, "
            "found `18446744073709551616`",
        ),
        ("V\nscavenge 1 twice\n", "f:2:12: expected `counted`, found `twice`"),
        ("V\nscavenge 1 counted twice\n", "f:2:20: expected the end of the line, found `twice`"),
        ("V\nfree r0\n", "f:2:6: expected a span slot (`s` and a number), found `r0`"),
        ("V\nfree s0 pages=4\n", "f:2:16: expected `..`, found the end of the line"),
        ("V\ncall nothing\n", "f:2:6: expected the name of a function, found `nothing`"),
        ("V\ncall summarize [4..3]\n", "f:2:20: expected the page after the range, in [5, 512], found `3`"),
        ("V\ncall summarize [0..4 3..9]\n", "f:2:22: expected `]` or a page in [4, 511], found `3`"),
        ("V\ncall summarize [0..513]\n", "f:2:20: expected the page after the range, in [1, 512], found `513`"),
        ("V\ncall summarize [0..4\n", "f:2:21: expected `]` or the first page of a range, found the end of the line"),
        ("V\ncall ranges_add 1 2 [3..4 5]\n", "f:2:28: expected `..`, found `]`"),
        ("V\nheap phys_page=4096\n", "f:2:20: expected `huge_page`, found the end of the line"),
        ("V\nstart_gen\nheap phys_page=4096 huge_page=0\n", "f:3:1: expected an operation, found `heap`"),
        ("V\noutside contract\npacing\n", "f:3:1: expected an operation, found `pacing`"),
        ("V\npacing\npacing\n", "f:3:1: expected an operation, found `pacing`"),
        ("V\ntick 10min\n", "f:2:6: expected a duration (duration_ns), found `10min`"),
        ("V\ntick -1ms\n", "f:2:6: expected a duration (duration_ns), found `-1ms`"),
        ("V\ntick nan\n", "f:2:6: expected a duration (duration_ns), found `nan`"),
        (
            "V\ntick 99999999999s\n",
            "f:2:6: expected a duration (duration_ns) of at most 18446744073709551615 ns, found `99999999999s`",
        ),
        ("V\nfaketime 2\n", "f:2:10: expected 0 or 1 (on), found `2`"),
        ("V\npoke_clock x\n", "f:2:12: expected a number of nanoseconds (now_ns), found `x`"),
        ("V\noutside\n", "f:2:8: expected `outside contract`, found the end of the line"),
    ],
)
def test_bad_text_is_refused_with_its_place_and_what_was_expected(text: str, error: str) -> None:
    with pytest.raises(ProgramSyntaxError) as caught:
        parse_program(text.replace("V\n", "pageheap program 1\n"), "f")
    assert str(caught.value) == error


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "s5 = alloc 1\n\ns5 = alloc 2\n",
            "f:4:1: operations[1].alloc.slot: s5 is written twice (first by operations[0])",
        ),
        ("s5 = alloc 0\n", "f:2:1: operations[0].alloc.page_count: 0 is not in [1, 4294967296]"),
        ("heap phys_page=5000 huge_page=0\n", "f:2:1: phys_page_size: 5000 is no power of two in [4096, 524288]"),
        ("pacing\ngomaxprocs 0\n", "f:3:1: operations[0].gomaxprocs.count: 0 is not in [1, 4096]"),
        ("tick 1s\n", "f:2:1: operations[0].tick: is pacing, and the program is not labelled so"),
        (
            "pacing\npoke_clock 1\n",
            "f:3:1: operations[0].poke_clock: is outside the contract, and the program is not labelled so",
        ),
        (
            "poke_search_addr 1\n",
            "f:2:1: operations[0].poke_search_addr: is outside the contract, and the program is not labelled so",
        ),
    ],
)
def test_an_invalid_program_is_refused_with_its_place(text: str, error: str) -> None:
    with pytest.raises(InvalidProgram) as caught:
        parse_program("pageheap program 1\n" + text, "f")
    assert str(caught.value) == error


@given(st.text(st.sampled_from("pageheap program 1\n#[]=.0x sc_free alloc")), st.integers(0, 200))
def test_no_text_raises_anything_else(noise: str, position: int) -> None:
    damaged = EVERY_OPERATION[:position] + noise + EVERY_OPERATION[position + len(noise) :]
    with suppress(BadInput):
        parse_program(damaged)


@pytest.mark.parametrize("text", ["two\nlines", "trailing "])
def test_a_comment_that_would_not_be_read_back_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="comment"):
        Comment(0, text)
