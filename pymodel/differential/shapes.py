"""Shapes: the situations that generated programs are about, each a value.

A shape says how a program begins, what it draws its operations and numbers from, and how large it may become. Swarm
testing (Groce et al., ISSTA 2012) happens in the generator: each program takes only some of a shape's operations, with
weights of its own, because a state that one operation always destroys is reached only by programs without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pymodel.differential import preludes
from pymodel.differential.choices import Weighted
from pymodel.differential.maker import Interval
from pymodel.differential.preludes import Prelude

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


_LIFE = {"grow": 2, "alloc": 20, "free": 16}
_CACHES = {"cache": 4, "cache_alloc": 8, "flush": 4}
_SCAVENGING = {"start_gen": 3, "scavenge": 6, "reserve": 3, "scavenge_one": 4, "unreserve": 2}
_EVERYTHING = _LIFE | _CACHES | _SCAVENGING | {"call": 1}
_UPSETS = {
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
_LONG = 2000
_SHORT = 60


def _tables(*weights: dict[Interval, int]) -> tuple[Weighted[Interval], ...]:
    return tuple(Weighted(table) for table in weights)


def _shape(
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
    operation_count_max: int = _LONG,
) -> Shape:
    chunk_counts = Weighted(chunks or {(1, 1): 5, (2, 2): 4, (3, 5): 2})
    return Shape(
        name,
        kind,
        prelude,
        weights,
        frozenset(kept.split()),
        placements,
        _tables(*pages),
        _tables(*byte_counts),
        chunk_counts,
        chunk_count_max,
        parts,
        operation_count_max,
    )


def _outside(name: str, prelude: Prelude, upsets: str, *, kept: str = "", placements: str = "near") -> Shape:
    """A shape of short programs in which about a third of the operations are upsets."""
    chosen = {upset: 4 * _UPSETS[upset] for upset in upsets.split()}
    return _shape(
        name,
        prelude,
        _EVERYTHING | chosen,
        kind=Kind.OUTSIDE,
        kept=f"alloc {kept}",
        placements=placements,
        operation_count_max=_SHORT,
    )


_BIG_CHUNKS = {(1, 4): 3, (8, 20): 4, (60, 80): 2}

_ALL_SHAPES = (
    _shape("general", preludes.grown, _EVERYTHING, kept="grow alloc free"),
    _shape("young", preludes.nothing, _EVERYTHING, kept="grow"),
    _shape("full", preludes.filled, _EVERYTHING, kept="alloc free", chunk_count_max=4),
    _shape("sparse", preludes.punched, _EVERYTHING, kept="alloc", pages=(TINY, WORDS, MIXED), chunk_count_max=6),
    _shape(
        "straddling",
        preludes.grown_often,
        _EVERYTHING,
        kept="alloc free",
        placements="edges",
        pages=(LEVELS, CHUNKS, LEVELS | WORDS),
        chunks=_BIG_CHUNKS,
        chunk_count_max=160,
        operation_count_max=400,
    ),
    _shape(
        "huge_pages",
        preludes.huge_pages_freed,
        _LIFE | _SCAVENGING,
        kept="start_gen scavenge free",
        byte_counts=(HUGE_BYTES, FEW_BYTES),
        pages=(WORDS, CHUNKS, MIXED),
        chunk_count_max=6,
        parts=(50, 80),
    ),
    _shape(
        "many_ranges",
        preludes.many_ranges,
        _EVERYTHING | {"grow": 12},
        kept="grow alloc start_gen",
        placements="scattered",
        chunks={(1, 1): 8, (2, 2): 1},
        chunk_count_max=60,
        operation_count_max=400,
    ),
    _shape(
        "far_apart",
        preludes.grown_often,
        _EVERYTHING | {"grow": 5},
        kept="grow alloc",
        placements="everywhere",
        chunk_count_max=24,
        operation_count_max=200,
    ),
    _shape(
        "whole_entries",
        preludes.whole_entries,
        _LIFE | {"start_gen": 1, "scavenge": 1, "cache": 1},
        kept="alloc",
        placements="whole_entries",
        pages=(ENTRIES, ENTRIES | BEYOND, LEVELS),
        chunks={(1, 4): 1, (4096, 4096): 4, (8192, 8192): 1},
        chunk_count_max=12400,
        parts=(30,),
        operation_count_max=30,
    ),
    _shape(
        "generations",
        preludes.two_generations,
        _LIFE | _SCAVENGING | {"start_gen": 6},
        kept="start_gen reserve free alloc",
        chunk_count_max=24,
    ),
    _shape(
        "caches",
        preludes.caches_taken,
        _LIFE | _CACHES | {"start_gen": 2, "scavenge": 3},
        kept="cache cache_alloc",
        pages=(TINY, WORDS),
        chunk_count_max=6,
    ),
    _shape(
        "exhausted",
        preludes.filled,
        _LIFE | _CACHES | {"alloc": 40},
        kept="alloc",
        pages=(TINY, MIXED),
        chunk_count_max=2,
    ),
    _shape("calls", preludes.nothing, {"call": 1}, kept="call", operation_count_max=400),
    _outside("wild_numbers", preludes.grown, "alloc_any cache_alloc_any", kept="cache"),
    _outside("wild_growth", preludes.grown_often, "grow_at free_at", kept="grow_at", placements="pages_apart"),
    _outside("wild_frees", preludes.freed_beyond, "free_at", kept="free_at"),
    _outside("wild_scavenging", preludes.two_generations, "scavenge_at unreserve_at free_at poke_chunk"),
    _outside("lies", preludes.lied_to, "poke_summary poke_search_addr", kept="poke_summary"),
    _outside("lost_search", preludes.punched, "poke_search_addr poke_chunk", kept="poke_search_addr cache"),
    _outside("upset_chunks", preludes.punched, "poke_chunk free_at", kept="poke_chunk scavenge start_gen"),
    _outside("chaos", preludes.grown_often, " ".join(_UPSETS), placements="everywhere"),
    _shape(
        "bad_calls",
        preludes.nothing,
        {"call": 2, "bad_call": 3},
        kind=Kind.OUTSIDE,
        kept="bad_call",
        operation_count_max=12,
    ),
)

SHAPES: dict[str, Shape] = {shape.name: shape for shape in _ALL_SHAPES}
"""All shapes by name."""

SHARES: dict[Kind, Weighted[str]] = {
    Kind.INSIDE: Weighted(
        {
            "general": 16,
            "young": 4,
            "full": 10,
            "sparse": 10,
            "straddling": 10,
            "huge_pages": 10,
            "many_ranges": 6,
            "far_apart": 8,
            "whole_entries": 1,
            "generations": 12,
            "caches": 8,
            "exhausted": 6,
            "calls": 10,
        }
    ),
    Kind.OUTSIDE: Weighted(
        {
            "wild_numbers": 3,
            "wild_growth": 4,
            "wild_frees": 3,
            "wild_scavenging": 3,
            "lies": 4,
            "lost_search": 3,
            "upset_chunks": 3,
            "chaos": 4,
            "bad_calls": 10,
        }
    ),
}
"""How often a run takes each shape, by kind."""
