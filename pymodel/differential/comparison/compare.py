"""Compares what targets did with one program: equal bytes agree, and any others are compared state by state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pymodel.differential.comparison.differences import Difference, find_differences
from pymodel.differential.comparison.explain import Suspect, find_suspect
from pymodel.differential.comparison.signatures import signature_of
from pymodel.differential.comparison.strictness import EXACT, Strictness
from pymodel.differential.comparison.transcripts import TranscriptReader
from pymodel.differential.model.encoding import PROGRAM_ID
from pymodel.differential.programs.program import Operation, Program
from pymodel.differential.programs.wireform import pack_word

TRUSTED = "model"
"""The target whose transcript needs no check: the specification, in this process."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first step at which targets differ, and how.

    `step` is the index of the operation, None for the clean heap before it all. `signature` is the same for divergences
    that are likely one fault: the kind of operation, and the kinds of the differences that are no mere effects of
    others. `alone` is the one target that differs from all others, which agree; None with two targets or in a mix-up.
    """

    step: int | None
    operation: Operation | None
    differences: tuple[Difference, ...]
    signature: str
    suspect: Suspect
    alone: str | None


def compare(
    program: Program,
    transcripts: Mapping[str, bytes],
    *,
    program_id: int | None = None,
    strictness: Strictness = EXACT,
    check: bool = True,
) -> Divergence | None:
    """The first divergence between the transcripts of two or more targets, by name; None if they agree.

    Raises TargetLied for a transcript that contradicts itself. Bytes equal to the model's are not looked at, bytes that
    all targets sent alike only if `check` says so, and other bytes are checked once. Different bytes for equal states,
    as from a port that sends complete observations only, are no divergence.
    """
    first, *others = transcripts.values()
    # Not by a dictionary, which would hash them all.
    if others.count(first) == len(others) and (TRUSTED in transcripts or (not check and _answers(first, program_id))):
        return None
    names_by_bytes: dict[bytes, tuple[str, ...]] = {}
    for name, data in transcripts.items():
        names_by_bytes[data] = (*names_by_bytes.get(data, ()), name)
    readers = [TranscriptReader(names, program, data, program_id) for data, names in names_by_bytes.items()]
    # A target that contradicts itself is told before any that it differs from.
    for reader in readers:
        reader.check()
    if len(readers) == 1:
        return None
    for number, sides in enumerate(zip(*(reader.sides() for reader in readers), strict=False)):
        step = number - 1
        operation = program.operations[step] if step >= 0 else None
        differences = find_differences(sides, operation, strictness)
        if differences:
            return _divergence(step if step >= 0 else None, operation, tuple(differences), tuple(transcripts))
    return None


def _answers(data: bytes, program_id: int | None) -> bool:
    """Whether a transcript says at once, as one in the canonical encoding does, that it is of this program."""
    return program_id is not None and data.startswith(PROGRAM_ID + pack_word(program_id))


def _divergence(
    step: int | None, operation: Operation | None, differences: tuple[Difference, ...], names: tuple[str, ...]
) -> Divergence:
    return Divergence(
        step,
        operation,
        differences,
        signature_of(operation, differences),
        find_suspect(operation, differences),
        _standing_alone(differences, names),
    )


def _standing_alone(differences: Sequence[Difference], names: Sequence[str]) -> str | None:
    """The one target that differs from all others, which agree with each other."""
    names_by_view: dict[tuple[int, ...], list[str]] = {}
    for name in names:
        view = tuple(difference.group_of(name) for difference in differences)
        names_by_view.setdefault(view, []).append(name)
    sides = sorted(names_by_view.values(), key=len)
    if len(sides) == 2 and len(sides[0]) == 1 < len(sides[1]):
        return sides[0][0]
    return None
