"""The lock files pin every Python package by version and hash, and leave the index to the reader's own settings."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.repository.tree import ROOT

LOCKS = ("requirements.lock", "requirements-go.lock", "requirements-cc.lock")
PINNED = re.compile(r"([a-z0-9-]+)==[^ ]+( ;[^\\]*)?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n")


def required_names() -> dict[str, set[str]]:
    """The packages that pyproject.toml asks for by name, by the lock file that must pin them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project, build = settings["project"], settings["build-system"]
    extras = project["optional-dependencies"]
    wanted = {
        "requirements.lock": project["dependencies"] + extras["test"] + build["requires"],
        "requirements-go.lock": extras["go"],
        "requirements-cc.lock": extras["cc"],
    }
    return {lock: {re.split(r"[ <>=]", line)[0].replace("_", "-") for line in lines} for lock, lines in wanted.items()}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_by_version_and_hash(lock: str) -> None:
    text = (ROOT / lock).read_text()
    body = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))
    assert PINNED.sub("", body) == ""
    assert required_names()[lock] <= {match[1] for match in PINNED.finditer(body)}


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_an_index(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash=)", text, re.MULTILINE)
