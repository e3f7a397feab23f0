"""Workers and targets in this process. The targets run only programs of calls, so that a block takes little time."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from pymodel.differential.campaign.block_run import BlockRun, Telling
from pymodel.differential.campaign.blocks import BlockResult, Job
from pymodel.differential.campaign.sources import works_of
from pymodel.differential.errors import HarnessError
from pymodel.differential.generation.workload import Work
from pymodel.differential.programs.program import Call, Program
from pymodel.differential.running.fruitless import Fruitless
from pymodel.differential.running.side_by_side import SideBySide
from pymodel.differential.targets.capabilities import Capability, Description
from pymodel.wire import pageheap_pb2
from tests.differential.fake_targets import Answer, FakeTarget, right

CALLS = frozenset({Capability.BITS, Capability.RANGES, Capability.SUMMARIES})


def wrong_call(*functions: str) -> Answer:
    """What the specification does, but these functions return another first value."""

    def answer(program: Program, transcript: bytes) -> bytes | HarnessError:
        message = pageheap_pb2.Transcript.FromString(transcript)
        for operation, step in zip(program.operations, message.steps, strict=False):
            if isinstance(operation, Call) and operation.function in functions and step.outcome.returned.values:
                step.outcome.returned.values[0] ^= 1
        return message.SerializeToString()

    return answer


def side_by_side_of(*answers: Answer) -> SideBySide:
    """The model, and ports that answer so: port, port#2, ..."""
    ports = [FakeTarget("port", answer, capabilities=CALLS) for answer in answers]
    side_by_side = SideBySide([FakeTarget("model", right, in_process=True, capabilities=CALLS), *ports])
    side_by_side.open()
    return side_by_side


class FakeWorkers:
    """So many jobs at once, whose results come in any order; a job is run when its result is asked for."""

    def __init__(
        self, side_by_side: SideBySide, count: int, folder: Path, *, of_run: bool = False, seed: int = 0
    ) -> None:
        self.descriptions: Mapping[str, Description] = side_by_side.descriptions
        self.given: list[Job] = []
        self.closed = False
        self._side_by_side = side_by_side
        self._count = count
        self._telling = Telling(folder, of_run=of_run)
        self._random = random.Random(seed)
        self._jobs: list[Job] = []
        self._stopped = False

    def idle_count(self) -> int:
        return self._count - len(self._jobs)

    def give(self, job: Job) -> None:
        assert self.idle_count() > 0
        self.given.append(job)
        self._jobs.append(job)

    def wait(self, seconds: float) -> Sequence[BlockResult]:  # noqa: ARG002  # the protocol's signature
        if not self._jobs:
            return []
        return [run_job(self._jobs.pop(self._random.randrange(len(self._jobs))), self._side_by_side, self._telling)]

    def stop(self) -> None:
        self._stopped = True

    def close(self) -> None:
        self.closed = True


class Clock:
    """Stands in for the module `time`: time passes only when something says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


class TimedWorkers(FakeWorkers):
    """Workers of which each result takes a second of that clock."""

    def __init__(self, clock: Clock, side_by_side: SideBySide, count: int, folder: Path, *, of_run: bool) -> None:
        super().__init__(side_by_side, count, folder, of_run=of_run)
        self._clock = clock

    def wait(self, seconds: float) -> Sequence[BlockResult]:
        self._clock.seconds += 1
        return super().wait(seconds)


@lru_cache
def cached_works(seed: int, block: int) -> list[Work]:
    """Made once for all tests: that takes longer than the rest."""
    return list(works_of(Job(seed, block)))


def cached_workload(seed: int) -> Iterator[Work]:
    """As `workload` makes them."""
    return itertools.chain.from_iterable(cached_works(seed, block) for block in itertools.count())


def run_job(job: Job, side_by_side: SideBySide, telling: Telling) -> BlockResult:
    """Runs a block in this process."""
    return BlockRun(job, iter(cached_works(job.seed, job.block)), side_by_side, telling, Fruitless()).execute()
