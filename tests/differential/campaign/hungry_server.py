"""A target that runs calls, and takes 600 MiB for some of them before it answers."""

from __future__ import annotations

import time

from pymodel.differential.programs.program import Program
from tests.differential.campaign.fakes import CALLS
from tests.planted.server import serve

HUNGRY_BYTES = 600 << 20


def is_hungry(program: Program) -> bool:
    """Whether a program makes it hungry: some in a block do."""
    return len(program.operations) % 16 == 12


def eat(program: Program, transcript: bytes) -> bytes:
    if is_hungry(program):
        eaten = b"x" * HUNGRY_BYTES
        # So long that it is seen.
        time.sleep(60)
        assert eaten
    return transcript


if __name__ == "__main__":
    serve("hungry", 1, eat, CALLS)
