from __future__ import annotations

from pathlib import Path

import pytest

from pymodel.differential.errors import BadInput, HarnessError, TargetDied
from pymodel.differential.programs.program import Alloc, Grow, Program, Scavenge, StartGen
from pymodel.differential.programs.text import print_program
from pymodel.differential.running.replay import replay_text
from pymodel.differential.running.side_by_side import SideBySide
from pymodel.differential.targets.capabilities import Capability
from pymodel.wire import pageheap_pb2
from tests.differential.fake_targets import Answer, FakeTarget, more_released, right

PROGRAM = Program((Grow(0xC000, 1), Alloc(0, 512), StartGen(), Scavenge(8192), Scavenge(0)))
FREED = Program((Grow(0xC000, 1), Alloc(0, 1), StartGen()))


def replayed(program: Program, tmp_path: Path, *answers: Answer) -> tuple[str, int]:
    path = tmp_path / "x.trace"
    path.write_text(print_program(program))
    names = ("model", "port", "rust")
    side_by_side = SideBySide([FakeTarget(name, answer) for name, answer in zip(names, answers, strict=False)])
    side_by_side.open()
    text, replayed = replay_text(path, side_by_side)
    return text, replayed.exit_status


def test_targets_that_agree_are_told_once(tmp_path: Path) -> None:
    text, status = replayed(FREED, tmp_path, right, right)
    assert status == 0
    assert text == (
        "  1  grow 0xc000 chunks=1\n"
        "     returned\n"
        "  2  s0 = alloc 1\n"
        "     returned address=0x3000000000 scav=8192\n"
        "  3  start_gen\n"
        "     returned\n"
        "\n"
        "no divergence: model#2, port agree on every outcome and every state\n"
    )


def wrong_address(_: Program, transcript: bytes) -> bytes:
    """The second operation returns an address one page too high."""
    message = pageheap_pb2.Transcript.FromString(transcript)
    message.steps[1].outcome.returned.values[0] += 8192
    return message.SerializeToString()


def test_the_first_difference_is_marked_told_and_the_last_step_shown(tmp_path: Path) -> None:
    text, status = replayed(PROGRAM, tmp_path, right, wrong_address)
    assert status == 1
    assert (
        "  2  s0 = alloc 512  <- first difference\n"
        "     model#2 returned address=0x3000000000 scav=4194304\n"
        "     port returned address=0x3000002000 scav=4194304\n"
        "\n"
        "divergence: alloc: outcome.address\n"
        "after operation 2:\n"
        "  returned address: model#2 0x3000000000 port 0x3000002000\n"
    ) in text
    assert "start_gen" not in text


def test_the_one_that_stands_alone_is_named(tmp_path: Path) -> None:
    text, _ = replayed(PROGRAM, tmp_path, right, wrong_address, right)
    assert "     model#2, rust returned address=0x3000000000 scav=4194304\n" in text
    assert "port stands alone; model#2, rust agree\n" in text


def test_a_harness_error_is_told_and_is_status_2(tmp_path: Path) -> None:
    def die(_: Program, __: bytes) -> HarnessError:
        return TargetDied("port", "died", exit_status="exit status 3", stderr_lines=["last words"])

    text, status = replayed(PROGRAM, tmp_path, right, die)
    assert status == 2
    assert "harness error (TargetDied): target port died (exit status 3)\n  | last words\n" in text
    assert "no divergence" not in text


def test_a_divergence_between_the_others_outranks_a_harness_error(tmp_path: Path) -> None:
    def die(_: Program, __: bytes) -> HarnessError:
        return TargetDied("rust", "died")

    assert replayed(PROGRAM, tmp_path, right, wrong_address, die)[1] == 1


def test_a_trace_that_too_few_targets_can_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.trace"
    path.write_text(print_program(PROGRAM))
    side_by_side = SideBySide([FakeTarget("a"), FakeTarget("b", capabilities=frozenset({Capability.BITS}))])
    side_by_side.open()
    with pytest.raises(BadInput, match=r"fewer than two targets can run .*x\.trace \(b: needs page allocator\)"):
        replay_text(path, side_by_side)


def test_an_empty_program_compares_the_clean_heap(tmp_path: Path) -> None:
    text, status = replayed(Program(()), tmp_path, right, more_released)
    assert status == 0
    assert text.startswith("\nno divergence")
