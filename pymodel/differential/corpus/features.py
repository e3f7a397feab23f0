"""What a program reached, as a set of short sentences: the features of docs/campaigns.md, "The corpus".

Statements of the target, from its counters; outcomes of each kind of operation, how many of each, and how large what it
returned was; shapes of chunks, of summaries and of the whole heap; where the search address and the scavenger's marks
are; the states of pacing. Numbers are put into buckets of doubling size, so that there are some thousands of features
and not one for each state.
"""

from __future__ import annotations

import collections
import struct
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from pymodel.differential.comparison.outcomes import OutcomeKind, decode_outcome, words_returned
from pymodel.differential.programs.calls import Form
from pymodel.differential.programs.operations import KIND_BY_CLASS
from pymodel.differential.programs.program import Call, Operation, Program
from pymodel.differential.targets.capabilities import Counter
from pymodel.differential.targets.reached import counters_reached
from pymodel.wire import pageheap_pb2

_COUNTS = (4, 16, 64)
_TEXT_LENGTH_MAX = 60
_CHUNK_BYTES = 4 << 20
_OFFSET = 1 << 47
_WORD = (1 << 64) - 1
_PAGES = (1 << 512) - 1
_SUMMARY_BITS = 21
_ALL_FREE = 1 << 63

_SCALARS = (
    *("search_addr", "start", "end", "scav_gen", "scav_reservation_bytes", "scav_lwm", "free_hwm"),
    *("heap_sys", "heap_released", "heap_inuse", "scavenge_goal", "scavenge_parked", "scavenge_timer_ns"),
    *("scavenge_sysmon_wake", "scavenge_print_controller_reset", "crit_sleep_ratio"),
    *("controller_err_overflow", "controller_input_overflow", "controller_cooldown_ns"),
)


def features_of(program: Program, transcript: bytes, reached: bytes, counters: Sequence[Counter]) -> frozenset[str]:
    """The features of a program, by the transcript of a target and the bitmap of its counters."""
    message = pageheap_pb2.Transcript.FromString(transcript)
    features = {f"statement {counters[number]}" for number in counters_reached(reached) if number < len(counters)}
    state: dict[str, int] = dict.fromkeys(_SCALARS, 0)
    _observe(message.start, state, features, program.pacing)
    counts: collections.Counter[str] = collections.Counter()
    for operation, step in zip(program.operations, message.steps, strict=False):
        name = _name(operation)
        done = _outcome(name, operation, step.outcome, features)
        counts[done] += 1
        if step.printed:
            features.add(f"{name} prints")
        _observe(step.observation, state, features, program.pacing)
    for done, count in counts.items():
        features.add(done)
        features.update(f"{done}, {least} times or more" for least in _COUNTS if count >= least)
    return frozenset(features)


def bucket(number: int) -> int:
    """The power of two at or below a number; 0 for 0."""
    return 1 << number.bit_length() - 1 if number > 0 else 0


def _name(operation: Operation) -> str:
    return f"call {operation.function}" if isinstance(operation, Call) else KIND_BY_CLASS[type(operation)].name


def _outcome(name: str, operation: Operation, message: pageheap_pb2.Outcome, features: set[str]) -> str:
    """What an operation did; adds how large the counts were that it returned."""
    outcome = decode_outcome(message)
    if outcome is None:
        return f"{name} did what is not known"
    if outcome.is_failure:
        text = "".join("#" if c.isdigit() else c for c in outcome.text)[:_TEXT_LENGTH_MAX]
        return f"{name} {outcome.kind}: {text}"
    if outcome.kind is OutcomeKind.RETURNED and not isinstance(operation, Call):
        for (word, form), value in zip(words_returned(operation).values, outcome.values, strict=False):
            if form is Form.COUNT:
                features.add(f"{name} returned {word} {bucket(value):#x}")
    return f"{name} {outcome.kind}"


def _observe(observation: pageheap_pb2.Observation, state: dict[str, int], features: set[str], pacing: bool) -> None:
    """Adds the features of a state, given what of it changed."""
    for run in observation.chunks:
        features.add(_chunk(run.allocated, run.scavenged))
    for summary in observation.summaries:
        # Those of leaves follow from the chunks.
        if summary.level < 4:
            features.add(_summary(summary.level, summary.value))
    if observation.HasField("in_use"):
        features.add(f"in use: {bucket(len(observation.in_use.bounds) // 2)} ranges")
    if observation.HasField("scav_in_use"):
        features.add(f"to scavenge: {bucket(len(observation.scav_in_use.bounds) // 2)} ranges")
    changed = [field.name for field, _ in observation.ListFields()]
    scalars = [name for name in changed if name in state]
    if scalars:
        state.update((name, getattr(observation, name)) for name in scalars)
        features.update(_heap(state))
        if pacing:
            features.update(_pacing(state))


@lru_cache(1 << 14)
def _chunk(allocated: bytes, scavenged: bytes) -> str:
    """The free pages of a chunk: in how many runs, how long the longest, how many of them scavenged."""
    free = ~int.from_bytes(allocated, "little") & _PAGES
    gone = int.from_bytes(scavenged, "little")
    # Much faster than anything on bits of an integer of 512.
    runs = [len(run) for run in f"{free:b}".split("0") if run]
    share = "no" if not free & gone else "all" if not free & ~gone else "some"
    odd = ", and pages in use scavenged" if gone & ~free else ""
    longest = bucket(max(runs, default=0))
    return f"chunk: free {bucket(len(runs))} runs, longest {longest}, {share} pages of them scavenged{odd}"


@lru_cache(1 << 12)
def _summary(level: int, value: int) -> str:
    if value & _ALL_FREE:
        return f"summary {level}: all free"
    mask = (1 << _SUMMARY_BITS) - 1
    start, most, end = (value >> shift & mask for shift in (0, _SUMMARY_BITS, 2 * _SUMMARY_BITS))
    ends = ", ".join("nothing" if not each else "the most" if each == most else "less" for each in (start, end))
    return f"summary {level}: most {bucket(most)}, at start and end {ends}"


def _heap(state: dict[str, Any]) -> Iterator[str]:
    """Where marks are in the heap, and how large its parts are."""
    search = (state["search_addr"] + _OFFSET & _WORD) // _CHUNK_BYTES
    start, end = state["start"], state["end"]
    where = _where(search, start, end)
    yield f"search address {where}, {bucket(end - start)} chunks between start and end"
    low, high = ((state[name] + _OFFSET & _WORD) // _CHUNK_BYTES for name in ("scav_lwm", "free_hwm"))
    order = "below" if low < high else "in" if low == high else "above"
    scavenged, freed = _where(low, start, end), _where(high, start, end)
    yield f"scavenged down to {scavenged}, {order} the chunk of the highest free, {freed}"
    reserved = bucket(state["scav_reservation_bytes"]) >> 20
    yield f"generation {bucket(state['scav_gen'])}, reserved at once {reserved} MiB"
    free = state["heap_sys"] - state["heap_inuse"]
    share = 8 * state["heap_released"] // free if free > 0 else -1
    yield f"released {share if -1 <= share <= 8 else 'more than all'} eighths of what is free, search {where}"


def _where(chunk: int, start: int, end: int) -> str:
    if chunk < start:
        return "before the start"
    if chunk >= end:
        return "behind the end"
    return "in the first chunk" if chunk == start else "in the last chunk" if chunk == end - 1 else "in the middle"


def _pacing(state: dict[str, Any]) -> Iterator[str]:
    """The states of the background scavenger and of its controller."""
    flags = [
        ("parked", state["scavenge_parked"]),
        ("timer", state["scavenge_timer_ns"]),
        ("to be woken", state["scavenge_sysmon_wake"]),
        ("reset to tell", state["scavenge_print_controller_reset"]),
        ("error overflowed", state["controller_err_overflow"]),
        ("input overflowed", state["controller_input_overflow"]),
        ("cooling down", state["controller_cooldown_ns"]),
    ]
    said = ", ".join(name for name, value in flags if value) or "nothing"
    goal, retained = state["scavenge_goal"], state["heap_sys"] - state["heap_released"]
    aim = "none" if goal == _WORD else "zero" if goal == 0 else "above" if goal >= retained else "below"
    yield f"pacing: {said}, goal {aim}"
    ratio: float = struct.unpack("<d", struct.pack("<Q", state["crit_sleep_ratio"]))[0]
    size = struct.unpack("<Q", struct.pack("<d", ratio))[0] >> 52 & 0x7FF if ratio == ratio else "no number"
    cooled = bucket(state["controller_cooldown_ns"] & _WORD).bit_length()
    yield f"sleep ratio of exponent {size}, goal {aim}"
    yield f"cooldown of {cooled} bits, {said}"
