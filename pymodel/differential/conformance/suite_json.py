"""A trace with what is expected of it, as JSON that a port's own tests can read (docs/suite-format.md).

Every number is a string in hexadecimal, so that no reader loses bits of it. One line holds one step.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pymodel.differential.comparison.outcomes import PANIC_KIND_WORDS
from pymodel.differential.conformance.levels import Level
from pymodel.differential.errors import BadInput
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.model.observed import SCALARS
from pymodel.differential.programs.calls import CALL_FUNCTIONS, bits_to_words
from pymodel.differential.programs.check import check_program
from pymodel.differential.programs.operations import KIND_BY_CLASS, KIND_BY_NAME, Field, Wire, Written
from pymodel.differential.programs.program import Call, Operation, Program
from pymodel.differential.programs.text import print_operation
from pymodel.differential.programs.wireform import WORD_MASK
from pymodel.pageheap.words import signed
from pymodel.wire import pageheap_pb2

FORMAT = "pageheap suite"
VERSION = 1
_FLAGS = (Written.FLAG, Written.WORD)
_SIGNED = (Wire.SFIXED64, Wire.INT64)

Json = dict[str, Any]


def trace_text(name: str, level: Level, program: Program) -> str:
    """The file of a program: its operations, and what the specification does with them."""
    transcript = pageheap_pb2.Transcript.FromString(run_on_specification(program, 0))
    head: Json = {
        "format": FORMAT,
        "version": VERSION,
        "name": name,
        "level": level.number,
        "pacing": program.pacing,
        "phys_page_size": _hex(program.phys_page_size),
        "phys_huge_page_size": _hex(program.phys_huge_page_size),
        "start": _observation(transcript.start),
    }
    steps = [_step(operation, step) for operation, step in zip(program.operations, transcript.steps, strict=False)]
    return "".join(_lines(head, steps, _observation(transcript.end)))


def _lines(head: Json, steps: list[Json], end: Json) -> Iterator[str]:
    yield "{\n"
    for key, value in head.items():
        yield f' "{key}": {_compact(value)},\n'
    yield ' "steps": [\n'
    yield ",\n".join(f"  {_compact(step)}" for step in steps)
    yield "\n ],\n"
    yield f' "end": {_compact(end)}\n'
    yield "}\n"


def _step(operation: Operation, step: pageheap_pb2.Step) -> Json:
    return {
        "text": print_operation(operation),
        "operation": _operation(operation),
        "outcome": _outcome(step.outcome),
        "printed": step.printed,
        "changes": _observation(step.observation),
    }


def _operation(operation: Operation) -> Json:
    if isinstance(operation, Call):
        return {"name": "call", "function": operation.function, "arguments": list(map(_hex, operation.arguments))}
    kind = KIND_BY_CLASS[type(operation)]
    values: Json = {"name": kind.name}
    for field in kind.fields:
        value = getattr(operation, field.name)
        if value is not None:
            values[field.name] = bool(value) if field.written in _FLAGS else _hex(value)
    return values


def _outcome(outcome: pageheap_pb2.Outcome) -> Json:
    match outcome.WhichOneof("outcome"):
        case "returned":
            return {"kind": "returned", "values": list(map(_hex, outcome.returned.values))}
        case "thrown":
            return {"kind": "thrown", "text": outcome.thrown.text}
        case "panicked":
            kind = PANIC_KIND_WORDS[outcome.panicked.kind]
            return {"kind": "panicked", "panic": kind, "text": outcome.panicked.text}
    return {"kind": "nothing"}


def _observation(observation: pageheap_pb2.Observation) -> Json:
    """What an observation lists, runs taken apart; what is not listed is zero if it is complete, else unchanged."""
    state: Json = {
        scalar.go_name: _hex(getattr(observation, scalar.field))
        for scalar in SCALARS
        if observation.HasField(scalar.field)
    }
    if observation.HasField("in_use"):
        state["inUse"] = _range_set(observation.in_use)
    if observation.HasField("scav_in_use"):
        state["scav.inUse"] = _range_set(observation.scav_in_use)
    if observation.HasField("summary_lengths"):
        state["summary_lengths"] = list(map(_hex, observation.summary_lengths.lengths))
    chunks = {
        _hex(run.index + i): {"allocated": _bitmap(run.allocated), "scavenged": _bitmap(run.scavenged)}
        for run in observation.chunks
        for i in range(run.count)
    }
    summaries: dict[str, dict[str, str]] = {}
    for summary in observation.summaries:
        level = summaries.setdefault(str(summary.level), {})
        level.update({_hex(summary.index + i): _hex(summary.value) for i in range(summary.count)})
    if chunks:
        state["chunks"] = chunks
    if summaries:
        state["summaries"] = summaries
    return state


def _range_set(ranges: pageheap_pb2.RangeSet) -> Json:
    return {"bounds": list(map(_hex, ranges.bounds)), "totalBytes": _hex(ranges.total_bytes)}


def _bitmap(data: bytes) -> list[str]:
    return list(map(_hex, bits_to_words(int.from_bytes(data, "little"))))


def _hex(number: int) -> str:
    return hex(number & WORD_MASK)


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(", ", ": "))


def program_of_trace(trace: Mapping[str, Any]) -> Program:
    """The program in a file of a suite; raises BadInput with the field that is wrong."""
    try:
        operations = tuple(_read_operation(step["operation"]) for step in trace["steps"])
        sizes = _number(trace["phys_page_size"]), _number(trace["phys_huge_page_size"])
        program = Program(operations, *sizes, pacing=trace["pacing"] is True)
    except KeyError as error:
        raise BadInput(f"{error.args[0]} is missing") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"is no trace of a suite: {error}") from None
    check_program(program)
    return program


def _read_operation(values: Mapping[str, Any]) -> Operation:
    name = values["name"]
    if name == "call":
        if values["function"] not in CALL_FUNCTIONS:
            raise ValueError(f"{values['function']!r} is no function")
        return Call(values["function"], tuple(map(_number, values["arguments"])))
    if name not in KIND_BY_NAME:
        raise ValueError(f"{name!r} is no operation")
    kind = KIND_BY_NAME[name]
    make: Callable[..., Operation] = kind.value_class
    return make(**{field.name: _read_field(field, values) for field in kind.fields})


def _read_field(field: Field, values: Mapping[str, Any]) -> int | bool | None:
    # Only a free without an end leaves something out.
    if field.name == "limit" and "limit" not in values:
        return None
    value = values[field.name]
    if field.written in _FLAGS:
        return value is True
    return signed(_number(value)) if field.wire in _SIGNED else _number(value)


def _number(text: str) -> int:
    return int(text, 16)
