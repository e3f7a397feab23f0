"""Where a growth lands: next to the heap, apart from it, at the edge of a summary level, in the other half, far off."""

from __future__ import annotations

from collections.abc import Callable

from pymodel.differential.generation.choices import Weighted
from pymodel.differential.generation.maker import (
    CANONICAL_CHUNK,
    CHUNK_LIMIT,
    CHUNK_MIN,
    CHUNKS_PER_ARENA,
    CHUNKS_PER_BLOCK,
    SPAN_CHUNK,
    Maker,
)

Placement = Callable[[Maker, int], int]
"""The first chunk for a growth by so many chunks; the caller moves it inside the address space."""

# Chunks per summary entry at levels 3, 2, 1 and 0, and per second-level block of the chunk map.
_LEVEL_CHUNKS = (8, 64, 512, 4096, CHUNKS_PER_BLOCK)


def canonical(_maker: Maker, _chunk_count: int) -> int:
    """Where Go's tests put their first chunk: aligned for every level."""
    return CANONICAL_CHUNK


def above(maker: Maker, _chunk_count: int) -> int:
    """Right above a growth: the ranges in use coalesce, also with one that lies there already."""
    if not maker.grown:
        return CANONICAL_CHUNK
    first, count = maker.choices.choose(maker.grown)
    return first + count


def below(maker: Maker, chunk_count: int) -> int:
    """Right below a growth."""
    if not maker.grown:
        return CANONICAL_CHUNK
    return maker.choices.choose(maker.grown)[0] - chunk_count


def apart(maker: Maker, chunk_count: int) -> int:
    """Above a growth with a gap of few chunks."""
    return above(maker, chunk_count) + maker.choices.integer(1, 3)


def scattered(maker: Maker, _chunk_count: int) -> int:
    """Anywhere in the 512 chunks from the canonical one: many small ranges in use, whose gaps later growth fills."""
    return CANONICAL_CHUNK + maker.choices.integer(0, 511)


def pages_apart(maker: Maker, _chunk_count: int) -> int:
    """Few chunks at or near a multiple of 512: each lot has its leaf summaries in a page (4 KiB) of its own."""
    return CANONICAL_CHUNK + 512 * maker.choices.integer(0, 6) + maker.choices.integer(-1, 2)


def level_edge(maker: Maker, chunk_count: int) -> int:
    """Across or at the edge between two entries of a summary level, or between two blocks of the chunk map."""
    edge = CANONICAL_CHUNK + maker.choices.choose(_LEVEL_CHUNKS) * maker.choices.integer(1, 2)
    return edge - maker.choices.integer(0, chunk_count)


def whole_entry(maker: Maker, _chunk_count: int) -> int:
    """At a multiple of 4096 chunks, so that 4096 and more of them fill entries of the root level."""
    return CANONICAL_CHUNK + 4096 * maker.choices.integer(0, 2)


def far(maker: Maker, _chunk_count: int) -> int:
    """Anywhere in the lower half."""
    return maker.choices.integer(1, CHUNK_LIMIT - 1)


def sign_edge(maker: Maker, chunk_count: int) -> int:
    """At either side of address 0, where the upper half of the offset space meets the lower."""
    gap = maker.choices.integer(0, 2)
    return -1 - chunk_count - gap if maker.choices.boolean(50) else 1 + gap


def extreme(maker: Maker, chunk_count: int) -> int:
    """At either end of the offset space."""
    gap = maker.choices.integer(0, 2)
    return CHUNK_MIN + gap if maker.choices.boolean(50) else CHUNK_LIMIT - chunk_count - gap


def span_arena(maker: Maker, _chunk_count: int) -> int:
    """In one of the first arenas that spans grow into: in the current one, or where the next would be reserved."""
    return SPAN_CHUNK + CHUNKS_PER_ARENA * maker.choices.integer(0, 3) + maker.choices.integer(0, CHUNKS_PER_ARENA - 1)


NEAR: Weighted[Placement] = Weighted({above: 4, below: 2, apart: 2})
EDGES: Weighted[Placement] = Weighted({above: 3, below: 2, level_edge: 5})
SCATTERED: Weighted[Placement] = Weighted({scattered: 8, apart: 4, above: 1})
EVERYWHERE: Weighted[Placement] = Weighted(
    {above: 2, below: 2, apart: 2, level_edge: 3, sign_edge: 3, extreme: 2, far: 2, canonical: 1}
)
PAGES_APART: Weighted[Placement] = Weighted({pages_apart: 8, above: 1, apart: 1, sign_edge: 1})
WHOLE_ENTRIES: Weighted[Placement] = Weighted({whole_entry: 4, above: 2, below: 1})
SPAN_ARENAS: Weighted[Placement] = Weighted({above: 3, below: 1, apart: 1, span_arena: 4})
