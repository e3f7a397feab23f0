from __future__ import annotations

import pytest

from pymodel.differential.comparison.strictness import strictness_ignoring
from pymodel.differential.errors import BadInput, HarnessError, TargetDied, TargetGivenUp, TargetLied
from pymodel.differential.programs.program import Alloc, Call, Free, Grow, Program, Scavenge, StartGen
from pymodel.differential.running.side_by_side import SideBySide, check_comparable
from pymodel.differential.targets.capabilities import Capability
from tests.differential.fake_targets import FakeTarget, more_released, right

PROGRAM = Program((Grow(0xC000, 1), Alloc(0, 3), Free(0), StartGen(), Scavenge(1 << 20)))
CALLS = Program((Call("find_bit_range64", (5, 1)),))


def opened(*targets: FakeTarget) -> SideBySide:
    side_by_side = SideBySide(targets)
    side_by_side.open()
    return side_by_side


def test_targets_are_called_what_they_call_themselves_numbered_if_need_be() -> None:
    targets = [FakeTarget("go"), FakeTarget("go"), FakeTarget("model"), FakeTarget("model", in_process=True)]
    assert opened(*targets).names == ["model", "go", "go#2", "model#2"]


def test_no_target_but_the_specification_itself_is_called_model() -> None:
    assert opened(FakeTarget("model"), FakeTarget("go")).names == ["model#2", "go"]


def test_targets_that_agree_do_not_diverge() -> None:
    comparison = opened(FakeTarget("a"), FakeTarget("b"), FakeTarget("c")).run([PROGRAM])[0]
    assert comparison.divergence is None
    assert list(comparison.transcripts) == ["a", "b", "c"]
    assert comparison.failures == ()


def test_the_one_that_differs_stands_alone() -> None:
    comparison = opened(FakeTarget("a"), FakeTarget("b", more_released), FakeTarget("c")).run([PROGRAM])[0]
    assert comparison.divergence is not None
    assert comparison.divergence.step == 4
    assert comparison.divergence.alone == "b"


def test_what_is_ignored_is_no_divergence() -> None:
    side_by_side = SideBySide([FakeTarget("a"), FakeTarget("b", throw_otherwise)])
    side_by_side.open()
    bad = Program((Call("fill_aligned", (1, 3)),), outside_contract=True)
    assert side_by_side.run([bad])[0].divergence is not None
    side_by_side.strictness = strictness_ignoring(["failure-text"])
    assert side_by_side.run([bad])[0].divergence is None


def throw_otherwise(_: Program, transcript: bytes) -> bytes:
    return transcript.replace(b"bad m value", b"BAD m value")


def test_a_program_is_not_sent_to_a_target_that_cannot_run_it() -> None:
    bits_only = FakeTarget("port", capabilities=frozenset({Capability.BITS}))
    side_by_side = opened(FakeTarget("a"), FakeTarget("b"), bits_only)
    whole, calls = side_by_side.run([PROGRAM, CALLS])
    assert whole.left_out == {"port": "needs page allocator"}
    assert list(whole.transcripts) == ["a", "b"]
    assert list(calls.transcripts) == ["a", "b", "port"]
    assert bits_only.sent == [calls.program_id]


def test_a_program_that_only_one_target_can_run_is_not_run_at_all() -> None:
    able = FakeTarget("a")
    side_by_side = opened(able, FakeTarget("port", capabilities=frozenset({Capability.BITS})))
    comparison = side_by_side.run([PROGRAM])[0]
    assert comparison.transcripts == {}
    assert able.sent == []


def test_a_failure_is_kept_and_the_others_are_compared() -> None:
    def die(_: Program, __: bytes) -> HarnessError:
        return TargetDied("b", "died")

    comparison = opened(FakeTarget("a"), FakeTarget("b", die), FakeTarget("c", more_released)).run([PROGRAM])[0]
    assert [type(error) for error in comparison.failures] == [TargetDied]
    assert list(comparison.transcripts) == ["a", "c"]
    assert comparison.divergence is not None


def test_a_target_that_contradicts_itself_is_taken_out_and_restarted() -> None:
    liar = FakeTarget("b", lambda _, transcript: transcript[:9])
    comparison = opened(FakeTarget("a"), liar, FakeTarget("c")).run([PROGRAM])[0]
    assert [type(error) for error in comparison.failures] == [TargetLied]
    assert comparison.failures[0].target == "b"
    assert list(comparison.transcripts) == ["a", "c"]
    assert comparison.divergence is None
    assert liar.restart_count == 1


def test_an_answer_to_another_program_is_a_lie() -> None:
    def answer(_: Program, transcript: bytes) -> bytes:
        return transcript[:1] + (77).to_bytes(8, "little") + transcript[9:]

    comparison = opened(FakeTarget("a"), FakeTarget("b", answer)).run([PROGRAM])[0]
    assert [type(error) for error in comparison.failures] == [TargetLied]


def test_a_target_that_is_given_up_ends_the_run() -> None:
    def give_up(_: Program, __: bytes) -> HarnessError:
        return TargetGivenUp("b", "was given up")

    with pytest.raises(TargetGivenUp):
        opened(FakeTarget("a"), FakeTarget("b", give_up)).run([PROGRAM])


def test_comparisons_come_in_the_order_in_which_programs_were_submitted() -> None:
    side_by_side = opened(FakeTarget("a", right), FakeTarget("b", right))
    assert [comparison.program for comparison in side_by_side.run([CALLS, PROGRAM, CALLS])] == [CALLS, PROGRAM, CALLS]


def test_one_target_alone_is_refused() -> None:
    with pytest.raises(BadInput, match="nothing to be compared with"):
        check_comparable([FakeTarget("a")])


def test_closing_closes_every_target() -> None:
    targets = [FakeTarget("a"), FakeTarget("b")]
    opened(*targets).close()
    assert all(target.closed for target in targets)
