"""What a simulation showed: samples of the page heap over virtual time, and the trace lines in between."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pymodel.differential.comparison.outcomes import OutcomeKind, decode_outcome
from pymodel.differential.programs.text import print_operation
from pymodel.differential.simulate.pacer import NO_GOAL
from pymodel.differential.simulate.placement import Mark, Moment, Placement
from pymodel.wire import pageheap_pb2


@dataclass(frozen=True, slots=True)
class Sample:
    """The page heap at one moment; sizes in bytes, times in nanoseconds of virtual time since the start.

    A goal is None where there is none: the garbage collector is off, or the background scavenger has nothing to do.
    `live_bytes` is what the history says; a sample's `released_bytes` is what the operating system has at that time.
    """

    time_ns: int
    moment: Moment
    live_bytes: int
    heap_inuse_bytes: int
    retained_bytes: int
    released_bytes: int
    heap_goal_bytes: int | None
    scavenge_goal_bytes: int | None
    cycle_count: int
    scavenger: str
    sleep_ratio: float
    err_integral: float
    cooldown_ns: int


@dataclass(frozen=True, slots=True)
class TraceLine:
    """A line that the runtime printed, and when."""

    time_ns: int
    text: str


@dataclass(frozen=True, slots=True)
class Results:
    """All that a simulation showed. `failure` tells a throw or panic, which ends it early."""

    samples: tuple[Sample, ...]
    trace: tuple[TraceLine, ...]
    operation_count: int
    failure: str | None = None

    @property
    def at_row_ends(self) -> tuple[Sample, ...]:
        """The samples at the ends of the history's steps, without those around GC cycles."""
        return tuple(sample for sample in self.samples if sample.moment is Moment.ROW_END)


def read_results(placement: Placement, transcript: bytes) -> Results:
    """The results in a transcript of the placement's program, which is taken to be sound."""
    message = pageheap_pb2.Transcript.FromString(transcript)
    state = _State()
    state.apply(message.start)
    start_ns = state.signed("now_ns")
    samples: list[Sample] = []
    trace: list[TraceLine] = []
    failure = None
    marks = iter(placement.marks)
    mark = next(marks, None)
    for number, step in enumerate(message.steps, start=1):
        state.apply(step.observation)
        now_ns = state.signed("now_ns") - start_ns
        trace += [TraceLine(now_ns, line) for line in step.printed.splitlines()]
        while mark is not None and mark.operation_count == number:
            samples.append(_sample(state, mark, now_ns))
            mark = next(marks, None)
        failure = failure or _failure(placement, number, step)
    return Results(tuple(samples), tuple(trace), len(message.steps), failure)


class _State:
    """The scalars of the observations so far, by field."""

    def __init__(self) -> None:
        self._values: dict[str, int] = {}

    def apply(self, observation: pageheap_pb2.Observation) -> None:
        """Takes in what an observation lists."""
        for field, value in observation.ListFields():
            if isinstance(value, int):
                self._values[field.name] = value

    def __getitem__(self, field: str) -> int:
        return self._values[field]

    def signed(self, field: str) -> int:
        """A field that holds a signed integer in two's complement."""
        value = self._values[field]
        return value - (1 << 64) if value >> 63 else value

    def float(self, field: str) -> float:
        """A field that holds the bits of a float."""
        (value,) = struct.unpack("<d", struct.pack("<Q", self._values[field]))
        assert isinstance(value, float)
        return value


def _sample(state: _State, mark: Mark, now_ns: int) -> Sample:
    return Sample(
        now_ns,
        mark.moment,
        mark.live_bytes,
        state["heap_inuse"],
        state["heap_sys"] - state["heap_released"],
        state["heap_released"],
        _goal(mark.heap_goal),
        _goal(state["scavenge_goal"]),
        mark.cycle_count,
        "sleeping" if state["scavenge_timer_ns"] else "parked",
        state.float("crit_sleep_ratio"),
        state.float("controller_err_integral"),
        state.signed("controller_cooldown_ns"),
    )


def _goal(word: int) -> int | None:
    return None if word == NO_GOAL else word


def _failure(placement: Placement, number: int, step: pageheap_pb2.Step) -> str | None:
    outcome = decode_outcome(step.outcome)
    if outcome is None or not outcome.is_failure:
        return None
    operation = print_operation(placement.program.operations[number - 1])
    did = "threw" if outcome.kind is OutcomeKind.THROWN else "panicked"
    return f"the page heap {did} in operation {number}, `{operation}`: {outcome.text}"


def thinned(samples: tuple[Sample, ...], count_max: int) -> Iterator[Sample]:
    """At most `count_max` of the samples, evenly chosen, first and last among them."""
    count = min(count_max, len(samples))
    if count == 1:
        yield samples[-1]
    elif count > 1:
        yield from (samples[index * (len(samples) - 1) // (count - 1)] for index in range(count))
