"""Every target's own divergence in one program: what differs first must not hide what others do later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pymodel.differential.comparison.compare import TRUSTED, Divergence, compare
from pymodel.differential.comparison.strictness import Strictness
from pymodel.differential.running.side_by_side import Comparison, SideBySide


@dataclass(frozen=True, slots=True)
class Standing:
    """A divergence of `dissenter`, held to `reference`: the model, unless that is who stands alone."""

    divergence: Divergence
    reference: str
    dissenter: str


def standings(comparison: Comparison, strictness: Strictness) -> Iterator[Standing]:
    """The divergences of a program: of the model if it stands alone, then of each target from the reference."""
    first, transcripts = comparison.divergence, dict(comparison.transcripts)
    if first is None:
        return
    if first.alone == TRUSTED:
        yield Standing(first, next(name for name in transcripts if name != TRUSTED), TRUSTED)
        del transcripts[TRUSTED]
    reference = TRUSTED if TRUSTED in transcripts else next(name for name in transcripts if name != first.alone)
    for name, transcript in transcripts.items():
        if transcript == transcripts[reference]:
            continue
        divergence: Divergence | None = first
        # The first divergence is that of the one who stands alone, or of the only other one.
        if name != first.alone and len(comparison.transcripts) > 2:
            pair = {reference: transcripts[reference], name: transcript}
            divergence = _compare(comparison, pair, strictness)
        if divergence is not None:
            yield Standing(divergence, reference, name)


def among_those_who_agree(
    comparison: Comparison, standing: Standing, strictness: Strictness
) -> tuple[Divergence | None, Mapping[str, bytes]]:
    """The divergence of the dissenter from all who answered as the reference did; who they are, with their answers."""
    transcripts = comparison.transcripts
    agreed = transcripts.get(standing.reference)
    group = {name: data for name, data in transcripts.items() if data == agreed or name == standing.dissenter}
    return (_compare(comparison, group, strictness) if len(group) > 1 else None), group


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


def _compare(comparison: Comparison, transcripts: Mapping[str, bytes], strictness: Strictness) -> Divergence | None:
    """As for the comparison itself, which searched the transcripts for contradictions."""
    program_id = comparison.program_id
    return compare(comparison.program, transcripts, program_id=program_id, strictness=strictness, check=False)
