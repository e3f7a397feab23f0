"""Workers on the machines of a Dask cluster, which somebody else runs: the same blocks, the same results.

Each thread of a Dask worker keeps a worker process of ours with targets of its own, as on one machine, so a target that
crashes or takes too much memory is not Dask's concern. What passes between the machines are the messages of
messages.py: plain data. Every machine needs this package in the same version, and the targets under the same names.
"""

from __future__ import annotations

import collections
import contextlib
import importlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymodel.differential.campaign.blocks import (
    BlockResult,
    Job,
    Plain,
    job_from_plain,
    job_to_plain,
    result_from_plain,
    result_to_plain,
)
from pymodel.differential.campaign.messages import (
    description_from_plain,
    description_to_plain,
    error_to_plain,
    failure_of,
)
from pymodel.differential.campaign.pool import DEATH_OF_BLOCK_COUNT_MAX, WorkerPool, left_out
from pymodel.differential.campaign.settings import WorkerSettings
from pymodel.differential.errors import BadInput, HarnessError, ScavdiffError
from pymodel.differential.targets.capabilities import Description

CONNECT_SECONDS_MAX = 20.0
_WAIT_SECONDS = 0.5


class DaskWorkers:
    """The threads of a cluster's workers, each a worker. `note` is told in a sentence of what is lost and run again."""

    def __init__(self, address: str, settings: WorkerSettings, note: Callable[[str], None]) -> None:
        self.descriptions: Mapping[str, Description] = {}
        self._distributed = _import_distributed()
        self._client = self._connect(address)
        self._settings = settings.to_plain()
        self._note = note
        self._jobs: dict[Any, Job] = {}
        self._deaths_of_blocks: collections.Counter[int] = collections.Counter()
        self._workers = set(self._threads())

    @property
    def thread_count(self) -> int:
        """How many blocks run at once."""
        return sum(self._threads().values())

    def idle_count(self) -> int:
        """How many jobs may be given now."""
        return max(0, self.thread_count - len(self._jobs))

    def give(self, job: Job) -> None:
        """Starts a job."""
        # Not pure: a block that is run again is not to be answered from Dask's memory. A worker that dies takes no
        # other with it: Dask runs its blocks elsewhere by itself.
        future = self._client.submit(run_on_dask, self._settings, job_to_plain(job), pure=False)
        self._jobs[future] = job

    def wait(self, seconds: float) -> Sequence[BlockResult]:
        """The results that come within `seconds`, or as soon as there is one."""
        self._note_lost_workers()
        if not self._jobs:
            time.sleep(min(seconds, _WAIT_SECONDS))
            return []
        try:
            self._distributed.wait(list(self._jobs), timeout=seconds, return_when="FIRST_COMPLETED")
        except TimeoutError:
            return []
        results = []
        for future in [future for future in self._jobs if future.done()]:
            job = self._jobs.pop(future)
            result = self._result(job, future)
            if result is not None:
                results.append(result)
        return results

    def stop(self) -> None:
        """Gives up all jobs: a block that runs elsewhere is not cut short."""
        self._client.cancel(list(self._jobs))
        self._jobs.clear()

    def close(self) -> None:
        """Gives up all jobs, and ends the worker processes on the cluster."""
        self.stop()
        # A worker that has died since does not answer, and its processes ended with it.
        with contextlib.suppress(Exception):
            self._client.run(close_pools, on_error="ignore")
        with contextlib.suppress(Exception):
            self._client.close()

    def _result(self, job: Job, future: Any) -> BlockResult | None:
        """What came of a job; None if it is run again."""
        if future.status != "finished":
            self._deaths_of_blocks[job.block] += 1
            if self._deaths_of_blocks[job.block] >= DEATH_OF_BLOCK_COUNT_MAX:
                return left_out(job, f"Dask says: {future.status}")
            self._note(f"block {job.block} was lost on the cluster ({future.status}) and is run again")
            self.give(job)
            return None
        answer: Plain = future.result()
        for kind in ("fatal", "bad_input"):
            failure = failure_of(kind, answer[kind]) if kind in answer else None
            if failure is not None:
                raise failure
        for text in answer["notes"]:
            self._note(text)
        self.descriptions = {name: description_from_plain(plain) for name, plain in answer["targets"].items()}
        return result_from_plain(answer["result"])

    def _threads(self) -> Mapping[str, int]:
        threads: Mapping[str, int] = self._client.nthreads()
        return threads

    def _note_lost_workers(self) -> None:
        workers = set(self._threads())
        for lost in sorted(self._workers - workers):
            self._note(f"the Dask worker {lost} is gone; its blocks are run again on others")
        self._workers = workers

    def _connect(self, address: str) -> Any:
        try:
            return self._distributed.Client(address, timeout=CONNECT_SECONDS_MAX)
        except (OSError, ValueError, TimeoutError) as error:
            raise BadInput(f"no Dask scheduler answers at {address}: {error}") from error


def _import_distributed() -> Any:
    try:
        return importlib.import_module("distributed")
    except ImportError as error:
        what = "--dask needs the package `distributed`, which comes with an extra: pip install 'pymodel[dask]'"
        raise BadInput(what) from error


# On the cluster.


@dataclass(slots=True)
class _Kept:
    """A worker process of a thread, and what it had to tell since it was last asked."""

    pool: WorkerPool
    notes: list[str]


_kept: dict[tuple[int, str], _Kept] = {}
_lock = threading.Lock()
"""Protects `_kept`; what is kept there is used by its thread only."""


def run_on_dask(settings: Plain, job: Plain) -> Plain:
    """Runs a block in the worker process that belongs to this thread; says what a worker's message says."""
    try:
        kept = _kept_of_thread(settings)
        while not kept.pool.idle_count():
            kept.pool.wait(_WAIT_SECONDS)
        kept.pool.give(job_from_plain(job))
        while True:
            for result in kept.pool.wait(_WAIT_SECONDS):
                targets = {name: description_to_plain(each) for name, each in kept.pool.descriptions.items()}
                notes, kept.notes[:] = list(kept.notes), []
                return {"result": result_to_plain(result), "targets": targets, "notes": notes}
    except HarnessError as error:
        close_pools()
        return {"fatal": error_to_plain(error)}
    except ScavdiffError as error:
        close_pools()
        return {"bad_input": str(error)}


def _kept_of_thread(settings: Plain) -> _Kept:
    key = (threading.get_ident(), repr(sorted(settings.items())))
    with _lock:
        if key not in _kept:
            notes: list[str] = []
            _kept[key] = _Kept(WorkerPool(WorkerSettings.from_plain(settings), 1, notes.append), notes)
        return _kept[key]


def close_pools() -> None:
    """Ends the worker processes of this Dask worker."""
    with _lock:
        for kept in _kept.values():
            kept.pool.close()
        _kept.clear()
