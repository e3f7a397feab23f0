"""Campaigns for tests of what tells of them: real programs and transcripts, some of them spoilt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pymodel.differential.campaign.blocks import Kind
from pymodel.differential.campaign.configuration import Configuration
from pymodel.differential.campaign.folding import Finding, Origin
from pymodel.differential.campaign.ledger import Recovery, Session
from pymodel.differential.campaign.settings import WorkerSettings
from pymodel.differential.campaign.shards import Shard
from pymodel.differential.campaign.view import CampaignView, RatePoint, Totals
from pymodel.differential.comparison.compare import compare
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.programs.program import Program
from pymodel.differential.running.findings import print_trace
from pymodel.wire import pageheap_pb2 as pb
from tests.differential.decoded_runs import INDEX_0XC000, program_of

BEGAN = 1_790_000_000.0
SMALL = """
    grow 0xc000 chunks=2
    s0 = alloc 70
    s1 = alloc 3
    free s0
"""
# Taken by the fault below, from the step of that index on: page 80 of the first chunk.
FAULT_STEP, FAULT_PAGE = 2, 80


def spoilt(transcript: bytes, from_step: int, page: int = FAULT_PAGE, *, search_addr: int = 0) -> bytes:
    """The transcript of a target that has the opposite allocated bit at `page` of chunk 0xc000 from a step on.

    The step must list that chunk. `search_addr` is added to searchAddr wherever it is reported.
    """
    message = pb.Transcript.FromString(transcript)
    observations = [step.observation for step in message.steps[from_step:]] + [message.end]
    for observation in observations:
        for run in observation.chunks:
            if run.index == INDEX_0XC000 and run.count == 1:
                bits = int.from_bytes(run.allocated, "little") ^ 1 << page
                run.allocated = bits.to_bytes(64, "little")
        if search_addr and observation.HasField("search_addr"):
            observation.search_addr += search_addr
    return message.SerializeToString()


def answers(
    program: Program, from_step: int = FAULT_STEP, names: tuple[str, ...] = ("model", "go")
) -> dict[str, bytes]:
    """What the targets answered of which the last has the fault."""
    right = run_on_specification(program, 1, 0)
    return {**dict.fromkeys(names[:-1], right), names[-1]: spoilt(right, from_step)}


def diverging(
    operations: str = SMALL,
    *,
    signature: str = "chunk.allocated differs in (*pageAlloc).allocRange",
    names: tuple[str, ...] = ("model", "go"),
    from_step: int = FAULT_STEP,
    transcripts: Mapping[str, bytes] | None = None,
    report: str = "divergence: alloc: chunk.allocated\nfound in program 12 of seed 7",
    status: str = "open",
) -> Finding:
    """A finding whose last target has the fault."""
    program = program_of(operations)
    transcripts = answers(program, from_step, names) if transcripts is None else transcripts
    divergence = compare(program, transcripts) if len(transcripts) > 1 else None
    return Finding(
        Kind.DIVERGENCE,
        signature,
        status,
        153,
        BEGAN + 30,
        BEGAN + 90,
        (Origin(12, "tape caches", 0, BEGAN + 30), Origin(500, "tape caches", 1, BEGAN + 90)),
        print_trace(program, report, from_step),
        report,
        214,
        len(program.operations),
        divergence.step if divergence else None,
        "(*pageAlloc).allocRange, mpagealloc.go",
        names[-1] if len(names) > 2 else None,
        (names[:-1], names[-1:]),
        {},
        transcripts,
    )


def dying(signature: str = "go: TargetDied") -> Finding:
    """A harness error."""
    report = "harness error (TargetDied): target go ended in the middle of a program (signal 9)\nin program 77"
    trace = print_trace(program_of(SMALL), report, None)
    return replace(
        diverging(),
        kind=Kind.HARNESS,
        signature=signature,
        trace=trace,
        report=report,
        groups=(("go",),),
        transcripts={},
    )


def slow(number: int = 41) -> Finding:
    """A program that took long."""
    return replace(
        diverging(),
        kind=Kind.SLOW,
        signature=f"slow: program {number}",
        report=f"slow: 4 operations of program {number} took model 1.250 s, go 0.010 s",
        count=1,
        function="",
        groups=(("model", "go"),),
        seconds={"model": 1.25, "go": 0.01},
        transcripts={},
    )


def campaign(*findings: Finding, folder: Path = Path("nightly"), operation_count: int = 1_234_567) -> CampaignView:
    """A campaign that found these."""

    def of_kind(kind: str) -> tuple[Finding, ...]:
        return tuple(finding for finding in findings if finding.kind == kind)

    totals = Totals(
        40,
        15_360,
        operation_count,
        1_300_000,
        512,
        sum(finding.count for finding in of_kind(Kind.DIVERGENCE)),
        3,
        {"alloc": 600_000, "free": 500_000, "grow": 134_567},
        {"returned": 1_200_000, "thrown": 34_567},
        {"tape caches": 8000, "drawn by Hypothesis": 7360},
        {("go", "it lacks pacing"): 9},
        {"go: TargetDied": 2} if of_kind(Kind.HARNESS) else {},
    )
    points = tuple(RatePoint(30.0 * n, BEGAN + 30 * n, 300_000 * n, n % 3, 10_000.0 + 50 * n) for n in range(1, 5))
    configuration = Configuration(
        7,
        Shard(),
        WorkerSettings(findings_folder=str(folder / "findings")),
        programs="0123456789abcdef",
        targets=(("model", "0.1.0 (go1.18.10)"), ("go", "1 (go1.18.10)")),
    )
    return CampaignView(
        folder,
        configuration,
        totals,
        120.0,
        points,
        of_kind(Kind.DIVERGENCE),
        of_kind(Kind.HARNESS),
        of_kind(Kind.SLOW),
        (Recovery(BEGAN + 60, "2 blocks were cut off, and are run again"),),
        (Session(1, BEGAN, 120.0, 4711, "build-2", 2, "finished"),),
    )
