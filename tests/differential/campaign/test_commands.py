from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pymodel.differential.campaign.lock import locked
from pymodel.differential.cli import main
from tests.endurance.__main__ import planted_target

TARGET = planted_target("none", "--only", "BITS", "RANGES", "SUMMARIES")


def campaign(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["campaign", *map(str, arguments)])


def refused(result: Result) -> str:
    """The one sentence of bad input."""
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    return line.removeprefix("Error: ")


def test_a_campaign_is_begun_gone_on_with_told_of_and_not_changed(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    flags = ("--seed", "3", "--workers", "1", "--start-seconds", "60", "--target", TARGET)
    first = campaign("run", folder, "--programs", "1", *flags)
    assert first.exit_code == 0, first.output
    assert "no divergence\n" in first.stdout
    assert "campaign " in first.stderr and ": seed 3, 1 programs, 1 worker" in first.stderr
    assert {path.name for path in folder.iterdir()} >= {
        "campaign.json",
        "ledger.sqlite3",
        "findings",
        "corpus",
        "log.txt",
    }
    again = campaign("run", folder)
    assert again.exit_code == 0, again.output
    assert "going on behind 1 blocks" in again.stderr
    status = campaign("status", folder)
    assert status.exit_code == 0
    assert status.stdout == again.stdout
    said = refused(campaign("run", folder, "--seed", "4", "--budget", "1h"))
    assert "was begun with another configuration; seed: 3 before, 4 now; " in said
    said = refused(campaign("run", folder, "--shard", "2/3", "--no-model"))
    assert "shard: 1/1 before, 2/3 now; targets named: model exec:" in said


def test_a_campaign_without_a_budget_is_not_begun(tmp_path: Path) -> None:
    said = refused(campaign("run", tmp_path, "--target", TARGET))
    assert said == "the campaign has no budget yet; name one, such as --budget 2h or --operations 1e9"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--budget", "soon"), "budget 'soon' is neither a time such as 30s"),
        (("--operations", "many"), "'many' is no whole number above 0"),
        (("--budget", "1e6", "--operations", "1e7"), "both say how many operations"),
        (("--budget", "1h", "--shard", "9/8"), "shard '9/8' is not one of"),
        (("--budget", "1h", "--target", "nothing"), "target 'nothing' is not one of"),
    ],
)
def test_bad_flags_are_one_sentence(tmp_path: Path, flags: tuple[str, ...], words: str) -> None:
    assert words in refused(campaign("run", tmp_path / "c", *flags))


def test_what_is_no_campaign_is_told(tmp_path: Path) -> None:
    assert "is no campaign: there is no " in refused(campaign("status", tmp_path))
    (tmp_path / "campaign.json").write_text("[]")
    assert "is damaged: an object was expected" in refused(campaign("status", tmp_path))
    (tmp_path / "campaign.json").write_text('{"format": "scavdiff campaign 99"}')
    assert "is no campaign that this scavdiff can go on with" in refused(campaign("run", tmp_path, "--budget", "1h"))


def test_a_second_run_is_refused_and_told_who_holds_the_first(tmp_path: Path) -> None:
    code = "import time\nfrom pathlib import Path\nfrom pymodel.differential.campaign.lock import locked\n"
    code += f"with locked(Path({str(tmp_path)!r})):\n    print('held', flush=True)\n    time.sleep(600)\n"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        said = refused(campaign("run", tmp_path, "--budget", "1h"))
        assert (
            f"the campaign in {tmp_path} runs already: process {holder.pid} on {os.uname().nodename}, since 2" in said
        )
        holder.kill()
    # However its holder ended, a lock is never stale: it goes before the end can be waited for.
    with locked(tmp_path):
        pass
    assert not (tmp_path / "lock-holder.json").exists()
