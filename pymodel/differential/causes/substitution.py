"""Whether what a target answers to calls of one pure function explains what it does in a whole program.

The specification is run with the target's answers in place of its own function's. If it then does what the target
does, nothing else need be wrong. If it does not, the target has another fault as well, and the two are not to be taken
for one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from pymodel.differential.causes.functions import FUNCTIONS, Function, forget
from pymodel.differential.comparison.compare import TRUSTED, compare
from pymodel.differential.comparison.strictness import Part
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.programs.call_contract import call_keeps_contract
from pymodel.differential.programs.calls import CALL_FUNCTIONS
from pymodel.differential.programs.program import Call, Program
from pymodel.differential.running.side_by_side import Comparison, SideBySide
from pymodel.pageheap.failures import PanicKind, RuntimePanic, Throw
from pymodel.wire import pageheap_pb2

# The answers lead to other calls, whose answers lead to others.
ROUND_COUNT_MAX = 30
ASKED_COUNT_MAX = 2000


@dataclass(frozen=True, slots=True)
class _Failed:
    """A call that does not return."""

    failure: Throw | RuntimePanic


_Answer = tuple[int, ...] | _Failed


def call_alone(call: Call, program: Program) -> Program:
    """The call as a program, on a heap with the page sizes of another."""
    pacing = CALL_FUNCTIONS[call.function].pacing_only
    return replace(program, operations=(call,), pacing=pacing, outside_contract=not call_keeps_contract(call))


def explains(side_by_side: SideBySide, name: str, comparison: Comparison) -> bool:
    """Whether the function called `name`, as the target has it, explains all that it does in a program that was run."""
    target = next((each for each in comparison.transcripts if each != TRUSTED), None)
    function = FUNCTIONS.get(name)
    if target is None or function is None:
        return False
    answers: dict[Call, _Answer | None] = {}
    for _ in range(ROUND_COUNT_MAX):
        transcript, missing = _with_answers(comparison.program, comparison.program_id, function, answers)
        if not missing:
            both = {TRUSTED: transcript, target: comparison.transcripts[target]}
            # What a function prints before it throws is no part of the answer.
            ignored = side_by_side.strictness.ignored_parts | {Part.PRINTED}
            strictness = replace(side_by_side.strictness, ignored_parts=ignored)
            return compare(comparison.program, both, strictness=strictness, check=False) is None
        if len(answers) + len(missing) > ASKED_COUNT_MAX:
            return False
        for call, asked in zip(
            missing, side_by_side.run(call_alone(call, comparison.program) for call in missing), strict=True
        ):
            answers[call] = _answer(asked, target)
            if answers[call] is None:
                return False
    return False


def _answer(comparison: Comparison, target: str) -> _Answer | None:
    """What the target answered; None if nothing that can be used."""
    data = comparison.transcripts.get(target)
    if data is None:
        return None
    outcome = pageheap_pb2.Transcript.FromString(data).steps[0].outcome
    match outcome.WhichOneof("outcome"):
        case "returned":
            return tuple(outcome.returned.values)
        case "thrown":
            return _Failed(Throw(outcome.thrown.text))
        case "panicked":
            return _Failed(RuntimePanic(PanicKind(outcome.panicked.kind), outcome.panicked.text))
    return None


def _with_answers(
    program: Program, program_id: int, function: Function, answers: Mapping[Call, _Answer | None]
) -> tuple[bytes, list[Call]]:
    """What the specification does with answers for its own; and the calls that it made for which there is none."""
    missing: dict[Call, None] = {}
    parameters = function.parameters

    def stand_in(*arguments: Any) -> Any:
        call = function.call(dict(zip(parameters, arguments, strict=True)))
        answer = answers.get(call)
        if answer is None:
            missing[call] = None
            return function.original(*arguments)
        if isinstance(answer, _Failed):
            raise answer.failure
        return function.apply(arguments, answer)

    with _in_place_of(function.original, stand_in):
        return run_on_specification(program, program_id), list(missing)


@contextmanager
def _in_place_of(original: Callable[..., Any], stand_in: Callable[..., Any]) -> Iterator[None]:
    """Another function wherever the specification's modules and classes have this one."""
    places = [
        (holder, name)
        for module in [each for name, each in sys.modules.items() if name.startswith("pymodel.pageheap")]
        for holder in (module, *(each for each in vars(module).values() if isinstance(each, type)))
        for name, value in vars(holder).items()
        if value is original
    ]
    forget()
    try:
        for holder, name in places:
            setattr(holder, name, stand_in)
        yield
    finally:
        for holder, name in places:
            setattr(holder, name, original)
        forget()
