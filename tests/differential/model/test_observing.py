"""The two ways to observe agree: changes worked out from what was touched, and looks at everything.

The twin here is slow and plain: it takes complete observations of two steps, works out the difference, and builds
generated messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pymodel.differential.comparison.state import NO_BITMAPS
from pymodel.differential.generation.generators import program_from_seed, programs, tapes
from pymodel.differential.generation.shapes import Kind
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.model.observed import PLAIN_SCALARS, SCALARS
from pymodel.differential.programs.program import Program
from pymodel.wire import pageheap_pb2 as pb
from tests.differential.decoded_runs import INDEX_0XC000, Snapshot, decode, program_of

K = TypeVar("K")
V = TypeVar("V")


def plain_changes(before: Snapshot, after: Snapshot) -> pb.Observation:
    """The observation that says exactly what differs between two states."""
    observation = pb.Observation()
    add_contents(
        observation, changed(before.chunks, after.chunks, NO_BITMAPS), changed(before.summaries, after.summaries, 0)
    )
    for scalar in SCALARS:
        if before.scalars[scalar.go_name] != after.scalars[scalar.go_name]:
            setattr(observation, scalar.field, after.scalars[scalar.go_name])
    for name in ("in_use", "scav_in_use"):
        if getattr(before, name) != getattr(after, name):
            held = getattr(after, name)
            getattr(observation, name).CopyFrom(pb.RangeSet(bounds=held.bounds, total_bytes=held.total_bytes))
    if before.summary_lengths != after.summary_lengths:
        observation.summary_lengths.lengths.extend(after.summary_lengths)
    return observation


def plain_complete(state: Snapshot, *, pacing: bool) -> pb.Observation:
    """The observation of a whole state."""
    observation = pb.Observation(complete=True)
    add_contents(observation, state.chunks, state.summaries)
    for scalar in SCALARS if pacing else PLAIN_SCALARS:
        setattr(observation, scalar.field, state.scalars[scalar.go_name])
    for name in ("in_use", "scav_in_use"):
        held = getattr(state, name)
        getattr(observation, name).CopyFrom(pb.RangeSet(bounds=held.bounds, total_bytes=held.total_bytes))
    observation.summary_lengths.lengths.extend(state.summary_lengths)
    return observation


def changed(before: Mapping[K, V], after: Mapping[K, V], zero: V) -> dict[K, V]:
    return {
        key: after.get(key, zero)
        for key in before.keys() | after.keys()
        if before.get(key, zero) != after.get(key, zero)
    }


def add_contents(
    observation: pb.Observation, chunks: Mapping[int, tuple[int, int]], summaries: Mapping[tuple[int, int], int]
) -> None:
    for index in sorted(chunks):
        allocated, scavenged = (bits.to_bytes(64, "little") for bits in chunks[index])
        last = observation.chunks[-1] if observation.chunks else None
        if last and last.index + last.count == index and (last.allocated, last.scavenged) == (allocated, scavenged):
            last.count += 1
        else:
            observation.chunks.add(index=index, count=1, allocated=allocated, scavenged=scavenged)
    for level, index in sorted(summaries):
        value = summaries[level, index]
        run = observation.summaries[-1] if observation.summaries else None
        if run and (run.level, run.index + run.count, run.value) == (level, index, value):
            run.count += 1
        else:
            observation.summaries.add(level=level, index=index, count=1, value=value)


def serialized(messages: Iterable[pb.Observation]) -> list[bytes]:
    return [message.SerializeToString(deterministic=True) for message in messages]


def check_observations(program: Program, interval: int) -> None:
    """Holds the changes that the interpreter reports to those between its own complete observations."""
    data = run_on_specification(program, 7, interval)
    transcript = pb.Transcript.FromString(data)
    assert transcript.SerializeToString(deterministic=True) == data
    states = decode(run_on_specification(program, 7, checkpoint_interval=1)).states
    expected = [plain_complete(states[0], pacing=program.pacing)]
    for number in range(1, len(states)):
        whole = interval != 0 and number % interval == 0
        before, after = states[number - 1 : number + 1]
        expected.append(plain_complete(after, pacing=program.pacing) if whole else plain_changes(before, after))
    expected.append(plain_complete(states[-1], pacing=program.pacing))
    observed = [transcript.start, *(step.observation for step in transcript.steps), transcript.end]
    assert serialized(observed) == serialized(expected)


@given(programs(kind=None), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_reported_changes_are_those_between_complete_observations(program: Program, interval: int) -> None:
    check_observations(program, interval)


@given(tapes(kind=None, operation_count_max=150))
@settings(max_examples=60, deadline=None)
def test_reported_changes_of_long_programs_are_too(program: Program) -> None:
    check_observations(program, 0)


@pytest.mark.parametrize("index", range(20))
def test_what_operations_outside_the_contract_touch_is_noticed(index: int) -> None:
    check_observations(program_from_seed(1, index, kind=Kind.OUTSIDE), 0)


def test_a_summary_above_a_touched_chunk_that_is_not_in_use_is_looked_at() -> None:
    # The pages freed reach from chunk 0xc007 into 0xc008, which has bitmaps but is not in use. Above it in level 3 is
    # a summary that is in view because of chunk 0xc00f.
    program = program_of(
        "grow 0xc007 chunks=1\ngrow 0xc00f chunks=1\ns0 = alloc 512\nfree_at 0x3001ffe000 400", outside=True
    )
    states = decode(run_on_specification(program, 1)).states
    assert len({state.summaries[3, (INDEX_0XC000 + 8) >> 3] for state in states[3:]}) == 2
    check_observations(program, 0)


def test_summaries_that_are_mapped_again_are_noticed() -> None:
    # The last growth covers a chunk in use that is not next to its base. It maps the leaves [0xc400, 0xc600) again, and
    # with them that of 0xc5ff, which it does not reach, is zero.
    program = program_of(
        "grow 0xc000 chunks=1\ngrow 0xc200 chunks=1\ngrow 0xc400 chunks=1\ngrow 0xc5ff chunks=1\n"
        f"grow_at {0xC100 << 22:#x} {0x380 << 22}",
        outside=True,
    )
    states = decode(run_on_specification(program, 1)).states
    assert [(4, INDEX_0XC000 + 0x5FF) in state.summaries for state in states[-2:]] == [True, False]
    check_observations(program, 0)


def test_what_a_failed_operation_changed_is_looked_for_everywhere() -> None:
    # Freeing clears the last page of chunk 0xdfff and falls over the next, whose block does not exist, before update.
    program = program_of("grow 0xdfff chunks=1\ns0 = alloc 512\nfree_at 0x37ffffe000 100", outside=True)
    ran = decode(run_on_specification(program, 1))
    assert ran.did() == ["returned", "returned", "panicked"]
    assert ran.states[2].chunks != ran.states[3].chunks
    check_observations(program, 0)


PACED = """
scavtrace 1
gomaxprocs 8
s0 = span 1000
s1 = span 700
free s0
gc 4194304 4194304
tick 1s
tick 10s
s2 = span 9000
scavenge_all
poke_clock -5
wake
poke_stats 1 1 0
sweep_done
"""


@pytest.mark.parametrize("interval", [0, 3])
def test_what_pacing_changes_is_reported_where_it_changes(interval: int) -> None:
    program = program_of(PACED, outside=True, pacing=True)
    check_observations(program, interval)
    ran = decode(run_on_specification(program, 1))
    assert ran.did()[-4:] == ["returned", "returned", "returned", "panicked"]
    assert [state.scalars["now"] for state in ran.states[-4:]] == [(1 << 64) - 5, 999_995, 999_995, 999_995]


def test_pacing_is_observed_in_programs_with_pacing_only() -> None:
    start = pb.Transcript.FromString(run_on_specification(program_of("start_gen"), 1)).start
    assert not any(start.HasField(scalar.field) for scalar in SCALARS if scalar.is_pacing)
