"""One fault is one finding whatever shows it, and two faults of one target are two."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from pymodel.differential.campaign.signature import campaign_signature
from pymodel.differential.causes.descent import descend
from pymodel.differential.programs.program import Program
from pymodel.differential.programs.text import parse_program, print_operation
from pymodel.differential.running.minimal import Minimal, minimal_divergence
from pymodel.differential.running.side_by_side import SideBySide
from pymodel.differential.targets.target_specs import TimeLimits, make_target
from tests.planted.detection import ROOT, planted_spec

JOINED, SENTINEL = "runs across summaries not joined", "sentinel forgotten"
RELEASED, SEARCH = "released not counted", "search ends at the page, not at the word"
HWM, RANGE, STALE = "forgotten freeHWM", "off-by-one in a range", "stale generation accepted"
FUSED, CLAMP = "fused multiply-add", "clamp by <="
PI_NEXT = "0x3fe0000000000000 0x3ff0000000000000 0x3ff0000000000000 0x0 0x0 0x0 0 0 0x0 0x3f80000004000000"
MERGED = "sum returned in mergeSummaries"
CANDIDATE = "start returned in (*pallocData).findScavengeCandidate"
COUNTED = "heap_released differs in (*pageAlloc).scavengeRangeLocked"


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@contextmanager
def against(fault: str, *more: str) -> Iterator[SideBySide]:
    specs = ("model", planted_spec(fault, *(word for each in more for word in ("--and", each))))
    with closing(SideBySide([make_target(spec, spec, TimeLimits(start_seconds=60)) for spec in specs])) as targets:
        targets.open()
        yield targets


def program(lines: str) -> Program:
    text = "\n".join(["pageheap program 1", "heap phys_page=4096 huge_page=2097152", *lines.split("; ")])
    return parse_program(f"{text}\n", "test").program


def shrunk(targets: SideBySide, lines: str) -> Minimal:
    (comparison,) = targets.run([program(lines)])
    assert comparison.divergence is not None
    return minimal_divergence(targets, comparison.program, comparison.divergence)


def cause(targets: SideBySide, lines: str) -> tuple[str, str]:
    """The signature of what explains a divergence, and the last operation that shows it."""
    found = descend(targets, shrunk(targets, lines))
    return campaign_signature(found.divergence, None), print_operation(found.program.operations[-1])


@pytest.mark.parametrize(
    ("fault", "signature", "shown_by"),
    [
        (
            JOINED,
            MERGED,
            [
                "grow 0xc000 chunks=2; s0 = alloc 514; free s0 pages=0..513",
                "pacing; s0 = span 725; s1 = span 2860",
            ],
        ),
        (
            SENTINEL,
            "sum returned in packPallocSum",
            ["grow 0xc000 chunks=4096", f"call merge_summaries 18 [{'0x1000000000000000 ' * 7}0x40000]"],
        ),
        (
            "wrong throw text",
            'threw "attempted to add an empty address range" against threw "attempted to add zero-sized address range" '
            "in (*addrRanges).add",
            [
                "outside contract; call ranges_add 0x0 0x0 []",
                "outside contract; call ranges_contains 0x0 [0x0..0x0]",
            ],
        ),
        (
            RELEASED,
            COUNTED,
            [
                "pacing; s0 = span 10; free s0 pages=0..9; gc 2 1; wake",
                "pacing; s0 = span 1; free s0; scavenge_all",
                "pacing; scavtrace 1; s0 = span 1; free s0; scavenge_all",
            ],
        ),
        (
            STALE,
            "scav.inUse.ranges differs in (*pageAlloc).scavengeUnreserve",
            [
                "grow 0xc000 chunks=1; start_gen; r0 = reserve; start_gen; unreserve r0",
                "outside contract; unreserve_at 0x3000000000 0x3000000001 1",
            ],
        ),
        (
            SEARCH,
            CANDIDATE,
            [
                "call find_scavenge_candidate [] [] 0 1 64",
                "outside contract; call find_scavenge_candidate [] [] 512 1 0",
                "pacing; s0 = span 9; gc 0 1; free s0 pages=0..1; wake; start_gen; free s0; wake",
            ],
        ),
    ],
)
def test_one_fault_is_one_finding_whatever_shows_it(fault: str, signature: str, shown_by: list[str]) -> None:
    with against(fault) as targets:
        assert {cause(targets, lines)[0] for lines in shown_by} == {signature}


@pytest.mark.parametrize(
    ("one", "other", "shown_by"),
    [
        # Of one function, and of one operation.
        (
            HWM,
            RANGE,
            {
                "grow 0xc000 chunks=1; s0 = alloc 1; free s0": "scav.freeHWM differs in (*pageAlloc).free",
                "grow 0xc000 chunks=1; s0 = alloc 2; free s0": "chunk.allocated differs in (*pageAlloc).free",
            },
        ),
        # Both in what one operation does.
        (
            SEARCH,
            RELEASED,
            {
                "pacing; s0 = span 1; free s0; scavenge_all": COUNTED,
                "call find_scavenge_candidate [] [] 0 1 64": CANDIDATE,
            },
        ),
        (
            FUSED,
            CLAMP,
            {
                f"pacing; call pi_next {PI_NEXT} 0x4250000000010000": "err_integral returned in (*piController).next",
                "pacing; call pi_next 0x0 0x0 0x0 0x0 0x0 0x8000000000000000 0 0 0x0 0x8000000000000000 0x0": (
                    "output returned in (*piController).next"
                ),
            },
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_two_faults_of_one_target_are_two_findings(one: str, other: str, shown_by: dict[str, str]) -> None:
    with against(one, other) as targets:
        assert {lines: cause(targets, lines)[0] for lines in shown_by} == shown_by


def test_what_shows_where_it_comes_from_stays_as_it_is() -> None:
    with against(HWM) as targets:
        minimal = shrunk(targets, "grow 0xc000 chunks=1; s0 = alloc 1; free s0")
        assert descend(targets, minimal) is minimal
