"""The memory of the summaries: each level an array reserved in full, mapped piece by piece as the heap grows.

A level is a Go slice over reserved address space: `capacity` entries are reserved, those below `length` may be
indexed, and only some of the memory may be touched. The three limits differ, and each failure has its own face:

    index ≥ length                 panic: index out of range
    slice limit > capacity         panic: slice bounds out of range
    touched but not mapped         memory fault

Slices check capacity, not length, so a slice may reach beyond `length` and then faults, or not, by what is mapped.
Memory is mapped in whole pages of at least 4 KiB, 512 entries; `sys_grow` says which. Since it widens what it
needs to whole blocks, a block of entries is always mapped as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pymodel.pageheap.addresses import addrs_to_summary_range, block_align_summary_range
from pymodel.pageheap.constants import (
    HEAP_ADDR_BITS,
    LEVEL_SHIFT,
    MIN_PHYS_PAGE_SIZE,
    PALLOC_CHUNK_BYTES,
    PALLOC_SUM_BYTES,
)
from pymodel.pageheap.failures import Throw, index_out_of_range, memory_fault, slice_above_capacity, slice_inverted
from pymodel.pageheap.mranges import AddrRange, make_addr_range
from pymodel.pageheap.words import align_down, align_up

if TYPE_CHECKING:
    from pymodel.pageheap.mpagealloc import PageAlloc


class SummaryLevel:
    """One level of the radix tree, `summary[l]` in Go, with the memory behind it.

    Entries are stored in groups of eight, a block below the root level. A group that was never written holds zeros
    and is not stored; the levels span 2^26 entries and cost what was touched. Every stored group is mapped.
    """

    __slots__ = ("_entries_per_page", "_mapped_pages", "capacity", "groups", "length", "remapped_page_count")

    def __init__(self, capacity: int, page_size: int) -> None:
        self.length = 0
        self.capacity = capacity
        self._entries_per_page = page_size // PALLOC_SUM_BYTES
        self._mapped_pages: set[int] = set()
        self.remapped_page_count = 0
        """How often a page was mapped that was mapped already; that takes a caller who breaks the contract."""
        self.groups: dict[int, list[int]] = {}
        """Entries by index / 8; for others to look at, not to change."""

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> int:
        if not 0 <= index < self.length:
            raise index_out_of_range(index, self.length)
        group = self.groups.get(index >> 3)
        if group is None:
            self._touch(index)
            return 0
        return group[index & 7]

    def __setitem__(self, index: int, total: int) -> None:
        if not 0 <= index < self.length:
            raise index_out_of_range(index, self.length)
        group = self.groups.get(index >> 3)
        if group is None:
            self._touch(index)
            group = self.groups[index >> 3] = [0] * 8
        group[index & 7] = total

    def replace(self, index: int, total: int) -> bool:
        """Write entry `index` unless it holds `total` already; whether it changed."""
        group = self.groups.get(index >> 3)
        if group is None or index >= self.length:
            if self[index] == total:
                return False
            self[index] = total
            return True
        place = index & 7
        if group[place] == total:
            return False
        group[place] = total
        return True

    def children(self, index: int) -> list[int]:
        """The eight entries below entry `index` of the level above: Go's slice [index<<3 : (index+1)<<3]."""
        group = self.groups.get(index)
        if group is None:
            limit = (index + 1) << 3
            if limit > self.capacity:
                raise slice_above_capacity(limit, self.capacity)
            self._touch(index << 3)
            return [0] * 8
        return group

    def fill(self, lo: int, hi: int, total: int) -> None:
        """Write `total` to the slice [lo:hi] in ascending order, until one of its entries faults."""
        if hi > self.capacity:
            raise slice_above_capacity(hi, self.capacity)
        if lo > hi:
            raise slice_inverted(lo, hi)
        index = lo
        while index < hi:
            # A group at a time: it is mapped as a whole.
            group = self.groups.get(index >> 3)
            if group is None:
                self._touch(index)
                group = self.groups[index >> 3] = [0] * 8
            stop = min(hi, (index | 7) + 1)
            group[index & 7 : stop - (index & ~7)] = [total] * (stop - index)
            index = stop

    def nonzero(self, lo: int, hi: int) -> Iterator[tuple[int, int]]:
        """Index and value of each entry in [lo, hi) that is not zero, ascending; [lo, hi) lies within one block.

        It faults if the block is not mapped, as reading its entries in order would at the first.
        """
        self._touch(lo)
        group_lo, group_hi = lo >> 3, (hi - 1) >> 3
        numbers = (group_lo,) if group_lo == group_hi else sorted(self.groups)
        for number in numbers:
            if group_lo <= number <= group_hi:
                group = self.groups.get(number)
                if group is None:
                    continue
                for index, total in enumerate(group, number << 3):
                    if total != 0 and lo <= index < hi:
                        yield index, total

    def peek(self, index: int) -> int:
        """Entry `index` for an observer: no checks, zero where nothing is stored."""
        group = self.groups.get(index >> 3)
        return 0 if group is None else group[index & 7]

    def poke(self, index: int, total: int) -> None:
        """Overwrite entry `index`, which must be mapped, without Go's checks."""
        self.groups.setdefault(index >> 3, [0] * 8)[index & 7] = total

    def extend(self, length: int) -> None:
        """Go's `summary[l][:length]`: let entries below `length` be indexed; panics beyond the capacity."""
        if length > self.capacity:
            raise slice_above_capacity(length, self.capacity)
        self.length = length

    def is_mapped(self, index: int) -> bool:
        """Whether the memory of entry `index` may be touched."""
        return index // self._entries_per_page in self._mapped_pages

    def map(self, memory: AddrRange) -> None:
        """Map the bytes [base, limit) of the level, whole physical pages: they read as zero, whatever was there.

        Go: sysMap, mem_linux.go.
        """
        bytes_per_page = self._entries_per_page * PALLOC_SUM_BYTES
        pages = range(memory.base // bytes_per_page, memory.limit // bytes_per_page)
        for page in self._mapped_pages.intersection(pages):
            self.remapped_page_count += 1
            groups_per_page = self._entries_per_page >> 3
            for number in range(page * groups_per_page, (page + 1) * groups_per_page):
                self.groups.pop(number, None)
        self._mapped_pages.update(pages)

    def _touch(self, index: int) -> None:
        if index // self._entries_per_page not in self._mapped_pages:
            raise memory_fault()


def sys_init(p: PageAlloc) -> None:
    """Reserve every level: nothing can be indexed, nothing is mapped. Go: (*pageAlloc).sysInit,
    mpagealloc_64bit.go."""
    p.summary = [SummaryLevel(1 << (HEAP_ADDR_BITS - shift), MIN_PHYS_PAGE_SIZE) for shift in LEVEL_SHIFT]


def sys_grow(p: PageAlloc, base: int, limit: int) -> None:
    """Let the summaries of the new heap memory [base, limit) be indexed, and map their memory where it is not yet.

    What is mapped already is worked out from the two ranges in use next to the new one, since no other range's
    summaries can share a physical page with the new ones without those two sharing it as well. Throws if an end is
    not aligned to chunks; panics if the range lies outside the 48-bit address space. The caller then updates p.start
    and p.end.

    Go: (*pageAlloc).sysGrow, mpagealloc_64bit.go.
    """
    if base % PALLOC_CHUNK_BYTES != 0 or limit % PALLOC_CHUNK_BYTES != 0:
        p.runtime.print("runtime: base = ", hex(base), ", limit = ", hex(limit), "\n")
        raise Throw("sysGrow bounds not aligned to pallocChunkBytes")
    new = make_addr_range(base, limit)
    in_use = p.in_use.ranges
    in_use_index = p.in_use.find_succ(base)
    for level, summaries in enumerate(p.summary):
        need_base, need_limit = _addr_range_to_summary_range(level, new)
        if need_limit > summaries.length:
            summaries.extend(need_limit)
        need = _summary_range_to_sum_addr_range(p, need_base, need_limit)
        if in_use_index > 0:
            need = need.subtract(_addr_range_to_sum_addr_range(p, level, in_use[in_use_index - 1]))
        if in_use_index < len(in_use):
            need = need.subtract(_addr_range_to_sum_addr_range(p, level, in_use[in_use_index]))
        if need.size() != 0:
            summaries.map(need)


def _addr_range_to_summary_range(level: int, r: AddrRange) -> tuple[int, int]:
    """Entries, in whole blocks, that cover the addresses of `r`. Go: addrRangeToSummaryRange in sysGrow."""
    lo, hi = addrs_to_summary_range(level, r.base, r.limit)
    return block_align_summary_range(level, lo, hi)


def _summary_range_to_sum_addr_range(p: PageAlloc, lo: int, hi: int) -> AddrRange:
    """Bytes of a level, in whole physical pages, that hold its entries [lo, hi).

    Offsets from the start of the level's reservation stand for Go's addresses: only their order and distance matter.
    Go: summaryRangeToSumAddrRange in sysGrow.
    """
    phys_page_size = p.runtime.phys_page_size
    base = align_down(lo * PALLOC_SUM_BYTES, phys_page_size)
    return AddrRange(base, align_up(hi * PALLOC_SUM_BYTES, phys_page_size))


def _addr_range_to_sum_addr_range(p: PageAlloc, level: int, r: AddrRange) -> AddrRange:
    """Bytes of a level that hold the summaries of the addresses of `r`. Go: addrRangeToSumAddrRange in sysGrow."""
    lo, hi = _addr_range_to_summary_range(level, r)
    return _summary_range_to_sum_addr_range(p, lo, hi)
