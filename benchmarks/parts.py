"""Each side of a run by itself, on the same programs: generation, the model, Go with and without gRPC, comparison."""

from __future__ import annotations

import collections
import itertools
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.binaries import BENCH
from benchmarks.sampling import Sample, sample
from pymodel.differential.comparison.compare import compare
from pymodel.differential.generation.series_choice import series_of_run
from pymodel.differential.generation.workload import Work, workload
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.programs.codec import encode_program
from pymodel.differential.programs.series_codec import encode_series
from pymodel.differential.running.tally import Tally
from pymodel.differential.targets.target import EncodedProgram
from pymodel.differential.targets.target_specs import TimeLimits, find_go_binary, make_target

WINDOW_PROGRAM_COUNT = 8


def works_of(seed: int, operation_count: int) -> list[Work]:
    """The first programs of a run with this seed, until they have so many operations."""
    works: list[Work] = []
    for work in workload(seed):
        works.append(work)
        operation_count -= len(work.program.operations)
        if operation_count <= 0:
            break
    return works


def requests_of(works: Sequence[Work]) -> list[EncodedProgram]:
    """The programs as a run sends them."""
    return [
        EncodedProgram(
            number,
            work.program,
            encode_program(work.program, number, work.checkpoint_interval),
            work.checkpoint_interval,
        )
        for number, work in enumerate(works, start=1)
    ]


def series_of(seed: int, operation_count: int) -> list[EncodedProgram]:
    """The first series of a run with this seed, as a run sends them, until they have so many operations."""
    requests: list[EncodedProgram] = []
    for number, work in enumerate(series_of_run(seed), start=1):
        series = work.series
        requests.append(EncodedProgram(number, series.heap, encode_series(series, number), series=series))
        operation_count -= series.program_count * series.operation_count
        if operation_count <= 0:
            break
    return requests


class Here:
    """A part that is a function of this process: `work` gets the seed and returns the operations done."""

    def __init__(self, name: str, work: Callable[[int], int]) -> None:
        self.name = name
        self._work = work

    def measure(self, seed: int) -> Sample:
        """Runs it once."""
        return sample(lambda: self._work(seed))

    def close(self) -> None:
        """Has nothing to end."""


def generation(operation_count: int) -> Here:
    """Programs made as a run makes them, and encoded."""

    def work(seed: int) -> int:
        works = works_of(seed, operation_count)
        return sum(len(request.program.operations) for request in requests_of(works))

    return Here("generation alone", work)


def model_alone(requests: Sequence[EncodedProgram]) -> Here:
    """The specification, on programs made before."""

    def work(_: int) -> int:
        for request in requests:
            run_on_specification(request.program, request.program_id, request.checkpoint_interval)
        return _operation_count(requests)

    return Here("model alone", work)


def comparison_alone(requests: Sequence[EncodedProgram]) -> Here:
    """Transcripts made before, compared and counted; each is there twice, as from two targets."""
    transcripts = [run_on_specification(r.program, r.program_id, r.checkpoint_interval) for r in requests]
    copies = [bytes(bytearray(transcript)) for transcript in transcripts]

    def work(_: int) -> int:
        tally = Tally()
        for request, transcript, copy in zip(requests, transcripts, copies, strict=True):
            answers = {"model": transcript, "go": copy}
            assert compare(request.program, answers, program_id=request.program_id) is None
            tally.add_compared("tape", request.program, answers)
        return _operation_count(requests)

    return Here("comparison alone", work)


class GoAlone:
    """Go's page heap in a process of its own that reads encoded programs; no gRPC."""

    def __init__(self, requests: Sequence[EncodedProgram], name: str = "Go alone, in process") -> None:
        self.name = name
        self._operation_count = _operation_count(requests)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "programs"
            path.write_bytes(b"".join(struct.pack("<Q", len(r.encoded)) + r.encoded for r in requests))
            self._process = subprocess.Popen(
                [BENCH, "run", path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
            )
            # It has read the file once it has answered.
            self.measure(0)

    def measure(self, _: int) -> Sample:
        """Runs all programs once."""
        assert self._process.stdin is not None and self._process.stdout is not None
        wall = time.perf_counter()
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        operation_count, _, nanoseconds = map(int, self._process.stdout.readline().split())
        wall = time.perf_counter() - wall
        assert operation_count == self._operation_count, "it ran other programs"
        return Sample(operation_count, nanoseconds / 1e9, nanoseconds / 1e9, wall)

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate()


class GoTarget:
    """The Go target as a run drives it, with nothing done about its answers."""

    def __init__(self, requests: Sequence[EncodedProgram], name: str, spec: str) -> None:
        self.name = name
        self._requests = requests
        self._target = make_target(spec, "go", TimeLimits())
        self._target.describe()

    def measure(self, _: int) -> Sample:
        """Runs all programs once."""
        return sample(self._run)

    def close(self) -> None:
        """Ends the target."""
        self._target.close()

    def _run(self) -> int:
        waiting: collections.deque[EncodedProgram] = collections.deque()
        for request in itertools.chain(self._requests, [None] * WINDOW_PROGRAM_COUNT):
            if request is not None:
                self._target.send(request)
                waiting.append(request)
            if waiting and (request is None or len(waiting) > WINDOW_PROGRAM_COUNT):
                self._target.receive()
                waiting.popleft()
        return _operation_count(self._requests)


def go_over_grpc(requests: Sequence[EncodedProgram]) -> GoTarget:
    """The Go target as any gRPC server."""
    return GoTarget(requests, "Go through gRPC", f"exec:{find_go_binary()}")


def go_over_pipes(requests: Sequence[EncodedProgram]) -> GoTarget:
    """The Go target as a run starts it by itself: over standard input and output."""
    return GoTarget(requests, "Go through pipes", "go")


def _operation_count(requests: Sequence[EncodedProgram]) -> int:
    return sum(
        request.series.program_count * request.series.operation_count
        if request.series is not None
        else len(request.program.operations)
        for request in requests
    )
