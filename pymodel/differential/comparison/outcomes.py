"""What an operation did, decoded, and the names of the words that it returns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pymodel.differential.programs import program as p
from pymodel.differential.programs.calls import CALL_FUNCTIONS, Form, Words
from pymodel.wire import pageheap_pb2


class OutcomeKind(StrEnum):
    """The four things that an operation can do; the value is how a report says it."""

    NOTHING = "did nothing"
    RETURNED = "returned"
    THROWN = "threw"
    PANICKED = "panicked"


PANIC_KIND_WORDS = {1: "bounds", 2: "nil dereference", 3: "memory fault", 4: "divide by zero"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an operation did: `values` where it returned, `text` and `panic_kind` where it failed."""

    kind: OutcomeKind
    values: tuple[int, ...] = ()
    text: str = ""
    panic_kind: int = 0

    @property
    def is_failure(self) -> bool:
        """Whether it ends the program."""
        return self.kind in (OutcomeKind.THROWN, OutcomeKind.PANICKED)


_EMPTY = Words(())
_ADDRESS_AND_SCAV = (("address", Form.WORD), ("scav", Form.COUNT))
_CACHE = (("base", Form.WORD), ("cache", Form.WORD), ("scav", Form.WORD))
_CACHE_AFTER = (("cache base", Form.WORD), ("cache bits", Form.WORD), ("cache scav bits", Form.WORD))
_RANGE = (("base", Form.WORD), ("limit", Form.WORD))
_RELEASED_AND_REST = Words((("released", Form.COUNT), *_RANGE))

_RETURNS: dict[type[p.Operation], Words] = {
    p.Alloc: Words(_ADDRESS_AND_SCAV),
    p.Free: Words((("runs", Form.COUNT),)),
    p.Cache: Words(_CACHE),
    p.CacheAlloc: Words((*_ADDRESS_AND_SCAV, *_CACHE_AFTER)),
    p.Scavenge: Words((("released", Form.COUNT),)),
    p.Reserve: Words((*_RANGE, ("generation", Form.COUNT))),
    p.ScavengeOne: _RELEASED_AND_REST,
    p.ScavengeAt: _RELEASED_AND_REST,
    p.Sysmon: Words((("woke", Form.COUNT),)),
    p.Span: Words((*_ADDRESS_AND_SCAV, ("growth", Form.COUNT))),
    p.HeapRetained: Words((("retained", Form.COUNT),)),
}


def words_returned(operation: p.Operation) -> Words:
    """The shape of the words that an operation returns."""
    if isinstance(operation, p.Call):
        return CALL_FUNCTIONS[operation.function].gives
    return _RETURNS.get(type(operation), _EMPTY)


def decode_outcome(message: pageheap_pb2.Outcome) -> Outcome | None:
    """The outcome in a message; None if it holds none that is known."""
    match message.WhichOneof("outcome"):
        case "nothing":
            return Outcome(OutcomeKind.NOTHING)
        case "returned":
            return Outcome(OutcomeKind.RETURNED, tuple(message.returned.values))
        case "thrown":
            return Outcome(OutcomeKind.THROWN, text=message.thrown.text)
        case "panicked":
            panicked = message.panicked
            return Outcome(OutcomeKind.PANICKED, text=panicked.text, panic_kind=panicked.kind)
    return None
