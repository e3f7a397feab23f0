"""Programs as protocol messages: bytes to send, and bytes back to a program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter, call
from typing import Any

from google.protobuf.message import DecodeError

from pymodel.differential.programs.calls import CALL_FUNCTIONS, CALL_FUNCTIONS_BY_NUMBER
from pymodel.differential.programs.check import InvalidProgram, check_program
from pymodel.differential.programs.operations import KIND_BY_NAME, OPERATION_KINDS, Field, OperationKind, Wire
from pymodel.differential.programs.program import Call, Operation, Program
from pymodel.differential.programs.wireform import (
    delimited,
    pack_signed,
    pack_word,
    packed_words,
    tag_fixed64,
    tag_length,
    tag_varint,
    varint,
)
from pymodel.pageheap.words import signed
from pymodel.wire import pageheap_pb2

BITMAP_BYTE_COUNT = 64

_ID, _PHYS, _HUGE = tag_fixed64(1), tag_fixed64(2), tag_fixed64(3)
_OUTSIDE, _INTERVAL, _OPERATION = tag_varint(4), tag_fixed64(5), tag_length(6)
_PACING = tag_varint(7)
COUNTED = tag_varint(9) + b"\x01"
"""Behind an encoded program: its transcript is to tell what it reached of a target with counters."""
_CALL_FUNCTION, _CALL_ARGUMENTS = tag_varint(1), tag_length(2)

_Encoder = Callable[[Any], bytes]
_VALUE_BYTES_MAX = {
    Wire.UINT32: 5,
    Wire.BOOL: 1,
    Wire.FIXED64: 8,
    Wire.SFIXED64: 8,
    Wire.INT64: 8,
    # A length of one byte.
    Wire.BITMAP: 1 + BITMAP_BYTE_COUNT,
}
_SMALL = 256


def encode_program(program: Program, program_id: int, checkpoint_interval: int = 0) -> bytes:
    """The wire form of a valid program, with the id that its transcript will carry."""
    encoders = _ENCODERS
    parts = [_ID, pack_word(program_id), _PHYS, pack_word(program.phys_page_size)]
    parts += [_HUGE, pack_word(program.phys_huge_page_size)]
    if program.outside_contract:
        parts.append(_OUTSIDE + b"\x01")
    if checkpoint_interval:
        parts.append(_INTERVAL + pack_word(checkpoint_interval))
    parts += [encoders[type(operation)](operation) for operation in program.operations]
    if program.pacing:
        parts.append(_PACING + b"\x01")
    return b"".join(parts)


class _SmallFirst(dict[int, bytes]):
    """The encoded values of a varint field by value: small ones are there, others are encoded when asked for."""

    def __init__(self, number: int) -> None:
        self._tag = tag_varint(number)
        # A zero that needs no presence is left out, as proto3 does.
        super().__init__({0: b"", **{value: self._tag + varint(value) for value in range(1, _SMALL)}})

    def __missing__(self, value: int) -> bytes:
        return self._tag + varint(value)


def _field_encoder(field: Field) -> _Encoder:
    """Encodes the value of a field."""
    number = field.number
    match field.wire:
        case Wire.UINT32 | Wire.BOOL:
            return _SmallFirst(number).__getitem__
        case Wire.FIXED64:
            tag = tag_fixed64(number)
            return lambda value: tag + pack_word(value) if value else b""
        case Wire.SFIXED64 | Wire.INT64:
            tag = tag_fixed64(number)
            return lambda value: tag + pack_signed(value) if value else b""
        case Wire.BITMAP:
            tag = tag_length(number)
            return lambda value: delimited(tag, value.to_bytes(BITMAP_BYTE_COUNT, "little"))


def _operation_encoder(kind: OperationKind) -> _Encoder:
    """Encodes operations of a kind as elements of Program.operations.

    Most have two or three fields: those are told apart, since a loop costs more.
    """
    tag = tag_length(kind.number)
    encoders = [_field_encoder(field) for field in kind.fields]
    # What precedes a content, by its length.
    sizes = range(_size_max(kind.fields) + 1)
    heads = [delimited(_OPERATION, delimited(tag, bytes(size)))[: -size or None] for size in sizes]
    if not encoders:
        (whole,) = heads
        return lambda _: whole
    values_of = attrgetter(*(field.name for field in kind.fields))

    def of_one(operation: Operation) -> bytes:
        content = encode_first(values_of(operation))
        return heads[len(content)] + content

    def of_two(operation: Operation) -> bytes:
        first, second = values_of(operation)
        content = encode_first(first) + encode_second(second)
        return heads[len(content)] + content

    def of_three(operation: Operation) -> bytes:
        first, second, third = values_of(operation)
        content = encode_first(first) + encode_second(second) + encode_third(third)
        return heads[len(content)] + content

    def of_many(operation: Operation) -> bytes:
        content = b"".join(map(call, encoders, values_of(operation)))
        return heads[len(content)] + content

    match encoders:
        case [encode_first]:
            return of_one
        case [encode_first, encode_second]:
            return of_two
        case [encode_first, encode_second, encode_third]:
            return of_three
    return of_many


def _size_max(fields: Sequence[Field]) -> int:
    """The most bytes that such fields take."""
    return sum(len(tag_length(field.number)) + _VALUE_BYTES_MAX[field.wire] for field in fields)


def _encode_call(operation: Call) -> bytes:
    content = _CALL_HEADS[operation.function] + packed_words(_CALL_ARGUMENTS, operation.arguments)
    return delimited(_OPERATION, delimited(_CALL, content))


_CALL = tag_length(KIND_BY_NAME["call"].number)
_CALL_HEADS = {name: _CALL_FUNCTION + varint(function.number) for name, function in CALL_FUNCTIONS.items()}
_ENCODERS: dict[type[Operation], _Encoder] = {kind.value_class: _operation_encoder(kind) for kind in OPERATION_KINDS}
_ENCODERS[Call] = _encode_call


@dataclass(frozen=True, slots=True)
class Request:
    """A decoded request: a valid program, the id to answer with, and how often to observe the whole state."""

    program: Program
    program_id: int
    checkpoint_interval: int


def decode_program(data: bytes) -> Request:
    """The program in a request message.

    Raises InvalidProgram, which names the field, for whatever a target must refuse.
    """
    try:
        message = pageheap_pb2.Program.FromString(data)
    except DecodeError as error:
        raise InvalidProgram(None, "program", f"is no message of the protocol: {error}") from None
    for field in ("id", "phys_page_size", "phys_huge_page_size"):
        if not message.HasField(field):
            raise InvalidProgram(None, field, "is missing")
    if message.count:
        raise InvalidProgram(None, "count", "is set, for a target that does not count what it reaches")
    operations = tuple(_decode_operation(step, message) for step, message in enumerate(message.operations))
    sizes = message.phys_page_size, message.phys_huge_page_size
    program = Program(operations, *sizes, message.outside_contract, message.pacing)
    check_program(program)
    return Request(program, message.id, message.checkpoint_interval)


def _decode_operation(step: int, message: pageheap_pb2.Operation) -> Operation:
    name = message.WhichOneof("operation")
    kind = KIND_BY_NAME.get(name or "")
    if name is None or kind is None:
        raise InvalidProgram(step, f"operations[{step}]", "holds no operation that is known")
    if kind.value_class is Call:
        return _decode_call(step, message.call)
    values = {field.name: _decode_field(step, kind, field, getattr(message, name)) for field in kind.fields}
    make: Callable[..., Operation] = kind.value_class
    return make(**values)


def _decode_field(step: int, kind: OperationKind, field: Field, message: Any) -> int | None:
    value: Any = getattr(message, field.name)
    if field.wire is Wire.BITMAP:
        if len(value) != BITMAP_BYTE_COUNT:
            place = f"operations[{step}].{kind.name}.{field.name}"
            raise InvalidProgram(step, place, f"has {len(value)} bytes, not {BITMAP_BYTE_COUNT}")
        return int.from_bytes(value, "little")
    if field.wire is Wire.INT64:
        return signed(value)
    if kind.name == "free" and field.name == "limit" and not message.HasField("limit"):
        return None
    number: int = value
    return number


def _decode_call(step: int, message: pageheap_pb2.Call) -> Call:
    function = CALL_FUNCTIONS_BY_NUMBER.get(message.function)
    if function is None:
        raise InvalidProgram(step, f"operations[{step}].call.function", f"{message.function} is no function")
    return Call(function.name, tuple(message.arguments))
