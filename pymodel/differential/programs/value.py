"""Values: classes of fields that never change once they are set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def value(cls: type[T]) -> type[T]:
    """A dataclass that may not be changed, which type checkers see to.

    `dataclass(frozen=True)` would have every field set through a call, which makes an object take three times as long;
    runs make one for each operation, and some for each program.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)
