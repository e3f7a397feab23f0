"""Ranges of addresses and ordered sets of them.

Addresses are plain 64-bit integers. The user half and the kernel half of a 48-bit x86 address space lie far apart as
integers, with the unusable addresses between them. Go therefore orders addresses in the *offset space*: subtract
arenaBaseOffset (that is, add 2^47 modulo 2^64) and compare unsigned. In it 0xffff800000000000 comes first, and the
highest user address 0x00007fffffffffff last. `linear` gives an address's place in that order; every comparison in the
page heap goes through it, while sums and differences are taken on the addresses as they are.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from pymodel.pageheap.constants import ARENA_BASE_OFFSET
from pymodel.pageheap.failures import Throw, index_out_of_range
from pymodel.pageheap.words import MASK64


def linear(addr: int) -> int:
    """The place of `addr` in the offset space. Go: offAddr's comparisons, mranges.go."""
    return (addr - ARENA_BASE_OFFSET) & MASK64


def address_at(place: int) -> int:
    """The address at `place` in the offset space: the inverse of `linear`."""
    return (place + ARENA_BASE_OFFSET) & MASK64


def off_addr_less_than(a: int, b: int) -> bool:
    """Whether `a` comes before `b` in the offset space. Go: offAddr.lessThan, mranges.go."""
    return linear(a) < linear(b)


def off_addr_less_equal(a: int, b: int) -> bool:
    """Whether `a` is `b` or comes before it in the offset space. Go: offAddr.lessEqual, mranges.go."""
    return linear(a) <= linear(b)


class AddrRange(NamedTuple):
    """The addresses [base, limit) in the offset space. Go: addrRange, mranges.go."""

    base: int
    limit: int

    def size(self) -> int:
        """Bytes; 0 where the limit does not come after the base. Go: addrRange.size, mranges.go."""
        base, limit = self
        if base == limit or (base - ARENA_BASE_OFFSET) & MASK64 >= (limit - ARENA_BASE_OFFSET) & MASK64:
            return 0
        return (limit - base) & MASK64

    def contains(self, addr: int) -> bool:
        """Whether `addr` lies in [base, limit). Go: addrRange.contains, mranges.go."""
        return linear(self.base) <= linear(addr) < linear(self.limit)

    def subtract(self, other: AddrRange) -> AddrRange:
        """This range without `other`, which may cover it, cut one side off, or miss it.

        Throws "bad prune" if `other` would split the range. Go: addrRange.subtract, mranges.go.
        """
        base, limit = linear(self.base), linear(self.limit)
        other_base, other_limit = linear(other.base), linear(other.limit)
        if other_base <= base and limit <= other_limit:
            return AddrRange(0, 0)
        if base < other_base and other_limit < limit:
            raise Throw("bad prune")
        if other_limit < limit and base < other_limit:
            return AddrRange(other.limit, self.limit)
        if base < other_base and other_base < limit:
            return AddrRange(self.base, other.base)
        return self

    def remove_greater_equal(self, addr: int) -> AddrRange:
        """The part of this range below `addr`. Go: addrRange.removeGreaterEqual, mranges.go."""
        if off_addr_less_equal(addr, self.base):
            return AddrRange(0, 0)
        if off_addr_less_equal(self.limit, addr):
            return self
        return make_addr_range(self.base, addr)


def make_addr_range(base: int, limit: int) -> AddrRange:
    """The range [base, limit), whose ends must lie in one half of the address space, else it throws.

    Which half an end lies in shows by whether subtracting arenaBaseOffset wraps: it does below that offset, and the
    remainder then comes out above the end itself. Go: makeAddrRange, mranges.go.
    """
    if (linear(base) >= base) != (linear(limit) >= limit):
        raise Throw("addr range base and limit are not in the same memory segment")
    return AddrRange(base, limit)


class Printer(Protocol):
    """Where `print` goes; `Runtime` is one."""

    def print(self, *values: int | str) -> None:
        """Print as Go's `print` does."""


INITIAL_CAPACITY = 16


class AddrRanges:
    """Ranges in ascending order, neighbours joined, with their sum in bytes. Go: addrRanges, mranges.go.

    Invariant, kept as long as callers add only what is not yet there: the ranges are disjoint, none is empty, no
    limit equals the next base, and `total_bytes` is the sum of the sizes.
    """

    __slots__ = ("capacity", "ranges", "runtime", "total_bytes")

    def __init__(self, runtime: Printer) -> None:
        """Go's zero value: an empty set whose array has no room yet; see `init`."""
        self.runtime = runtime
        self.ranges: list[AddrRange] = []
        self.total_bytes = 0
        self.capacity = 0

    def init(self) -> None:
        """Give the empty set room for 16 ranges. Go: (*addrRanges).init, mranges.go."""
        self.ranges = []
        self.total_bytes = 0
        self.capacity = INITIAL_CAPACITY

    def find_succ(self, addr: int) -> int:
        """Index of the first range that starts after `addr`, or the number of ranges.

        Go searches binarily down to eight candidates and then in order, and cuts the search short on a range that
        contains `addr`. Both shapes find the same index in any set that keeps the invariant; in a set with
        overlapping ranges they need not, so Go's shape is what is written here. Go: (*addrRanges).findSucc,
        mranges.go.
        """
        ranges = self.ranges
        position = linear(addr)
        low, high = 0, len(ranges)
        while high - low > 8:
            middle = (high - low) // 2 + low
            if ranges[middle].contains(addr):
                return middle + 1
            if position < linear(ranges[middle].base):
                high = middle
            else:
                low = middle + 1
        while low < high:
            base, _ = ranges[low]
            if position < (base - ARENA_BASE_OFFSET) & MASK64:
                return low
            low += 1
        return high

    def find_addr_greater_equal(self, addr: int) -> tuple[int, bool]:
        """The first address of the set at or above `addr`, and whether there is one.

        Panics (index out of range) on an empty set. Go: (*addrRanges).findAddrGreaterEqual, mranges.go.
        """
        index = self.find_succ(addr)
        if index == 0:
            if not self.ranges:
                raise index_out_of_range(0, 0)
            return self.ranges[0].base, True
        if self.ranges[index - 1].contains(addr):
            return addr, True
        if index < len(self.ranges):
            return self.ranges[index].base, True
        return 0, False

    def contains(self, addr: int) -> bool:
        """Whether a range of the set holds `addr`. Go: (*addrRanges).contains, mranges.go."""
        index = self.find_succ(addr)
        return index > 0 and self.ranges[index - 1].contains(addr)

    def add(self, new: AddrRange) -> None:
        """Insert `new`, joined with the neighbours it touches. An overlap is not noticed.

        Throws if `new` is empty, after printing it. Go: (*addrRanges).add, mranges.go.
        """
        if new.size() == 0:
            self.runtime.print("runtime: range = {", hex(new.base), ", ", hex(new.limit), "}\n")
            raise Throw("attempted to add zero-sized address range")
        ranges = self.ranges
        index = self.find_succ(new.base)
        coalesces_down = index > 0 and ranges[index - 1].limit == new.base
        coalesces_up = index < len(ranges) and new.limit == ranges[index].base
        if coalesces_up and coalesces_down:
            ranges[index - 1 : index + 1] = [AddrRange(ranges[index - 1].base, ranges[index].limit)]
        elif coalesces_down:
            ranges[index - 1] = AddrRange(ranges[index - 1].base, new.limit)
        elif coalesces_up:
            ranges[index] = AddrRange(new.base, ranges[index].limit)
        else:
            self._make_room()
            ranges.insert(index, new)
        self.total_bytes = (self.total_bytes + new.size()) & MASK64

    def _make_room(self) -> None:
        """Double a full array. One that was never initialised has no room to double, and Go's allocator says so.

        Go: (*addrRanges).add, mranges.go; persistentalloc1, malloc.go.
        """
        if len(self.ranges) + 1 > self.capacity:
            if self.capacity == 0:
                raise Throw("persistentalloc: size == 0")
            self.capacity *= 2

    def remove_last(self, byte_count: int) -> AddrRange:
        """Remove and return the top `byte_count` bytes of the highest range, or all of it if it is no larger.

        An empty set gives the empty range. Go: (*addrRanges).removeLast, mranges.go.
        """
        if not self.ranges:
            return AddrRange(0, 0)
        last = self.ranges[-1]
        size = last.size()
        if size > byte_count:
            new_limit = (last.limit - byte_count) & MASK64
            self.ranges[-1] = AddrRange(last.base, new_limit)
            self.total_bytes = (self.total_bytes - byte_count) & MASK64
            return AddrRange(new_limit, last.limit)
        self.ranges.pop()
        self.total_bytes = (self.total_bytes - size) & MASK64
        return last

    def remove_greater_equal(self, addr: int) -> None:
        """Remove all addresses at or above `addr`. Go: (*addrRanges).removeGreaterEqual, mranges.go."""
        if not self.ranges:
            self.total_bytes = 0
            return
        pivot = self.find_succ(addr)
        if pivot == 0:
            self.total_bytes = 0
            self.ranges.clear()
            return
        removed = sum(r.size() for r in self.ranges[pivot:])
        last = self.ranges[pivot - 1]
        if last.contains(addr):
            kept = last.remove_greater_equal(addr)
            removed += last.size() - kept.size()
            if kept.size() == 0:
                pivot -= 1
            else:
                self.ranges[pivot - 1] = kept
        del self.ranges[pivot:]
        self.total_bytes = (self.total_bytes - removed) & MASK64

    def clone_into(self, destination: AddrRanges) -> None:
        """Make `destination` hold what this set holds. Go: (*addrRanges).cloneInto, mranges.go."""
        if len(self.ranges) > destination.capacity:
            destination.capacity = self.capacity
        destination.ranges = self.ranges.copy()
        destination.total_bytes = self.total_bytes
