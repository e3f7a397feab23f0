"""How an operation of Go's page heap can fail, as typed exceptions that carry Go's own text.

A failure leaves the state as Go leaves it: whatever was written before stays written.

    GoFailure
    ├── Throw           the runtime found its own data wrong: throw(text)
    └── RuntimePanic    an expression went wrong: index, slice, nil pointer, unmapped memory, division
"""

from __future__ import annotations

from enum import IntEnum


class PanicKind(IntEnum):
    """Kinds of run-time panic. A nil dereference and a memory fault have one text in Go, hence the kind."""

    BOUNDS = 1
    NIL_DEREFERENCE = 2
    MEMORY_FAULT = 3
    DIVIDE = 4


class GoFailure(Exception):
    """An operation ended in Go's `throw` or in a run-time panic; `text` is what Go says."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Throw(GoFailure):
    """Go's `throw(text)`: not recoverable in Go, an outcome here."""


class RuntimePanic(GoFailure):
    """Go's `runtime.Error`; `text` includes its prefix `runtime error: `."""

    def __init__(self, kind: PanicKind, text: str) -> None:
        super().__init__(text)
        self.kind = kind


# The four texts of bounds errors that this code can reach. Go: boundsErrorFmts and boundsNegErrorFmts, error.go. A
# negative value can only come from a signed index; Go then leaves the length out.


def index_out_of_range(index: int, length: int) -> RuntimePanic:
    """`s[index]` with `index` outside [0, length)."""
    known_length = f" with length {length}" if index >= 0 else ""
    return RuntimePanic(PanicKind.BOUNDS, f"runtime error: index out of range [{index}]{known_length}")


def slice_above_capacity(limit: int, capacity: int) -> RuntimePanic:
    """`s[:limit]` with `limit` outside [0, capacity]."""
    known_capacity = f" with capacity {capacity}" if limit >= 0 else ""
    return RuntimePanic(PanicKind.BOUNDS, f"runtime error: slice bounds out of range [:{limit}]{known_capacity}")


def slice_inverted(base: int, limit: int) -> RuntimePanic:
    """`s[base:limit]` with a `limit` that is within capacity but below `base`, or with a negative `base`."""
    known_limit = str(limit) if base >= 0 else ""
    return RuntimePanic(PanicKind.BOUNDS, f"runtime error: slice bounds out of range [{base}:{known_limit}]")


_BAD_ADDRESS = "runtime error: invalid memory address or nil pointer dereference"


def nil_dereference() -> RuntimePanic:
    """A nil pointer was followed."""
    return RuntimePanic(PanicKind.NIL_DEREFERENCE, _BAD_ADDRESS)


def memory_fault() -> RuntimePanic:
    """Memory that is reserved but not mapped was read or written."""
    return RuntimePanic(PanicKind.MEMORY_FAULT, _BAD_ADDRESS)


def divide_by_zero() -> RuntimePanic:
    """An integer was divided by zero."""
    return RuntimePanic(PanicKind.DIVIDE, "runtime error: integer divide by zero")
