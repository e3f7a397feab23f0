"""The plain forms: each rule said word by word or bit by bit, as slow and as obvious as it gets.

The specification states its rules on 512-bit integers. Here a bitmap is Go's eight words, and each function walks them
in the shape that Go's walk has, wraparound and index panics included. Properties hold the two forms equal.
"""

from __future__ import annotations

from collections.abc import Sequence

WORD = (1 << 64) - 1
NOT_FOUND = WORD
Words = list[int]


def words_of(bits: int) -> Words:
    return [(bits >> (64 * k)) & WORD for k in range(8)]


def bits_of(words: Sequence[int]) -> int:
    return sum(word << (64 * k) for k, word in enumerate(words))


class IndexPanic(Exception):
    """A word index past the last word."""


def at(words: Sequence[int], index: int) -> int:
    if not 0 <= index < len(words):
        raise IndexPanic(f"runtime error: index out of range [{index}] with length {len(words)}")
    return words[index]


def ctz(x: int) -> int:
    return next((k for k in range(64) if x >> k & 1), 64)


def clz(x: int) -> int:
    return next((63 - k for k in range(63, -1, -1) if x >> k & 1), 64)


def ones(count: int) -> int:
    """(1 << count) - 1, where a shift by 64 or more gives 0."""
    return WORD if count >= 64 else (1 << count) - 1


def touched(i: int, n: int) -> Words:
    """The bits that setRange sets in an empty bitmap."""
    words = [0] * 8
    at(words, i // 64)
    if n == 1:
        words[i // 64] = 1 << (i % 64)
        return words
    j = (i + n - 1) & WORD
    if i // 64 == j // 64:
        words[i // 64] = (ones(n) << (i % 64)) & WORD
        return words
    at(words, j // 64)
    words[i // 64] |= (WORD << (i % 64)) & WORD
    k = i // 64 + 1
    while k < j // 64:
        words[k] = WORD
        k += 1
    words[j // 64] |= ones(j % 64 + 1)
    return words


def set_range(words: Words, i: int, n: int) -> Words:
    return [old | new for old, new in zip(words, touched(i, n), strict=True)]


def clear_range(words: Words, i: int, n: int) -> Words:
    return [old & ~new for old, new in zip(words, touched(i, n), strict=True)]


def popcnt_range(words: Words, i: int, n: int) -> int:
    if n == 1:
        return at(words, i // 64) >> (i % 64) & 1
    at(words, i // 64)
    j = (i + n - 1) & WORD
    if i // 64 == j // 64:
        return (words[i // 64] >> (i % 64) & ones(n)).bit_count()
    at(words, j // 64)
    count = (words[i // 64] >> (i % 64)).bit_count()
    for k in range(i // 64 + 1, j // 64):
        count += words[k].bit_count()
    return count + (words[j // 64] & ones(j % 64 + 1)).bit_count()


def free_runs(words: Words) -> list[tuple[int, int]]:
    """Every maximal run of zero bits: first bit and length."""
    runs: list[tuple[int, int]] = []
    for i in range(512):
        if words[i // 64] >> (i % 64) & 1:
            continue
        if runs and sum(runs[-1]) == i:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((i, 1))
    return runs


def summarize(words: Words) -> tuple[int, int, int]:
    """Start, max and end, from the list of all runs."""
    runs = free_runs(words)
    start = next((size for first, size in runs if first == 0), 0)
    end = next((size for first, size in runs if first + size == 512), 0)
    return start, max((size for _, size in runs), default=0), end


def find1(words: Words, search_idx: int) -> int:
    i = search_idx // 64
    while i < 8:
        if words[i] != WORD:
            return i * 64 + ctz(~words[i] & WORD)
        i += 1
    return NOT_FOUND


def find_small_n(words: Words, npages: int, search_idx: int) -> tuple[int, int]:
    """Walks the words and joins the free top of one to the free bottom of the next."""
    end, new_search_idx = 0, NOT_FOUND
    i = search_idx // 64
    while i < 8:
        word = words[i]
        if word == WORD:
            end = 0
            i += 1
            continue
        if new_search_idx == NOT_FOUND:
            new_search_idx = i * 64 + ctz(~word & WORD)
        if end + ctz(word) >= npages:
            return i * 64 - end, new_search_idx
        j = find_bit_range64(~word & WORD, npages)
        if j < 64:
            return i * 64 + j, new_search_idx
        end = clz(word)
        i += 1
    return NOT_FOUND, new_search_idx


def find_large_n(words: Words, npages: int, search_idx: int) -> tuple[int, int]:
    """Walks the words and keeps the run that reaches the top of the last one."""
    start, size, new_search_idx = NOT_FOUND, 0, NOT_FOUND
    i = search_idx // 64
    while i < 8:
        word = words[i]
        if word == WORD:
            size = 0
        else:
            if new_search_idx == NOT_FOUND:
                new_search_idx = i * 64 + ctz(~word & WORD)
            low = ctz(word)
            if size != 0 and low + size >= npages:
                return start, new_search_idx
            if size == 0 or low < 64:
                size = clz(word)
                start = i * 64 + 64 - size
            else:
                size += 64
        i += 1
    return (NOT_FOUND if size < npages else start), new_search_idx


def find(words: Words, npages: int, search_idx: int) -> tuple[int, int]:
    if npages == 1:
        return find1(words, search_idx), find1(words, search_idx)
    if npages <= 64:
        return find_small_n(words, npages, search_idx)
    return find_large_n(words, npages, search_idx)


def find_bit_range64(c: int, n: int) -> int:
    """Go's rounds of "and with itself shifted", counts taken modulo 2^64 and shifts modulo 64."""
    p, k = (n - 1) & WORD, 1
    while p > 0:
        if p <= k:
            c &= c >> (p & 63)
            break
        c &= c >> (k & 63)
        if c == 0:
            return 64
        p -= k
        k = (k * 2) & WORD
    return ctz(c)


def fill_aligned(x: int, m: int) -> int:
    """Every aligned group of m bits that has a set bit, filled."""
    filled = 0
    for group in range(0, 64, m):
        if x >> group & ones(m):
            filled |= ones(m) << group
    return filled


def has_scavenge_candidate(scavenged: Words, allocated: Words, minimum: int) -> bool:
    return any(fill_aligned(s | a, minimum) != WORD for s, a in zip(scavenged, allocated, strict=True))


def find_scavenge_candidate(
    scavenged: Words, allocated: Words, search_idx: int, minimum: int, maximum: int, *, phys: int, huge: int
) -> tuple[int, int]:
    """Walks the words downward from that of search_idx, then follows the run it found into the words below."""
    maximum = minimum if maximum == 0 else (maximum + minimum - 1) & WORD & ~(minimum - 1)
    filled = [fill_aligned(s | a, minimum) for s, a in zip(scavenged, allocated, strict=True)]
    i = search_idx // 64
    at(filled, i)
    while i >= 0 and filled[i] == WORD:
        i -= 1
    if i < 0:
        return 0, 0
    top = clz(~filled[i] & WORD)
    end = i * 64 + 64 - top
    rest = (filled[i] << top) & WORD
    if rest != 0:
        run = clz(rest)
    else:
        run = 64 - top
        for j in range(i - 1, -1, -1):
            run += clz(filled[j])
            if filled[j] != 0:
                break
    size = min(run, maximum)
    start = end - size
    if huge > 8192 and huge > phys:
        pages = huge // 8192
        above = -(-start // pages) * pages
        below = start // pages * pages
        if above <= end and below >= end - run:
            size += start - below
            start = below
    return start, size


def unpack(total: int) -> tuple[int, int, int]:
    if total >> 63:
        return 1 << 21, 1 << 21, 1 << 21
    field = (1 << 21) - 1
    return total & field, total >> 21 & field, total >> 42 & field


def merge(sums: Sequence[int], log_max_pages: int) -> tuple[int, int, int]:
    """Start, max and end of neighbouring regions, one after the other, before they are packed."""
    region = 1 << log_max_pages if log_max_pages < 64 else 0
    start, most, end = unpack(sums[0])
    for i, total in enumerate(sums[1:], 1):
        next_start, next_most, next_end = unpack(total)
        if start == ((i << log_max_pages) & WORD if log_max_pages < 64 else 0):
            start = (start + next_start) & WORD
        most = max(most, (end + next_start) & WORD, next_most)
        end = (end + region) & WORD if next_end == region else next_end
    return start, most, end


class PlainRanges:
    """A set of address ranges as one list of disjoint [base, limit) in offset space, found by walking it."""

    def __init__(self) -> None:
        self.ranges: list[tuple[int, int]] = []

    def add(self, base: int, limit: int) -> None:
        self.ranges.append((base, limit))
        self.ranges.sort()
        joined: list[tuple[int, int]] = []
        for r in self.ranges:
            if joined and joined[-1][1] == r[0]:
                joined[-1] = (joined[-1][0], r[1])
            else:
                joined.append(r)
        self.ranges = joined

    def total(self) -> int:
        return sum(limit - base for base, limit in self.ranges)

    def find_succ(self, addr: int) -> int:
        return sum(base <= addr for base, _ in self.ranges)

    def at_or_above(self, addr: int) -> int | None:
        return next((max(base, addr) for base, limit in self.ranges if addr < limit), None)

    def contains(self, addr: int) -> bool:
        return any(base <= addr < limit for base, limit in self.ranges)

    def remove_at_or_above(self, addr: int) -> None:
        self.ranges = [(base, min(limit, addr)) for base, limit in self.ranges if base < addr]

    def remove_last(self, count: int) -> tuple[int, int] | None:
        if not self.ranges:
            return None
        base, limit = self.ranges.pop()
        cut = max(base, limit - count)
        if cut > base:
            self.ranges.append((base, cut))
        return cut, limit


class PlainHeap:
    """A page heap as two sets of page numbers, counted in the offset space, that are searched by walking them."""

    def __init__(self) -> None:
        self.free: set[int] = set()
        self.scavenged: set[int] = set()

    def grow(self, first: int, count: int) -> None:
        self.free.update(range(first, first + count))
        self.scavenged.update(range(first, first + count))

    def lowest_run(self, count: int) -> int | None:
        run = 0
        last = None
        for page in sorted(self.free):
            run = run + 1 if last == page - 1 else 1
            if run == count:
                return page - count + 1
            last = page
        return None

    def take(self, first: int, count: int) -> int:
        """Takes free pages; returns how many were scavenged."""
        pages = set(range(first, first + count))
        assert pages <= self.free
        self.free -= pages
        scavenged = len(self.scavenged & pages)
        self.scavenged -= pages
        return scavenged

    def give(self, first: int, count: int) -> None:
        pages = set(range(first, first + count))
        assert not pages & self.free
        self.free |= pages
