"""Nothing of the machine that a change was made on is committed, and nothing large."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from tests.repository.tree import ROOT, tracked_paths, tracked_texts

FILE_BYTES_MAX = 1 << 20
HOME_FOLDER = re.compile(r"(?<![\w.~-])/(?:home|Users|root)/[\w.]")


def output_of(*command: str) -> str:
    """What a command prints, or nothing if there is no such command or setting."""
    try:
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout
    except FileNotFoundError:
        return ""


def own_hosts() -> set[str]:
    """The hosts of this machine's package indexes; they come from its settings, so that none is written down here."""
    settings = [output_of("pip", "config", "get", "global.index-url"), output_of("go", "env", "GOPROXY")]
    settings += [os.environ.get(name, "") for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL")]
    return {host for setting in settings for host in re.findall(r"://(?:[^/@\s]*@)?([^/:,|\s]+)", setting)}


def machine_traces(text: str, hosts: set[str]) -> list[str]:
    """Words in a text that tell of this machine."""
    folders = [f"{folder}/" for folder in (ROOT.parent, ROOT) if len(folder.parts) > 1]
    return [word for word in (*folders, *hosts) if word in text] + HOME_FOLDER.findall(text)


def test_no_file_names_a_folder_or_an_index_of_this_machine() -> None:
    hosts = own_hosts()
    traces = {path: machine_traces(text, hosts) for path, text in tracked_texts().items()}
    # A clone in the folder for temporary files has a parent that documents may well name.
    assert {path: found for path, found in traces.items() if found and found != ["/tmp/"]} == {}


def test_a_machine_path_or_host_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://user:secret@index.invalid/simple")
    hosts = own_hosts()
    for planted in (f"see {ROOT}/x", "in /" + "home/someone/x", "from https://index.invalid/x"):
        assert machine_traces(planted, hosts)
    assert machine_traces("listening on unix:/run/socket, see docs/programs.md", hosts) == []


def test_no_file_is_large() -> None:
    assert [path for path in tracked_paths() if (ROOT / path).stat().st_size > FILE_BYTES_MAX] == []


def test_ci_runs_the_readmes_own_command() -> None:
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    lines = [line for line in script.read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "set -euo pipefail"
    assert lines[-1] == "make test"


def test_cut_source_is_ignored_by_git() -> None:
    built = [path for path in tracked_paths() if path.startswith(("goharness/bin/", "build/")) or "/zcut_" in path]
    assert built == []
