"""Every target's own divergence in one program: what differs first must not hide what others do later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pymodel.differential.comparison.compare import TRUSTED, Divergence, compare
from pymodel.differential.comparison.strictness import Strictness
from pymodel.differential.programs.program import Program
from pymodel.differential.running.side_by_side import Comparison, SideBySide


@dataclass(frozen=True, slots=True)
class Standing:
    """A divergence among the targets `names`; `dissenter` is the one that stands alone, or not with the reference."""

    divergence: Divergence
    names: tuple[str, ...]
    dissenter: str


def standings(comparison: Comparison, strictness: Strictness) -> Iterator[Standing]:
    """The divergence of all, then those among the targets that agree so far.

    A target that stands alone is taken out before the next look. Where none does, each target that differs from the
    first, the model if it takes part, is held to it alone, and then taken out.
    """
    divergence, transcripts = comparison.divergence, dict(comparison.transcripts)
    while divergence is not None:
        reference = TRUSTED if TRUSTED in transcripts else next(iter(transcripts))
        if divergence.alone is not None or len(transcripts) == 2:
            dissenters = [divergence.alone or next(name for name in transcripts if name != reference)]
            yield Standing(divergence, tuple(transcripts), dissenters[0])
        else:
            dissenters = [name for name in transcripts if _differs(divergence, name, reference)]
            for name in dissenters:
                pair = {each: transcripts[each] for each in (reference, name)}
                alone = _compare(comparison, pair, strictness)
                assert alone is not None, "a pair agrees that was seen to differ"
                yield Standing(alone, tuple(pair), name)
        for name in dissenters:
            del transcripts[name]
        divergence = _compare(comparison, transcripts, strictness) if len(transcripts) > 1 else None


def only(side_by_side: SideBySide, names: tuple[str, ...]) -> SideBySide:
    """The same open targets, without those not named; to be used while nothing is pending, and not to be closed."""
    if len(names) == len(side_by_side.targets):
        return side_by_side
    few = SideBySide([target for target in side_by_side.targets if target.name in names], side_by_side.strictness)
    few.descriptions = {name: side_by_side.descriptions[name] for name in names}
    return few


def groups_of(divergence: Divergence, names: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """The targets by who agrees with whom on all that differs, those with most company first."""
    groups: dict[tuple[int, ...], list[str]] = {}
    for name in names:
        groups.setdefault(tuple(each.group_of(name) for each in divergence.differences), []).append(name)
    return tuple(sorted((tuple(group) for group in groups.values()), key=len, reverse=True))


def _differs(divergence: Divergence, name: str, reference: str) -> bool:
    return any(each.group_of(name) != each.group_of(reference) for each in divergence.differences)


def _compare(comparison: Comparison, transcripts: Mapping[str, bytes], strictness: Strictness) -> Divergence | None:
    program: Program = comparison.program
    return compare(program, transcripts, program_id=comparison.program_id, strictness=strictness)
