from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from pymodel.differential.campaign import campaign as campaign_module
from pymodel.differential.campaign.blocks import BlockResult, Kind
from pymodel.differential.campaign.budgets import CampaignBudget
from pymodel.differential.campaign.campaign import Campaign, CampaignSettings, Ending
from pymodel.differential.campaign.configuration import Configuration, read_configuration, write_configuration
from pymodel.differential.campaign.ledger import FILE_NAME, Ledger
from pymodel.differential.campaign.merge import merge
from pymodel.differential.campaign.pool import Workers
from pymodel.differential.campaign.progress import CampaignProgress, campaign_line
from pymodel.differential.campaign.settings import WorkerSettings
from pymodel.differential.campaign.shards import Shard
from pymodel.differential.campaign.status import status_text
from pymodel.differential.campaign.view import CampaignView, read_campaign
from pymodel.differential.errors import BadInput, TargetGivenUp
from pymodel.differential.generation.workload import BLOCK_PROGRAM_COUNT
from tests.differential.campaign.fakes import Clock, FakeWorkers, TimedWorkers, side_by_side_of, wrong_call
from tests.differential.fake_targets import Answer
from tests.endurance.checking import assert_adds_up, assert_findings_are_files, assert_same

SEED = 5
FAULTY = wrong_call("pack_palloc_sum", "merge_summaries", "fill_aligned")
BLOCK_COUNT = 3
PROGRAMS = CampaignBudget(program_count=BLOCK_COUNT * BLOCK_PROGRAM_COUNT)


class Dying(FakeWorkers):
    """Workers whose driver is killed after so many results, which is what an exception is to a ledger."""

    def __init__(self, *arguments: object, results_left: int) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self._results_left = results_left

    def wait(self, seconds: float) -> Sequence[BlockResult]:
        if self._results_left == 0:
            raise PowerCut
        self._results_left -= 1
        return super().wait(seconds)


class PowerCut(BaseException):
    pass


def configuration_of(folder: Path, shard: Shard | None = None) -> Configuration:
    settings = WorkerSettings(findings_folder=str(folder / "findings"))
    configuration = Configuration(SEED, shard or Shard(), settings)
    if read_configuration(folder) is None:
        write_configuration(folder, configuration)
    return configuration


def run(
    folder: Path,
    *,
    answer: Answer = FAULTY,
    budget: CampaignBudget = PROGRAMS,
    shard: Shard | None = None,
    worker_count: int = 2,
    start: Callable[[], Workers] | None = None,
) -> tuple[CampaignView, str, Ending]:
    """Runs a campaign in this process: how it stands, what it told, how it ended."""
    told = io.StringIO()
    folder.mkdir(exist_ok=True)
    start = start or (lambda: FakeWorkers(side_by_side_of(answer), worker_count, folder / "findings"))
    configuration = configuration_of(folder, shard)
    with CampaignProgress(Console(file=told, width=200), folder) as progress:
        campaign = Campaign(configuration, CampaignSettings(folder, budget, worker_count), lambda _: start(), progress)
        ending = campaign.execute()
    return read_campaign(folder), told.getvalue(), ending


@pytest.fixture(scope="module")
def peace(tmp_path_factory: pytest.TempPathFactory) -> CampaignView:
    """A campaign of one worker that nothing disturbs."""
    return run(tmp_path_factory.mktemp("peace"), worker_count=1)[0]


def test_a_campaign_keeps_totals_findings_and_traces(peace: CampaignView) -> None:
    assert peace.totals.block_count == BLOCK_COUNT
    assert_adds_up(peace.folder)
    assert_findings_are_files(peace)
    assert [finding.signature for finding in peace.findings] == [
        "sum returned in packPallocSum",
        "word returned in fillAligned",
    ]
    assert all(len(finding.origins) > 1 and finding.count > 2 for finding in peace.findings)
    assert peace.rate_over_time[-1].operation_count == peace.totals.operation_count
    assert peace.slowest
    assert [session.ended for session in peace.sessions] == ["finished"]


def test_the_number_of_workers_shows_in_nothing(peace: CampaignView, tmp_path: Path) -> None:
    assert_same(run(tmp_path, worker_count=3)[0], peace)


@pytest.mark.parametrize("seed", range(2))
def test_a_driver_killed_at_any_moment_goes_on_and_loses_nothing(
    peace: CampaignView, tmp_path: Path, seed: int
) -> None:
    random_source, cut_off_count = random.Random(seed), 0
    for _ in range(2):
        results_left = random_source.randrange(2)
        with pytest.raises(PowerCut):
            run(tmp_path, start=lambda left=results_left: dying(tmp_path, left))  # type: ignore[misc]
        # What a killed process cannot do.
        with Ledger(tmp_path / FILE_NAME) as ledger:
            last = ledger.sessions()[-1]
            ledger._connection.execute("UPDATE sessions SET ended = NULL WHERE session = ?", (last.number,))
        cut_off_count += 1
    view, told, ending = run(tmp_path)
    assert ending is Ending.FINISHED
    assert_same(view, peace)
    assert_adds_up(tmp_path)
    assert len(view.recoveries) == cut_off_count
    assert "was cut off; the ledger holds" in told


def dying(folder: Path, results_left: int) -> Workers:
    return Dying(side_by_side_of(FAULTY), 2, folder / "findings", results_left=results_left)


def test_a_finished_campaign_does_no_more(peace: CampaignView) -> None:
    def start() -> Workers:
        raise AssertionError("workers are started")

    view, _, ending = run(peace.folder, start=start)
    assert ending is Ending.FINISHED
    assert view.totals == peace.totals


def test_a_larger_budget_goes_on_where_it_ended(tmp_path: Path, peace: CampaignView) -> None:
    run(tmp_path, budget=CampaignBudget(program_count=BLOCK_PROGRAM_COUNT))
    assert_same(run(tmp_path)[0], peace)


def test_a_budget_of_operations_ends_after_the_same_block_for_any_number_of_workers(tmp_path: Path) -> None:
    views = [
        run(tmp_path / str(count), budget=CampaignBudget(operation_count=1500), worker_count=count)[0]
        for count in (1, 3)
    ]
    assert views[0].totals.operation_count >= 1500
    assert_same(views[0], views[1])


def test_time_ends_a_campaign_when_what_is_under_way_has_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(campaign_module, "time", clock)
    view, _, ending = run(
        tmp_path,
        budget=CampaignBudget(seconds=1.5),
        start=lambda: TimedWorkers(clock, side_by_side_of(FAULTY), 2, tmp_path / "findings", of_run=False),
    )
    assert ending is Ending.FINISHED
    assert view.totals.block_count == 3
    assert view.elapsed_seconds == 3


def test_traces_that_are_missing_or_cut_off_are_written_again(tmp_path: Path) -> None:
    view = run(tmp_path)[0]
    first, second = sorted((tmp_path / "findings").glob("*.trace"))[:2]
    content = first.read_text()
    first.unlink()
    second.write_text(second.read_text()[:20])
    again, told, _ = run(tmp_path)
    assert "2 traces of findings were missing or cut off, and are written again from the ledger" in told
    assert first.read_text() == content
    assert_findings_are_files(again)
    assert again.totals == view.totals


def test_a_target_that_cannot_go_on_stops_it_and_what_was_done_stays(tmp_path: Path) -> None:
    class Stopping(Dying):
        def wait(self, seconds: float) -> Sequence[BlockResult]:
            try:
                return super().wait(seconds)
            except PowerCut:
                raise TargetGivenUp("port", "was given up after 3 attempts to start it again") from None

    with pytest.raises(TargetGivenUp):
        run(tmp_path, start=lambda: Stopping(side_by_side_of(FAULTY), 1, tmp_path, results_left=2))
    view = read_campaign(tmp_path)
    assert view.totals.block_count == 2
    assert view.sessions[0].ended == "stopped: target port was given up after 3 attempts to start it again"


def test_ctrl_c_ends_it_in_order(tmp_path: Path) -> None:
    class Interrupted(Dying):
        def wait(self, seconds: float) -> Sequence[BlockResult]:
            try:
                return super().wait(seconds)
            except PowerCut:
                raise KeyboardInterrupt from None

    view, _, ending = run(tmp_path, start=lambda: Interrupted(side_by_side_of(FAULTY), 1, tmp_path, results_left=1))
    assert ending is Ending.INTERRUPTED
    assert [session.ended for session in view.sessions] == ["interrupted"]


def test_other_targets_are_refused_and_said_by_name(tmp_path: Path) -> None:
    run(tmp_path, budget=CampaignBudget(program_count=1))
    configuration = read_configuration(tmp_path)
    assert configuration is not None
    assert dict(configuration.targets) == {"model": "1 (go1.18.10)", "port": "1 (go1.18.10)"}
    with CampaignProgress(Console(file=io.StringIO()), tmp_path) as progress:
        settings = CampaignSettings(tmp_path, PROGRAMS, 1)
        workers = FakeWorkers(side_by_side_of(FAULTY, FAULTY), 1, tmp_path)
        campaign = Campaign(configuration, settings, lambda _: workers, progress)
        with pytest.raises(
            BadInput, match=r"targets and their versions: model 1 .* before, model 1 .*, port#2 1 .* now"
        ):
            campaign.execute()


# Shards.


def test_shards_put_together_are_what_one_campaign_is(tmp_path: Path, peace: CampaignView) -> None:
    parts = [tmp_path / f"part{number}" for number in (1, 2, 3)]
    for number, part in enumerate(parts, 1):
        view = run(part, shard=Shard(number, 3))[0]
        assert view.totals.block_count < BLOCK_COUNT
        assert_adds_up(part)
    into = tmp_path / "whole"
    assert merge(parts[:2], into, print) + merge(parts[2:], into, print) == BLOCK_COUNT
    assert_same(read_campaign(into), peace)
    assert_adds_up(into)
    assert_findings_are_files(read_campaign(into))
    assert len(read_campaign(into).sessions) == 3
    # A second time it changes nothing.
    before = read_campaign(into)
    assert merge(parts, into, print) == 0
    assert read_campaign(into) == before


def test_a_merge_of_two_configurations_is_refused(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    run(one, budget=CampaignBudget(program_count=1))
    run(other, budget=CampaignBudget(program_count=1))
    configuration = read_configuration(other)
    assert configuration is not None
    write_configuration(other, replace(configuration, seed=SEED + 1))
    with pytest.raises(BadInput, match="seed: 5 before, 6 now"):
        merge([one, other], tmp_path / "into", print)
    with pytest.raises(BadInput, match="cannot be merged into itself"):
        merge([one], one, print)
    with pytest.raises(BadInput, match="is no campaign: there is no "):
        merge([tmp_path / "nothing"], tmp_path / "into", print)


# Words.


def test_status_tells_it_all(peace: CampaignView) -> None:
    text = status_text(peace)
    assert f"{BLOCK_COUNT} blocks, {peace.totals.program_count:,} programs, " in text
    assert "targets     model 1 (go1.18.10), port 1 (go1.18.10)\n" in text
    assert "divergence: sum returned in packPallocSum, " in text
    assert "  model against port\n" in text
    assert "  1 operations, made from " in text
    assert "slowest programs\n" in text
    assert text.endswith("2 divergences\n")
    for finding in peace.findings:
        assert f"  programs: {finding.origins[0].program} (tape calls)" in text


def test_the_line_tells_rate_total_findings_crashes_corpus_and_time_left() -> None:
    line = campaign_line(
        operation_count=1_234_567,
        rate=18_000,
        finding_count=3,
        flaky_count=1,
        crash_count=2,
        corpus_count=40,
        seconds_left=3725,
    )
    assert line == (
        "18,000 operations/s · 1,234,567 in all · 3 findings (1 flaky) · 2 crashes · 40 in the corpus · 1:02:05 left"
    )


def test_a_log_gets_a_line_a_minute(tmp_path: Path) -> None:
    seconds, told = 0.0, io.StringIO()
    with CampaignProgress(Console(file=told, width=100), tmp_path, lambda: seconds) as progress:
        for _ in range(700):
            seconds += 0.25
            progress.update(lambda: "a line")
        progress.note("finding: [not markup]")
    assert told.getvalue().splitlines() == ["a line", "a line", "finding: [not markup]"]
    log = (tmp_path / "log.txt").read_text().splitlines()
    assert [line.partition("  ")[2] for line in log] == told.getvalue().splitlines()


def test_a_terminal_gets_a_line_that_moves(tmp_path: Path) -> None:
    seconds, screen = 0.0, io.StringIO()
    console = Console(file=screen, force_terminal=True, width=60)
    with CampaignProgress(console, tmp_path, lambda: seconds) as progress:
        for number in range(20):
            seconds += 0.1
            progress.update(lambda number=number: f"line {number}")  # type: ignore[misc]
    assert "line 17" in screen.getvalue()
    assert "line 16" not in screen.getvalue()
    assert screen.getvalue().endswith("\x1b[1A\x1b[2K")
    assert not (tmp_path / "log.txt").read_text()


def test_slow_programs_have_traces_that_are_named_by_their_numbers(peace: CampaignView) -> None:
    names = {path.name for path in (peace.folder / "findings").glob("slow-*.trace")}
    assert names == {f"slow-program-{finding.origins[0].program}.trace" for finding in peace.slowest}
    assert all(finding.kind == Kind.SLOW for finding in peace.slowest)
