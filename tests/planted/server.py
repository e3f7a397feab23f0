"""Serves the specification, as it is imported in this process, over gRPC; `misbehave` may spoil each answer.

It stands in for a port: slow, but right wherever nothing is planted.
"""

from __future__ import annotations

import signal
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from pathlib import Path

import grpc

from pymodel.differential.errors import BadInput
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.model.series import answer_series
from pymodel.differential.programs.codec import decode_program
from pymodel.differential.programs.program import Program
from pymodel.differential.programs.series_codec import decode_series
from pymodel.differential.targets.capabilities import Capability
from pymodel.differential.targets.connection import PROGRAM_BYTES_MAX, TRANSCRIPT_BYTES_MAX
from pymodel.differential.targets.target import GO_VERSION, OPERATION_COUNT_MAX
from pymodel.wire import pageheap_pb2

Misbehave = Callable[[Program, bytes], bytes]
"""Turns a right transcript into what is answered; may also not come back."""


def serve(
    name: str, protocol_version: int, misbehave: Misbehave, capabilities: Iterable[Capability] = tuple(Capability)
) -> None:
    """Serves on a fresh Unix socket, says where, and does not return; SIGTERM ends it."""
    folder = tempfile.TemporaryDirectory(prefix="planted-")
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=4),
        options=(
            ("grpc.max_receive_message_length", PROGRAM_BYTES_MAX),
            ("grpc.max_send_message_length", TRANSCRIPT_BYTES_MAX),
        ),
    )
    server.add_generic_rpc_handlers((_handler(name, protocol_version, misbehave, capabilities),))
    address = f"unix:{Path(folder.name) / 'socket'}"
    server.add_insecure_port(address)
    server.start()
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stopped.set())
    print(f"listening on {address}", flush=True)
    stopped.wait()
    server.stop(grace=None).wait()
    folder.cleanup()


def _handler(
    name: str, protocol_version: int, misbehave: Misbehave, capabilities: Iterable[Capability]
) -> grpc.GenericRpcHandler[bytes, bytes]:
    description = pageheap_pb2.DescribeResponse(
        protocol_version=protocol_version,
        name=name,
        version="planted",
        go_version=GO_VERSION,
        capabilities=[pageheap_pb2.Capability.Name(capability) for capability in capabilities],
        operation_count_max=OPERATION_COUNT_MAX,
        program_bytes_max=PROGRAM_BYTES_MAX,
    ).SerializeToString()

    def run_one(program: Program, program_id: int, checkpoint_interval: int) -> bytes:
        return misbehave(program, run_on_specification(program, program_id, checkpoint_interval))

    def run(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        for encoded in requests:
            if (asked := decode_series(encoded)) is not None:
                yield answer_series(run_one, *asked)
                continue
            try:
                request = decode_program(encoded)
            except BadInput as error:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
            yield run_one(request.program, request.program_id, request.checkpoint_interval)

    return grpc.method_handlers_generic_handler(
        "pageheap.v1.PageHeapService",
        {
            "Describe": grpc.unary_unary_rpc_method_handler(lambda _, context: description),
            "Run": grpc.stream_stream_rpc_method_handler(run),
        },
    )
