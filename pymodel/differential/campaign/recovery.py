"""What a campaign does about a ledger that was damaged: it keeps every block that can still be read."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pymodel.differential.campaign.ledger import FILE_NAME, Damaged, Ledger, Row, Session, checked_result
from pymodel.differential.campaign.shards import Shard

_SUFFIXES = ("", "-wal", "-shm")
HEADER_BYTES = 100
# A header that is damaged itself must not make a huge file.
BYTES_MAX = 1 << 40
# No row is smaller, so a file holds at most so many.
_ROW_BYTES_MIN = 150


def open_or_recover(folder: Path, shard: Shard, note: Callable[[str], None]) -> Ledger:
    """The ledger of a campaign's folder, made new if there is none and mended if it is damaged, which is noted."""
    path = folder / FILE_NAME
    try:
        if path.is_file() and path.stat().st_size < HEADER_BYTES:
            # SQLite takes that for a database without tables.
            raise Damaged("its file ends before its header does")
        ledger = Ledger(path)
        ledger.read_all()
    except Damaged as damage:
        ledger = _rebuilt(path, shard, str(damage), note)
    return ledger


def note_what_was_cut_off(ledger: Ledger, note: Callable[[str], None]) -> None:
    """Notes runs of the campaign that did not end by themselves."""
    for session in ledger.sessions():
        if session.ended is None:
            text = (
                f"the run of process {session.process_id} on {session.host} was cut off; "
                f"the ledger holds {ledger.block_count():,} blocks, and those that were under way are run again"
            )
            ledger.add_recovery(text)
            ledger.end_session(session.number, session.seconds, "cut off")
            note(text)


def _rebuilt(path: Path, shard: Shard, damage: str, note: Callable[[str], None]) -> Ledger:
    """A new ledger of what can be read of the old one, which is kept beside it."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".recovery-") as name:
        scratch = Path(name)
        for suffix in ("", "-wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(f"{path}{suffix}", scratch / f"old{suffix}")
        _fill_up(scratch / "old")
        rows = list(_readable_rows(scratch / "old", shard))
        columns = "session, began, seconds, process_id, host, worker_count, ended"
        sessions = list(_readable(scratch / "old", Session, "sessions", columns))
        recoveries = list(_readable(scratch / "old", lambda *row: row, "recoveries", "happened, text"))
        notes = list(_readable(scratch / "old", lambda *row: row, "configuration", "name, value"))
        new = scratch / "new"
        with Ledger(new) as ledger:
            ledger.copy(rows)
            if not sessions and rows:
                # Time that was used is not used again.
                elapsed = max(row.elapsed_seconds for row in rows)
                sessions = [Session(1, rows[0].finished_unix_seconds, elapsed, 0, "unknown", 0, "cut off")]
            for session in sessions:
                ledger.copy_session(session)
            for unix_seconds, text in recoveries:
                ledger.add_recovery(text, unix_seconds)
            for each, value in notes:
                ledger.note(each, value)
            ledger.pack()
        kept = _put_aside(path)
        os.replace(new, path)
    ledger = Ledger(path)
    text = (
        f"the ledger was damaged ({damage}): {len(rows):,} blocks could be read, the others are run again; "
        f"the damaged file is kept as {kept.name}"
    )
    ledger.add_recovery(text)
    note(text)
    return ledger


def _fill_up(path: Path) -> None:
    """Gives a file that was cut off its length again: of a shorter one than its header says SQLite reads nothing."""
    with path.open("r+b") as file:
        header = file.read(HEADER_BYTES)
        if len(header) == HEADER_BYTES:
            page_bytes, page_count = int.from_bytes(header[16:18]), int.from_bytes(header[28:32])
            whole = (65536 if page_bytes == 1 else page_bytes) * page_count
            if file.seek(0, os.SEEK_END) < whole <= BYTES_MAX:
                file.truncate(whole)


def _put_aside(path: Path) -> Path:
    number = next(n for n in itertools.count(1) if not Path(f"{path}.damaged-{n}").exists())
    for suffix in _SUFFIXES:
        with contextlib.suppress(FileNotFoundError):
            os.replace(f"{path}{suffix}", f"{path}.damaged-{number}{suffix}")
    return Path(f"{path}.damaged-{number}")


def _readable_rows(path: Path, shard: Shard) -> Iterator[Row]:
    """The blocks whose rows can be read, each looked up by itself, so that one damaged page hides only its own."""
    size = sum(os.path.getsize(f"{path}{suffix}") for suffix in ("", "-wal") if os.path.exists(f"{path}{suffix}"))
    connection = sqlite3.connect(path)
    query = "SELECT result, checksum, session, finished, elapsed FROM blocks WHERE block = ?"
    try:
        for block in itertools.islice(shard.blocks(), size // _ROW_BYTES_MIN):
            try:
                row = connection.execute(query, (block,)).fetchone()
                if row is not None:
                    result, checksum, session, finished, elapsed = row
                    yield Row(checked_result(result, checksum), session, finished, elapsed)
            except (sqlite3.DatabaseError, Damaged):
                continue
    finally:
        connection.close()


def _readable(path: Path, make: Callable[..., Any], table: str, columns: str) -> Iterator[Any]:
    """The rows of a small table, up to the first that cannot be read."""
    connection = sqlite3.connect(path)
    try:
        for row in connection.execute(f"SELECT {columns} FROM {table} ORDER BY rowid"):
            yield make(*row)
    except sqlite3.DatabaseError:
        return
    finally:
        connection.close()
