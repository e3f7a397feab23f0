"""Folds the results of blocks into totals and findings, in the order of the blocks.

What comes out depends on the blocks alone: not on how many workers ran them, in what order, or how often they were
killed. That is why a block shrinks what no *earlier* block has shown, though a later one may have, and why of several
shrunk programs only some may become the finding's: that of the first block to show it, and those of blocks whose number
is a power of two, which shrink everything anew, so that a long campaign goes on to find shorter ones.
"""

from __future__ import annotations

import base64
import math
import sys
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pymodel.differential.campaign.blocks import BlockResult, Kind, Sighting
from pymodel.differential.campaign.slowness import SLOWEST_COUNT
from pymodel.differential.running.tally import Tally

OPEN, FLAKY = "open", "flaky"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a finding came from: a program by its number in the seed, what made it, in which block, and when."""

    program: int
    source: str
    block: int
    unix_seconds: float


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding of a campaign; see Sighting for what its fields mean.

    `status` is `open`, or `flaky` if it never showed again when its program was run again. `origins` has the first
    program of each block that showed it; `count` is how many programs did. `faces` are the divergences that it
    explains, each with its own program; they are counted here too.
    """

    kind: str
    signature: str
    status: str
    count: int
    first_unix_seconds: float
    last_unix_seconds: float
    origins: tuple[Origin, ...]
    trace: str
    report: str
    original_operation_count: int
    operation_count: int
    step: int | None
    function: str
    alone: str | None
    groups: tuple[tuple[str, ...], ...]
    seconds: Mapping[str, float]
    transcripts: Mapping[str, bytes]
    faces: tuple[Finding, ...] = ()

    @property
    def own_count(self) -> int:
        """How many programs showed it as itself."""
        return self.count - sum(face.count for face in self.faces)


@dataclass(slots=True)
class _Seen:
    """What is known of one signature."""

    kind: str
    signature: str
    count: int = 0
    first: float = 0.0
    last: float = 0.0
    # Of a long campaign these are many, so they are kept as numbers: program, block and time of each, and its source.
    programs: array[int] = field(default_factory=lambda: array("Q"))
    blocks: array[int] = field(default_factory=lambda: array("Q"))
    times: array[float] = field(default_factory=lambda: array("d"))
    sources: list[str] = field(default_factory=list)
    told: list[tuple[int, Sighting]] = field(default_factory=list)

    def add(self, block: int, sighting: Sighting) -> None:
        if sighting.count:
            when = sighting.unix_seconds
            self.first = min(self.first, when) if self.count else when
            self.last = max(self.last, when)
            self.count += sighting.count
            self.programs.append(sighting.program)
            self.blocks.append(block)
            self.times.append(when)
            self.sources.append(sys.intern(sighting.source))
        if sighting.is_told or sighting.report:
            self.told.append((block, sighting))

    def finding(self) -> Finding:
        shown = self._shortest()
        return Finding(
            self.kind,
            self.signature,
            FLAKY if shown.flaky else OPEN,
            self.count,
            self.first,
            self.last,
            tuple(sorted(map(Origin, self.programs, self.sources, self.blocks, self.times), key=_program_of)),
            shown.trace,
            shown.report,
            shown.original_operation_count,
            shown.operation_count,
            shown.step,
            shown.function,
            shown.alone,
            shown.groups,
            shown.seconds,
            {name: base64.b64decode(data) for name, data in shown.transcripts.items()},
        )

    def is_flaky(self) -> bool:
        return self._shortest().flaky

    def face_of(self) -> str:
        """What explains it, as the block says whose program is kept."""
        return self._shortest().face_of

    def _shortest(self) -> Sighting:
        told = sorted(self.told, key=lambda item: item[0])
        if not told:
            return Sighting(self.kind, self.signature, 0, "", 0, 0.0)
        steady = [item for item in told if not item[1].flaky]
        usable = [*told[:1], *steady[:1], *(item for item in steady if shrinks_anew(item[0]))]
        return min(usable, key=_simplicity)[1]


@dataclass(slots=True)
class Folded:
    """Results folded so far."""

    tally: Tally = field(default_factory=Tally)
    blocks: set[int] = field(default_factory=set)
    _seen: dict[tuple[str, str], _Seen] = field(default_factory=dict)
    _steady_since: dict[str, int] = field(default_factory=dict)

    def add(self, result: BlockResult) -> list[tuple[str, str]]:
        """Counts a block once; the kinds and signatures of findings that are new or have another program to show."""
        if result.block in self.blocks:
            return []
        self.blocks.add(result.block)
        self.tally.add(result.tally)
        changed = []
        for sighting in result.sightings:
            key = (sighting.kind, sighting.signature)
            seen = self._seen.setdefault(key, _Seen(*key))
            seen.add(result.block, sighting)
            if sighting.is_told or sighting.report:
                changed.append(key)
            if sighting.is_told and not sighting.flaky and sighting.kind == Kind.DIVERGENCE:
                since = self._steady_since.get(sighting.signature, result.block)
                self._steady_since[sighting.signature] = min(since, result.block)
        return changed

    def known_before(self, block: int) -> tuple[str, ...]:
        """The signatures that a block need not shrink again."""
        if shrinks_anew(block):
            return ()
        return tuple(sorted(signature for signature, since in self._steady_since.items() if since < block))

    def finding(self, kind: str, signature: str) -> Finding:
        """What was seen of one signature, without its faces."""
        return self._seen[kind, signature].finding()

    def explained_by(self, signature: str) -> str:
        """The signature of the finding that a divergence is counted under: its own, if nothing explains it."""
        path = [signature]
        while (next_one := self._face_of(path[-1])) and next_one not in path:
            path.append(next_one)
        # Those that explain each other are one finding, that of the first by name from wherever one comes.
        return min(path[path.index(next_one) :]) if next_one else path[-1]

    def _face_of(self, signature: str) -> str:
        seen = self._seen.get((Kind.DIVERGENCE, signature))
        explanation = seen.face_of() if seen is not None else ""
        return explanation if (Kind.DIVERGENCE, explanation) in self._seen else ""

    def findings(self, kind: str = Kind.DIVERGENCE) -> list[Finding]:
        """All findings of a kind, the first seen first; of the slow programs only the slowest, slowest first."""
        found = [seen.finding() for seen in self._seen.values() if seen.kind == kind]
        if kind == Kind.SLOW:
            return sorted(found, key=lambda finding: -max(finding.seconds.values()))[:SLOWEST_COUNT]
        if kind == Kind.DIVERGENCE:
            found = self._with_faces(found)
        return sorted(found, key=_first_shown)

    def _with_faces(self, found: list[Finding]) -> list[Finding]:
        """The findings that nothing explains, with those that they explain."""
        faces: dict[str, list[Finding]] = {}
        for finding in found:
            faces.setdefault(self.explained_by(finding.signature), []).append(finding)
        return [_united(signature, group) for signature, group in faces.items()]

    def finding_count(self, kind: str = Kind.DIVERGENCE) -> int:
        """How many findings of a kind there are."""
        if kind == Kind.DIVERGENCE:
            return len(self._explanations())
        return sum(seen.kind == kind for seen in self._seen.values())

    def flaky_count(self) -> int:
        """How many divergences never showed again."""
        return sum(self._seen[Kind.DIVERGENCE, each].is_flaky() for each in self._explanations())

    def _explanations(self) -> set[str]:
        """The signatures of the divergences that nothing explains."""
        return {self.explained_by(seen.signature) for seen in self._seen.values() if seen.kind == Kind.DIVERGENCE}

    def slow_seconds_min(self) -> float:
        """What a program must take to be among the slowest."""
        slowest = self.findings(Kind.SLOW)
        return min(max(finding.seconds.values()) for finding in slowest) if len(slowest) == SLOWEST_COUNT else 0.0


def shrinks_anew(block: int) -> bool:
    """Whether a block shrinks also what is known: 0, 1, 2, 4, 8, ..."""
    return block & (block - 1) == 0


def fold(results: Iterable[BlockResult]) -> Folded:
    """All results folded."""
    folded = Folded()
    for result in results:
        folded.add(result)
    return folded


def _united(signature: str, group: list[Finding]) -> Finding:
    """A finding with its faces: all programs counted, of each block the first."""
    (whole,) = [finding for finding in group if finding.signature == signature]
    faces = sorted((finding for finding in group if finding.signature != signature), key=_first_shown)
    shown = [finding for finding in group if finding.count]
    origins: dict[int, Origin] = {}
    for origin in sorted((each for finding in group for each in finding.origins), key=_program_of):
        origins.setdefault(origin.block, origin)
    return replace(
        whole,
        count=sum(finding.count for finding in group),
        first_unix_seconds=min((finding.first_unix_seconds for finding in shown), default=0.0),
        last_unix_seconds=max((finding.last_unix_seconds for finding in shown), default=0.0),
        origins=tuple(origins.values()),
        faces=tuple(faces),
    )


def _first_shown(finding: Finding) -> tuple[float, str]:
    return (finding.origins[0].program if finding.origins else math.inf), finding.signature


def _program_of(origin: Origin) -> int:
    return origin.program


def _simplicity(item: tuple[int, Sighting]) -> tuple[bool, int, int, int]:
    block, sighting = item
    return sighting.flaky, sighting.operation_count, len(sighting.trace), block
