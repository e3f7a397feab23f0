from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pymodel.differential.programs.program import Alloc, Grow, Program
from pymodel.differential.running.tally import Tally, count_outcomes
from pymodel.wire import pageheap_pb2

KINDS = ("nothing", "returned", "thrown", "panicked")


def transcript(kinds: list[str], text: str = "") -> bytes:
    message = pageheap_pb2.Transcript(program_id=1)
    message.start.complete = True
    for kind in kinds:
        step = message.steps.add()
        getattr(step.outcome, kind).SetInParent()
        if kind == "returned":
            step.outcome.returned.values.extend([5, 1 << 63])
        if kind == "thrown":
            step.outcome.thrown.text = text
        step.observation.SetInParent()
    message.end.complete = True
    return message.SerializeToString()


# Lengths of one, two and three bytes, about their limits.
LENGTHS = st.one_of(st.integers(0, 300), st.integers(16_300, 16_500))


@given(st.lists(st.sampled_from(KINDS), max_size=20), LENGTHS)
def test_outcomes_are_counted_as_a_decoder_counts_them(kinds: list[str], length: int) -> None:
    step_count, outcomes = count_outcomes(transcript(kinds, "x" * length))
    assert step_count == len(kinds)
    assert outcomes == {kind: kinds.count(kind) for kind in kinds}


def test_only_the_steps_that_were_run_are_counted_as_compared() -> None:
    tally = Tally()
    program = Program((Grow(1, 1), Alloc(0, 1), Alloc(1, 1)))
    answer = transcript(["returned", "thrown"], "double scavenge")
    tally.add_compared("by hand", program, {"a": answer, "b": answer, "c": answer})
    assert tally.operation_count == 2
    assert tally.operations == {"grow": 1, "alloc": 1}
    assert tally.outcomes == {"returned": 1, "thrown": 1}
    # Two others against one, after each step, at the start and at the end.
    assert tally.state_count == 8


def test_programs_outside_the_contract_are_counted_apart() -> None:
    tally = Tally()
    answer = transcript(["nothing"])
    for outside in (True, False, True):
        tally.add_compared("by hand", Program((Alloc(0, 1),), outside_contract=outside), {"a": answer, "b": answer})
    assert tally.program_count == 3
    assert tally.outside_program_count == 2
