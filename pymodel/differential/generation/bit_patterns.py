"""Bitmaps of a chunk's 512 pages in the shapes that the page heap treats differently.

Empty, full, one run, few runs, regular combs, words of mixed kinds, sparse and dense noise; their edges lie at or
beside word edges more often than chance would put them there.
"""

from __future__ import annotations

from collections.abc import Callable

from pymodel.differential.generation.choices import Choices, Weighted

PAGES_PER_CHUNK = 512
WORD = (1 << 64) - 1
FULL = (1 << PAGES_PER_CHUNK) - 1


def page_edge(choices: Choices) -> int:
    """A page index in [0, 512], mostly at or beside a multiple of 64."""
    if choices.boolean(40):
        return choices.integer(0, PAGES_PER_CHUNK)
    return min(max(64 * choices.integer(0, 8) + choices.integer(-2, 2), 0), PAGES_PER_CHUNK)


def page_run(choices: Choices) -> tuple[int, int]:
    """A run of pages [first, limit) of at least one page."""
    first = min(page_edge(choices), PAGES_PER_CHUNK - 1)
    limit = page_edge(choices)
    return (first, limit) if first < limit else (min(limit, first), first + 1)


def run_mask(first: int, limit: int) -> int:
    """The bitmap whose pages [first, limit) are set."""
    return (1 << limit) - (1 << first)


def _empty(_choices: Choices) -> int:
    return 0


def _full(_choices: Choices) -> int:
    return FULL


def _one_run(choices: Choices) -> int:
    return run_mask(*page_run(choices))


def _one_hole(choices: Choices) -> int:
    return FULL ^ run_mask(*page_run(choices))


def _few_runs(choices: Choices) -> int:
    bits = 0
    for _ in range(choices.integer(2, 6)):
        bits ^= run_mask(*page_run(choices))
    return bits


def _comb(choices: Choices) -> int:
    """Teeth of one width at one distance: no two free pages adjacent, or free runs of equal length."""
    period = choices.choose((2, 3, 4, 8, 16, 32, 62, 63, 64, 65, 127, 128, 256))
    width = choices.integer(1, period - 1)
    tooth, bits = (1 << width) - 1, 0
    for first in range(choices.integer(0, period - 1), PAGES_PER_CHUNK, period):
        bits |= tooth << first
    return bits & FULL


def _word_of_kind(choices: Choices) -> int:
    kind, count = choices.integer(0, 7), choices.integer(1, 63)
    low = (1 << count) - 1
    if kind <= 1:
        return WORD if kind else 0
    if kind <= 3:
        return low if kind == 2 else WORD ^ low
    if kind <= 5:
        return 1 << count if kind == 4 else WORD ^ 1 << count
    # Both ends set, the middle clear: a straddling run on neither side.
    return 1 | 1 << count if kind == 6 else choices.integer(0, WORD)


def _mixed_words(choices: Choices) -> int:
    bits = 0
    for _ in range(8):
        bits = bits << 64 | _word_of_kind(choices)
    return bits


def _noise(choices: Choices) -> int:
    """Random words, thinned or thickened as a whole."""
    density = choices.integer(0, 4)
    bits = 0
    for _ in range(8):
        word = choices.integer(0, WORD)
        for _ in range(abs(density - 2)):
            word = word & choices.integer(0, WORD) if density < 2 else word | choices.integer(0, WORD)
        bits = bits << 64 | word
    return bits


_PATTERNS: Weighted[Callable[[Choices], int]] = Weighted(
    {_empty: 1, _full: 2, _one_run: 3, _one_hole: 5, _few_runs: 4, _comb: 3, _mixed_words: 5, _noise: 3}
)


def bitmap(choices: Choices) -> int:
    """A 512-bit integer; bit i is page i."""
    return choices.weighted(_PATTERNS)(choices)


def allocated_and_scavenged(choices: Choices) -> tuple[int, int]:
    """Both bitmaps of a chunk as a heap within the contract can have them: no page is allocated and scavenged."""
    allocated = bitmap(choices)
    return allocated, bitmap(choices) & ~allocated
