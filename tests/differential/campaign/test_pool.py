"""Real workers with the real model and a small target; they are killed, and nothing is counted twice."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import psutil
import pytest

from pymodel.differential.campaign import pool as pool_module
from pymodel.differential.campaign.blocks import BlockResult, Job, Kind
from pymodel.differential.campaign.pool import DEATH_OF_BLOCK_COUNT_MAX, WorkerPool
from pymodel.differential.campaign.run_with_workers import NEVER_SLOW
from pymodel.differential.campaign.settings import WorkerSettings
from pymodel.differential.errors import BadInput, TargetFailedToStart, WorkerFailed
from tests.endurance.__main__ import planted_target

SEED = 9
TARGET = planted_target("sentinel forgotten", "--only", "BITS", "RANGES", "SUMMARIES")
SETTINGS = WorkerSettings((TARGET,), start_seconds=60)
SECONDS_MAX = 120


@contextmanager
def pool_of(count: int, settings: WorkerSettings = SETTINGS) -> Iterator[tuple[WorkerPool, list[str]]]:
    said: list[str] = []
    with closing(WorkerPool(settings, count, said.append)) as pool:
        yield pool, said


def run_blocks(pool: WorkerPool, blocks: list[int], tick: Callable[[], None] = lambda: None) -> dict[int, BlockResult]:
    """Runs blocks to their ends; `tick` is called now and again."""
    done: dict[int, BlockResult] = {}
    waiting, deadline = list(blocks), time.monotonic() + SECONDS_MAX
    while len(done) < len(blocks):
        assert time.monotonic() < deadline
        while waiting and pool.idle_count():
            pool.give(Job(SEED, waiting.pop(0), slow_seconds_min=NEVER_SLOW))
        for result in pool.wait(0.05):
            assert result.block not in done
            done[result.block] = result
        tick()
    return done


def test_a_worker_that_dies_is_replaced_and_its_block_run_again() -> None:
    with pool_of(2) as (pool, said):
        killed: list[int] = []

        def kill() -> None:
            if not killed and pool.idle_count() == 0:
                killed.extend(pool.process_ids()[:1])
                os.kill(killed[0], signal.SIGKILL)

        disturbed = run_blocks(pool, [0, 1], kill)
        assert killed
        assert killed[0] not in pool.process_ids()
        assert len(pool.process_ids()) == 2
        undisturbed = run_blocks(pool, [0, 1])
    assert len(said) == 1
    assert "ended (killed by SIGKILL)" in said[0]
    for block, result in disturbed.items():
        assert result.tally == undisturbed[block].tally
        assert result.signatures == undisturbed[block].signatures


def test_workers_and_targets_end_with_the_pool() -> None:
    with pool_of(1) as (pool, _):
        while not pool.idle_count():
            pool.wait(0.1)
        pool.give(Job(SEED, 0))
        family = [process for pid in pool.process_ids() for process in family_of(pid)]
        assert len(family) > 1
    assert psutil.wait_procs(family, timeout=60)[1] == []


def family_of(process_id: int) -> list[psutil.Process]:
    process = psutil.Process(process_id)
    return [process, *process.children(recursive=True)]


def test_a_block_that_kills_every_worker_is_left_out_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    code = """
import json, os, sys
print(json.dumps({"ready": {}}), flush=True)
for line in sys.stdin:
    ((kind, value),) = json.loads(line).items()
    if kind == "job":
        os._exit(9)
"""
    monkeypatch.setattr(pool_module, "COMMAND", (sys.executable, "-c", code))
    with pool_of(1) as (pool, said):
        result = run_blocks(pool, [7])[7]
    assert len(said) == DEATH_OF_BLOCK_COUNT_MAX
    assert said[0] == "worker 1 ended (exit status 9) in block 7, which is run again"
    (sighting,) = result.sightings
    assert sighting.kind == Kind.HARNESS
    assert f"block 7 of seed {SEED} ended 3 workers (exit status 9); it is left out" in sighting.report
    assert result.tally.program_count == 0


def test_workers_that_do_not_start_end_it_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "COMMAND", (sys.executable, "-c", "raise SystemExit(5)"))
    with pool_of(1) as (pool, _), pytest.raises(WorkerFailed, match="3 workers in a row ended before they were ready"):
        run_blocks(pool, [0])


def test_a_target_that_does_not_start_is_told_as_in_a_run() -> None:
    settings = WorkerSettings((f"exec:{sys.executable} -c 'raise SystemExit(4)'",))
    with pool_of(1, settings) as (pool, _), pytest.raises(TargetFailedToStart, match="ended before it listened"):
        run_blocks(pool, [0])


def test_a_target_that_is_none_is_refused() -> None:
    with (
        pool_of(1, WorkerSettings(("nothing",))) as (pool, _),
        pytest.raises(BadInput, match="target 'nothing' is not"),
    ):
        run_blocks(pool, [0])
