"""A server that speaks the protocol's envelope and answers each program with its own bytes, unless told to misbehave.

Run as a file: the tests of supervision start it as a target.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path

import grpc

from pymodel.wire import pageheap_pb2


def program_id(encoded: bytes) -> int:
    """The id that an encoded program begins with."""
    return int.from_bytes(encoded[1:9], "little")


def misbehave(options: argparse.Namespace, encoded: bytes, context: grpc.ServicerContext) -> None:
    number = program_id(encoded)
    once = options.once
    if once and Path(once).exists():
        return
    if number in (options.die, options.hang, options.refuse, options.fail) and once:
        Path(once).touch()
    if number == options.die:
        # gRPC writes answers on a thread of its own; only the driver knows when those given before have come.
        while options.dies_when and not Path(options.dies_when).exists():
            time.sleep(0.01)
        print("about to die\nthis is why", file=sys.stderr, flush=True)
        os._exit(3)
    if number == options.hang:
        time.sleep(600)
    if number == options.refuse:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "operations[0].alloc.slot: s0 is written twice")
    if number == options.fail:
        context.abort(grpc.StatusCode.INTERNAL, "out of luck")


def handlers(options: argparse.Namespace) -> grpc.GenericRpcHandler[bytes, bytes]:
    def describe(_: bytes, context: grpc.ServicerContext) -> bytes:
        if options.mute:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "no such method")
        return pageheap_pb2.DescribeResponse(
            protocol_version=options.version,
            name=options.name,
            version="1",
            go_version="go1.18.10",
            capabilities=options.capability,
            operation_count_max=100,
            program_bytes_max=10_000,
        ).SerializeToString()

    def run(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        for encoded in requests:
            misbehave(options, encoded, context)
            yield encoded

    return grpc.method_handlers_generic_handler(
        "pageheap.v1.PageHeapService",
        {
            "Describe": grpc.unary_unary_rpc_method_handler(describe),
            "Run": grpc.stream_stream_rpc_method_handler(run),
        },
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", default="echo")
    parser.add_argument("--version", type=int, default=1)
    parser.add_argument("--capability", action="append", default=[])
    for kind in ("die", "hang", "refuse", "fail"):
        parser.add_argument(f"--{kind}", type=int, metavar="ID")
    parser.add_argument("--dies-when", metavar="FILE", help="die only once this file exists")
    parser.add_argument("--once", help="misbehave only if this file does not exist yet, and make it")
    parser.add_argument("--start-seconds", type=float, default=0)
    parser.add_argument("--dies-at-start-if", metavar="FILE")
    parser.add_argument("--mute", action="store_true")
    parser.add_argument("--socket")
    options = parser.parse_args()
    if options.dies_at_start_if and Path(options.dies_at_start_if).exists():
        sys.exit("cannot start: the disk is full")
    time.sleep(options.start_seconds)
    server = grpc.server(futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((handlers(options),))
    path = options.socket or str(Path(tempfile.mkdtemp()) / "socket")
    server.add_insecure_port(f"unix:{path}")
    server.start()
    print("a line of chatter before")
    print(f"listening on unix:{path}", flush=True)
    signal.signal(signal.SIGTERM, lambda number, frame: os._exit(0))
    threading.Event().wait()


if __name__ == "__main__":
    main()
