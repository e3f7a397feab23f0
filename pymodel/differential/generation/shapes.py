"""Shapes: the situations that generated programs are about, each a value.

A shape says how a program begins, what it draws its operations and numbers from, and how large it may become. Swarm
testing (Groce et al., ISSTA 2012) happens in the generator: each program takes only some of a shape's operations, with
weights of its own, because a state that one operation always destroys is reached only by programs without it.
"""

from __future__ import annotations

from pymodel.differential.generation import preludes
from pymodel.differential.generation.choices import Weighted
from pymodel.differential.generation.pacing_shapes import PACING_SHAPES
from pymodel.differential.generation.shape import (
    BEYOND,
    CACHES,
    CHUNKS,
    ENTRIES,
    EVERYTHING,
    FEW_BYTES,
    HUGE_BYTES,
    LEVELS,
    LIFE,
    MIXED,
    SCAVENGING,
    TINY,
    UPSETS,
    WORDS,
    Kind,
    Shape,
    make_outside_shape,
    make_shape,
)

__all__ = ["PACING_SHARES", "SHAPES", "SHARES", "Kind", "Shape"]


_BIG_CHUNKS = {(1, 4): 3, (8, 20): 4, (60, 80): 2}

_PAGE_HEAP_SHAPES = (
    make_shape("general", preludes.grown, EVERYTHING, kept="grow alloc free"),
    make_shape("young", preludes.nothing, EVERYTHING, kept="grow"),
    make_shape("full", preludes.filled, EVERYTHING, kept="alloc free", chunk_count_max=4),
    make_shape("sparse", preludes.punched, EVERYTHING, kept="alloc", pages=(TINY, WORDS, MIXED), chunk_count_max=6),
    make_shape(
        "straddling",
        preludes.grown_often,
        EVERYTHING,
        kept="alloc free",
        placements="edges",
        pages=(LEVELS, CHUNKS, LEVELS | WORDS),
        chunks=_BIG_CHUNKS,
        chunk_count_max=160,
        operation_count_max=400,
    ),
    make_shape(
        "huge_pages",
        preludes.huge_pages_freed,
        LIFE | SCAVENGING,
        kept="start_gen scavenge free",
        byte_counts=(HUGE_BYTES, FEW_BYTES),
        pages=(WORDS, CHUNKS, MIXED),
        chunk_count_max=6,
        parts=(50, 80),
    ),
    make_shape(
        "many_ranges",
        preludes.many_ranges,
        EVERYTHING | {"grow": 12},
        kept="grow alloc start_gen",
        placements="scattered",
        chunks={(1, 1): 8, (2, 2): 1},
        chunk_count_max=60,
        operation_count_max=400,
    ),
    make_shape(
        "far_apart",
        preludes.grown_often,
        EVERYTHING | {"grow": 5},
        kept="grow alloc",
        placements="everywhere",
        chunk_count_max=24,
        operation_count_max=200,
    ),
    make_shape(
        "whole_entries",
        preludes.whole_entries,
        LIFE | {"start_gen": 1, "scavenge": 1, "cache": 1},
        kept="alloc",
        placements="whole_entries",
        pages=(ENTRIES, ENTRIES | BEYOND, LEVELS),
        chunks={(1, 4): 1, (4096, 4096): 4, (8192, 8192): 1},
        chunk_count_max=12400,
        parts=(30,),
        operation_count_max=30,
    ),
    make_shape(
        "generations",
        preludes.two_generations,
        LIFE | SCAVENGING | {"start_gen": 6},
        kept="start_gen reserve free alloc",
        chunk_count_max=24,
    ),
    make_shape(
        "caches",
        preludes.caches_taken,
        LIFE | CACHES | {"start_gen": 2, "scavenge": 3},
        kept="cache cache_alloc",
        pages=(TINY, WORDS),
        chunk_count_max=6,
    ),
    make_shape(
        "exhausted",
        preludes.filled,
        LIFE | CACHES | {"alloc": 40},
        kept="alloc",
        pages=(TINY, MIXED),
        chunk_count_max=2,
    ),
    make_shape("calls", preludes.nothing, {"call": 1}, kept="call", operation_count_max=400),
    make_outside_shape("wild_numbers", preludes.grown, "alloc_any cache_alloc_any", kept="cache"),
    make_outside_shape(
        "wild_growth", preludes.grown_often, "grow_at free_at", kept="grow_at", placements="pages_apart"
    ),
    make_outside_shape("wild_frees", preludes.freed_beyond, "free_at", kept="free_at"),
    make_outside_shape("wild_scavenging", preludes.two_generations, "scavenge_at unreserve_at free_at poke_chunk"),
    make_outside_shape("lies", preludes.lied_to, "poke_summary poke_search_addr", kept="poke_summary"),
    make_outside_shape("lost_search", preludes.punched, "poke_search_addr poke_chunk", kept="poke_search_addr cache"),
    make_outside_shape("upset_chunks", preludes.punched, "poke_chunk free_at", kept="poke_chunk scavenge start_gen"),
    make_outside_shape("chaos", preludes.grown_often, " ".join(UPSETS), placements="everywhere"),
    make_shape(
        "bad_calls",
        preludes.nothing,
        {"call": 2, "bad_call": 3},
        kind=Kind.OUTSIDE,
        kept="bad_call",
        operation_count_max=12,
    ),
)

SHAPES: dict[str, Shape] = {shape.name: shape for shape in (*_PAGE_HEAP_SHAPES, *PACING_SHAPES)}
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
"""How often a run takes each shape without pacing, by kind."""

PACING_SHARES: dict[Kind, Weighted[str]] = {
    Kind.INSIDE: Weighted(
        {
            "paced": 12,
            "collected": 10,
            "aimed_goals": 7,
            "controlled": 9,
            "clamped": 5,
            "growing": 9,
            "arenas": 4,
            "traced": 5,
            "unpaced": 3,
            "controller_calls": 6,
        }
    ),
    Kind.OUTSIDE: Weighted(
        {
            "no_processors": 11,
            "wild_pages": 10,
            "wild_statistics": 6,
            "wild_clocks": 4,
            "wild_spans": 4,
            "paced_chaos": 4,
        }
    ),
}
"""How often a run takes each shape of pacing, by kind."""
