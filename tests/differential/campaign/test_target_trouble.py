"""What crashes, hangs or takes too much memory costs its own program and no other."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from pymodel.differential.campaign.blocks import Job, Kind
from pymodel.differential.campaign.memory import process_id_of
from pymodel.differential.campaign.run_with_workers import NEVER_SLOW
from pymodel.differential.campaign.settings import WorkerSettings
from pymodel.differential.campaign.sources import works_of
from pymodel.differential.campaign.worker import BlockRunner
from pymodel.differential.errors import TargetDied
from pymodel.differential.generation.workload import block_workload
from pymodel.differential.programs.codec import encode_program
from pymodel.differential.targets.capabilities import capabilities_needed
from pymodel.differential.targets.remote import RemoteTarget
from pymodel.differential.targets.target import EncodedProgram
from pymodel.differential.targets.target_specs import TimeLimits, make_target
from tests.differential.campaign.fakes import CALLS
from tests.differential.campaign.hungry_server import is_hungry

SEED = 9
KILL_COUNT = 5


def test_a_target_that_takes_too_much_memory_is_killed_and_its_programs_are_charged() -> None:
    spec = f"exec:{shlex.join([sys.executable, '-m', 'tests.differential.campaign.hungry_server'])}"
    settings = WorkerSettings((spec,), start_seconds=60, program_seconds=50, memory_mib_max=400)
    job = Job(SEED, 0, slow_seconds_min=NEVER_SLOW, program_count_max=100)
    runnable = [
        work.program for work, _ in zip(works_of(job), range(100), strict=False)
        if capabilities_needed(work.program) <= CALLS
    ]  # fmt: skip
    hungry_count = sum(map(is_hungry, runnable))
    assert 0 < hungry_count < len(runnable)
    with BlockRunner(settings) as runner:
        result = runner.run(job)
    assert result.tally.harness_errors == {"hungry: TargetOutgrew": hungry_count}
    assert result.tally.program_count == len(runnable) - hungry_count
    (sighting,) = result.sightings
    assert sighting.kind == Kind.HARNESS
    assert sighting.count == hungry_count
    assert not sighting.flaky
    assert "target hungry grew to " in sighting.report
    assert "MiB, more than the 400 MiB that it may have, and was killed" in sighting.report


@pytest.fixture
def go() -> Iterator[RemoteTarget]:
    target = make_target("go", "go", TimeLimits(start_seconds=60))
    assert isinstance(target, RemoteTarget)
    with closing(target):
        yield target


def test_a_killed_go_target_answers_again_about_as_fast_as_it_started(go: RemoteTarget) -> None:
    """Measured while the machine had much other work: 92 to 124 ms from the kill to the next answer."""
    program = next(work.program for work in block_workload(SEED, 0) if len(work.program.operations) > 1)

    def answer(number: int) -> None:
        go.send(EncodedProgram(number, program, encode_program(program, number, 0)))
        go.receive()

    starts, restarts = [], []
    for number in range(0, 3 * KILL_COUNT, 3):
        began = time.perf_counter()
        go.describe()
        answer(number + 1)
        starts.append(time.perf_counter() - began)
        process_id = process_id_of(go)
        assert process_id is not None
        os.kill(process_id, signal.SIGKILL)
        began = time.perf_counter()
        with pytest.raises(TargetDied):
            answer(number + 2)
        answer(number + 3)
        restarts.append(time.perf_counter() - began)
        go.restart()
    assert min(restarts) < 4 * min(starts), (starts, restarts)
