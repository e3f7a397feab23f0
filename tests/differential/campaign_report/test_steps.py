from __future__ import annotations

from typing import Any

import pytest

from pymodel.differential.campaign_report.detail import DETAILS, Detail, shortened
from pymodel.differential.campaign_report.steps import Answers, place_of
from pymodel.differential.comparison.differences import Difference
from pymodel.differential.comparison.strictness import EXACT, Strictness, strictness_ignoring
from pymodel.differential.errors import TargetLied
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.programs.program import Program
from pymodel.wire import pageheap_pb2 as pb
from tests.differential.campaign_report.campaigns import FAULT_PAGE, FAULT_STEP, SMALL, answers, spoilt
from tests.differential.decoded_runs import program_of

RICH = DETAILS[0]
PROGRAM = program_of(SMALL)


def draw_steps(
    program: Program, transcripts: dict[str, bytes], detail: Detail = RICH, strictness: Strictness = EXACT
) -> dict[str, Any]:
    return Answers(program, transcripts, strictness).draw(detail)


def drawn() -> dict[str, Any]:
    return draw_steps(PROGRAM, answers(PROGRAM))


def test_it_opens_on_the_first_step_that_differs_with_the_steps_before_it_alike() -> None:
    drawing = drawn()
    assert drawing["opening"] == FAULT_STEP + 1
    assert [step["number"] for step in drawing["steps"]] == [0, 1, 2, 3, 4]
    assert [bool(step["differences"]) for step in drawing["steps"]] == [False, False, False, True, True]
    assert drawing["columns"] == ["model", "go"]


def test_the_chunk_that_differs_holds_the_pages_of_each_target_before_and_after() -> None:
    drawing = drawn()
    pool, step = drawing["pool"], drawing["steps"][FAULT_STEP + 1]
    (row,) = (row for row in map(pool.__getitem__, step["chunks"]) if len(row["after"]) == 2)
    allocated = [int_of(pool[bitmaps[0]]) for bitmaps in row["after"]]
    assert allocated[0] ^ allocated[1] == 1 << FAULT_PAGE
    assert allocated[0] == (1 << 73) - 1
    (before,) = row["before"]
    assert int_of(pool[before[0]]) == (1 << 70) - 1
    assert row["label"] == "chunk 0xc000 (at 0x3000000000)"


def int_of(words: str) -> int:
    return sum(int(word, 16) << 64 * place for place, word in enumerate(words.split()))


def test_what_all_targets_hold_alike_is_written_once() -> None:
    drawing = drawn()
    pool = drawing["pool"]
    rows = [pool[number] for number in drawing["steps"][FAULT_STEP]["state"]]
    assert all(len(row["after"]) == 1 for row in rows)
    assert not any(row.get("differs") for row in rows)


def test_a_later_step_still_shows_what_differed_before() -> None:
    program = program_of("grow 0xc000 chunks=1\ns0 = alloc 3\ngrow 0xc010 chunks=1")
    drawing = draw_steps(program, answers(program, 1), RICH)
    last = drawing["steps"][3]
    assert [drawing["pool"][each["what"]] for each in last["differences"]] == [
        "chunk 0xc000 (at 0x3000000000) allocated"
    ]


def test_causes_are_listed_before_what_may_follow_from_them() -> None:
    right = run_on_specification(PROGRAM, 1, 0)
    wrong = spoilt(right, FAULT_STEP, search_addr=8192)
    message = pb.Transcript.FromString(wrong)
    assert message.steps[FAULT_STEP].observation.HasField("search_addr")
    drawing = draw_steps(PROGRAM, {"model": right, "go": wrong}, RICH)
    differences = drawing["steps"][drawing["opening"]]["differences"]
    assert [each.get("follows", False) for each in differences] == [False, True]
    assert drawing["pool"][differences[1]["what"]] == "searchAddr"


def test_targets_that_sent_the_same_bytes_share_a_column() -> None:
    drawing = draw_steps(PROGRAM, answers(PROGRAM, names=("model", "go", "port")), RICH)
    assert drawing["columns"] == ["model, go", "port"]


def test_one_target_alone_is_drawn_to_its_last_step() -> None:
    drawing = draw_steps(PROGRAM, {"go": run_on_specification(PROGRAM, 1, 0)}, RICH)
    assert drawing["opening"] == 4
    assert not any(step["differences"] for step in drawing["steps"])


def test_what_a_comparison_ignores_is_not_what_a_page_opens_on() -> None:
    message = pb.Transcript.FromString(run_on_specification(PROGRAM, 1, 0))
    right = message.SerializeToString()
    for observation in (*(step.observation for step in message.steps[1:]), message.end):
        if observation.HasField("search_addr"):
            observation.search_addr += 8192
    both = {"model": right, "go": message.SerializeToString()}
    assert any(step["differences"] for step in draw_steps(PROGRAM, both, RICH)["steps"])
    ignoring = draw_steps(PROGRAM, both, RICH, strictness_ignoring(["searchAddr"]))
    assert not any(step["differences"] for step in ignoring["steps"])


def test_of_a_long_program_only_the_steps_around_the_first_difference_are_drawn() -> None:
    program = program_of("grow 0xc000 chunks=1\n" + "\n".join(f"s{n} = alloc 1" for n in range(60)))
    drawing = draw_steps(program, answers(program, 30), DETAILS[1])
    numbers = [step["number"] for step in drawing["steps"]]
    assert numbers == list(range(31 - 12, 31 + 4))
    assert numbers[drawing["opening"]] == 31
    assert drawing["before"] == "19 steps before these are not drawn."
    assert drawing["after"] == "27 steps after these are not drawn."


def test_a_transcript_that_contradicts_itself_is_refused() -> None:
    message = pb.Transcript.FromString(run_on_specification(PROGRAM, 1, 0))
    message.end.search_addr += 1
    with pytest.raises(TargetLied):
        draw_steps(PROGRAM, {"model": message.SerializeToString()}, RICH)


@pytest.mark.parametrize(
    ("field", "what", "place"),
    [
        ("outcome.released", "returned released", "outcome"),
        ("printed", "printed", "printed"),
        ("chunk.scavenged", "chunks [0xc001,0xc005) (from 0x3000400000) scavenged", f"chunk {0xC001}"),
        ("chunk.allocated", "chunk -0x1 (at 0xffffffffffc00000) allocated", "chunk -1"),
        ("inUse.ranges", "inUse", "state inUse"),
        ("inUse.totalBytes", "inUse.totalBytes", "state inUse.totalBytes"),
        ("summary", "summary level 4 [7]", "state level 4 [7]"),
        ("summary_lengths", "lengths", "state lengths by level"),
        ("searchAddr", "searchAddr", "state searchAddr"),
    ],
)
def test_each_difference_has_a_place_on_the_page(field: str, what: str, place: str) -> None:
    assert place_of(Difference(field, what, (), ())) == place


def test_a_text_that_is_cut_says_how_much_is_missing() -> None:
    assert shortened("abc", 3) == "abc"
    assert shortened("a" * 1500, 300) == "a" * 300 + " … (1,200 characters more)"
