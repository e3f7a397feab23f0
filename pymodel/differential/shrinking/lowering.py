"""Simpler operations in place of operations: plainer kinds, smaller numbers, fewer bits, shorter lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pymodel.differential.generation.maker import CHUNK_BYTES
from pymodel.differential.programs.call_contract import call_keeps_contract
from pymodel.differential.programs.calls import CALL_FUNCTIONS, Form, ListForm, bits_to_words, words_to_bits
from pymodel.differential.programs.check import CHUNK_LIMIT, CHUNK_MIN
from pymodel.differential.programs.operations import KIND_BY_CLASS, PHYS_PAGE_SIZE_MIN, Field, Written
from pymodel.differential.programs.program import (
    ALL_BYTES,
    Alloc,
    CacheAlloc,
    Call,
    Free,
    Gc,
    Grow,
    GrowAt,
    MarkTermination,
    Operation,
    Pace,
    PokePhysPage,
    Program,
    Ready,
    Scavenge,
    ScavengeAll,
    ScavengeAt,
    ScavengeOne,
    Span,
    StartGen,
    SweepDone,
    Sysmon,
    Tick,
    Timer,
    Wake,
)
from pymodel.differential.shrinking.changing import with_fields, with_operation
from pymodel.differential.shrinking.numbers import (
    lower_byte_count,
    lower_duration,
    lower_multiple,
    lower_number,
    nearer_chunk,
    nearer_instant,
    simpler_bitmap,
    simpler_float,
    simpler_word,
)
from pymodel.differential.shrinking.search import Search


def simplify_operations(search: Search) -> None:
    """Replaces each operation by simpler ones, one at a time, until none of them can be."""
    start: int | None = 0
    while start is not None:
        start = search.consider(_simplified(search.current, start))


def _simplified(program: Program, start: int) -> Iterator[tuple[int, Program]]:
    """The program with one operation simplified, from the operation `start` on; the tag is which."""
    operations = program.operations
    for index in range(start, len(operations)):
        for simpler in simpler_operations(operations[index], program.outside_contract):
            yield index, with_operation(program, index, simpler)


def simpler_operations(operation: Operation, outside_contract: bool) -> Iterator[Operation]:
    """Valid operations that are simpler than one, or may be: what is not simpler is passed over by the search."""
    yield from _plainer(operation)
    if isinstance(operation, Call):
        for call in _simpler_calls(operation):
            if outside_contract or call_keeps_contract(call):
                yield call
        return
    if isinstance(operation, PokePhysPage):
        yield from map(PokePhysPage, lower_multiple(operation.byte_count, PHYS_PAGE_SIZE_MIN))
        return
    for field in KIND_BY_CLASS[type(operation)].fields:
        for value in _simpler_values(field, getattr(operation, field.name)):
            changed = with_fields(operation, {field.name: value})
            if _is_valid(changed):
                yield changed


def _plainer(operation: Operation) -> Iterator[Operation]:
    """Operations of a plainer kind or form that do nearly the same."""
    if isinstance(operation, Free) and operation.limit is not None:
        yield Free(operation.slot)
        if operation.first > 0:
            yield Free(operation.slot, 0, operation.limit - operation.first)
    elif isinstance(operation, CacheAlloc):
        yield Alloc(operation.slot, max(operation.page_count, 1))
    elif isinstance(operation, (ScavengeOne, ScavengeAt)):
        yield Scavenge(operation.byte_count_max)
    elif isinstance(operation, GrowAt):
        signed = operation.base - (1 << 64) if operation.base >> 63 else operation.base
        growth = Grow(signed // CHUNK_BYTES, max(-(-operation.size // CHUNK_BYTES), 1))
        if _is_valid(growth):
            yield growth
    else:
        yield from _plainer_pacing(operation)


def _plainer_pacing(operation: Operation) -> Iterator[Operation]:
    """Parts of what an operation does, and what does nearly the same without the clock."""
    if isinstance(operation, Span):
        yield Alloc(operation.slot, max(operation.page_count, 1))
    elif isinstance(operation, Gc):
        yield from (MarkTermination(operation.heap_goal, operation.last_heap_goal), SweepDone(), StartGen())
        yield Pace(operation.heap_goal, operation.last_heap_goal)
    elif isinstance(operation, MarkTermination):
        yield Pace(operation.heap_goal, operation.last_heap_goal)
    elif isinstance(operation, SweepDone):
        yield from (StartGen(), Ready())
    elif isinstance(operation, ScavengeAll):
        yield Scavenge(ALL_BYTES)
    elif isinstance(operation, Tick):
        yield from (Timer(), Sysmon(), Wake())
    elif isinstance(operation, (Timer, Sysmon)):
        yield Wake()


def _simpler_values(field: Field, value: int | None) -> Iterator[int]:
    if value is None:
        return
    # The bound within the contract, also outside of it: `alloc 0` would read as if the 0 mattered.
    low = field.bounds[0]
    if field.written in (Written.WORD, Written.FLAG):
        yield from (False,) if value else ()
    elif field.written is Written.BYTES:
        yield from lower_byte_count(value, low)
    elif field.written is Written.DURATION:
        yield from lower_duration(value)
    elif field.written is Written.INSTANT:
        yield from nearer_instant(value)
    elif field.written is Written.CHUNK:
        yield from nearer_chunk(value)
    elif field.written is Written.HEXADECIMAL:
        yield from simpler_word(value)
    elif field.written is Written.BITMAP:
        yield from simpler_bitmap(value)
    elif not field.written.slot_letter:
        yield from lower_number(value, low)


def _is_valid(operation: Operation) -> bool:
    """Whether the fields fit together; each is within its own bounds already."""
    if isinstance(operation, Free):
        return operation.first < operation.limit if operation.limit is not None else operation.first == 0
    if isinstance(operation, Grow):
        first, limit = operation.chunk, operation.chunk + operation.chunk_count
        return (first >= CHUNK_MIN and limit <= -1) or (first >= 1 and limit <= CHUNK_LIMIT)
    return True


def _simpler_calls(call: Call) -> Iterator[Call]:
    takes = CALL_FUNCTIONS[call.function].takes
    words = call.arguments
    if takes.rest is not None:
        for rest in _shorter_lists(words[takes.fixed_count :], takes.rest):
            yield Call(call.function, words[: takes.fixed_count] + rest)
    at = 0
    for _, form in takes.values:
        limit = at + form.word_count
        for value in _simpler_arguments(words[at:limit], form):
            yield Call(call.function, words[:at] + value + words[limit:])
        at = limit
    for place in range(takes.fixed_count, len(words)):
        for word in simpler_word(words[place]):
            yield Call(call.function, (*words[:place], word, *words[place + 1 :]))


def _simpler_arguments(words: tuple[int, ...], form: Form) -> Iterator[tuple[int, ...]]:
    if form is Form.BITS:
        yield from map(bits_to_words, simpler_bitmap(words_to_bits(words)))
    elif form is Form.COUNT:
        yield from ((number,) for number in lower_number(words[0], 0))
    elif form is Form.FLOAT:
        yield from ((bits,) for bits in simpler_float(words[0]))
    else:
        yield from ((word,) for word in simpler_word(words[0]))


def _shorter_lists(words: tuple[int, ...], form: ListForm) -> Iterator[tuple[int, ...]]:
    """The list without its elements [first, first + size), from all of them down to single ones."""
    size = len(words)
    while size >= form.word_count:
        for first in range(0, len(words), size):
            yield words[:first] + words[first + size :]
        size = size // 2 // form.word_count * form.word_count


def lower_together(search: Search) -> None:
    """Lowers numbers that can become less only together: equal page counts, pages along with the chunks they fill."""
    while search.consider((True, lowered) for lowered in _lowered_together(search.current)) is not None:
        pass


def _lowered_together(program: Program) -> Iterator[Program]:
    page_counts = [
        operation.page_count for operation in program.operations if isinstance(operation, (Alloc, CacheAlloc, Span))
    ]
    for page_count in sorted({count for count in page_counts if page_counts.count(count) > 1}):
        for lower in lower_number(page_count, 1):
            yield _with_page_counts(program, page_count, lower)
    for index, operation in enumerate(program.operations):
        if isinstance(operation, Grow):
            for chunk_count in lower_number(operation.chunk_count, 1):
                yield from _with_less_room(program, index, Grow(operation.chunk, chunk_count))


def _with_page_counts(program: Program, page_count: int, lower: int) -> Program:
    operations = tuple(
        replace(operation, page_count=lower)
        if isinstance(operation, (Alloc, CacheAlloc, Span)) and operation.page_count == page_count
        else operation
        for operation in program.operations
    )
    return replace(program, operations=operations)


def _with_less_room(program: Program, index: int, growth: Grow) -> Iterator[Program]:
    """The program with a smaller growth, and one of its allocations smaller by as many pages."""
    grown = program.operations[index]
    assert isinstance(grown, Grow)
    page_count = (grown.chunk_count - growth.chunk_count) * 512
    for place, operation in enumerate(program.operations):
        if isinstance(operation, Alloc) and operation.page_count > page_count:
            smaller = Alloc(operation.slot, operation.page_count - page_count)
            yield with_operation(with_operation(program, index, growth), place, smaller)
