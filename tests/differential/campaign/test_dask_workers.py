"""A real Dask scheduler and real Dask workers, one of which is killed in mid-run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from pymodel.differential.campaign import dask_workers
from pymodel.differential.campaign.blocks import BlockResult, Job
from pymodel.differential.campaign.dask_workers import DaskWorkers
from pymodel.differential.campaign.settings import WorkerSettings
from pymodel.differential.errors import BadInput, TargetFailedToStart
from pymodel.differential.generation.workload import BLOCK_PROGRAM_COUNT
from tests.endurance.__main__ import planted_target
from tests.endurance.checking import assert_adds_up, assert_same
from tests.endurance.disturbance import ROOT, SCAVDIFF, run_campaign

TARGET = planted_target("sentinel forgotten", "--only", "BITS", "RANGES", "SUMMARIES")
BLOCK_COUNT = 3
FLAGS = ["--seed", "9", "--start-seconds", "60", "--target", TARGET]
FLAGS += ["--programs", str(BLOCK_COUNT * BLOCK_PROGRAM_COUNT)]
SECONDS_MAX = 120


@dataclass(frozen=True, slots=True)
class Cluster:
    address: str
    workers: list[subprocess.Popen[bytes]]


def module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"distributed.cli.{name}", *arguments]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler on a port of its own choice, and two workers of one thread each."""
    file, log = tmp_path / "scheduler.json", (tmp_path / "dask.log").open("wb")
    with ExitStack() as stack:
        stack.enter_context(log)

        def start(command: Sequence[str]) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        common = ["--host", "127.0.0.1", "--no-dashboard"]
        start(module("dask_scheduler", *common, "--port", "0", "--scheduler-file", str(file)))
        wait_until(lambda: scheduler_address(file))
        workers = [
            start(module("dask_worker", *common, "--no-nanny", "--nthreads", "1", "--nworkers", "1",
                         "--local-directory", str(tmp_path), "--scheduler-file", str(file)))
            for _ in range(2)
        ]  # fmt: skip
        yield Cluster(scheduler_address(file), workers)


def scheduler_address(file: Path) -> str:
    """Empty while the scheduler has not written all of its file."""
    try:
        return str(json.loads(file.read_text())["address"])
    except (FileNotFoundError, json.JSONDecodeError):
        return ""


def wait_until(condition: Any) -> None:
    deadline = time.monotonic() + SECONDS_MAX
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_cluster_comes_to_what_local_workers_come_to_though_a_worker_is_killed(
    cluster: Cluster, tmp_path: Path
) -> None:
    output = tmp_path / "output"
    command = [*SCAVDIFF, "campaign", "run", str(tmp_path / "dask"), *FLAGS, "--dask", cluster.address]
    with output.open("wb") as file, subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file) as driver:
        victim = psutil.Process(cluster.workers[0].pid)
        # Once it has a worker process of ours, it has a block.
        wait_until(lambda: victim.children() or driver.poll() is not None)
        family = victim.children(recursive=True)
        os.kill(victim.pid, signal.SIGKILL)
        cluster.workers[0].wait()
        assert driver.wait() == 1, output.read_text()
    assert "is gone; its blocks are run again on others" in output.read_text()
    assert psutil.wait_procs(family, timeout=60)[1] == []
    local = run_campaign(tmp_path / "local", [*FLAGS, "--workers", "1"])
    assert local.returncode == 1, local.stderr
    view = assert_adds_up(tmp_path / "dask")
    assert view.totals.block_count == BLOCK_COUNT
    assert view.findings
    assert_same(view, assert_adds_up(tmp_path / "local"))
    # The cluster stays, without processes of ours.
    assert cluster.workers[1].poll() is None
    wait_until(lambda: not psutil.Process(cluster.workers[1].pid).children())


class FakeFuture:
    def __init__(self, status: str, answer: dict[str, Any] | None = None) -> None:
        self.status = status
        self._answer = answer

    def done(self) -> bool:
        return True

    def result(self) -> Any:
        return self._answer


class FakeDistributed:
    """As much of Dask as is used; futures end as `endings` say."""

    def __init__(self, endings: list[FakeFuture]) -> None:
        self._endings = endings

    def Client(self, *_: object, **__: object) -> FakeDistributed:  # noqa: N802  # Dask's name
        return self

    def nthreads(self) -> dict[str, int]:
        return {"tcp://one": 1}

    def submit(self, *_: object, **__: object) -> FakeFuture:
        return self._endings.pop(0)

    def wait(self, *_: object, **__: object) -> None:
        pass


def results_of(monkeypatch: pytest.MonkeyPatch, endings: list[FakeFuture]) -> tuple[list[BlockResult], list[str]]:
    monkeypatch.setattr(dask_workers, "_import_distributed", lambda: FakeDistributed(endings))
    said: list[str] = []
    workers = DaskWorkers("tcp://x", WorkerSettings(), said.append)
    workers.give(Job(5, 7))
    results: list[BlockResult] = []
    while not results:
        results += workers.wait(0)
    return results, said


def test_a_block_that_is_lost_again_and_again_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    results, said = results_of(monkeypatch, [FakeFuture("error"), FakeFuture("lost"), FakeFuture("error")])
    assert [result.block for result in results] == [7]
    assert "block 7 of seed 5 ended 3 workers (Dask says: error); it is left out" in results[0].sightings[0].report
    assert said[0] == "block 7 was lost on the cluster (error) and is run again"


def test_a_target_that_does_not_start_there_is_told_as_here(monkeypatch: pytest.MonkeyPatch) -> None:
    error: dict[str, Any] = {
        "kind": "TargetFailedToStart",
        "target": "port",
        "what": "ended",
        "exit_status": None,
        "stderr_lines": [],
    }
    with pytest.raises(TargetFailedToStart, match="target port ended"):
        results_of(monkeypatch, [FakeFuture("finished", {"fatal": error})])


def test_dask_that_is_not_installed_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    # What Python makes of a module that cannot be imported.
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BadInput, match=r"--dask needs the package `distributed`, .* pip install 'pymodel\[dask\]'"):
        DaskWorkers("tcp://127.0.0.1:1", WorkerSettings(), print)


def test_a_scheduler_that_does_not_answer_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_workers, "CONNECT_SECONDS_MAX", 0.5)
    with pytest.raises(BadInput, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1"):
        DaskWorkers("tcp://127.0.0.1:1", WorkerSettings(), print)
