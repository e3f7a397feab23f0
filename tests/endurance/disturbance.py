"""Runs a campaign and kills parts of it at random moments; starts it again whenever its driver was among them."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from pymodel.differential.campaign.ledger import FILE_NAME
from tests.endurance.victims import DRIVER, KINDS, kill_one

SCAVDIFF = (sys.executable, "-m", "pymodel.differential.cli")
ROOT = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class Disturbance:
    """What was done to a campaign, and what it said: the exit status of its last run, and all that it printed."""

    kills: Counter[str] = field(default_factory=Counter)
    start_count: int = 0
    status: int = 0
    told: str = ""


def run_campaign(folder: Path, flags: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Runs a campaign in peace."""
    return subprocess.run([*SCAVDIFF, "campaign", "run", str(folder), *flags], capture_output=True, text=True, cwd=ROOT)


def disturb(
    folder: Path, flags: Sequence[str], seconds: float, kill_count: int, seed: int, block_count: int | None = None
) -> Disturbance:
    """Runs a campaign to its end; kills come at random moments within `seconds`, of each kind in turn.

    A campaign of `block_count` blocks may come to its end sooner than in `seconds`. Its kills come within its first
    half, or what would be that of the time: whichever is sooner.

    Once it has run a block it is begun again without flags: a folder is a campaign.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    random_source = random.Random(seed)
    last = 0.95 if block_count is None else 0.5
    moments = sorted(random_source.uniform(0.05, last) for _ in range(kill_count))
    order = [KINDS[index % len(KINDS)] for index in range(kill_count)]
    random_source.shuffle(order)
    plan = list(zip(moments, order, strict=True))
    disturbance = Disturbance()
    began = time.monotonic()

    def share_done() -> float:
        share = (time.monotonic() - began) / seconds
        return share if block_count is None else max(share, _block_count(folder) / block_count)

    with (folder.parent / f"{folder.name}.output").open("w+") as output:
        while True:
            disturbance.start_count += 1
            command = [*SCAVDIFF, "campaign", "run", str(folder), *(() if _block_count(folder) else flags)]
            with subprocess.Popen(command, stdout=output, stderr=output, cwd=ROOT) as driver:
                killed = _while_it_runs(driver, plan, share_done, random_source, disturbance)
                disturbance.status = driver.wait()
            if not killed:
                break
        output.seek(0)
        disturbance.told = output.read()
    return disturbance


def _block_count(folder: Path) -> int:
    """How many blocks the ledger holds; 0 if there is none yet, or none that can be read just now."""
    try:
        with closing(sqlite3.connect(f"{(folder / FILE_NAME).resolve().as_uri()}?mode=ro", uri=True)) as ledger:
            return int(ledger.execute("SELECT count(*) FROM blocks").fetchone()[0])
    except sqlite3.Error:
        return 0


def _while_it_runs(
    driver: subprocess.Popen[bytes],
    plan: list[tuple[float, str]],
    share_done: Callable[[], float],
    random_source: random.Random,
    disturbance: Disturbance,
) -> bool:
    """Kills what the plan says until the driver has ended; whether it was killed."""
    while driver.poll() is None:
        if plan and share_done() >= plan[0][0]:
            kind = plan[0][1]
            if kill_one(driver.pid, kind, random_source):
                plan.pop(0)
                disturbance.kills[kind] += 1
                if kind == DRIVER:
                    driver.wait()
                    return True
        time.sleep(0.02)
    return False
