"""The compiled model is the plain one, byte for byte. Compiling takes half a minute."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pymodel.differential.generation.generators import program_from_seed
from pymodel.differential.model.interpreter import run_on_specification
from tools.fast_model import DIGEST_NAME, ROOT, build, is_up_to_date, module_paths, sources_digest

PROGRAM_COUNT = 400
SEED = 11
# Prints where the model comes from, and the digest of each transcript.
CODE = f"""
import hashlib, json
from pymodel.differential.generation.generators import program_from_seed
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.pageheap import mpagealloc
transcripts = (
    run_on_specification(program_from_seed({SEED}, index), index, index % 3) for index in range({PROGRAM_COUNT})
)
print(json.dumps([mpagealloc.__file__, [hashlib.sha256(transcript).hexdigest() for transcript in transcripts]]))
"""


@pytest.fixture(scope="module")
def fast_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fast-model")
    build(folder)
    return folder


def run_compiled(folder: Path) -> tuple[str, list[str]]:
    environment = os.environ | {"PYTHONSAFEPATH": "1", "PYTHONPATH": str(folder)}
    command = [sys.executable, "-c", CODE]
    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    file, digests = json.loads(output)
    return file, digests


def test_compiled_and_plain_model_answer_byte_for_byte_alike(fast_model: Path) -> None:
    file, digests = run_compiled(fast_model)
    assert file.startswith(str(fast_model)) and file.endswith(".so")
    for index, digest in enumerate(digests):
        transcript = run_on_specification(program_from_seed(SEED, index), index, index % 3)
        assert hashlib.sha256(transcript).hexdigest() == digest, f"program {index}"
    assert len(digests) == PROGRAM_COUNT


def test_every_module_of_the_specification_is_compiled(fast_model: Path) -> None:
    paths = module_paths(ROOT)
    assert "pymodel/pageheap/mpagealloc.py" in paths
    assert all(list((fast_model / path).parent.glob(f"{Path(path).stem}.*.so")) for path in paths)


def test_what_was_compiled_belongs_to_the_sources_that_it_was_copied_from(fast_model: Path) -> None:
    # Its own copy of them: those in the repository may have changed since.
    assert is_up_to_date(fast_model, fast_model / "pymodel")


@pytest.mark.parametrize("change", ["text", "name", "file", "python"])
def test_sources_that_changed_since_are_told_from_those_that_were_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    package, folder = tmp_path / "package", tmp_path / "compiled"
    for path, text in (("a.py", "one = 1\n"), ("deep/b.py", "two = 2\n")):
        (package / path).parent.mkdir(parents=True, exist_ok=True)
        (package / path).write_text(text)
    folder.mkdir()
    assert not is_up_to_date(folder, package)
    (folder / DIGEST_NAME).write_text(sources_digest(package))
    assert is_up_to_date(folder, package)
    match change:
        case "text":
            (package / "deep/b.py").write_text("two = 3\n")
        case "name":
            (package / "deep/b.py").rename(package / "b.py")
        case "file":
            (package / "c.py").touch()
        case "python":
            monkeypatch.setattr(sys.implementation, "cache_tag", "cpython-399")
    assert not is_up_to_date(folder, package)
