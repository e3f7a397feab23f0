"""The pattern of a kind of operation, taken apart into the elements that reading and writing a trace walk through."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pymodel.differential.programs.operations import KIND_BY_NAME, Field, OperationKind


@dataclass(frozen=True, slots=True)
class Literal:
    """A token that stands as it is."""

    token: str


@dataclass(frozen=True, slots=True)
class Value:
    """The place of a field."""

    field: Field


Element = Literal | Value
_PATTERN_TOKEN = re.compile(r"\{(\w+)\}|\.\.|=|[^\s{}=.]+")


@dataclass(frozen=True, slots=True)
class Pattern:
    """What must be there, and what may follow; `text` and `tail_text` are format strings for writing."""

    elements: tuple[Element, ...]
    tail: tuple[Element, ...]
    text: str
    tail_text: str


def _elements(kind: OperationKind, part: str) -> tuple[Element, ...]:
    fields = {field.name: field for field in kind.fields}
    return tuple(
        Value(fields[match.group(1)]) if match.group(1) else Literal(match.group())
        for match in _PATTERN_TOKEN.finditer(part)
    )


def _pattern(kind: OperationKind) -> Pattern:
    text, _, tail_text = kind.pattern.partition(" ?")
    return Pattern(_elements(kind, text), _elements(kind, tail_text), text, tail_text)


PATTERNS: dict[str, Pattern] = {kind.name: _pattern(kind) for kind in KIND_BY_NAME.values()}
