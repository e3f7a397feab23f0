"""The GitHub Actions workflows: well formed, with few rights, and made of commands that exist."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import click
import pytest

from pymodel.differential.cli import main
from tests.repository.test_documents import make_targets
from tests.repository.tree import ROOT, tracked_paths, tracked_texts

WORKFLOWS = sorted(path for path in tracked_paths() if re.fullmatch(r"\.github/workflows/[\w-]+\.yml", path))
ACTIONS = sorted(path for path in tracked_paths() if path.startswith(".github/") and path.endswith(".yml"))
NIGHTLY = ".github/workflows/nightly.yml"
PINNED = re.compile(r"[\w.-]+/[\w./-]+@(?:v\d+|[0-9a-f]{40})|\./[\w./-]+")


def lint(path: Path) -> str:
    """What actionlint has to say."""
    command = ["go", "tool", "actionlint", "-shellcheck=", "-pyflakes=", "-oneline", str(path)]
    return subprocess.run(command, cwd=ROOT / "tools", capture_output=True, text=True).stdout


def unknown_commands(text: str) -> list[str]:
    """Targets of make, and commands and flags of scavdiff, that a workflow names and that do not exist."""
    lines = [line for line in text.replace("\\\n", " ").splitlines() if not line.lstrip().startswith(("#", "- name:"))]
    code = "\n".join(lines)
    unknown = [
        f"make {target}" for target in re.findall(r"\bmake ([a-z][a-z-]*)", code) if target not in make_targets()
    ]
    for call in re.findall(r"\.venv/bin/scavdiff ([^|;&\n]*)", code):
        unknown += unknown_in_call(call.split())
    return unknown


def unknown_in_call(words: list[str]) -> list[str]:
    """The first command that does not exist, or else all flags that its command does not have."""
    command: click.Command = main
    while isinstance(command, click.Group):
        name, *words = words
        if name not in command.commands:
            return [f"scavdiff command {name}"]
        command = command.commands[name]
    flags = {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)}
    return [f"scavdiff {command.name} {word}" for word in words if word.startswith("--") and word not in flags]


def job_bodies(text: str) -> dict[str, str]:
    """The text of each job, by name."""
    jobs = text.partition("\njobs:\n")[2]
    parts = re.split(r"^  ([\w-]+):\n", jobs, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_there_is_a_workflow_for_changes_and_one_for_the_night() -> None:
    assert WORKFLOWS == [".github/workflows/nightly.yml", ".github/workflows/test.yml"]
    changes, night = (tracked_texts()[path] for path in reversed(WORKFLOWS))
    assert "pull_request:" in changes and {"run: make test\n", "run: make diff-test\n"} <= set(
        re.findall(r"run: .*\n", changes)
    )
    assert "schedule:" in night and "scavdiff campaign run" in night and "scavdiff campaign merge" in night


@pytest.mark.parametrize("path", WORKFLOWS)
def test_actionlint_has_nothing_to_say(path: str) -> None:
    assert lint(ROOT / path) == ""


def test_actionlint_finds_a_planted_mistake(tmp_path: Path) -> None:
    text = tracked_texts()[".github/workflows/test.yml"]
    (tmp_path / "x.yml").write_text(text.replace("timeout-minutes", "timeout-minuets"))
    assert "timeout-minuets" in lint(tmp_path / "x.yml")


@pytest.mark.parametrize("path", WORKFLOWS)
def test_workflows_run_only_commands_that_exist(path: str) -> None:
    assert unknown_commands(tracked_texts()[path]) == []


def test_a_command_that_does_not_exist_is_found() -> None:
    text = "\n".join(
        [
            "      - run: make coffee",
            "      - run: .venv/bin/scavdiff replay traces --no-such-flag",
            "          .venv/bin/scavdiff dance || test $? -eq 1",
            "          .venv/bin/scavdiff run --seed 1 \\",
            "            --second 5 --no-model",
        ]
    )
    assert unknown_commands(text) == [
        "make coffee",
        "scavdiff replay --no-such-flag",
        "scavdiff command dance",
        "scavdiff run --second",
    ]


@pytest.mark.parametrize("path", ACTIONS)
def test_actions_of_others_are_pinned(path: str) -> None:
    used = re.findall(r"uses: (\S+)", tracked_texts()[path])
    assert used and [action for action in used if not PINNED.fullmatch(action)] == []


@pytest.mark.parametrize("path", WORKFLOWS)
def test_workflows_may_only_read_do_not_pile_up_and_end(path: str) -> None:
    text = tracked_texts()[path]
    assert re.findall(r"permissions:\n(?: +.*\n)+", text) == ["permissions:\n  contents: read\n"]
    assert "\nconcurrency:\n  group: " in text
    bodies = job_bodies(text)
    assert bodies and all("\n    timeout-minutes: " in body for body in bodies.values())
    assert text.count("actions/checkout@") == text.count("persist-credentials: false")


def scripts(text: str) -> list[str]:
    """What each step runs, in order."""
    found = re.findall(r"run: (?:\|\n((?: {10}.*\n)+)|(.*\n))", text)
    return [textwrap.dedent(block) or line for block, line in found]


def test_the_scripts_of_the_night_work_one_after_the_other(tmp_path: Path) -> None:
    fuzz, *judging = (script for script in scripts(tracked_texts()[NIGHTLY]) if "scavdiff" in script)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/bin").symlink_to(Path(sys.executable).parent)
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "tests/known-failing.txt", tmp_path / "tests")
    shard = {"SEED": "7", "SHARD": "2", "SHARD_COUNT": "8", "BUDGET": "1"}

    def run(script: str) -> None:
        # As the runner does it.
        command = ["bash", "-e", "-c", script]
        ran = subprocess.run(command, cwd=tmp_path, env={**os.environ, **shard}, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr

    run(fuzz)
    (tmp_path / "shards").mkdir()
    (tmp_path / "campaign").rename(tmp_path / "shards/shard-2")
    merge, judge, replay = judging
    run(merge)
    assert {"report.html", "junit.xml", "results.jsonl", "findings"} <= {
        path.name for path in (tmp_path / "campaign").iterdir()
    }
    run(judge)
    # Nothing was found, and so there would be nothing to replay.
    shutil.copy(ROOT / "tests/traces/q04-a-huge-page-is-not-broken.trace", tmp_path / "traces")
    run(replay)


@pytest.mark.parametrize("path", WORKFLOWS)
def test_what_a_person_types_into_a_form_is_no_part_of_a_script(path: str) -> None:
    found = scripts(tracked_texts()[path])
    assert found and [script for script in found if "${{" in script] == []


def test_the_night_has_as_many_shards_as_it_says() -> None:
    text = tracked_texts()[NIGHTLY]
    (shards,) = re.findall(r"shard: \[(.*)\]", text)
    (count,) = re.findall(r'SHARD_COUNT: "(\d+)"', text)
    assert shards == ", ".join(map(str, range(1, int(count) + 1)))
