"""How a program begins: the situation that its shape is about, set up before the drawn operations start."""

from __future__ import annotations

from collections.abc import Callable

from pymodel.differential.generation.choices import Weighted
from pymodel.differential.generation.inside_operations import alloc_pages, grow, grow_by
from pymodel.differential.generation.maker import CANONICAL_CHUNK, CHUNK_BYTES, PAGES_PER_CHUNK, Maker
from pymodel.differential.generation.placements import (
    EDGES,
    EVERYWHERE,
    NEAR,
    PAGES_APART,
    SCATTERED,
    SPAN_ARENAS,
    WHOLE_ENTRIES,
    Placement,
    canonical,
)
from pymodel.differential.programs.program import (
    ALL_BYTES,
    Cache,
    Flush,
    Free,
    FreeAt,
    PokeSummary,
    Reserve,
    Scavenge,
    StartGen,
)

Prelude = Callable[[Maker, Weighted[Placement]], None]

_PIECES = (1, 7, 16, 63, 64, 65, 100, 256, 511, 512, 513, 1000)


def nothing(_maker: Maker, _placements: Weighted[Placement]) -> None:
    """An empty heap: everything meets it as it is after init."""


def grown(maker: Maker, placements: Weighted[Placement]) -> None:
    """One growth."""
    maker.add(grow(maker, placements))


def grown_often(maker: Maker, placements: Weighted[Placement]) -> None:
    """Several growths, more often than not apart."""
    for _ in range(maker.choices.integer(2, 6)):
        maker.add(grow(maker, placements))


def many_ranges(maker: Maker, placements: Weighted[Placement]) -> None:
    """So many ranges in use that their set is searched by halves and outgrows its first array, then a generation."""
    for _ in range(maker.choices.integer(9, 24)):
        maker.add(grow(maker, placements))
    maker.add(StartGen())


def filled(maker: Maker, placements: Weighted[Placement]) -> None:
    """A heap without a free page, or with few left, in pieces of one size."""
    grown(maker, placements)
    choices = maker.choices
    if choices.boolean(50):
        maker.add(alloc_pages(maker, maker.pages_grown - choices.choose((0, 0, 1, 64))))
        return
    piece = choices.choose(_PIECES)
    # At most so many pieces that the drawn operations keep the larger part of the program.
    for _ in range(min(maker.pages_grown // piece, maker.operation_count // 3)):
        maker.add(alloc_pages(maker, piece))


def punched(maker: Maker, placements: Weighted[Placement]) -> None:
    """A full heap, then holes of one width at one distance: sparse bitmaps, runs that start and end beside edges."""
    grown(maker, placements)
    choices = maker.choices
    page_count = maker.pages_grown
    maker.add(alloc_pages(maker, page_count))
    distance = choices.choose((2, 3, 64, 65, 127, 128, 256, 512, 520))
    width = choices.integer(1, min(distance - 1, 66))
    first = choices.integer(0, 70)
    for _ in range(min(choices.integer(2, 24), maker.operation_count // 2)):
        if first < page_count and maker.spans:
            _free_part(maker, first, first + width)
        first += distance


def _free_part(maker: Maker, first: int, limit: int) -> None:
    """Frees pages of the latest span of which something is left."""
    maker.add(Free(maker.spans[-1][0], first, limit))
    maker.note_part(len(maker.spans) - 1, limit - first)


def huge_pages_freed(maker: Maker, placements: Weighted[Placement]) -> None:
    """A full heap, then free runs that begin or end about the edges of huge pages, and scavenges that meet them."""
    grown(maker, placements)
    choices = maker.choices
    maker.add(alloc_pages(maker, maker.pages_grown))
    unit = max(maker.phys_huge_page_size // 8192, 2)
    for _ in range(choices.integer(1, 4)):
        edge = unit * choices.integer(0, max(maker.pages_grown // unit - 1, 0))
        first = max(edge + choices.choose((-3, -1, 0, 0, 1, unit // 2)), 0)
        limit = first + unit * choices.integer(1, 2) + choices.choose((-1, 0, 0, 1))
        if maker.spans:
            _free_part(maker, first, limit)
    maker.add(StartGen())
    for _ in range(choices.integer(1, 3)):
        maker.add(Scavenge(choices.choose((1, 8192, 65536, 1 << 20)), choices.boolean(50)))


def two_generations(maker: Maker, placements: Weighted[Placement]) -> None:
    """Free pages, a generation with reservations, and a second one that makes those stale."""
    grown_often(maker, placements)
    choices = maker.choices
    for _ in range(choices.integer(1, 4)):
        maker.add(alloc_pages(maker, choices.choose(_PIECES)))
    while maker.spans and choices.boolean(70):
        maker.add(Free(maker.spans[-1][0]))
        maker.drop_span(len(maker.spans) - 1)
    for _ in range(2):
        maker.add(StartGen())
        for _ in range(choices.integer(0, 2)):
            maker.add(Reserve(maker.new_reservation()))


def caches_taken(maker: Maker, placements: Weighted[Placement]) -> None:
    """Several caches from a heap with holes; some will be flushed late, one is flushed at once."""
    punched(maker, placements)
    for _ in range(maker.choices.integer(1, 5)):
        maker.add(Cache(maker.new_cache()))
    if maker.choices.boolean(30):
        maker.add(Flush(maker.caches.pop()[0]))


def whole_entries(maker: Maker, placements: Weighted[Placement]) -> None:
    """16 GiB wholly free, aligned: an entry of the root level is the sentinel; then allocations across entries."""
    choices = maker.choices
    for _ in range(choices.integer(1, 2)):
        maker.add(grow_by(maker, placements, 4096 * choices.integer(1, 2)))
    # The last growth may have been turned down, so the sizes are those of entries, not of the heap.
    for _ in range(choices.integer(1, 3)):
        maker.add(
            alloc_pages(maker, choices.choose((1, PAGES_PER_CHUNK, (1 << 21) - 1, 1 << 21, (1 << 21) + 1, 1 << 22)))
        )


def lied_to(maker: Maker, placements: Weighted[Placement]) -> None:
    """A heap without a free page whose leaf summaries say otherwise, and an allocation or cache that believes them."""
    grown(maker, placements)
    choices = maker.choices
    first, chunk_count = maker.grown[-1] if maker.grown else (0xC000, 1)
    maker.add(alloc_pages(maker, maker.pages_grown or 1))
    levels = (4,) if choices.boolean(50) else (0, 1, 2, 3, 4)[: choices.integer(1, 5)]
    size = choices.choose((1, 1, 2, 64, 512))
    for level in levels:
        index = first + choices.integer(0, chunk_count - 1) + (1 << 25) >> 3 * (4 - level)
        maker.add(PokeSummary(level, index, size << 21))
    maker.add(Cache(maker.new_cache()) if choices.boolean(40) else alloc_pages(maker, size))


def freed_beyond(maker: Maker, placements: Weighted[Placement]) -> None:
    """A full heap, and pages above it freed that were never in use, but have a summary: the search finds them."""
    choices = maker.choices
    if choices.boolean(50):
        filled(maker, placements)
        return
    grown(maker, placements)
    maker.add(alloc_pages(maker, maker.pages_grown or 1))
    top = max((first + count for first, count in maker.grown), default=CANONICAL_CHUNK)
    address = (top + choices.integer(0, 9)) * CHUNK_BYTES & ALL_BYTES
    maker.add(FreeAt(address, choices.integer(1, 600)))
    maker.add(alloc_pages(maker, choices.choose((1, 1, 64, 512))))


PLACEMENTS: dict[str, Weighted[Placement]] = {
    "near": NEAR,
    "edges": EDGES,
    "scattered": SCATTERED,
    "everywhere": EVERYWHERE,
    "pages_apart": PAGES_APART,
    "span_arenas": SPAN_ARENAS,
    "whole_entries": WHOLE_ENTRIES,
    "canonical": Weighted({canonical: 1}),
}
