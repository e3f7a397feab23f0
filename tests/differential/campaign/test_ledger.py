from __future__ import annotations

import os
import random
import sqlite3
from pathlib import Path

import pytest

from pymodel.differential.campaign.ledger import FILE_NAME, Damaged, Ledger, Row
from pymodel.differential.campaign.recovery import note_what_was_cut_off, open_or_recover
from pymodel.differential.campaign.shards import Shard
from pymodel.differential.errors import BadInput
from tests.differential.campaign.results import result, sighting

BLOCK_COUNT = 200


def fill(folder: Path, count: int = BLOCK_COUNT) -> None:
    """A ledger with blocks, closed in order."""
    with Ledger(folder / FILE_NAME) as ledger:
        session = ledger.begin_session(2)
        results = [result(block, sighting(f"s{block % 7}", block)) for block in range(count)]
        ledger.copy([Row(each, session, 1e9 + each.block, each.block / 10) for each in results])
        ledger.note("budget", "{}")
        ledger.end_session(session, count / 10, "finished")


def blocks_of(ledger: Ledger) -> list[int]:
    return [row.result.block for row in ledger.rows()]


def recovered(folder: Path) -> tuple[list[int], list[str]]:
    """The blocks that are still there, and what was said."""
    said: list[str] = []
    with open_or_recover(folder, Shard(), said.append) as ledger:
        blocks = blocks_of(ledger)
        assert [recovery.text for recovery in ledger.recoveries()][-len(said) :] == said or not said
    return blocks, said


def test_a_ledger_gives_back_what_was_recorded(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    with Ledger(tmp_path / FILE_NAME, read_only=True) as ledger:
        rows = list(ledger.rows())
        assert [row.result for row in rows] == [result(block, sighting(f"s{block}", block)) for block in range(3)]
        assert ledger.elapsed_seconds() == 0.3
        assert ledger.noted("budget") == "{}"
        (session,) = ledger.sessions()
        assert (session.process_id, session.worker_count, session.ended) == (os.getpid(), 2, "finished")


def test_a_block_is_recorded_once(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    with Ledger(tmp_path / FILE_NAME) as ledger:
        with pytest.raises(sqlite3.IntegrityError):
            ledger.record(result(1), 1, 5.0)
        rows = list(ledger.rows())
        assert ledger.copy(rows) == 0
        assert len(list(ledger.rows())) == 3
        assert ledger.elapsed_seconds() == 0.3


def test_a_run_that_was_cut_off_is_told_once(tmp_path: Path) -> None:
    said: list[str] = []
    with Ledger(tmp_path / FILE_NAME) as ledger:
        session = ledger.begin_session(2)
        ledger.record(result(0), session, 3.5)
    for _ in range(2):
        with Ledger(tmp_path / FILE_NAME) as ledger:
            note_what_was_cut_off(ledger, said.append)
            assert ledger.elapsed_seconds() == 3.5
    assert len(said) == 1
    assert f"the run of process {os.getpid()} on " in said[0]
    assert "the ledger holds 1 blocks" in said[0]


@pytest.mark.parametrize("seed", range(6))
def test_a_ledger_cut_off_in_its_tail_keeps_what_can_be_read(tmp_path: Path, seed: int) -> None:
    fill(tmp_path)
    path = tmp_path / FILE_NAME
    size = path.stat().st_size
    os.truncate(path, size - random.Random(seed).randrange(1, size // 3))
    blocks, said = recovered(tmp_path)
    assert len(said) == 1
    assert "the ledger was damaged (" in said[0]
    assert f"{len(blocks):,} blocks could be read, the others are run again" in said[0]
    assert BLOCK_COUNT // 3 < len(blocks) < BLOCK_COUNT
    assert (tmp_path / f"{FILE_NAME}.damaged-1").is_file()
    assert recovered(tmp_path)[0] == blocks


@pytest.mark.parametrize("kept", [0, 1, 50, 99, 1000, 4096])
def test_a_ledger_of_which_next_to_nothing_is_left_is_begun_anew(tmp_path: Path, kept: int) -> None:
    fill(tmp_path)
    os.truncate(tmp_path / FILE_NAME, kept)
    blocks, said = recovered(tmp_path)
    assert blocks == []
    assert len(said) == 1


@pytest.mark.parametrize("seed", range(6))
def test_a_write_ahead_log_cut_off_in_its_tail_loses_the_last_blocks_only(tmp_path: Path, seed: int) -> None:
    with Ledger(tmp_path / FILE_NAME) as ledger:
        session = ledger.begin_session(1)
        for block in range(30):
            ledger.record(result(block), session, block)
        # As if the machine had failed: what is there is copied while the ledger is open.
        other = tmp_path / "after"
        other.mkdir()
        for suffix in ("", "-wal"):
            (other / f"{FILE_NAME}{suffix}").write_bytes(Path(f"{tmp_path / FILE_NAME}{suffix}").read_bytes())
    log = other / f"{FILE_NAME}-wal"
    os.truncate(log, random.Random(seed).randrange(log.stat().st_size))
    blocks, _ = recovered(other)
    assert blocks == list(range(len(blocks)))
    assert len(blocks) < 30


def test_a_byte_turned_over_is_noticed(tmp_path: Path) -> None:
    fill(tmp_path)
    path = tmp_path / FILE_NAME
    data = path.read_bytes()
    at = data.rindex(b'"alloc":60')
    path.write_bytes(data[:at] + b'"alloc":61' + data[at + 10 :])
    blocks, said = recovered(tmp_path)
    assert len(blocks) == BLOCK_COUNT - 1
    assert "a checksum does not fit" in said[0]


def test_a_damaged_ledger_is_not_read_as_if_it_were_whole(tmp_path: Path) -> None:
    fill(tmp_path)
    os.truncate(tmp_path / FILE_NAME, (tmp_path / FILE_NAME).stat().st_size // 2)
    with pytest.raises(Damaged):
        list(Ledger(tmp_path / FILE_NAME, read_only=True).rows())


def test_another_database_is_no_ledger(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("CREATE TABLE other (x)")
    connection.close()
    with pytest.raises(BadInput, match="is no ledger of scavdiff"):
        Ledger(tmp_path / FILE_NAME)
    with pytest.raises(BadInput, match="there is no "):
        Ledger(tmp_path / "nothing", read_only=True)


def test_a_ledger_of_another_version_is_refused(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("PRAGMA user_version = 7")
    connection.close()
    with pytest.raises(BadInput, match="is a ledger of version 7; this scavdiff writes version 1"):
        Ledger(tmp_path / FILE_NAME)
