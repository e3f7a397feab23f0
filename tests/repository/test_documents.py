"""Documents name only files and commands that exist."""

from __future__ import annotations

import re
from fnmatch import fnmatch

import pytest

from pymodel.differential.cli import main
from tests.repository.tree import ROOT, tracked_paths, tracked_texts

DOCUMENTS = sorted(path for path in tracked_paths() if path.endswith(".md"))
# What make builds and a run finds, and so what git does not track.
BUILT = ("goharness/bin/", "build/", ".venv/", "scavdiff-findings/")
CODE_SPAN = re.compile(r"```.*?\n(.*?)```|`([^`\n]+)`", re.DOTALL)
# How a port over pipes begins: "scavdiff stdio json 1".
SAID_BY_PORTS = {"stdio"}
OWN_SUFFIXES = (".lock", ".md", ".proto", ".py", ".toml", ".trace", ".yaml")


def code_spans(text: str) -> list[str]:
    """The content of every fenced block and every span in backticks."""
    return [block or span for block, span in CODE_SPAN.findall(text)]


def named_paths(text: str) -> set[str]:
    """Words in code spans that can only be paths of this repository."""
    top_level = {path.partition("/")[0] for path in tracked_paths() if "/" in path}
    words = {word.strip(".,:;()\"'") for span in code_spans(text) for word in span.split()}
    return {
        word
        for word in words
        if re.fullmatch(r"[\w.*/-]+", word)
        and not re.search(r"\b[A-Z]+\.trace$", word)  # FILE.trace stands for any
        and (("/" in word and word.partition("/")[0] in top_level) or word.endswith(OWN_SUFFIXES))
    }


def exists(path: str) -> bool:
    """Whether a path, a folder, a pattern or a bare file name is in the repository."""
    if path.startswith(BUILT):
        return True
    return any(
        fnmatch(tracked, path) or tracked.startswith(path.rstrip("/") + "/") or tracked.rpartition("/")[2] == path
        for tracked in tracked_paths()
    )


def make_targets() -> set[str]:
    return set(re.findall(r"^\.PHONY: ([a-z-]+)$", (ROOT / "Makefile").read_text(), re.MULTILINE))


def unknown_names(text: str) -> list[str]:
    """What a document names that does not exist."""
    code = "\n".join(code_spans(text))
    targets = set(re.findall(r"\bmake ([a-z][a-z-]*)", code)) - make_targets()
    commands = set(re.findall(r"\bscavdiff ([a-z][a-z-]*)", code)) - set(main.commands) - SAID_BY_PORTS
    return [
        *(f"path {path}" for path in sorted(named_paths(text)) if not exists(path)),
        *(f"make {target}" for target in sorted(targets)),
        *(f"scavdiff {command}" for command in sorted(commands)),
    ]


@pytest.mark.parametrize("path", DOCUMENTS)
def test_documents_name_only_what_exists(path: str) -> None:
    assert unknown_names(tracked_texts()[path]) == []


def test_names_that_do_not_exist_are_found() -> None:
    fenced = "```\nscavdiff dance --target go\nmake test\n```\n"
    text = "See `docs/nothing.md`, `nobody.py`, `make coffee`.\n" + fenced + "`tools/setup`"
    assert unknown_names(text) == ["path docs/nothing.md", "path nobody.py", "make coffee", "scavdiff dance"]


def test_readme_shows_the_two_commands() -> None:
    code = code_spans(tracked_texts()["README.md"])
    assert any("make diff-test" in span for span in code)
    assert any("make test" in span for span in code)


def test_every_make_target_has_a_recipe_or_prerequisites() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in make_targets())
