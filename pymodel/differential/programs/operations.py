"""The kinds of operations: one table that says how each is written in a trace, numbered in the protocol, and bounded.

`text`, `check` and `codec` read this table, so that an operation is described once. Its rule is in docs/programs.md and
is carried out by `interpreter`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pymodel.differential.programs import program as p

WORD_MAX = (1 << 64) - 1
SLOT_MAX = p.SLOT_COUNT_MAX - 1
PHYS_PAGE_SIZE_MIN = 4096
GROW_CHUNK_COUNT_MAX = 8192
ALLOC_PAGE_COUNT_MAX = 1 << 32
CACHE_ALLOC_PAGE_COUNT_MAX = 64
GROW_AT_SIZE_MAX = 1 << 35
SUMMARY_LEVEL_MAX = 4
TICK_NS_MAX = 10**13
SCAVENGE_COST_NS_MAX = 10**9
GOMAXPROCS_MAX = 4096
SPAN_PAGE_COUNT_MAX = 1 << 22
POKED_PHYS_PAGE_SIZE_MAX = 1 << 20
INT64_MIN, INT64_MAX = -(1 << 63), (1 << 63) - 1


class Wire(Enum):
    """How the protocol carries a field."""

    UINT32 = "uint32"
    FIXED64 = "fixed64"
    SFIXED64 = "sfixed64"
    INT64 = "fixed64 in two's complement"
    BOOL = "bool"
    BITMAP = "bytes"


class Written(Enum):
    """How a trace writes a field."""

    DECIMAL = "a number"
    HEXADECIMAL = "a number in hexadecimal"
    """Printed so; decimal is read as well."""
    CHUNK = "a chunk"
    """A signed number, printed in hexadecimal."""
    BYTES = "a number of bytes"
    """Decimal, or `all` for 2^64-1."""
    BITMAP = "a list of page ranges"
    DURATION = "a duration"
    """Nanoseconds, or a whole number of ns, us, ms or s; printed in the largest unit that holds it."""
    INSTANT = "a number of nanoseconds"
    """Signed."""
    FLAG = "0 or 1"
    WORD = "a word"
    """The field's own name where it is true, nothing where it is not."""
    SPAN = "a span slot"
    CACHE = "a cache slot"
    RESERVATION = "a reservation slot"

    @property
    def slot_letter(self) -> str:
        """The letter before a slot's number; nothing for a field that names no slot."""
        return _SLOT_LETTERS.get(self, "")


_SLOT_LETTERS = {Written.SPAN: "s", Written.CACHE: "c", Written.RESERVATION: "r"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an operation. Bounds are inclusive; `outside` are those of a program outside the contract."""

    name: str
    number: int
    wire: Wire
    written: Written
    bounds: tuple[int, int]
    outside: tuple[int, int]


@dataclass(frozen=True, slots=True)
class OperationKind:
    """A kind of operation.

    `pattern` is how a trace writes it: fields in braces, the rest as it stands; what follows ` ?` may be left out.
    `written_slot` is the field that names the slot that it writes.
    """

    name: str
    number: int
    value_class: type[p.Operation]
    pattern: str
    fields: tuple[Field, ...]
    outside_only: bool
    pacing_only: bool

    @property
    def written_slot(self) -> Field | None:
        """The field whose slot this kind writes: the one before the `=`."""
        return self.fields[0] if " = " in self.pattern else None


_ANY = (0, WORD_MAX)


def _field(
    name: str,
    number: int,
    written: Written,
    bounds: tuple[int, int] = _ANY,
    *,
    wire: Wire = Wire.FIXED64,
    outside: tuple[int, int] | None = None,
) -> Field:
    return Field(name, number, wire, written, bounds, outside or bounds)


def _slot(name: str, number: int, written: Written) -> Field:
    return _field(name, number, written, (0, SLOT_MAX), wire=Wire.UINT32)


def _flag(name: str, number: int) -> Field:
    return _field(name, number, Written.WORD, (0, 1), wire=Wire.BOOL)


def _bitmap(name: str, number: int) -> Field:
    return _field(name, number, Written.BITMAP, (0, (1 << 512) - 1), wire=Wire.BITMAP)


def _chunk(name: str, number: int) -> Field:
    return _field(name, number, Written.CHUNK, (-(1 << 63), (1 << 63) - 1), wire=Wire.SFIXED64)


def _duration(name: str, number: int, most: int) -> Field:
    return _field(name, number, Written.DURATION, (0, most))


def _switch(name: str, number: int) -> Field:
    return _field(name, number, Written.FLAG, (0, 1), wire=Wire.BOOL)


_DECIMAL, _HEX, _BYTES = Written.DECIMAL, Written.HEXADECIMAL, Written.BYTES
_SPAN, _CACHE, _RESERVATION = Written.SPAN, Written.CACHE, Written.RESERVATION

_Table = tuple[tuple[int, type[p.Operation], str, tuple[Field, ...]], ...]

_INSIDE: _Table = (
    (
        1,
        p.Grow,
        "grow {chunk} chunks={chunk_count}",
        (_chunk("chunk", 1), _field("chunk_count", 2, _DECIMAL, (1, GROW_CHUNK_COUNT_MAX))),
    ),
    (
        2,
        p.Alloc,
        "{slot} = alloc {page_count}",
        (_slot("slot", 1, _SPAN), _field("page_count", 2, _DECIMAL, (1, ALLOC_PAGE_COUNT_MAX), outside=_ANY)),
    ),
    (
        3,
        p.Free,
        "free {slot} ?pages={first}..{limit}",
        (_slot("slot", 1, _SPAN), _field("first", 2, _DECIMAL), _field("limit", 3, _DECIMAL)),
    ),
    (4, p.Cache, "{slot} = cache", (_slot("slot", 1, _CACHE),)),
    (
        5,
        p.CacheAlloc,
        "{slot} = cache_alloc {cache} {page_count}",
        (
            _slot("slot", 1, _SPAN),
            _slot("cache", 2, _CACHE),
            _field("page_count", 3, _DECIMAL, (1, CACHE_ALLOC_PAGE_COUNT_MAX), outside=_ANY),
        ),
    ),
    (6, p.Flush, "flush {cache}", (_slot("cache", 1, _CACHE),)),
    (7, p.StartGen, "start_gen", ()),
    (8, p.Scavenge, "scavenge {byte_count} ?{counted}", (_field("byte_count", 1, _BYTES), _flag("counted", 2))),
    (9, p.Reserve, "{slot} = reserve", (_slot("slot", 1, _RESERVATION),)),
    (
        10,
        p.ScavengeOne,
        "scavenge_one {reservation} {byte_count_max}",
        (_slot("reservation", 1, _RESERVATION), _field("byte_count_max", 2, _BYTES)),
    ),
    (11, p.Unreserve, "unreserve {reservation}", (_slot("reservation", 1, _RESERVATION),)),
    # Its fields depend on the function and are handled by `calls`.
    (12, p.Call, "call", ()),
)

_OUTSIDE: _Table = (
    (
        13,
        p.GrowAt,
        "grow_at {base} {size}",
        (_field("base", 1, _HEX), _field("size", 2, _DECIMAL, (0, GROW_AT_SIZE_MAX))),
    ),
    (
        14,
        p.FreeAt,
        "free_at {base} {page_count} ?{scavenged}",
        (_field("base", 1, _HEX), _field("page_count", 2, _DECIMAL), _flag("scavenged", 3)),
    ),
    (
        15,
        p.ScavengeAt,
        "scavenge_at {base} {limit} {byte_count_max}",
        (_field("base", 1, _HEX), _field("limit", 2, _HEX), _field("byte_count_max", 3, _BYTES)),
    ),
    (
        16,
        p.UnreserveAt,
        "unreserve_at {base} {limit} {generation}",
        (
            _field("base", 1, _HEX),
            _field("limit", 2, _HEX),
            _field("generation", 3, _DECIMAL, (0, (1 << 32) - 1), wire=Wire.UINT32),
        ),
    ),
    (
        17,
        p.PokeSummary,
        "poke_summary {level} {index} {value}",
        (
            _field("level", 1, _DECIMAL, (0, SUMMARY_LEVEL_MAX), wire=Wire.UINT32),
            _field("index", 2, _DECIMAL),
            _field("value", 3, _HEX),
        ),
    ),
    (
        18,
        p.PokeChunk,
        "poke_chunk {chunk} allocated={allocated} scavenged={scavenged}",
        (_chunk("chunk", 1), _bitmap("allocated", 2), _bitmap("scavenged", 3)),
    ),
    (19, p.PokeSearchAddr, "poke_search_addr {address}", (_field("address", 1, _HEX),)),
)

_PACING: _Table = (
    (21, p.Tick, "tick {duration_ns}", (_duration("duration_ns", 1, TICK_NS_MAX),)),
    (22, p.Timer, "timer", ()),
    (23, p.Sysmon, "sysmon", ()),
    (24, p.Wake, "wake", ()),
    (25, p.Ready, "ready", ()),
    (
        26,
        p.Gomaxprocs,
        "gomaxprocs {count}",
        (_field("count", 1, _DECIMAL, (1, GOMAXPROCS_MAX), outside=(0, (1 << 31) - 1)),),
    ),
    (27, p.ScavengeCost, "scavenge_cost {cost_ns}", (_duration("cost_ns", 1, SCAVENGE_COST_NS_MAX),)),
    (28, p.Faketime, "faketime {on}", (_switch("on", 1),)),
    (29, p.Scavtrace, "scavtrace {on}", (_switch("on", 1),)),
    (
        30,
        p.Pace,
        "pace {heap_goal} {last_heap_goal}",
        (_field("heap_goal", 1, _BYTES), _field("last_heap_goal", 2, _BYTES)),
    ),
    (
        31,
        p.MarkTermination,
        "mark_termination {heap_goal} {last_heap_goal}",
        (_field("heap_goal", 1, _BYTES), _field("last_heap_goal", 2, _BYTES)),
    ),
    (32, p.SweepDone, "sweep_done", ()),
    (33, p.ScavengeAll, "scavenge_all", ()),
    (
        34,
        p.Span,
        "{slot} = span {page_count}",
        (_slot("slot", 1, _SPAN), _field("page_count", 2, _DECIMAL, (1, SPAN_PAGE_COUNT_MAX), outside=(0, 1 << 40))),
    ),
    (35, p.HeapRetained, "heap_retained", ()),
    (
        36,
        p.PrintScavTrace,
        "print_scav_trace {generation} {released} ?{forced}",
        (
            _field("generation", 1, _DECIMAL, (0, (1 << 32) - 1), wire=Wire.UINT32),
            _field("released", 2, _BYTES),
            _flag("forced", 3),
        ),
    ),
    (
        40,
        p.Gc,
        "gc {heap_goal} {last_heap_goal}",
        (_field("heap_goal", 1, _BYTES), _field("last_heap_goal", 2, _BYTES)),
    ),
)

_PACING_OUTSIDE: _Table = (
    (
        37,
        p.PokePhysPage,
        "poke_phys_page {byte_count}",
        (_field("byte_count", 1, _DECIMAL, (PHYS_PAGE_SIZE_MIN, POKED_PHYS_PAGE_SIZE_MAX)),),
    ),
    (
        38,
        p.PokeStats,
        "poke_stats {heap_sys} {heap_released} {heap_inuse}",
        (_field("heap_sys", 1, _BYTES), _field("heap_released", 2, _BYTES), _field("heap_inuse", 3, _BYTES)),
    ),
    (
        39,
        p.PokeClock,
        "poke_clock {now_ns}",
        (_field("now_ns", 1, Written.INSTANT, (INT64_MIN, INT64_MAX), wire=Wire.INT64),),
    ),
)


def _name(pattern: str) -> str:
    return next(word for word in pattern.split() if word[0] not in "{=")


OPERATION_KINDS: tuple[OperationKind, ...] = tuple(
    OperationKind(_name(pattern), number, value_class, pattern, fields, outside_only, pacing_only)
    for table, outside_only, pacing_only in (
        (_INSIDE, False, False),
        (_OUTSIDE, True, False),
        (_PACING, False, True),
        (_PACING_OUTSIDE, True, True),
    )
    for number, value_class, pattern, fields in table
)
KIND_BY_CLASS: dict[type[p.Operation], OperationKind] = {kind.value_class: kind for kind in OPERATION_KINDS}
KIND_BY_NAME: dict[str, OperationKind] = {kind.name: kind for kind in OPERATION_KINDS}
