"""No line of Go's runtime source is committed: it is read from the Go 1.18.10 toolchain at build time."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

from tests.repository.tree import ROOT, tracked_texts

# What the generator reads, and the files of the runtime around it that a port or a shim is tempted to copy.
SOURCE_NAMES = (
    *("mgcscavenge.go", "mpagealloc.go", "mpagealloc_64bit.go", "mpagecache.go", "mpallocbits.go", "mranges.go"),
    *("mgcpacer.go", "mheap.go", "malloc.go", "mstats.go", "mem_linux.go", "export_test.go"),
    *("mgcscavenge_test.go", "mpagealloc_test.go", "mpagecache_test.go", "mpallocbits_test.go", "mgcpacer_test.go"),
)
# So many consecutive words in common are a copied sentence or statement, however it is wrapped or commented.
COPY_WORD_COUNT = 12
GO_AUTHORS_HEADER = re.compile(r"Copyright 20\d\d " + "The Go Authors")
# What Go says when it throws is behaviour, and repeated by every implementation; it is cut out of Go's side.
STRING_LITERAL = re.compile(r'"(?:[^"\\\n]|\\.)*"')
GENERATED = ("goharness/internal/wire/", "pymodel/wire/")


def word_runs(text: str) -> Iterator[tuple[str, ...]]:
    """Every run of COPY_WORD_COUNT consecutive words; punctuation, comment marks and line ends do not count."""
    words = re.findall(r"[A-Za-z_]\w*", text)
    return zip(*(words[start:] for start in range(COPY_WORD_COUNT)), strict=False)


def go_source_folder() -> Path:
    """The runtime package of the Go 1.18.10 tree that the generator reads."""
    root = os.environ.get("GO118_ROOT")
    if not root:
        environment = {**os.environ, "GOTOOLCHAIN": "go1.18.10"}
        command = ["go", "env", "GOROOT"]
        root = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout.strip()
    return Path(root) / "src" / "runtime"


@cache
def go_word_runs() -> frozenset[int]:
    """The hashes of all word runs of Go's source."""
    sources = ((go_source_folder() / name).read_text() for name in SOURCE_NAMES)
    texts = (STRING_LITERAL.sub(" STRING_LITERAL_CUT_OUT ", source) for source in sources)
    return frozenset(hash(run) for run in chain.from_iterable(map(word_runs, texts)))


def copied_runs(text: str) -> list[str]:
    return [" ".join(run) for run in word_runs(text) if hash(run) in go_word_runs()]


def test_no_file_carries_the_go_authors_header() -> None:
    assert not [path for path, text in tracked_texts().items() if GO_AUTHORS_HEADER.search(text)]


def test_no_file_holds_a_sentence_or_a_statement_of_gos_runtime() -> None:
    texts = {path: text for path, text in tracked_texts().items() if not path.startswith(GENERATED)}
    copied = {path: runs for path, text in texts.items() if (runs := copied_runs(text))}
    assert not copied


@pytest.mark.parametrize("name", SOURCE_NAMES)
def test_a_copied_comment_or_function_would_be_found(name: str) -> None:
    lines = (go_source_folder() / name).read_text().splitlines()
    middle = lines[len(lines) // 2 :][:40]
    rewrapped = "# " + " ".join(line.lstrip("\t/ ") for line in middle)
    assert copied_runs(rewrapped)


def test_the_words_of_this_project_are_not_taken_for_a_copy() -> None:
    assert not copied_runs((ROOT / "tests/repository/test_no_go_source.py").read_text())
