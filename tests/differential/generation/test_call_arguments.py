from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pymodel.differential.generation.call_arguments import (
    LEVEL_LOG_PAGES,
    SENTINEL,
    call_within_contract,
    packed_summary,
)
from pymodel.differential.generation.choices import TapeChoices
from pymodel.differential.generation.generators import Tape
from pymodel.differential.programs.call_contract import call_keeps_contract
from pymodel.differential.programs.calls import CALL_FUNCTIONS
from pymodel.differential.programs.check import check_program
from pymodel.differential.programs.program import Call, Program
from pymodel.differential.shrinking.lowering import simpler_operations
from tests.differential.contract_checker import call_complaints

tapes = st.integers(0, (1 << 64) - 1).map(TapeChoices)


@given(tapes)
def test_calls_are_valid_and_within_the_contract(tape: TapeChoices) -> None:
    call = call_within_contract(tape)
    check_program(Program((call,)))
    assert list(call_complaints(call)) == []


def test_every_function_is_called() -> None:
    called = Counter(call_within_contract(TapeChoices(seed)).function for seed in range(3000))
    assert set(called) == {name for name, function in CALL_FUNCTIONS.items() if not function.pacing_only}


@given(tapes, st.sampled_from(LEVEL_LOG_PAGES))
def test_a_summary_is_one_that_so_many_pages_can_have(tape: TapeChoices, log_pages: int) -> None:
    pages = 1 << log_pages
    total = packed_summary(tape, log_pages)
    if total == SENTINEL:
        assert log_pages == 21
        return
    start, longest, end = total & (1 << 21) - 1, total >> 21 & (1 << 21) - 1, total >> 42
    assert max(start, end) <= longest <= pages
    assert longest == pages or start + end < pages
    assert not (longest == pages and (start, end) != (pages, pages))


def test_the_shrinker_and_the_tests_agree_on_what_keeps_the_contract() -> None:
    verdicts: Counter[bool] = Counter()
    for seed in range(60):
        for operation in Tape(seed, "bad_calls", 12).expand().operations:
            assert isinstance(operation, Call)
            variants = [operation, *(simpler for simpler in simpler_operations(operation, True))][:60]
            for call in variants:
                assert isinstance(call, Call)
                kept = call_keeps_contract(call)
                assert kept == (not list(call_complaints(call))), (call, list(call_complaints(call)))
                verdicts[kept] += 1
    assert min(verdicts.values()) > 400
