"""What makes a program valid: the bounds of docs/programs.md, the same that every target refuses to leave.

A call whose arguments break its function's contract is valid, merely labelled wrongly.
"""

from __future__ import annotations

from pymodel.differential.errors import BadInput
from pymodel.differential.programs.calls import CALL_FUNCTIONS
from pymodel.differential.programs.operations import KIND_BY_CLASS, PHYS_PAGE_SIZE_MIN, WORD_MAX, Field, OperationKind
from pymodel.differential.programs.program import Call, Free, Grow, GrowAt, Operation, PokePhysPage, Program, Span

OPERATION_COUNT_MAX = 131072
GROWN_CHUNK_COUNT_MAX = 1 << 20
PHYS_PAGE_SIZE_MAX = 524288
PHYS_HUGE_PAGE_SIZE_MAX = 4 << 20
CHUNK_MIN = -0x1FFFFFF
CHUNK_LIMIT = 0x2000000
CHUNK_BYTES = 4 << 20
PAGE_BYTES = 8192
ARENA_BYTES = 64 << 20
# Where spans grow: addresses from 2^44 on, below 2^47.
SPAN_SPACE_BYTES = (1 << 47) - (1 << 44)


class InvalidProgram(BadInput):
    """A program breaks a rule of docs/programs.md.

    `step` is the index of the operation, None for the program's own fields; `field` names what is wrong as the protocol
    does (`operations[3].alloc.slot`); `place` is `FILE:LINE:COLUMN` where the program was read from a trace.
    """

    def __init__(self, step: int | None, field: str, why: str, place: str = "") -> None:
        self.step = step
        self.field = field
        self.why = why
        self.place = place
        super().__init__(step, field, why, place)

    def __str__(self) -> str:
        place = f"{self.place}: " if self.place else ""
        return f"{place}{self.field}: {self.why}"


class _WrongField(Exception):
    """A field of the operation at hand is wrong; `check_program` adds which operation that is."""

    def __init__(self, field: str, why: str) -> None:
        self.field = field
        self.why = why
        super().__init__(field, why)


def check_program(program: Program) -> None:
    """Raises InvalidProgram for the first operation or field that breaks a bound."""
    check_heap(program)
    if len(program.operations) > OPERATION_COUNT_MAX:
        raise InvalidProgram(
            None, "operations", f"a program has at most {OPERATION_COUNT_MAX}, not {len(program.operations)}"
        )
    # What spans grow depends on the state; interpreters hold them to the same limit.
    chunk_count = sum(chunks_grown(operation) for operation in program.operations if type(operation) is not Span)
    if chunk_count > GROWN_CHUNK_COUNT_MAX:
        raise InvalidProgram(None, "operations", f"grow {chunk_count} chunks, more than {GROWN_CHUNK_COUNT_MAX}")
    written_by: dict[str, int] = {}
    for step, operation in enumerate(program.operations):
        kind = KIND_BY_CLASS[type(operation)]
        try:
            _check_labels(operation, kind, program)
            _check_operation(operation, kind, program.outside_contract)
            _check_slot_is_new(operation, kind, step, written_by)
        except _WrongField as wrong:
            field = f"operations[{step}].{kind.name}"
            raise InvalidProgram(step, f"{field}.{wrong.field}" if wrong.field else field, wrong.why) from None


def check_heap(program: Program) -> None:
    """Raises InvalidProgram if a page size is out of bounds."""
    for field, size, low, high in (
        ("phys_page_size", program.phys_page_size, PHYS_PAGE_SIZE_MIN, PHYS_PAGE_SIZE_MAX),
        ("phys_huge_page_size", program.phys_huge_page_size, PHYS_PAGE_SIZE_MIN, PHYS_HUGE_PAGE_SIZE_MAX),
    ):
        if size == 0 and field == "phys_huge_page_size":
            continue
        if not low <= size <= high or size & (size - 1):
            raise InvalidProgram(None, field, f"{size} is no power of two in [{low}, {high}]")


def chunks_grown(operation: Operation) -> int:
    """Most chunks that an operation brings into use."""
    if isinstance(operation, Grow):
        return operation.chunk_count
    if isinstance(operation, GrowAt):
        # Neither end need be aligned.
        return operation.size // CHUNK_BYTES + 2
    if isinstance(operation, Span):
        # Whole arenas are reserved, and what an earlier span left of one comes into use later.
        arenas = -(-operation.page_count * PAGE_BYTES // ARENA_BYTES)
        return arenas * (ARENA_BYTES // CHUNK_BYTES) if arenas * ARENA_BYTES <= SPAN_SPACE_BYTES else 0
    return 0


def _check_labels(operation: Operation, kind: OperationKind, program: Program) -> None:
    if kind.outside_only and not program.outside_contract:
        raise _WrongField("", "is outside the contract, and the program is not labelled so")
    if program.pacing:
        return
    if kind.pacing_only:
        raise _WrongField("", "is pacing, and the program is not labelled so")
    if isinstance(operation, Call):
        function = CALL_FUNCTIONS.get(operation.function)
        if function is not None and function.pacing_only:
            raise _WrongField("function", f"{function.name} is pacing, and the program is not labelled so")


def _check_operation(operation: Operation, kind: OperationKind, outside: bool) -> None:
    for field in kind.fields:
        _check_field(field, getattr(operation, field.name), outside)
    if isinstance(operation, Grow):
        _check_grown_chunks(operation)
    elif isinstance(operation, Free):
        _check_freed_pages(operation)
    elif isinstance(operation, Call):
        _check_call(operation)
    elif isinstance(operation, PokePhysPage) and operation.byte_count % PHYS_PAGE_SIZE_MIN:
        raise _WrongField("byte_count", f"{operation.byte_count} is no multiple of {PHYS_PAGE_SIZE_MIN}")


def _check_field(field: Field, value: int | None, outside: bool) -> None:
    low, high = field.outside if outside else field.bounds
    if value is not None and not low <= value <= high:
        shown = f"{value} " if abs(value) <= WORD_MAX else ""
        raise _WrongField(field.name, f"{shown}is not in [{low}, {high}]")


def _check_grown_chunks(grow: Grow) -> None:
    first, limit = grow.chunk, grow.chunk + grow.chunk_count
    in_upper_half = first >= CHUNK_MIN and limit <= -1
    in_lower_half = first >= 1 and limit <= CHUNK_LIMIT
    if not in_upper_half and not in_lower_half:
        raise _WrongField(
            "chunk", f"[{first:#x}, {limit:#x}) lies neither in [{CHUNK_MIN:#x}, -0x1) nor in [0x1, {CHUNK_LIMIT:#x})"
        )


def _check_freed_pages(free: Free) -> None:
    if free.limit is None:
        if free.first != 0:
            raise _WrongField("first", f"{free.first} needs a limit")
    elif free.first >= free.limit:
        raise _WrongField("limit", f"{free.limit} is not above first, {free.first}")


def _check_call(call: Call) -> None:
    function = CALL_FUNCTIONS.get(call.function)
    if function is None:
        raise _WrongField("function", f"{call.function!r} is no function")
    if not function.takes.fits(len(call.arguments)):
        raise _WrongField("arguments", f"{function.name} takes {function.takes}, not {len(call.arguments)} words")
    for word in call.arguments:
        if not 0 <= word <= WORD_MAX:
            raise _WrongField("arguments", f"{word} is not in [0, {WORD_MAX}]")


def _check_slot_is_new(operation: Operation, kind: OperationKind, step: int, written_by: dict[str, int]) -> None:
    field = kind.written_slot
    if field is None:
        return
    slot = f"{field.written.slot_letter}{getattr(operation, field.name)}"
    first = written_by.setdefault(slot, step)
    if first != step:
        raise _WrongField(field.name, f"{slot} is written twice (first by operations[{first}])")
