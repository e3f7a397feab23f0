"""Shards put together: a campaign whose ledger holds the blocks of several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from pymodel.differential.campaign.blocks import Kind
from pymodel.differential.campaign.campaign import CORPUS_NAME
from pymodel.differential.campaign.configuration import (
    Configuration,
    read_configuration,
    refuse_if_changed,
    write_configuration,
)
from pymodel.differential.campaign.findings_folder import restore_findings
from pymodel.differential.campaign.folding import Folded
from pymodel.differential.campaign.ledger import FILE_NAME, Damaged, Ledger, Session
from pymodel.differential.campaign.lock import locked
from pymodel.differential.campaign.recovery import open_or_recover
from pymodel.differential.campaign.shards import Shard
from pymodel.differential.corpus.guidance import merge_corpora
from pymodel.differential.errors import BadInput


def merge(folders: Sequence[Path], into: Path, note: Callable[[str], None]) -> int:
    """Adds the blocks of campaigns to that in `into`, made if there is none; how many blocks it did not hold before.

    All must be of one configuration but for their shards. A block is counted once, so merging again changes nothing.
    """
    if into.resolve() in (folder.resolve() for folder in folders):
        raise BadInput(f"{into} cannot be merged into itself")
    with locked(into):
        configuration = read_configuration(into)
        sources = [(folder, _whole(_configuration_of(folder))) for folder in folders]
        for folder, source in sources:
            configuration = configuration or replace(
                source, settings=replace(source.settings, findings_folder=str(into / "findings"))
            )
            refuse_if_changed(configuration, source, folder)
        assert configuration is not None
        write_configuration(into, configuration)
        with open_or_recover(into, configuration.shard, note) as ledger:
            count = sum(_add(ledger, folder) for folder, _ in sources)
            _write_findings(ledger, into)
        if configuration.settings.guided:
            merge_corpora([folder / CORPUS_NAME for folder in folders], into / CORPUS_NAME)
    return count


def _configuration_of(folder: Path) -> Configuration:
    configuration = read_configuration(folder)
    if configuration is None:
        raise BadInput(f"{folder} is no campaign: there is no {folder / 'campaign.json'}")
    return configuration


def _whole(configuration: Configuration) -> Configuration:
    """What the shards are parts of."""
    return replace(configuration, shard=Shard())


def _add(ledger: Ledger, folder: Path) -> int:
    """Adds the blocks of one campaign, and its runs, each once."""
    try:
        with Ledger(folder / FILE_NAME, read_only=True) as source:
            known = {_identity(session) for session in ledger.sessions()}
            for session in source.sessions():
                if _identity(session) not in known:
                    ledger.copy_session(session)
            said = {(recovery.unix_seconds, recovery.text) for recovery in ledger.recoveries()}
            for recovery in source.recoveries():
                if (recovery.unix_seconds, recovery.text) not in said:
                    ledger.add_recovery(recovery.text, recovery.unix_seconds)
            return ledger.copy(source.rows())
    except Damaged as error:
        raise BadInput(
            f"{folder / FILE_NAME} is damaged ({error}); `scavdiff campaign run {folder}` recovers what can be read"
        ) from error


def _identity(session: Session) -> tuple[float, int, str]:
    return session.began_unix_seconds, session.process_id, session.host


def _write_findings(ledger: Ledger, into: Path) -> None:
    folded = Folded()
    for row in ledger.rows():
        folded.add(row.result)
    for kind in (Kind.DIVERGENCE, Kind.HARNESS, Kind.SLOW):
        restore_findings(into / "findings", folded.findings(kind))
