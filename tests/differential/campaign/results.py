"""Results of blocks, made by hand."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pymodel.differential.campaign.blocks import BlockResult, Kind, Sighting
from pymodel.differential.running.tally import Tally

SEED = 5


def sighting(signature: str = "x differs in f", program: int = 0, **others: Any) -> Sighting:
    """A divergence that was looked into."""
    given: dict[str, Any] = {
        "kind": Kind.DIVERGENCE,
        "source": "tape general",
        "count": 1,
        "unix_seconds": 100.0,
        "trace": "pageheap program 1\n",
        "report": f"divergence: {signature}",
        "original_operation_count": 50,
        "operation_count": 5,
        **others,
    }
    return Sighting(signature=signature, program=program, **given)


def known(signature: str, program: int, count: int = 1) -> Sighting:
    """A divergence that was only counted."""
    return sighting(signature, program, count=count, trace="", report="", operation_count=0, original_operation_count=0)


def slow(program: int, seconds: float) -> Sighting:
    """A program that took long."""
    return sighting(f"slow: program {program}", program, kind=Kind.SLOW, seconds={"go": seconds / 2, "model": seconds})


def result(block: int, *sightings: Sighting, operation_count: int = 100) -> BlockResult:
    """A block of ten programs."""
    tally = Tally(
        program_count=10,
        operation_count=operation_count,
        state_count=operation_count + 20,
        operations=Counter({"grow": 40, "alloc": 60}),
        left_out=Counter({("port", "needs pacing"): 2}),
        harness_errors=Counter({"port: TargetDied": 1}),
    )
    return BlockResult(SEED, block, tally, sightings, 1.5)
