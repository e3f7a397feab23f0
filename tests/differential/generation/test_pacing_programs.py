"""What the programs about pacing reach, counted on the specification: each rarity often enough to be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from pymodel.differential.comparison.state import HeapState
from pymodel.differential.generation.generators import program_from_seed
from pymodel.differential.generation.pi_arguments import float_bits
from pymodel.differential.generation.shapes import Kind
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.model.observed import SCALARS
from pymodel.differential.programs import program as p
from pymodel.differential.programs.program import Operation, Program
from pymodel.pageheap.words import MASK64, signed
from pymodel.wire import pageheap_pb2 as pb

PROGRAM_COUNT = 700
OUTSIDE_PROGRAM_COUNT = 400
OFF = MASK64
COOLDOWN_NS = 5_000_000_000

Scalars = dict[str, int]


@dataclass(frozen=True, slots=True)
class Stepped:
    """An operation, the scalars before and after it, and what it returned, threw and printed."""

    program: Program
    operation: Operation
    before: Scalars
    after: Scalars
    values: tuple[int, ...]
    failure: str
    printed: str


def stepped(program: Program) -> Iterator[Stepped]:
    transcript = pb.Transcript.FromString(run_on_specification(program, 1))
    state = HeapState(1 << 22, program.pacing)
    state.apply(transcript.start)
    fields = [scalar.field for scalar in SCALARS]
    before = dict(zip(fields, state.scalars, strict=True))
    for operation, step in zip(program.operations, transcript.steps, strict=False):
        state.apply(step.observation)
        after = dict(zip(fields, state.scalars, strict=True))
        failure = step.outcome.thrown.text or step.outcome.panicked.text
        values = tuple(step.outcome.returned.values)
        yield Stepped(program, operation, before, after, values, failure, step.printed)
        before = after


def retained(scalars: Scalars) -> int:
    return (scalars["heap_sys"] - scalars["heap_released"]) & MASK64


def told_of_goals(step: Stepped) -> Iterator[str]:
    """Which way gcPaceScavenger went."""
    if not isinstance(step.operation, (p.Pace, p.MarkTermination, p.Gc)):
        return
    goal, last = step.operation.heap_goal, step.operation.last_heap_goal
    in_use, now = step.after["last_heap_inuse"], retained(step.after)
    page, set_to = step.program.phys_page_size, step.after["scavenge_goal"]
    if last == 0:
        yield "no history"
        return
    scaled = float(in_use) * (float(goal) / float(last))
    if scaled >= 2.0**63:
        yield "goal beyond 2^64" if scaled >= 2.0**64 else "goal beyond 2^63"
        return
    wanted = int(scaled) + int(scaled) // 10
    wanted = -(-wanted // page) * page
    if goal == OFF:
        yield "collector off"
    if last == OFF and set_to == 0:
        yield "collector on again: goal 0"
    if now:
        distance = now - wanted
        if distance == 0:
            yield "retained at the goal"
        elif -page <= distance < 0:
            yield "retained a page below the goal"
        elif 0 < distance < page:
            yield "retained less than a page above the goal"
        elif distance == page:
            yield "retained a page above the goal"
        elif distance > page:
            yield "much to do"
    assert (set_to == OFF) == (now <= wanted or now - wanted < page)


def told_of_background(step: Stepped) -> Iterator[str]:
    """How the background scavenger parks and wakes, and what its controller does."""
    before, after, operation = step.before, step.after, step.operation
    armed, armed_after = before["scavenge_timer_ns"], after["scavenge_timer_ns"]
    slept = bool(armed)
    name = type(operation).__name__
    if isinstance(operation, p.Wake | p.Sysmon | p.Timer):
        yield f"{name}, {'asleep' if slept else 'waiting'}, then {'asleep' if armed_after else 'waiting'}"
    if isinstance(operation, p.Sysmon) and step.values == (0,):
        yield "sysmon had nothing to do"
    if isinstance(operation, p.Tick) and before["scavenge_sysmon_wake"]:
        yield f"Tick with sysmon's look, {'asleep' if slept else 'waiting'}"
    elif isinstance(operation, p.Tick) and slept:
        end = signed(before["now_ns"]) + operation.duration_ns
        if signed(armed) > end:
            yield "tick shorter than the sleep"
        elif after["scav_released"] > before["scav_released"] and armed_after:
            yield "timer fired in a tick, and it sleeps again"
        elif not armed_after:
            yield "tick to the end of the work"
        if signed(after["now_ns"]) > end:
            yield "work beyond the end of a tick"
    ratio, ratio_before = after["crit_sleep_ratio"], before["crit_sleep_ratio"]
    if ratio != ratio_before and ratio_before:
        edges = {float_bits(0.001): "ratio falls to its least", float_bits(1000.0): "ratio rises to its most"}
        yield edges.get(ratio, "ratio moves")
    cooldown, cooldown_before = signed(after["controller_cooldown_ns"]), signed(before["controller_cooldown_ns"])
    if cooldown == COOLDOWN_NS != cooldown_before:
        yield "controller reset"
    elif cooldown != cooldown_before:
        yield "cooldown over" if cooldown == 0 else "cooldown continues"


def told_of_growth(step: Stepped) -> Iterator[str]:
    """How a span came to its memory."""
    if not isinstance(step.operation, p.Span) or not step.values:
        return
    _, scavenged, growth = step.values
    before, after = step.before, step.after
    if "out of memory" in step.printed:
        yield "out of memory"
        return
    if not growth:
        yield "span without growth"
        return
    if before["cur_arena_end"] == 0:
        yield "first arena"
    elif after["cur_arena_end"] == before["cur_arena_end"]:
        yield "within the arena"
    elif after["cur_arena_base"] - growth == before["cur_arena_base"]:
        yield "next arena, contiguous"
    else:
        left = before["cur_arena_end"] - before["cur_arena_base"]
        yield "next arena, elsewhere, with a rest" if left else "next arena, elsewhere"
    goal, now = before["scavenge_goal"], retained(before)
    if goal == OFF:
        yield "growth with the goal off"
    elif now + growth > goal:
        # The growth counts as released; what the span takes of it is counted after the scavenge.
        given_back = after["heap_released"] - before["heap_released"] - growth + scavenged
        if given_back:
            yield "growth scavenges as much" if now >= goal else "growth scavenges less"
    else:
        yield "growth below the goal"


def told_of_traces(step: Stepped) -> Iterator[str]:
    """What trace lines say."""
    for line in step.printed.splitlines():
        if not line.startswith("scav "):
            continue
        used = int(line.split("%")[0].split()[-1])
        mark = "forced" if "(forced)" in line else "reset" if "[controller reset]" in line else "plain"
        yield f"trace {mark}"
        if used > 100:
            yield "trace of more in use than retained"
        if mark == "forced" and step.after["scavenge_print_controller_reset"]:
            yield "forced trace keeps the mark of the reset"


def situations(kind: Kind, program_count: int) -> Counter[str]:
    """How often each situation occurs in the first programs of a run."""
    seen: Counter[str] = Counter()
    for index in range(program_count):
        for step in stepped(program_from_seed(1, index, kind=kind, pacing=True)):
            if step.failure:
                seen[step.failure] += 1
                continue
            if kind is Kind.INSIDE:
                seen.update(told_of_goals(step))
            seen.update(told_of_background(step))
            seen.update(told_of_growth(step))
            seen.update(told_of_traces(step))
    return seen


@pytest.fixture(scope="module")
def inside() -> Counter[str]:
    return situations(Kind.INSIDE, PROGRAM_COUNT)


@pytest.fixture(scope="module")
def outside() -> Counter[str]:
    return situations(Kind.OUTSIDE, OUTSIDE_PROGRAM_COUNT)


def assert_often(seen: Counter[str], least: int, names: set[str]) -> None:
    rare = {name: seen[name] for name in names if seen[name] < least}
    assert not rare, seen


def test_goals_take_every_way(inside: Counter[str]) -> None:
    names = {
        "no history",
        "goal beyond 2^63",
        "goal beyond 2^64",
        "collector off",
        "collector on again: goal 0",
        "retained at the goal",
        "retained a page below the goal",
        "retained less than a page above the goal",
        "retained a page above the goal",
        "much to do",
    }
    assert_often(inside, 15, names)


def test_the_background_scavenger_parks_and_wakes_in_every_way(inside: Counter[str]) -> None:
    names = {
        "sysmon had nothing to do",
        "tick shorter than the sleep",
        "timer fired in a tick, and it sleeps again",
        "tick to the end of the work",
        "work beyond the end of a tick",
        *(f"Tick with sysmon's look, {first}" for first in ("asleep", "waiting")),
        *(f"Timer, asleep, then {then}" for then in ("asleep", "waiting")),
        *(f"Wake, {first}, then {then}" for first in ("asleep", "waiting") for then in ("asleep", "waiting")),
        *(f"Sysmon, {first}, then {then}" for first in ("asleep", "waiting") for then in ("asleep", "waiting")),
    }
    assert_often(inside, 15, names)


def test_the_controller_moves_between_its_bounds_and_reaches_both(inside: Counter[str]) -> None:
    assert_often(inside, 15, {"ratio moves", "ratio falls to its least", "ratio rises to its most"})


def test_spans_grow_the_heap_in_every_way(inside: Counter[str]) -> None:
    names = {
        "span without growth",
        "first arena",
        "within the arena",
        "next arena, contiguous",
        "next arena, elsewhere",
        "next arena, elsewhere, with a rest",
        "growth with the goal off",
        "growth scavenges as much",
        "growth scavenges less",
        "growth below the goal",
    }
    assert_often(inside, 5, names)


def test_trace_lines_are_printed_of_generations_and_when_forced(inside: Counter[str]) -> None:
    assert_often(inside, 15, {"trace plain", "trace forced"})


def test_within_the_contract_the_controller_is_never_reset(inside: Counter[str]) -> None:
    assert not {"controller reset", "cooldown over", "trace reset", "out of memory"} & set(inside)


def test_outside_the_contract_the_controller_is_reset_and_cools_down(outside: Counter[str]) -> None:
    names = {
        "controller reset",
        "cooldown continues",
        "cooldown over",
        "trace reset",
        "forced trace keeps the mark of the reset",
    }
    assert_often(outside, 6, names)


def test_outside_the_contract_pacing_fails_in_every_way(outside: Counter[str]) -> None:
    names = {
        "released less than one physical page of memory",
        "timer when must be positive",
        "grew heap, but no adequate free space found",
        "runtime error: integer divide by zero",
        "out of memory",
        "trace of more in use than retained",
    }
    assert_often(outside, 6, names)
