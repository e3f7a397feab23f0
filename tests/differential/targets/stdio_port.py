"""A port over standard input and output: the specification behind hand-made pipes, which misbehaves on demand.

Run as a file: the tests of pipes and of conformance start it as a target.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from google.protobuf import json_format

from pymodel.wire import pageheap_pb2, stdio_pb2

MISDEEDS = ("die", "kill", "hang", "refuse", "fail", "print", "unasked", "describe", "status", "half")


def read_varint() -> int | None:
    value = shift = 0
    while byte := sys.stdin.buffer.read(1):
        value |= (byte[0] & 0x7F) << shift
        shift += 7
        if byte[0] < 0x80:
            return value
    return None


def read_request(form: str) -> stdio_pb2.StdioRequest | None:
    if form == "json":
        line = sys.stdin.buffer.readline()
        return json_format.Parse(line, stdio_pb2.StdioRequest()) if line else None
    size = read_varint()
    return None if size is None else stdio_pb2.StdioRequest.FromString(sys.stdin.buffer.read(size))


def reversed_keys(value: object) -> object:
    if isinstance(value, dict):
        return {key: reversed_keys(value[key]) for key in reversed(value)}
    return [reversed_keys(element) for element in value] if isinstance(value, list) else value


def encoded(form: str, response: stdio_pb2.StdioResponse) -> bytes:
    if form == "json":
        return json.dumps(reversed_keys(json_format.MessageToDict(response))).encode() + b"\n"
    message = response.SerializeToString()
    return varint(len(message)) + message


def misbehave(options: argparse.Namespace, response: stdio_pb2.StdioResponse) -> None:
    match options.misdeed:
        case "die":
            print("about to die\nthis is why", file=sys.stderr, flush=True)
            os._exit(3)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(600)
        case "refuse":
            response.refusal.status = "INVALID_ARGUMENT"
            response.refusal.message = "operations[0].alloc.slot: s0 is written twice"
        case "fail":
            response.refusal.status = "INTERNAL"
            response.refusal.message = "out of luck"
        case "status":
            response.refusal.status = "NO_SUCH_STATUS"
        case "print":
            print("debug: here I am", flush=True)
        case "half":
            print("debug", end="", flush=True)
            time.sleep(600)
        case "unasked":
            sys.stdout.buffer.write(3 * encoded(options.form, response))
        case "describe":
            response.describe.name = "somebody"


def varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes((low | 0x80,)) + varint(rest) if rest else bytes((low,))


def transcript(program: pageheap_pb2.Program, *, complete: bool) -> bytes:
    # Imported only where it is needed: a port that echoes starts faster.
    from pymodel.differential.model.interpreter import run_on_specification
    from pymodel.differential.programs.codec import decode_program

    request = decode_program(program.SerializeToString())
    interval = 1 if complete else request.checkpoint_interval
    return run_on_specification(request.program, request.program_id, interval)


def answer(options: argparse.Namespace, request: stdio_pb2.StdioRequest) -> stdio_pb2.StdioResponse:
    response = stdio_pb2.StdioResponse()
    if request.WhichOneof("request") == "describe":
        response.describe.protocol_version = 1
        response.describe.name = options.name
        response.describe.go_version = "go1.18.10"
        response.describe.MergeFrom(
            pageheap_pb2.DescribeResponse(capabilities=pageheap_pb2.Capability.keys()[1 : options.levels + 1])
        )
        return response
    if options.echo:
        response.transcript.program_id = request.program.id
    else:
        try:
            response.transcript.MergeFromString(transcript(request.program, complete=options.complete))
        except Exception as error:
            response.refusal.status = "INVALID_ARGUMENT"
            response.refusal.message = str(error)
    once = options.once
    if request.program.id == options.at and not (once and Path(once).exists()):
        if once:
            Path(once).touch()
        misbehave(options, response)
    return response


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser()
    made.add_argument("--form", default="protobuf")
    made.add_argument("--name", default="port")
    made.add_argument("--levels", type=int, default=8)
    made.add_argument("--echo", action="store_true", help="answer with the id alone")
    made.add_argument("--complete", action="store_true", help="observe the whole state in every step")
    made.add_argument("--misdeed", choices=MISDEEDS)
    made.add_argument("--at", type=int, help="the id of the program at which it misbehaves")
    made.add_argument("--once", help="misbehave only if this file does not exist yet, and make it")
    made.add_argument("--greeting", help="the first line, instead of the right one")
    made.add_argument("--start-seconds", type=float, default=0)
    made.add_argument("--goodbye", help="a file to make when the input has ended")
    return made


def serve(options: argparse.Namespace, respond: Callable[..., stdio_pb2.StdioResponse] = answer) -> None:
    time.sleep(options.start_seconds)
    print(options.greeting or f"scavdiff stdio {options.form} 1", flush=True)
    while (request := read_request(options.form)) is not None:
        sys.stdout.buffer.write(encoded(options.form, respond(options, request)))
        sys.stdout.buffer.flush()
    if options.goodbye:
        Path(options.goodbye).write_text("the input ended")


if __name__ == "__main__":
    serve(parser().parse_args())
