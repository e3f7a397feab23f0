from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tools import browser


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(browser.VARIABLE, raising=False)
    return tmp_path


def install(folder: Path, name: str) -> str:
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def fetching(monkeypatch: pytest.MonkeyPatch, result: subprocess.CompletedProcess[str] | Exception) -> list[list[str]]:
    """Lets a download come to this result; the commands that were run."""
    commands: list[list[str]] = []

    def fetch(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        if isinstance(result, Exception):
            raise result
        return result

    monkeypatch.setattr(subprocess, "run", fetch)
    return commands


def test_the_first_browser_on_path_is_taken_unless_another_is_named(
    bin_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chrome = install(bin_folder, "google-chrome")
    assert browser.find_browser() == chrome
    chromium = install(bin_folder, "chromium")
    assert browser.find_browser() == chromium
    assert browser.main() == 0
    monkeypatch.setenv(browser.VARIABLE, chrome)
    assert browser.find_browser() == chrome


def test_without_one_playwright_s_is_fetched(bin_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = fetching(monkeypatch, subprocess.CompletedProcess([], 0, "", ""))
    assert browser.find_browser() is None
    assert browser.main() == 0
    assert commands[0][1:] == ["-m", "playwright", "install", "--only-shell", "chromium"]
    assert not list(bin_folder.iterdir())


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (subprocess.CompletedProcess([], 1, "", "x\nError: no network\n"), "(Error: no network)"),
        (subprocess.CompletedProcess([], 1, "", ""), "its reason is unknown"),
        (subprocess.TimeoutExpired([], 1), "takes too long"),
    ],
)
def test_where_that_fails_one_sentence_says_what_to_install(
    bin_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    result: subprocess.CompletedProcess[str] | Exception,
    reason: str,
) -> None:
    fetching(monkeypatch, result)
    assert browser.main() == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert reason in told
    assert "install chromium" in told
    assert not list(bin_folder.iterdir())


def test_a_named_browser_that_is_not_there_is_refused(
    bin_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(browser.VARIABLE, str(bin_folder / "none"))
    assert browser.main() == 2
    assert "which cannot be run" in capsys.readouterr().err
