"""The behaviours of Go 1.18 that look wrong, each as a trace in tests/traces: model and Go do the same, and do this."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pymodel.differential.comparison.compare import compare
from pymodel.differential.comparison.outcomes import Outcome, OutcomeKind
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.programs import program as p
from pymodel.differential.programs.codec import encode_program
from pymodel.differential.programs.text import parse_program
from pymodel.differential.targets.target import EncodedProgram, Target
from pymodel.differential.targets.target_specs import TimeLimits, make_target
from tests.differential.decoded_runs import run

TRACES = sorted((Path(__file__).parents[1] / "traces").glob("q*.trace"))
PANICKED = OutcomeKind.PANICKED


def returned(*values: int) -> Outcome:
    return Outcome(OutcomeKind.RETURNED, values)


# By quirk: the outcomes of all operations of the one kind that shows it.
SHOWN: dict[str, tuple[type[p.Operation], list[Outcome]]] = {
    "q01": (p.Scavenge, [returned(8192), returned(0), returned(524288)]),
    "q02": (p.Reserve, [returned(0x3000000000, 0x3000005FFF, 2)]),
    "q03": (p.Scavenge, [returned(8192), returned(0)]),
    "q04": (p.Scavenge, [returned(2 << 20), returned(2 << 20), returned(0)]),
    "q05": (p.Call, [returned(60, 2)]),
    "q06": (p.Call, [returned(62 << 21)]),
    "q07": (p.Alloc, [returned(0x3000000000, 4 << 20), returned(0, 0)]),
    "q08": (p.PrintScavTrace, [Outcome(PANICKED, text="runtime error: integer divide by zero", panic_kind=4)]),
    "q09": (p.Scavenge, [returned(0)]),
    "q10": (p.CacheAlloc, [returned(0x3000000000, 524288, 0x3000000000, 0, 0)]),
    "q11": (
        p.Alloc,
        [Outcome(PANICKED, text="runtime error: invalid memory address or nil pointer dereference", panic_kind=2)],
    ),
    "q12": (
        p.Call,
        [Outcome(PANICKED, text="runtime error: index out of range [0] with length 0", panic_kind=1)],
    ),
}


@pytest.fixture(scope="module")
def go() -> Iterator[Target]:
    target = make_target("go", "go", TimeLimits())
    target.describe()
    yield target
    target.close()


def test_every_quirk_has_a_trace() -> None:
    assert [trace.name[:3] for trace in TRACES] == list(SHOWN)


@pytest.mark.parametrize("trace", TRACES, ids=lambda trace: trace.stem)
def test_a_quirk_is_the_same_on_model_and_go(trace: Path, go: Target) -> None:
    program = parse_program(trace.read_text(), trace.name).program
    kind, outcomes = SHOWN[trace.name[:3]]
    ran = run(program)
    assert [o for made, o in zip(program.operations, ran.outcomes, strict=True) if type(made) is kind] == outcomes

    go.send(EncodedProgram(1, program, encode_program(program, 1)))
    transcripts = {"model": run_on_specification(program, 1), "go": go.receive()}
    assert compare(program, transcripts) is None
