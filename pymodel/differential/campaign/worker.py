"""A worker: a process with targets of its own that runs one block after the other.

`python -m pymodel.differential.campaign.worker` reads messages from standard input and answers on standard output. It
ends when standard input does, in the middle of a block too: its driver is gone.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from contextlib import closing
from typing import Any, BinaryIO

from pymodel.differential.campaign.block_run import BlockRun
from pymodel.differential.campaign.blocks import BlockResult, Job, job_from_plain, result_to_plain
from pymodel.differential.campaign.memory import MIB, MemoryWatch
from pymodel.differential.campaign.messages import (
    Lines,
    description_to_plain,
    error_to_plain,
    parse_message,
    write_message,
)
from pymodel.differential.campaign.settings import WorkerSettings
from pymodel.differential.campaign.sources import works_of
from pymodel.differential.errors import HarnessError, ScavdiffError
from pymodel.differential.generation.workload import keep_hypothesis_files_away
from pymodel.differential.running.allocator import give_back_free_memory, map_large_blocks
from pymodel.differential.running.fruitless import Fruitless
from pymodel.differential.running.garbage import few_collections
from pymodel.differential.running.side_by_side import SideBySide

_READ_BYTES = 1 << 16


class BlockRunner:
    """Open targets, and what outlives a block on them. To be used in a `with` block."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._telling = settings.telling
        self.side_by_side: SideBySide = settings.open()
        self._watch = MemoryWatch(self.side_by_side.targets, settings.memory_mib_max * MIB)
        self._fruitless = Fruitless()

    def __enter__(self) -> BlockRunner:
        self._watch.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._watch.__exit__()
        self.side_by_side.close()

    def run(self, job: Job, stopped: threading.Event | None = None) -> BlockResult:
        """Runs a block; raises HarnessError for a target that cannot go on."""
        run = BlockRun(job, works_of(job), self.side_by_side, self._telling, self._fruitless, self._watch.excuse)
        result = run.execute(stopped.is_set if stopped is not None else lambda: False)
        give_back_free_memory()
        return result


class _Inbox:
    """What the driver says, read by a thread of its own, so that its end is noticed in the middle of a block."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.jobs: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.stopped = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        lines = Lines()
        # Not by a buffered reader, whose lock a thread may not hold when the process ends.
        while data := os.read(self._descriptor, _READ_BYTES):
            for line in lines.feed(data):
                kind, value = parse_message(line)
                if kind == "stop":
                    self.stopped.set()
                else:
                    self.jobs.put(value)
        # The targets end as their standard input closes with this process.
        os._exit(0)


def serve(inputs: int, outputs: BinaryIO) -> None:
    """Answers what comes from the file descriptor `inputs` until the driver has no more to say."""
    inbox = _Inbox(inputs)
    try:
        with BlockRunner(WorkerSettings.from_plain(inbox.jobs.get())) as runner, few_collections():
            descriptions = map(description_to_plain, runner.side_by_side.descriptions.values())
            names = runner.side_by_side.names
            write_message(outputs, "ready", dict(zip(names, descriptions, strict=True)))
            while True:
                result = runner.run(job_from_plain(inbox.jobs.get()), inbox.stopped)
                write_message(outputs, "result", result_to_plain(result))
    except HarnessError as error:
        write_message(outputs, "fatal", error_to_plain(error))
    except ScavdiffError as error:
        write_message(outputs, "bad_input", str(error))


def main() -> None:
    """Serves on standard input and output; whatever else is printed goes to standard error."""
    keep_hypothesis_files_away()
    map_large_blocks()
    with closing(os.fdopen(os.dup(1), "wb")) as outputs:
        os.dup2(2, 1)
        serve(sys.stdin.fileno(), outputs)


if __name__ == "__main__":
    main()
