"""What passes between a campaign and its workers: plain data, each value JSON and back.

A job is a block of a seed; its result is counts, and what was found as text. No object of the project is pickled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from pymodel.differential.running.tally import Tally

GENERATED = "generated"
"""The source of work that `block_workload` is."""
GUIDED = "corpus"
"""The source of work that makes new programs from those of the corpus."""

Plain = dict[str, Any]


class Kind:
    """The kinds of findings."""

    DIVERGENCE = "divergence"
    HARNESS = "harness"
    SLOW = "slow"


@dataclass(frozen=True, slots=True)
class Job:
    """A block to run.

    `known` are the signatures found in earlier blocks, which are counted and not shrunk again. Programs that take more
    than `slow_seconds_min` seconds are told. The limits cut a block short, after a whole program: None is no limit;
    `new_finding_count_max` counts signatures that are not known. Without `sweep` no series of programs is asked for,
    which targets would make themselves. `source` says where its programs come from, and `material` is what that source
    needs, if anything.
    """

    seed: int
    block: int
    known: tuple[str, ...] = ()
    slow_seconds_min: float = 0.0
    program_count_max: int | None = None
    operation_count_max: int | None = None
    new_finding_count_max: int | None = None
    sweep: bool = True
    source: str = GENERATED
    material: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one block showed of a finding: a divergence, a harness error, or a program that took long.

    `program` is the number of the first program in the block that showed it, `count` how many of the block did: none,
    if it was only come to from others that it explains. `face_of` is the signature of the divergence that explains this
    one, found by asking for less (causes/descent.py); empty if there is none. What
    follows `unix_seconds` is there only where it was looked into, which is where `trace` is not empty: the trace of the
    shortest program that shows it, with the report as comments; that report; the numbers of operations of the program
    as it was made and of the shortest; the index of the operation at which targets differ; the target that stands
    alone, and all that took part, by who agrees with whom; the Go function to read first.
    `transcripts` holds what each target answered to that program, in base64, unless that is very much; where it did not
    show again (`flaky`), what each answered when it showed, however much. `seconds` are those that each target took for
    a slow program.
    """

    kind: str
    signature: str
    program: int
    source: str
    count: int
    unix_seconds: float
    trace: str = ""
    report: str = ""
    original_operation_count: int = 0
    operation_count: int = 0
    step: int | None = None
    flaky: bool = False
    alone: str | None = None
    groups: tuple[tuple[str, ...], ...] = ()
    function: str = ""
    face_of: str = ""
    transcripts: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_told(self) -> bool:
        """Whether it was looked into."""
        return bool(self.trace)


_BLANK_NEEDED: Plain = {"program": 0, "source": "", "count": 0, "unix_seconds": 0.0}
_BLANK = Sighting(kind="", signature="", **_BLANK_NEEDED)


@dataclass(frozen=True, slots=True)
class Kept:
    """A program for the corpus: its trace, all features that it reaches, how many operations it has, and the shape of
    the program that it was made from, empty if that is not known."""

    trace: str
    features: tuple[str, ...]
    length: int
    shape: str = ""


@dataclass(frozen=True, slots=True)
class BlockResult:
    """What became of a job. `is_whole` is false for a block that a limit cut short; `seconds` is how long it took.

    `kept` are the programs that reach what was not known to be reached, where the job's `material` says what was.
    """

    seed: int
    block: int
    tally: Tally
    sightings: tuple[Sighting, ...]
    seconds: float
    is_whole: bool = True
    kept: tuple[Kept, ...] = ()

    @property
    def signatures(self) -> frozenset[str]:
        """The signatures of the divergences seen."""
        return frozenset(sighting.signature for sighting in self.sightings if sighting.kind == Kind.DIVERGENCE)


def job_to_plain(job: Job) -> Plain:
    """The job as JSON has it."""
    return asdict(job)


def job_from_plain(plain: Plain) -> Job:
    """The job of `job_to_plain`."""
    return Job(**_only_fields(Job, {**plain, "known": tuple(plain["known"]), "material": tuple(plain["material"])}))


def result_to_plain(result: BlockResult) -> Plain:
    """The result as JSON has it; what a sighting does not say is left out."""
    plain: Plain = {
        "seed": result.seed,
        "block": result.block,
        "tally": result.tally.to_plain(),
        "sightings": [sighting_to_plain(sighting) for sighting in result.sightings],
        "seconds": result.seconds,
        "is_whole": result.is_whole,
    }
    if result.kept:
        plain["kept"] = [[kept.trace, list(kept.features), kept.length, kept.shape] for kept in result.kept]
    return plain


def result_from_plain(plain: Plain) -> BlockResult:
    """The result of `result_to_plain`; raises KeyError, TypeError or ValueError for what is none."""
    return BlockResult(
        int(plain["seed"]),
        int(plain["block"]),
        Tally.from_plain(plain["tally"]),
        tuple(map(sighting_from_plain, plain["sightings"])),
        float(plain["seconds"]),
        bool(plain["is_whole"]),
        tuple(_kept_from_plain(*each) for each in plain.get("kept", ())),
    )


def _kept_from_plain(trace: object, features: Iterable[object], length: int, shape: object = "") -> Kept:
    """A ledger of before shapes were kept has none."""
    return Kept(str(trace), tuple(map(str, features)), int(length), str(shape))


def sighting_to_plain(sighting: Sighting) -> Plain:
    """The sighting as JSON has it, without what it does not say."""
    plain = {name: value for name, value in asdict(sighting).items() if value != getattr(_BLANK, name)}
    return {"kind": sighting.kind, "signature": sighting.signature, **plain}


def sighting_from_plain(plain: Plain) -> Sighting:
    """The sighting of `sighting_to_plain`."""
    given = _only_fields(Sighting, {**_BLANK_NEEDED, **plain})
    return replace(Sighting(**given), groups=tuple(map(tuple, plain.get("groups", ()))))


def _only_fields(kind: type[Any], plain: Plain) -> Plain:
    """Without what a later version may have added."""
    names = {each.name for each in fields(kind)}
    return {name: value for name, value in plain.items() if name in names}
