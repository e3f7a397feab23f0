"""What a shape of programs consists of, and the tables that shapes draw numbers from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pymodel.differential.generation.choices import Interval, Weighted
from pymodel.differential.generation.preludes import Prelude

ALL = (1 << 64) - 1

TINY = {(1, 1): 6, (2, 4): 4, (5, 16): 3}
WORDS = {(1, 1): 2, (2, 15): 2, (62, 66): 5, (126, 130): 3, (190, 194): 1, (254, 258): 1}
CHUNKS = {(1, 1): 1, (60, 300): 2, (448, 513): 4, (512, 512): 3, (511, 513): 3, (1000, 1030): 2, (1500, 2100): 1}
LEVELS = {(1, 64): 2, (512, 512): 2, (4095, 4097): 4, (3000, 9000): 3, (32767, 32769): 2, (20000, 40000): 1}
ENTRIES = {
    (1, 1): 2,
    (512, 512): 2,
    (1 << 18, 1 << 18): 1,
    ((1 << 21) - 1, (1 << 21) + 1): 4,
    (1 << 22, (1 << 22) + 1): 2,
}
BEYOND = {(1 << 21, 1 << 32): 1}
MIXED = TINY | WORDS | {(1, 513): 3, (500, 1100): 2} | BEYOND

FEW_BYTES = {(0, 0): 1, (1, 1): 3, (8191, 8193): 3, (1, 65536): 4, (65536, 65536): 4}
HUGE_BYTES = {(1, 1): 4, (1, 65536): 3, (1 << 21, 1 << 21): 3, ((1 << 21) - 1, (1 << 21) + 1): 2}
MANY_BYTES = {(1 << 20, 1 << 22): 4, (1 << 22, 1 << 24): 2, (ALL, ALL): 4, (1 << 40, ALL): 1}

# Nanoseconds. At first the scavenger sleeps for a second or longer, once it is controlled for a millisecond or so.
BRIEF = {(0, 0): 1, (1, 1000): 2, (1000, 10**6): 4, (10**6, 10**7): 4}
SECONDS = {(10**7, 10**8): 2, (10**8, 10**9): 3, (10**9, 10**10): 4}
HOURS = {(10**9, 10**11): 3, (36 * 10**11, 36 * 10**11): 2, (10**11, 10**13): 2, (10**13, 10**13): 1}

LONG = 2000
SHORT = 60


class Kind(Enum):
    """What a program may contain."""

    INSIDE = "inside"
    """Only what the page heap's callers do."""
    OUTSIDE = "outside"
    """Also what they never do; the program carries the label `outside contract`."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One situation. `weights` maps names of operations to whole weights; those in `kept` are in every program."""

    name: str
    kind: Kind
    prelude: Prelude
    weights: dict[str, int]
    kept: frozenset[str]
    placements: str
    page_counts: tuple[Weighted[Interval], ...]
    byte_counts: tuple[Weighted[Interval], ...]
    chunk_counts: Weighted[Interval]
    chunk_count_max: int
    part_percents: tuple[int, ...]
    operation_count_max: int
    """The longest program of this shape that a run makes by itself."""
    pacing: bool
    durations: tuple[Weighted[Interval], ...]


LIFE = {"grow": 2, "alloc": 20, "free": 16}
CACHES = {"cache": 4, "cache_alloc": 8, "flush": 4}
SCAVENGING = {"start_gen": 3, "scavenge": 6, "reserve": 3, "scavenge_one": 4, "unreserve": 2}
EVERYTHING = LIFE | CACHES | SCAVENGING | {"call": 1}
UPSETS = {
    "alloc_any": 2,
    "cache_alloc_any": 3,
    "grow_at": 3,
    "free_at": 5,
    "scavenge_at": 3,
    "unreserve_at": 3,
    "poke_summary": 4,
    "poke_chunk": 4,
    "poke_search_addr": 3,
}


def weighted_tables(*weights: dict[Interval, int]) -> tuple[Weighted[Interval], ...]:
    """Each table, ready to be drawn from."""
    return tuple(Weighted(table) for table in weights)


def make_shape(
    name: str,
    prelude: Prelude,
    weights: dict[str, int],
    *,
    kind: Kind = Kind.INSIDE,
    kept: str = "",
    placements: str = "near",
    pages: tuple[dict[Interval, int], ...] = (MIXED, TINY, WORDS, CHUNKS),
    byte_counts: tuple[dict[Interval, int], ...] = (FEW_BYTES | MANY_BYTES, FEW_BYTES, MANY_BYTES),
    chunks: dict[Interval, int] | None = None,
    chunk_count_max: int = 16,
    parts: tuple[int, ...] = (0, 30, 70),
    operation_count_max: int = LONG,
    pacing: bool = False,
    durations: tuple[dict[Interval, int], ...] = (BRIEF, SECONDS, HOURS, BRIEF | SECONDS | HOURS),
) -> Shape:
    """A shape by its name, how it begins and how often which operations come; the rest as most shapes have it."""
    chunk_counts = Weighted(chunks or {(1, 1): 5, (2, 2): 4, (3, 5): 2})
    return Shape(
        name,
        kind,
        prelude,
        weights,
        frozenset(kept.split()),
        placements,
        weighted_tables(*pages),
        weighted_tables(*byte_counts),
        chunk_counts,
        chunk_count_max,
        parts,
        operation_count_max,
        pacing,
        weighted_tables(*durations),
    )


def make_outside_shape(name: str, prelude: Prelude, upsets: str, *, kept: str = "", placements: str = "near") -> Shape:
    """A shape of short programs in which about a third of the operations are upsets."""
    chosen = {upset: 4 * UPSETS[upset] for upset in upsets.split()}
    return make_shape(
        name,
        prelude,
        EVERYTHING | chosen,
        kind=Kind.OUTSIDE,
        kept=f"alloc {kept}",
        placements=placements,
        operation_count_max=SHORT,
    )
