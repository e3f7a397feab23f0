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
from tools.fast_model import ROOT, build, module_paths

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
