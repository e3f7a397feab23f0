"""A campaign as it stands, read only: what status, report and machine-readable results are made from.

May be read while the campaign runs, and does not need its lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pymodel.differential.campaign.blocks import Kind
from pymodel.differential.campaign.configuration import Configuration, read_configuration
from pymodel.differential.campaign.folding import Finding, Folded
from pymodel.differential.campaign.ledger import FILE_NAME, Damaged, Ledger, Recovery, Row, Session
from pymodel.differential.errors import BadInput
from pymodel.differential.running.tally import Tally

RATE_POINT_COUNT_MAX = 200


@dataclass(frozen=True, slots=True)
class Totals:
    """What was compared, summed over all blocks. An operation is counted once, however many targets ran it.

    Those of series were made by targets from a seed and compared by digests; they are among the others.
    `left_out` has how many programs were not sent to a target, by target and reason; `harness_errors` how often a
    target failed, by `target: kind of error`.
    """

    block_count: int
    program_count: int
    operation_count: int
    state_count: int
    outside_program_count: int
    divergent_program_count: int
    uncompared_program_count: int
    operations: Mapping[str, int]
    outcomes: Mapping[str, int]
    program_kinds: Mapping[str, int]
    left_out: Mapping[tuple[str, str], int]
    harness_errors: Mapping[str, int]
    series_program_count: int = 0
    series_operation_count: int = 0


@dataclass(frozen=True, slots=True)
class RatePoint:
    """The campaign after `elapsed_seconds` of work, pauses not counted: totals by then, and the rate since the last."""

    elapsed_seconds: float
    unix_seconds: float
    operation_count: int
    finding_count: int
    operations_per_second: float


@dataclass(frozen=True, slots=True)
class CampaignView:
    """All of a campaign. `findings` are divergences in the order in which programs of the seed show them."""

    folder: Path
    config: Configuration
    totals: Totals
    elapsed_seconds: float
    rate_over_time: tuple[RatePoint, ...]
    findings: tuple[Finding, ...]
    harness_errors: tuple[Finding, ...]
    slowest: tuple[Finding, ...]
    recoveries: tuple[Recovery, ...]
    sessions: tuple[Session, ...]

    @property
    def operations_per_second(self) -> float:
        """The mean rate, pauses not counted."""
        return self.totals.operation_count / self.elapsed_seconds if self.elapsed_seconds > 0 else 0.0


def exit_status(view: CampaignView) -> int:
    """1 if there is a divergence, 2 if there is only a harness error, 0 otherwise."""
    if view.findings:
        return 1
    return 2 if view.harness_errors else 0


def read_campaign(folder: Path) -> CampaignView:
    """The campaign in a folder; raises BadInput where there is none, or where its ledger is damaged."""
    configuration = read_configuration(folder)
    if configuration is None:
        raise BadInput(f"{folder} is no campaign: there is no {folder / 'campaign.json'}")
    try:
        with Ledger(folder / FILE_NAME, read_only=True) as ledger:
            return _view_of(folder, configuration, ledger)
    except Damaged as error:
        raise BadInput(
            f"{folder / FILE_NAME} is damaged ({error}); `scavdiff campaign run {folder}` recovers what can be read"
        ) from error


def _view_of(folder: Path, configuration: Configuration, ledger: Ledger) -> CampaignView:
    """Reads row after row: a long campaign's results are not all held at once."""
    folded, ends = Folded(), []
    for row in ledger.rows():
        folded.add(row.result)
        ends.append(_end_of(row))
    return CampaignView(
        folder,
        configuration,
        totals_of(folded.tally, len(folded.blocks)),
        ledger.elapsed_seconds(),
        tuple(_rate_over_time(ends, folded.explained_by)),
        tuple(folded.findings(Kind.DIVERGENCE)),
        tuple(folded.findings(Kind.HARNESS)),
        tuple(folded.findings(Kind.SLOW)),
        tuple(ledger.recoveries()),
        tuple(ledger.sessions()),
    )


def totals_of(tally: Tally, block_count: int) -> Totals:
    """Counts that no longer change."""
    return Totals(
        block_count,
        tally.program_count,
        tally.operation_count,
        tally.state_count,
        tally.outside_program_count,
        tally.divergent_program_count,
        tally.uncompared_program_count,
        dict(tally.operations),
        dict(tally.outcomes),
        dict(tally.program_kinds),
        dict(tally.left_out),
        dict(tally.harness_errors),
        tally.series_program_count,
        tally.series_operation_count,
    )


@dataclass(frozen=True, slots=True, order=True)
class _BlockEnd:
    """What the rate over time needs of a row."""

    elapsed_seconds: float
    block: int
    unix_seconds: float
    operation_count: int
    signatures: frozenset[str]


def _end_of(row: Row) -> _BlockEnd:
    tally = row.result.tally
    return _BlockEnd(
        row.elapsed_seconds,
        row.result.block,
        row.finished_unix_seconds,
        tally.operation_count,
        row.result.signatures,
    )


def _rate_over_time(ends: list[_BlockEnd], explained_by: Callable[[str], str]) -> Iterator[RatePoint]:
    """At most RATE_POINT_COUNT_MAX points, each at a block's end."""
    ends = sorted(ends)
    signatures: set[str] = set()
    faces: set[str] = set()
    operation_count, last_count, last_elapsed = 0, 0, 0.0
    interval = ends[-1].elapsed_seconds / RATE_POINT_COUNT_MAX if ends else 0.0
    for number, end in enumerate(ends, 1):
        operation_count += end.operation_count
        signatures |= set(map(explained_by, end.signatures - faces))
        faces |= end.signatures
        seconds = end.elapsed_seconds - last_elapsed
        if seconds > 0 and (seconds >= interval or number == len(ends)):
            rate = (operation_count - last_count) / seconds
            yield RatePoint(end.elapsed_seconds, end.unix_seconds, operation_count, len(signatures), rate)
            last_count, last_elapsed = operation_count, end.elapsed_seconds
