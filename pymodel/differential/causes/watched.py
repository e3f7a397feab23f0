"""What the specification does within an operation: the pure functions it calls, and the operations it is made of."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import CodeType, FrameType
from typing import Any

from pymodel.differential.causes.functions import FUNCTIONS, Locals, code_of, forget
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.programs.calls import bits_to_words
from pymodel.differential.programs.program import (
    Alloc,
    Call,
    Grow,
    MarkTermination,
    Operation,
    Pace,
    PrintScavTrace,
    Program,
    Ready,
    Reserve,
    ScavengeOne,
    StartGen,
    Unreserve,
)
from pymodel.pageheap import bgscavenge, mgcscavenge, mheap
from pymodel.pageheap.constants import PALLOC_CHUNK_BYTES
from pymodel.pageheap.mpagealloc import PageAlloc
from pymodel.pageheap.mpallocbits import PallocData


@dataclass(frozen=True, slots=True)
class Within:
    """What the last operation of a program does on the specification.

    `calls` are the calls of pure functions, each once, in the order in which they came back: what is called first, and
    the innermost. `parts` are the operations that it is made of; their slots are not yet free ones.
    """

    calls: tuple[Call, ...]
    parts: tuple[Operation, ...]


def within_last_operation(program: Program) -> Within:
    """Watches the specification run a program. Sees nothing where the specification is compiled."""
    before = _watched(replace(program, operations=program.operations[:-1]))
    calls, parts = _watched(program)
    return Within(tuple(dict.fromkeys(calls[len(before[0]) :])), tuple(parts[len(before[1]) :]))


def _watched(program: Program) -> tuple[list[Call], list[Operation]]:
    """All calls as they come back, and all outermost parts as they begin."""
    calls: list[Call] = []
    parts: list[Operation] = []
    # Arguments are read when a call begins: it may change what they hold.
    open_calls: list[tuple[FrameType, Call]] = []
    open_parts: list[FrameType] = []

    def watch(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call":
            if (call := _CALLS.get(code)) is not None:
                forget()
                open_calls.append((frame, call(frame.f_locals)))
            elif (part := _PARTS.get(code)) is not None:
                if not open_parts:
                    parts.append(part(frame.f_locals))
                open_parts.append(frame)
        elif event == "return":
            if open_calls and open_calls[-1][0] is frame:
                calls.append(open_calls.pop()[1])
            elif open_parts and open_parts[-1] is frame:
                open_parts.pop()

    forget()
    profiler = sys.getprofile()
    sys.setprofile(watch)
    try:
        run_on_specification(program, 1)
    finally:
        sys.setprofile(profiler)
    return calls, parts


def _grow(local: Locals) -> Operation:
    base = local["base"]
    return Grow((base - (1 << 64) if base >> 63 else base) // PALLOC_CHUNK_BYTES, local["size"] // PALLOC_CHUNK_BYTES)


def _by_code(table: Mapping[Callable[..., object], Callable[[Locals], Any]]) -> dict[CodeType, Any]:
    return {code: value for function, value in table.items() if (code := code_of(function)) is not None}


_CALLS: dict[CodeType, Callable[[Locals], Call]] = _by_code(
    {function.original: function.call for function in FUNCTIONS.values()}
    # Its bitmaps are one object here, and its summary may be remembered.
    | {PallocData.summarize: lambda local: Call("summarize", bits_to_words(local["self"].allocated))}
)

_PARTS: dict[CodeType, Callable[[Locals], Operation]] = _by_code(
    {
        PageAlloc.grow: _grow,
        PageAlloc.alloc: lambda local: Alloc(0, local["npages"]),
        mgcscavenge.scavenge_start_gen: lambda _: StartGen(),
        mgcscavenge.scavenge_reserve: lambda _: Reserve(0),
        mgcscavenge.scavenge_one: lambda local: ScavengeOne(0, local["max_bytes"]),
        mgcscavenge.scavenge_unreserve: lambda _: Unreserve(0),
        mgcscavenge.print_scav_trace: lambda local: PrintScavTrace(local["gen"], local["released"], local["forced"]),
        mheap.Mheap.mark_termination: lambda local: MarkTermination(local["heap_goal"], local["last_heap_goal"]),
        bgscavenge.gc_pace_scavenger: lambda local: Pace(local["heap_goal"], local["last_heap_goal"]),
        bgscavenge.ready_for_scavenger: lambda _: Ready(),
    }
)
