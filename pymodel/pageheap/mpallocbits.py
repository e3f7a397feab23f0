"""Bitmaps of one chunk: 512 bits, one for each page, held as one integer whose bit i is page i.

Go keeps eight 64-bit words and walks them. An integer says the same with fewer words: a range of pages is one mask,
the lowest set bit one expression, and a run of at least n pages is a bit that survives n - 1 times "and with the bit
above" (`runs_of`). Where Go's word walk can be told from that, the words are here too: `find` starts at the word that
holds its search index, and a range that breaks its bounds (n = 0, or past the end) touches the words that Go would
touch, see `stray_range_mask`.

The functions on integers hold the rules. The classes give them Go's shape: `PageBits` is any bitmap, `PallocBits` one
of allocated pages (1 = in use), `PallocData` the two bitmaps of a chunk.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from pymodel.pageheap.constants import PALLOC_CHUNK_PAGES
from pymodel.pageheap.failures import index_out_of_range
from pymodel.pageheap.pallocsum import pack_palloc_sum
from pymodel.pageheap.words import MASK64, NOT_FOUND, low_mask, shift_left, trailing_zeros

CHUNK_WORDS: Final = PALLOC_CHUNK_PAGES // 64
ALL_PAGES: Final = (1 << PALLOC_CHUNK_PAGES) - 1


def word_index(i: int) -> int:
    """Index of the word that holds bit `i`; panics (index out of range) past the last word."""
    word = i >> 6
    if word >= CHUNK_WORDS:
        raise index_out_of_range(word, CHUNK_WORDS)
    return word


def range_mask(i: int, n: int) -> int:
    """The bits [i, i+n), for 1 ≤ n and i+n ≤ 512; else whatever Go's word walk makes of it."""
    if n > 0 and i + n <= PALLOC_CHUNK_PAGES:
        return ((1 << n) - 1) << i
    return stray_range_mask(i, n)


def stray_range_mask(i: int, n: int) -> int:
    """The bits that Go's setRange, clearRange and popcntRange touch when [i, i+n) breaks their bounds.

    The last bit j = i+n-1 wraps for n = 0 and for a huge n. If i and j share a word, the mask is `n` ones at i, cut
    off at the word's end. If not, Go takes word i/64 from i upward, every word between, and word j/64 up to j, even
    where j comes out below i. Panics (index out of range) if either word is past the last, before any bit is touched.

    Go: (*pageBits).setRange, mpallocbits.go.
    """
    first_word = word_index(i)
    if n == 1:
        return 1 << i
    j = (i + n - 1) & MASK64
    if first_word == j >> 6:
        return shift_left(low_mask(n), i % 64) << (64 * first_word)
    last_word = word_index(j)
    mask = shift_left(MASK64, i % 64) << (64 * first_word)
    for word in range(first_word + 1, last_word):
        mask |= MASK64 << (64 * word)
    return mask | low_mask(j % 64 + 1) << (64 * last_word)


def runs_of(bits: int, n: int) -> int:
    """The bits that start a run of at least `n` ones, `n` ≥ 1: bit i stays if bits [i, i+n) are all set.

    Each round ands the bits with themselves shifted down, which shortens every run; the shift doubles.
    """
    to_remove, shift = n - 1, 1
    while to_remove > shift:
        bits &= bits >> shift
        if bits == 0:
            return 0
        to_remove -= shift
        shift *= 2
    return bits & (bits >> to_remove)


def longest_run(bits: int, at_least: int) -> int:
    """Length of the longest run of ones, or `at_least` if no run is longer."""
    longest = at_least
    starts = runs_of(bits, longest + 1)
    while starts:
        # Each bit left starts a run longer than `longest`, so the longest run among these bits adds to it.
        grown = longest_first_run(starts)
        longest += grown
        starts = runs_of(starts, grown + 1)
    return longest


def longest_first_run(bits: int) -> int:
    """Length of the lowest run of ones in `bits`, which is not zero."""
    return trailing_zeros((bits >> trailing_zeros(bits)) + 1)


@lru_cache(4096)
def summarize(allocated: int) -> int:
    """The packed summary of a chunk's free pages.

    Go: (*pallocBits).summarize, mpallocbits.go.
    """
    if allocated == 0:
        return pack_palloc_sum(PALLOC_CHUNK_PAGES, PALLOC_CHUNK_PAGES, PALLOC_CHUNK_PAGES)
    start = trailing_zeros(allocated)
    end = PALLOC_CHUNK_PAGES - allocated.bit_length()
    most = start if start > end else end
    interior = PALLOC_CHUNK_PAGES - start - end
    # The interior begins and ends with a page in use.
    if interior - 2 > most:
        free = ~(allocated >> start) & ((1 << interior) - 1)
        most = longest_run(free, most)
    return pack_palloc_sum(start, most, end)


def first_free(allocated: int, search_idx: int) -> int:
    """The lowest free page at or above the start of the *word* that holds `search_idx`, or NOT_FOUND.

    It may therefore lie below `search_idx`. Go: (*pallocBits).find1, mpallocbits.go.
    """
    if search_idx >= PALLOC_CHUNK_PAGES:
        return NOT_FOUND
    word_start = search_idx & ~63
    free = (~allocated & ALL_PAGES) >> word_start
    return word_start + trailing_zeros(free) if free else NOT_FOUND


def first_free_run(allocated: int, npages: int, first: int) -> int:
    """The lowest start of `npages` free pages in a row at or above page `first`, which is free, or NOT_FOUND."""
    if npages > PALLOC_CHUNK_PAGES:
        return NOT_FOUND
    free = (~allocated & ALL_PAGES) >> first
    run = runs_of(free, npages)
    return first + trailing_zeros(run) if run else NOT_FOUND


def find(allocated: int, npages: int, search_idx: int) -> tuple[int, int]:
    """Find `npages` free pages in a row from the word of `search_idx` upward.

    Returns where the lowest such run starts, or NOT_FOUND, and the first free page of the search. Go needs three
    searches for this: find1, findSmallN for runs that span two words at most, findLargeN for longer ones. That they
    come to one rule is a property in the tests. Go: (*pallocBits).find, mpallocbits.go.
    """
    first = first_free(allocated, search_idx)
    if first == NOT_FOUND:
        return NOT_FOUND, NOT_FOUND
    if npages == 1:
        return first, first
    if npages == 0:
        # Outside the contract. findSmallN is content with the first word that has a free page.
        return first & ~63, first
    return first_free_run(allocated, npages, first), first


def find_bit_range64(c: int, n: int) -> int:
    """Index of the lowest run of `n` ones in the word `c`, or 64 if there is none; right for 1 ≤ n ≤ 64.

    Go shifts by counts modulo 64. For other `n` its rounds reduce all ones to bit 0 and any other word to zero, and
    the last shift, by n mod 64, keeps bit 0 only where it shifts by nothing. So a full word "has" 128 ones in a row.
    Go: findBitRange64, mpallocbits.go.
    """
    if 1 <= n <= 64:
        run = runs_of(c, n)
        return trailing_zeros(run) if run else 64
    return 0 if c == MASK64 and n % 64 == 0 else 64


class PageBits:
    """A bitmap of a chunk's pages. Go: pageBits, mpallocbits.go."""

    __slots__ = ("bits",)

    def __init__(self, bits: int = 0) -> None:
        self.bits = bits

    def get(self, i: int) -> int:
        """Bit `i`. Go: (*pageBits).get."""
        word_index(i)
        return (self.bits >> i) & 1

    def block64(self, i: int) -> int:
        """The aligned word that holds bit `i`. Go: (*pageBits).block64."""
        return (self.bits >> (64 * word_index(i))) & MASK64

    def set(self, i: int) -> None:
        """Set bit `i`. Go: (*pageBits).set."""
        word_index(i)
        self.bits |= 1 << i

    def set_range(self, i: int, n: int) -> None:
        """Set the bits [i, i+n). Go: (*pageBits).setRange."""
        self.bits |= range_mask(i, n)

    def set_all(self) -> None:
        """Set every bit. Go: (*pageBits).setAll."""
        self.bits = ALL_PAGES

    def set_block64(self, i: int, v: int) -> None:
        """Set those bits of the word that holds bit `i` that are set in `v`. Go: (*pageBits).setBlock64."""
        self.bits |= v << (64 * word_index(i))

    def clear(self, i: int) -> None:
        """Clear bit `i`. Go: (*pageBits).clear."""
        word_index(i)
        self.bits &= ~(1 << i)

    def clear_range(self, i: int, n: int) -> None:
        """Clear the bits [i, i+n). Go: (*pageBits).clearRange."""
        self.bits &= ~range_mask(i, n)

    def clear_all(self) -> None:
        """Clear every bit. Go: (*pageBits).clearAll."""
        self.bits = 0

    def clear_block64(self, i: int, v: int) -> None:
        """Clear those bits of the word that holds bit `i` that are set in `v`. Go: (*pageBits).clearBlock64."""
        self.bits &= ~(v << (64 * word_index(i)))

    def popcnt_range(self, i: int, n: int) -> int:
        """Number of set bits in [i, i+n). Go: (*pageBits).popcntRange."""
        return (self.bits & range_mask(i, n)).bit_count()


class PallocBits(PageBits):
    """The bitmap of a chunk's allocated pages: 1 is in use, 0 is free. Go: pallocBits, mpallocbits.go."""

    __slots__ = ()

    def summarize(self) -> int:
        """Packed summary of the free pages. Go: (*pallocBits).summarize."""
        return summarize(self.bits)

    def find(self, npages: int, search_idx: int) -> tuple[int, int]:
        """Start of the lowest run of free pages and first free page, see `find`. Go: (*pallocBits).find."""
        return find(self.bits, npages, search_idx)

    def find1(self, search_idx: int) -> int:
        """The first free page, see `first_free`. Go: (*pallocBits).find1."""
        return first_free(self.bits, search_idx)

    def find_small_n(self, npages: int, search_idx: int) -> tuple[int, int]:
        """`find` for at most 64 pages. Go: (*pallocBits).findSmallN."""
        return find(self.bits, npages, search_idx)

    def find_large_n(self, npages: int, search_idx: int) -> tuple[int, int]:
        """`find` for more than 64 pages. Go: (*pallocBits).findLargeN."""
        return find(self.bits, npages, search_idx)

    def alloc_range(self, i: int, n: int) -> None:
        """Mark the pages [i, i+n) as in use. Go: (*pallocBits).allocRange."""
        self.set_range(i, n)

    def alloc_all(self) -> None:
        """Mark every page as in use. Go: (*pallocBits).allocAll."""
        self.set_all()

    def free1(self, i: int) -> None:
        """Mark page `i` as free. Go: (*pallocBits).free1."""
        self.clear(i)

    def free(self, i: int, n: int) -> None:
        """Mark the pages [i, i+n) as free. Go: (*pallocBits).free."""
        self.clear_range(i, n)

    def free_all(self) -> None:
        """Mark every page as free. Go: (*pallocBits).freeAll."""
        self.clear_all()

    def pages64(self, i: int) -> int:
        """The aligned word of pages that holds page `i`. Go: (*pallocBits).pages64."""
        return self.block64(i)

    def alloc_pages64(self, i: int, alloc: int) -> None:
        """Mark those pages of the word that holds page `i` as in use that `alloc` names. Go:
        (*pallocBits).allocPages64."""
        self.set_block64(i, alloc)


class PallocData:
    """The two bitmaps of a chunk: which pages are in use, and which are scavenged (given back to the system).

    Between operations no page is both, as long as callers keep the contract. Go: pallocData, mpallocbits.go.
    """

    __slots__ = ("allocated", "scavenged")

    def __init__(self, allocated: int = 0, scavenged: int = 0) -> None:
        self.allocated = allocated
        self.scavenged = scavenged

    def alloc_range(self, i: int, n: int) -> int:
        """Mark the pages [i, i+n) as in use and not scavenged; returns how many were scavenged.

        Go counts first, in a call of its own. Go: (*pageBits).popcntRange, then (*pallocData).allocRange.
        """
        mask = range_mask(i, n)
        scavenged_pages = (self.scavenged & mask).bit_count()
        self.allocated |= mask
        self.scavenged &= ~mask
        return scavenged_pages

    def alloc_all(self) -> int:
        """Mark every page as in use and not scavenged; returns how many were scavenged.

        Go: (*pageBits).popcntRange, then (*pallocData).allocAll.
        """
        scavenged_pages = self.scavenged.bit_count()
        self.allocated = ALL_PAGES
        self.scavenged = 0
        return scavenged_pages

    def free1(self, i: int) -> None:
        """Mark page `i` as free; whether it is scavenged stays. Go: (*pallocBits).free1."""
        word_index(i)
        self.allocated &= ~(1 << i)

    def free(self, i: int, n: int) -> None:
        """Mark the pages [i, i+n) as free; which are scavenged stays. Go: (*pallocBits).free."""
        self.allocated &= ~range_mask(i, n)

    def free_all(self) -> None:
        """Mark every page as free; which are scavenged stays. Go: (*pallocBits).freeAll."""
        self.allocated = 0

    def set_scavenged(self, i: int, n: int) -> None:
        """Mark the pages [i, i+n) as scavenged. Go: (*pageBits).setRange."""
        self.scavenged |= range_mask(i, n)

    def summarize(self) -> int:
        """Packed summary of the free pages. Go: (*pallocBits).summarize."""
        return summarize(self.allocated)

    def find(self, npages: int, search_idx: int) -> tuple[int, int]:
        """Start of the lowest run of free pages and first free page, see `find`. Go: (*pallocBits).find."""
        return find(self.allocated, npages, search_idx)
