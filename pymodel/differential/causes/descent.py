"""From a program that diverges to one that diverges where the fault is.

One fault shows under many operations: a port whose mergeSummaries is wrong differs in an allocation, a growth, a span
that throws. What tells that these are one is the specification: it says which pure functions an operation calls, with
which arguments, and which simpler operations it is made of. Asked for just that, the targets either agree, and then the
divergence is the operation's own; or they differ already there, and then that is what is to be mended first. What they
differ in is shrunk, and looked into in the same way.

Each step asks only for what the specification does at the very step that differs. And a call that differs is taken for
the cause only if the specification, given the target's answers to such calls, does what the target does; so a caller
with a fault of its own stays a finding of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice

from pymodel.differential.causes.substitution import call_alone, explains
from pymodel.differential.causes.watched import Within, within_last_operation
from pymodel.differential.comparison.compare import Divergence
from pymodel.differential.generation.maker import CANONICAL_CHUNK
from pymodel.differential.programs.check import InvalidProgram, check_program
from pymodel.differential.programs.operations import KIND_BY_CLASS
from pymodel.differential.programs.program import (
    SLOT_COUNT_MAX,
    Call,
    Gc,
    Grow,
    Operation,
    Program,
    Reserve,
    Scavenge,
    ScavengeAll,
    ScavengeOne,
    Span,
    StartGen,
    SweepDone,
    Sysmon,
    Tick,
    Timer,
    Unreserve,
    Wake,
)
from pymodel.differential.running.minimal import FAILURE_COUNT_MAX, Minimal, minimal_divergence
from pymodel.differential.running.side_by_side import Comparison, SideBySide
from pymodel.differential.shrinking.changing import with_fields

# Deeper than operations are made of operations that call functions that call functions.
DEPTH_MAX = 6
CALL_COUNT_MAX = 2000
PART_COUNT_MAX = 300
BATCH_COUNT = 50

_MADE_OF_PARTS = (Span, Scavenge, ScavengeAll, Gc, SweepDone, Tick, Timer, Sysmon, Wake)
_OUTCOME = "outcome"


def descend(side_by_side: SideBySide, minimal: Minimal) -> Minimal:
    """The shrunk program that shows a divergence of two targets where it comes from; `minimal` itself if it does.

    Nothing may be pending. What comes out depends on the program and the targets alone.
    """
    for _ in range(DEPTH_MAX):
        deeper = _one_level(side_by_side, minimal)
        if deeper is None:
            return minimal
        minimal = deeper
    return minimal


def _one_level(side_by_side: SideBySide, minimal: Minimal) -> Minimal | None:
    operation = minimal.divergence.operation
    if operation is None:
        return None
    program = minimal.program
    within = within_last_operation(program)
    found = _differing_call(side_by_side, program, operation, within) or _differing_parts(
        side_by_side, program, operation, within
    )
    if found is not None and found.divergence is not None:
        return _shrunk(side_by_side, found.program, found.divergence)
    if isinstance(operation, Call):
        return _plainer_arguments(side_by_side, minimal)
    if _is_failure(minimal.divergence):
        return _without_failure(side_by_side, minimal)
    return None


def _differing_call(
    side_by_side: SideBySide, program: Program, operation: Operation, within: Within
) -> Comparison | None:
    """The innermost call within the last operation that differs by itself and explains what the target does."""
    alone = (call_alone(call, program) for call in within.calls[:CALL_COUNT_MAX] if call != operation)
    (whole,) = side_by_side.run([program])
    failure_count = 0
    refused: set[str] = set()
    while failure_count < FAILURE_COUNT_MAX and (programs := tuple(islice(alone, BATCH_COUNT))):
        comparisons = side_by_side.run(programs)
        failure_count += sum(len(comparison.failures) for comparison in comparisons)
        for comparison in comparisons:
            (call,) = comparison.program.operations
            assert isinstance(call, Call)
            if comparison.divergence is None or call.function in refused:
                continue
            if explains(side_by_side, call.function, whole):
                return comparison
            refused.add(call.function)
    return None


def _differing_parts(
    side_by_side: SideBySide, program: Program, operation: Operation, within: Within
) -> Comparison | None:
    """The program with the parts of its last operation in its place, if targets differ there too."""
    parts = tuple(_with_slots(within.parts[:PART_COUNT_MAX], program))
    if not isinstance(operation, _MADE_OF_PARTS) or not parts or parts == (operation,):
        return None
    expanded = replace(program, operations=(*program.operations[:-1], *parts))
    comparisons = side_by_side.run(_valid([expanded]))
    return next((each for each in comparisons if each.divergence is not None), None)


def _with_slots(parts: Iterable[Operation], program: Program) -> Iterator[Operation]:
    """The parts with slots that the program does not write; what is done to a reservation is done to the last one."""
    used = [
        getattr(operation, field.name)
        for operation in program.operations
        for field in KIND_BY_CLASS[type(operation)].fields
        if field.written.slot_letter
    ]
    slot = max(used, default=-1)
    reservation: int | None = None
    for part in parts:
        written = KIND_BY_CLASS[type(part)].written_slot
        if written is not None:
            slot += 1
            if slot >= SLOT_COUNT_MAX:
                return
            part = with_fields(part, {written.name: slot})
            reservation = slot if isinstance(part, Reserve) else reservation
        elif isinstance(part, ScavengeOne) and reservation is not None:
            part = replace(part, reservation=reservation)
        elif isinstance(part, Unreserve) and reservation is not None:
            part, reservation = Unreserve(reservation), None
        elif isinstance(part, (ScavengeOne, Unreserve)):
            continue
        yield part


def _plainer_arguments(side_by_side: SideBySide, minimal: Minimal) -> Minimal | None:
    """The call shrunk on, as long as what differs first in it differs; or anything, where one side fails.

    A pure function that is wrong gives more than one word wrong, and which differs first depends on the arguments.
    """
    first = minimal.divergence.differences[0].field

    def accepts(divergence: Divergence) -> bool:
        fields = {difference.field for difference in divergence.differences}
        same_function = _name(divergence.operation) == _name(minimal.divergence.operation)
        return same_function and (first in fields or first == _OUTCOME)

    plainer = _shrunk(side_by_side, minimal.program, minimal.divergence, accepts)
    return None if plainer is None or plainer.program == minimal.program else plainer


def _without_failure(side_by_side: SideBySide, minimal: Minimal) -> Minimal | None:
    """The same operation where neither side fails: a throw hides what else differs. The heap is given memory, and
    generations, first."""
    suspect = minimal.divergence.suspect
    grow, start = Grow(CANONICAL_CHUNK, 1), StartGen()
    for prelude in ((grow,), (start,), (start, start), (grow, start), (grow, start, start)):
        program = replace(minimal.program, operations=(*prelude, *minimal.program.operations))
        for comparison in side_by_side.run(_valid([program])):
            divergence = comparison.divergence
            if divergence is None or divergence.suspect.function != suspect.function or _is_failure(divergence):
                continue
            if divergence.step == len(program.operations) - 1:
                return _shrunk(side_by_side, program, divergence)
    return None


def _is_failure(divergence: Divergence) -> bool:
    return divergence.differences[0].field == _OUTCOME


def _shrunk(
    side_by_side: SideBySide,
    program: Program,
    divergence: Divergence,
    accepts: Callable[[Divergence], bool] | None = None,
) -> Minimal | None:
    """What a divergence shrinks to; None if it does not show again."""
    shrunk = minimal_divergence(side_by_side, program, divergence, accepts=accepts)
    return None if shrunk.flaky else shrunk


def _name(operation: Operation | None) -> str:
    return operation.function if isinstance(operation, Call) else ""


def _valid(programs: Iterable[Program]) -> Iterator[Program]:
    for program in programs:
        try:
            check_program(program)
        except InvalidProgram:
            continue
        yield program
