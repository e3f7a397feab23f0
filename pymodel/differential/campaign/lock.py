"""One run at a time on a campaign's folder."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import filelock

from pymodel.differential.errors import BadInput
from pymodel.differential.running.findings import write_atomically

LOCK_NAME, HOLDER_NAME = "lock", "lock-holder.json"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds the folder's lock; raises BadInput, which names the holder, where another process does.

    The operating system lets go of it however the process ends, so a lock is never stale.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / LOCK_NAME, timeout=0)
        lock.acquire()
    except filelock.Timeout:
        raise BadInput(f"the campaign in {folder} runs already: {_holder(folder)}") from None
    except OSError as error:
        raise BadInput(f"cannot use {folder} for a campaign: {error.strerror}") from error
    try:
        holder = {"process_id": os.getpid(), "host": socket.gethostname(), "since_unix_seconds": time.time()}
        write_atomically(folder / HOLDER_NAME, json.dumps(holder) + "\n")
        yield
    finally:
        (folder / HOLDER_NAME).unlink(missing_ok=True)
        lock.release()


def _holder(folder: Path) -> str:
    try:
        holder = json.loads((folder / HOLDER_NAME).read_text())
        since = datetime.fromtimestamp(holder["since_unix_seconds"]).isoformat(" ", "seconds")
        return f"process {holder['process_id']} on {holder['host']}, since {since}"
    except (OSError, ValueError, KeyError, TypeError):
        return "a process that has just begun"
