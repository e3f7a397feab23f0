"""The ledger: every block that was run, with all that it showed, one row and one transaction each.

A SQLite database in WAL mode. A row holds the whole result as JSON, with a checksum, and depends on no other row: what
can be read of a damaged ledger can be used, and a block that cannot is run again. All totals and all findings are
folded from the rows; nothing is counted anywhere else.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sqlite3
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pymodel.differential.campaign.blocks import BlockResult, result_from_plain, result_to_plain
from pymodel.differential.errors import BadInput

FILE_NAME = "ledger.sqlite3"
APPLICATION_ID = 0x73636176
VERSION = 1
BUSY_SECONDS = 30.0
_SCHEMA = """
CREATE TABLE blocks (
    block INTEGER PRIMARY KEY,      -- programs [block * size, (block + 1) * size) of the seed
    session INTEGER NOT NULL,       -- the run of the campaign that ran it
    finished REAL NOT NULL,         -- when it was committed: seconds since 1970
    elapsed REAL NOT NULL,          -- the campaign's own seconds then, without pauses
    program_count INTEGER NOT NULL,
    operation_count INTEGER NOT NULL,
    result TEXT NOT NULL,           -- JSON, see blocks.py
    checksum INTEGER NOT NULL       -- CRC-32 of the result
);
CREATE TABLE sessions (
    session INTEGER PRIMARY KEY,
    began REAL NOT NULL,            -- seconds since 1970
    seconds REAL NOT NULL,          -- how long it lasted, as of the last block
    process_id INTEGER NOT NULL,
    host TEXT NOT NULL,
    worker_count INTEGER NOT NULL,
    ended TEXT                      -- how; NULL while it runs, and after it was killed
);
CREATE TABLE recoveries (happened REAL NOT NULL, text TEXT NOT NULL);
CREATE TABLE configuration (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A block in the ledger."""

    result: BlockResult
    session: int
    finished_unix_seconds: float
    elapsed_seconds: float


@dataclass(frozen=True, slots=True)
class Session:
    """One run of a campaign; `ended` is None while it runs, and after it was killed."""

    number: int
    began_unix_seconds: float
    seconds: float
    process_id: int
    host: str
    worker_count: int
    ended: str | None


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was found broken, and what was done about it."""

    unix_seconds: float
    text: str


class Damaged(Exception):
    """The ledger's file is not what SQLite wrote."""


class Ledger:
    """An open ledger. Only the holder of the campaign's lock may open one to write.

    Raises Damaged where the file is; BadInput for a file of something else.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        try:
            self._connection = _connect(path, read_only)
            self._check_or_create(read_only)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                raise BadInput(f"{path} is locked by another process") from error
            if isinstance(error, sqlite3.OperationalError) and "unable to open" in str(error):
                raise BadInput(f"cannot open {path}") from error
            raise Damaged(str(error)) from error

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Reading.

    def rows(self) -> Iterator[Row]:
        """All blocks, in the order of their numbers; raises Damaged."""
        query = "SELECT result, checksum, session, finished, elapsed FROM blocks ORDER BY block"
        try:
            for result, checksum, session, finished, elapsed in self._connection.execute(query):
                yield Row(checked_result(result, checksum), session, finished, elapsed)
        except sqlite3.DatabaseError as error:
            raise Damaged(str(error)) from error

    def sessions(self) -> list[Session]:
        """All runs of the campaign, in order."""
        query = "SELECT session, began, seconds, process_id, host, worker_count, ended FROM sessions ORDER BY session"
        return [Session(*row) for row in self._connection.execute(query)]

    def recoveries(self) -> list[Recovery]:
        """All that was recovered, in order."""
        return [
            Recovery(*row) for row in self._connection.execute("SELECT happened, text FROM recoveries ORDER BY rowid")
        ]

    def read_all(self) -> None:
        """Reads every block once; raises Damaged where one is not what was written."""
        for _ in self.rows():
            pass

    def block_count(self) -> int:
        """How many blocks there are."""
        (count,) = self._connection.execute("SELECT count(*) FROM blocks").fetchone()
        return int(count)

    def elapsed_seconds(self) -> float:
        """How long all runs of the campaign took together."""
        (seconds,) = self._connection.execute("SELECT coalesce(sum(seconds), 0) FROM sessions").fetchone()
        return float(seconds)

    def noted(self, name: str) -> str | None:
        """A value kept by `note`."""
        row = self._connection.execute("SELECT value FROM configuration WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    # Writing.

    def record(self, result: BlockResult, session: int, session_seconds: float) -> None:
        """Keeps a block and the time until now, or nothing if the machine fails in the middle."""
        text = json.dumps(result_to_plain(result), separators=(",", ":"))
        with self._transaction():
            self._connection.execute(
                "UPDATE sessions SET seconds = ? WHERE session = ?",
                (session_seconds, session),
            )
            self._insert_block(result, text, session, time.time(), self.elapsed_seconds())

    def copy(self, rows: Iterator[Row] | list[Row]) -> int:
        """Keeps blocks of another ledger that this one does not hold; how many there were."""
        count = 0
        with self._transaction():
            for row in rows:
                text = json.dumps(result_to_plain(row.result), separators=(",", ":"))
                count += self._insert_block(
                    row.result, text, row.session, row.finished_unix_seconds, row.elapsed_seconds, "OR IGNORE"
                )
        return count

    def begin_session(self, worker_count: int) -> int:
        """Opens a run of the campaign; its number."""
        with self._transaction():
            cursor = self._connection.execute(
                "INSERT INTO sessions (began, seconds, process_id, host, worker_count) VALUES (?, 0, ?, ?, ?)",
                (time.time(), os.getpid(), socket.gethostname(), worker_count),
            )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def copy_session(self, session: Session) -> int:
        """Keeps a run of another ledger; its number here."""
        with self._transaction():
            cursor = self._connection.execute(
                "INSERT INTO sessions (began, seconds, process_id, host, worker_count, ended) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    session.began_unix_seconds,
                    session.seconds,
                    session.process_id,
                    session.host,
                    session.worker_count,
                    session.ended,
                ),
            )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def end_session(self, session: int, seconds: float, how: str) -> None:
        """Closes a run of the campaign."""
        with self._transaction():
            self._connection.execute(
                "UPDATE sessions SET seconds = ?, ended = ? WHERE session = ?", (seconds, how, session)
            )

    def add_recovery(self, text: str, unix_seconds: float | None = None) -> None:
        """Keeps a sentence about what was recovered."""
        happened = time.time() if unix_seconds is None else unix_seconds
        with self._transaction():
            self._connection.execute("INSERT INTO recoveries VALUES (?, ?)", (happened, text))

    def note(self, name: str, value: str) -> None:
        """Keeps a value by its name."""
        with self._transaction():
            self._connection.execute("INSERT OR REPLACE INTO configuration VALUES (?, ?)", (name, value))

    def pack(self) -> None:
        """Leaves all in one file, without a write-ahead log, so that it can be moved once it is closed."""
        self._connection.execute("PRAGMA journal_mode = DELETE")

    def _insert_block(
        self, result: BlockResult, text: str, session: int, finished: float, elapsed: float, otherwise: str = ""
    ) -> int:
        tally = result.tally
        return self._connection.execute(
            f"INSERT {otherwise} INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                result.block,
                session,
                finished,
                elapsed,
                tally.program_count,
                tally.operation_count,
                text,
                zlib.crc32(text.encode()),
            ),
        ).rowcount

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            # A full disk, or one that fails.
            with contextlib.suppress(sqlite3.OperationalError):
                self._connection.execute("ROLLBACK")
            raise BadInput(f"cannot write {self.path}: {error}") from error
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise

    def _check_or_create(self, read_only: bool) -> None:
        (application_id,) = self._connection.execute("PRAGMA application_id").fetchone()
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        (table_count,) = self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if application_id == 0 and table_count == 0 and not read_only:
            # A database of no size, or one whose creation was cut off.
            self._connection.executescript(
                f"BEGIN;{_SCHEMA}PRAGMA application_id = {APPLICATION_ID};PRAGMA user_version = {VERSION};COMMIT;"
            )
            return
        if application_id == 0 and table_count == 0:
            raise BadInput(f"{self.path} holds nothing yet")
        if application_id != APPLICATION_ID:
            raise BadInput(f"{self.path} is no ledger of scavdiff")
        if version != VERSION:
            raise BadInput(f"{self.path} is a ledger of version {version}; this scavdiff writes version {VERSION}")
        verdict = self._connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != ("ok",):
            raise Damaged(str(verdict[0]))


def checked_result(text: str, checksum: int) -> BlockResult:
    """The result of a row; raises Damaged where it is not what was written."""
    try:
        if zlib.crc32(text.encode()) != checksum:
            raise Damaged("a checksum does not fit")
        return result_from_plain(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged(f"a result does not parse: {error}") from error


def _connect(path: Path, read_only: bool) -> sqlite3.Connection:
    if read_only and not path.is_file():
        raise BadInput(f"there is no {path}")
    mode = "ro" if read_only else "rwc"
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    if read_only and not os.access(path.parent, os.W_OK):
        # SQLite would want to make files beside it.
        connection = sqlite3.connect(f"{uri}&immutable=1", uri=True, isolation_level=None)
    if not read_only:
        connection.execute("PRAGMA journal_mode = WAL")
        # A block is there for good once its transaction has ended, also should the power fail.
        connection.execute("PRAGMA synchronous = FULL")
    return connection
