"""Programs go over the wire unchanged, in the bytes that the generated code would make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymodel.differential.programs.calls import CALL_FUNCTIONS
from pymodel.differential.programs.check import InvalidProgram
from pymodel.differential.programs.codec import decode_program, encode_program
from pymodel.differential.programs.operations import KIND_BY_CLASS, OPERATION_KINDS
from pymodel.differential.programs.program import Call, Program
from pymodel.wire import pageheap_pb2 as pb
from tests.differential.any_programs import any_programs

word64 = st.integers(0, (1 << 64) - 1)


def as_message(program: Program, program_id: int, checkpoint_interval: int) -> pb.Program:
    """The program built out of generated classes."""
    message = pb.Program(
        id=program_id, phys_page_size=program.phys_page_size, phys_huge_page_size=program.phys_huge_page_size
    )
    if program.outside_contract:
        message.outside_contract = True
    if checkpoint_interval:
        message.checkpoint_interval = checkpoint_interval
    if program.pacing:
        message.pacing = True
    for operation in program.operations:
        kind = KIND_BY_CLASS[type(operation)]
        part: Any = getattr(message.operations.add(), kind.name)
        part.SetInParent()
        if isinstance(operation, Call):
            part.function = pb.Function.Value(f"FUNCTION_{operation.function.upper()}")
            part.arguments.extend(operation.arguments)
        for field in kind.fields:
            value = getattr(operation, field.name)
            if field.name in ("allocated", "scavenged") and kind.name == "poke_chunk":
                value = value.to_bytes(64, "little")
            if kind.name == "poke_clock":
                value &= (1 << 64) - 1
            if value is not None:
                setattr(part, field.name, value)
    return message


@given(any_programs(), word64, word64)
def test_encoding_makes_the_bytes_of_the_generated_code(program: Program, program_id: int, interval: int) -> None:
    expected = as_message(program, program_id, interval).SerializeToString(deterministic=True)
    assert encode_program(program, program_id, interval) == expected


@given(any_programs(), word64, word64)
def test_decoding_gives_the_program_back(program: Program, program_id: int, interval: int) -> None:
    request = decode_program(encode_program(program, program_id, interval))
    assert request.program == program
    assert (request.program_id, request.checkpoint_interval) == (program_id, interval)


def test_the_table_of_operations_is_the_protocols() -> None:
    fields = pb.Operation.DESCRIPTOR.fields_by_name
    assert {kind.name: kind.number for kind in OPERATION_KINDS} == {name: f.number for name, f in fields.items()}
    for kind in OPERATION_KINDS:
        if kind.value_class is not Call:
            message_type = fields[kind.name].message_type
            assert message_type is not None, "every operation is a message"
            parts = message_type.fields_by_name
            assert {field.name: field.number for field in kind.fields} == {name: f.number for name, f in parts.items()}


def test_the_table_of_functions_is_the_protocols() -> None:
    numbers = {name: number for name, number in pb.Function.items() if number}
    assert {f"FUNCTION_{f.name.upper()}": f.number for f in CALL_FUNCTIONS.values()} == numbers


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda m: m.ClearField("id"), "id: is missing"),
        (lambda m: m.ClearField("phys_page_size"), "phys_page_size: is missing"),
        (lambda m: m.ClearField("phys_huge_page_size"), "phys_huge_page_size: is missing"),
        (lambda m: m.operations.add(), "operations[0]: holds no operation that is known"),
        (lambda m: m.operations.add().call.SetInParent(), "operations[0].call.function: 0 is no function"),
        (
            lambda m: m.operations.add().call.CopyFrom(pb.Call(function=pb.FUNCTION_GET, arguments=[1])),
            "operations[0].call.arguments: get takes bits (8 words), i, not 1 words",
        ),
        (
            lambda m: m.operations.add().poke_chunk.CopyFrom(pb.PokeChunk(allocated=b"x" * 63, scavenged=b"x" * 64)),
            "operations[0].poke_chunk.allocated: has 63 bytes, not 64",
        ),
        (
            lambda m: m.operations.add().free.CopyFrom(pb.Free(first=3)),
            "operations[0].free.first: 3 needs a limit",
        ),
        (
            lambda m: m.operations.add().tick.SetInParent(),
            "operations[0].tick: is pacing, and the program is not labelled so",
        ),
        (
            lambda m: m.operations.add().call.CopyFrom(pb.Call(function=pb.FUNCTION_PI_RESET, arguments=[0, 0, 0])),
            "operations[0].call.function: pi_reset is pacing, and the program is not labelled so",
        ),
        (
            lambda m: m.operations.add().alloc.SetInParent(),
            "operations[0].alloc.page_count: 0 is not in [1, 4294967296]",
        ),
    ],
)
def test_a_malformed_message_is_refused_by_field(change: Callable[[pb.Program], object], error: str) -> None:
    message = as_message(Program(()), 1, 0)
    change(message)
    with pytest.raises(InvalidProgram) as caught:
        decode_program(message.SerializeToString())
    assert str(caught.value) == error


def test_bytes_that_are_no_message_are_refused() -> None:
    with pytest.raises(InvalidProgram, match="is no message of the protocol"):
        decode_program(b"\xff\xff\xff")


def test_an_operation_that_programs_do_not_have_is_refused() -> None:
    message = as_message(Program(()), 1, 0)
    # Field 99 of an operation, a message without content.
    unknown = message.SerializeToString() + b"\x32\x03\x9a\x06\x00"
    with pytest.raises(InvalidProgram, match=r"operations\[0\]: holds no operation that is known"):
        decode_program(unknown)
