"""A call explains a divergence only if all that the target does follows from it."""

from __future__ import annotations

import pytest

from pymodel.differential.causes.substitution import explains
from pymodel.differential.errors import HarnessError
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.programs.program import Call, Program
from pymodel.differential.programs.text import parse_program
from pymodel.differential.running.side_by_side import SideBySide
from pymodel.pageheap import mgcscavenge, mpagealloc, pallocsum
from pymodel.wire import pageheap_pb2
from tests.differential.fake_targets import FakeTarget, right

MERGE = "call merge_summaries 0 [0x1 0x1]"


def program(line: str) -> Program:
    return parse_program(f"pageheap program 1\nheap phys_page=4096 huge_page=2097152\n{line}\n", "test").program


def answers_wrongly(**masks: int) -> SideBySide:
    """The model, and a port whose calls of these functions give a first word with these bits turned."""

    def answer(asked: Program, transcript: bytes) -> bytes | HarnessError:
        message = pageheap_pb2.Transcript.FromString(transcript)
        for operation, step in zip(asked.operations, message.steps, strict=False):
            if isinstance(operation, Call) and step.outcome.returned.values:
                step.outcome.returned.values[0] ^= masks.get(operation.function, 0)
        return message.SerializeToString()

    side_by_side = SideBySide([FakeTarget("model", right, in_process=True), FakeTarget("port", answer)])
    side_by_side.open()
    return side_by_side


def is_explained(side_by_side: SideBySide, function: str, line: str = MERGE) -> bool:
    (comparison,) = side_by_side.run([program(line)])
    assert comparison.divergence is not None
    return explains(side_by_side, function, comparison)


def test_a_caller_whose_fault_follows_from_the_function_it_calls_is_explained() -> None:
    assert is_explained(answers_wrongly(pack_palloc_sum=1, merge_summaries=1), "pack_palloc_sum")


def test_a_caller_with_a_fault_of_its_own_is_not_explained() -> None:
    assert not is_explained(answers_wrongly(pack_palloc_sum=1, merge_summaries=2), "pack_palloc_sum")
    assert not is_explained(answers_wrongly(merge_summaries=1), "pack_palloc_sum")


@pytest.mark.parametrize("function", ["find_scavenge_candidate", "ranges_add", "no_function"])
def test_what_is_not_called_or_cannot_be_put_in_place_explains_nothing(function: str) -> None:
    assert not is_explained(answers_wrongly(merge_summaries=1), function)


def test_the_specification_is_itself_again_afterwards() -> None:
    before = mpagealloc.merge_summaries, pallocsum.pack_palloc_sum, mgcscavenge.find_scavenge_candidate
    transcript = run_on_specification(program(MERGE), 1)
    is_explained(answers_wrongly(pack_palloc_sum=1, merge_summaries=1), "pack_palloc_sum")
    assert (mpagealloc.merge_summaries, pallocsum.pack_palloc_sum, mgcscavenge.find_scavenge_candidate) == before
    assert run_on_specification(program(MERGE), 1) == transcript
