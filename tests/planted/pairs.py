"""`python -m tests.planted pairs` plants two faults in one target, pair after pair: are they two findings?

What a fault is found as when it is alone is taken from a campaign of `python -m tests.planted campaign --folder`. With
another beside it the same two findings must come out. One may be missing because it was taken for the other: then
something that it shows when it is alone is the other finding or a face of it. Or because it is hidden: of a program
only the first difference is seen, and the other fault differs in each program before it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pymodel.differential.campaign.folding import Finding
from pymodel.differential.campaign.view import read_campaign
from pymodel.differential.running.findings import slug
from tests.endurance.disturbance import run_campaign
from tests.planted.campaign import FAULT_COUNT
from tests.planted.detection import planted_spec
from tests.planted.faults import WRONG_RULES, WrongRule

TWO, HIDDEN, MERGED, MORE = "two", "one hidden", "merged", "more"


@dataclass(frozen=True, slots=True)
class Alone:
    """What a fault shows when it is alone: the signatures of its findings, and those of their faces with them."""

    findings: frozenset[str]
    faces: frozenset[str]


def main(arguments: Sequence[str]) -> None:
    """Prints what became of each pair; exits 1 if one was merged or came out as more than two."""
    parser = argparse.ArgumentParser(prog="python -m tests.planted pairs", description=__doc__)
    parser.add_argument("--alone", type=Path, required=True, help="the campaign of the same faults, each alone")
    parser.add_argument("--distance", type=int, nargs="*", default=[1], help="pairs so far apart (default: 1)")
    parser.add_argument("--budget", default="1.3e4", help="operations or time of each (default: 1.3e4)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    alone = shown_alone(options.alone)
    rules = WRONG_RULES[:FAULT_COUNT]
    counts: Counter[str] = Counter()
    for distance in options.distance:
        for place, one in enumerate(rules):
            other = rules[(place + distance) % len(rules)]
            findings = found_together(one, other, options.budget, options.seed)
            verdict = judge(findings, alone[one.name], alone[other.name])
            counts[verdict] += 1
            print(f"{one.name} + {other.name}: {verdict}", flush=True)
            for finding in findings if verdict != TWO else ():
                faces = "; ".join(face.signature for face in finding.faces)
                print(f"    {finding.signature}, {finding.count}{f' ({faces})' if faces else ''}", flush=True)
    print(", ".join(f"{counts[verdict]} {verdict}" for verdict in (TWO, HIDDEN, MERGED, MORE)))
    sys.exit(1 if counts[MERGED] or counts[MORE] else 0)


def shown_alone(folder: Path) -> dict[str, Alone]:
    """What each fault shows in a campaign in which each is a target of its own, by the fault's name."""
    findings = read_campaign(folder).findings
    shown = {}
    for rule in WRONG_RULES[:FAULT_COUNT]:
        mine = [each for each in findings if each.signature.startswith(f"{slug(rule.name)}: ")]
        names = frozenset(map(_plain, mine))
        shown[rule.name] = Alone(names, names | {_plain(face) for each in mine for face in each.faces})
    return shown


def found_together(one: WrongRule, other: WrongRule, budget: str, seed: int) -> list[Finding]:
    """The findings of a campaign of the model and a target with both faults."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "campaign"
        flags = ["--budget", budget, "--seed", str(seed), "--workers", "1", "--start-seconds", "120"]
        run = run_campaign(
            folder, [*flags, "--program-seconds", "300", "--target", planted_spec(one.name, "--and", other.name)]
        )
        if run.returncode not in (0, 1):
            sys.exit(run.stderr)
        return list(read_campaign(folder).findings)


def judge(findings: Sequence[Finding], one: Alone, other: Alone) -> str:
    """What became of two faults in one target."""
    names = {finding.signature for finding in findings}
    if one.findings == other.findings:
        return MERGED
    missing = [fault for fault in (one, other) if not fault.findings & names]
    if not missing:
        return TWO if len(names) == 2 else MORE
    if len(names) > 1:
        return MORE
    (lost, *_) = missing
    shown = names | {face.signature for finding in findings for face in finding.faces}
    return MERGED if shown & lost.faces else HIDDEN


def _plain(finding: Finding) -> str:
    return finding.signature.partition(": ")[2]
