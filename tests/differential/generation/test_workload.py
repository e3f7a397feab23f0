from __future__ import annotations

import hashlib
import itertools
import subprocess
import sys

from pymodel.differential.generation.workload import (
    BLOCK_PROGRAM_COUNT,
    DRAWN,
    DRAWN_BATCH_COUNT,
    block_workload,
    workload,
)
from pymodel.differential.programs.text import print_program

SEED = 7
DIGEST_OF_BLOCK = """
import hashlib, sys
from pymodel.differential.generation.workload import block_workload
from pymodel.differential.programs.text import print_program
texts = (print_program(work.program) for work in block_workload(7, 1))
print(hashlib.sha256("".join(texts).encode()).hexdigest())
"""


def test_blocks_are_the_programs_of_the_seed_one_after_the_other() -> None:
    count = 2 * BLOCK_PROGRAM_COUNT
    whole = list(itertools.islice(workload(SEED), count))
    parts = [*block_workload(SEED, 0), *block_workload(SEED, 1)]
    assert whole == parts
    assert [work.number for work in parts] == list(range(count))


def test_a_block_needs_no_other_block() -> None:
    last, first = list(block_workload(SEED, 3)), list(block_workload(SEED, 0))
    assert last[0].number == 3 * BLOCK_PROGRAM_COUNT
    assert first == list(block_workload(SEED, 0))
    assert last == list(block_workload(SEED, 3))


def test_drawn_programs_are_many_and_not_alike() -> None:
    drawn = [work.program for work in block_workload(SEED, 0) if work.source == DRAWN]
    assert len(drawn) == DRAWN_BATCH_COUNT
    assert len(set(drawn)) >= DRAWN_BATCH_COUNT - 1


def test_another_process_with_other_modules_makes_the_same_programs() -> None:
    code = f"import pymodel.differential.cli, pymodel.differential.simulate.command\n{DIGEST_OF_BLOCK}"
    alone, among_others = (
        subprocess.run([sys.executable, "-c", each], capture_output=True, text=True, check=True).stdout.strip()
        for each in (DIGEST_OF_BLOCK, code)
    )
    texts = (print_program(work.program) for work in block_workload(SEED, 1))
    assert alone == among_others == hashlib.sha256("".join(texts).encode()).hexdigest()
