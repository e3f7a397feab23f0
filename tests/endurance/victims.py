"""The processes of a running campaign, and their ends."""

from __future__ import annotations

import random
import signal

import psutil

DRIVER, WORKER, TARGET = "driver", "worker", "target"
KINDS = (DRIVER, WORKER, TARGET)


def victims(driver: psutil.Process) -> dict[str, list[psutil.Process]]:
    """Who can be killed. Targets are what workers started, with what those started in turn."""
    workers = [each for each in driver.children() if "campaign.worker" in " ".join(each.cmdline())]
    targets = [target for worker in workers for target in worker.children(recursive=True)]
    return {DRIVER: [driver], WORKER: workers, TARGET: targets}


def kill_one(process_id: int, kind: str, random_source: random.Random) -> bool:
    """Kills a process of that kind of the campaign with SIGKILL; whether there was one."""
    try:
        found = victims(psutil.Process(process_id))[kind]
        if not found:
            return False
        random_source.choice(found).send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return False
    return True
