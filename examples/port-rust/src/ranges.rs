//! Ranges of addresses, and sorted sets of them.

use crate::address::OffAddr;
use crate::plant::{planted, Plant};
use crate::throw::throw;

/// The addresses `[base, limit)`, in the offset address space. Empty if `base` is not below `limit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AddrRange {
    /// First address.
    pub base: OffAddr,
    /// Address after the last.
    pub limit: OffAddr,
}

impl AddrRange {
    /// A range whose ends lie in one half of the address space.
    pub fn new(base: u64, limit: u64) -> Self {
        let upper_half = |address: u64| OffAddr(address).offset() >= address;
        if upper_half(base) != upper_half(limit) {
            throw("addr range base and limit are not in the same memory segment");
        }
        Self::from_ends((base, limit))
    }

    /// The range with these ends as they stand.
    pub fn from_ends((base, limit): (u64, u64)) -> Self {
        Self { base: OffAddr(base), limit: OffAddr(limit) }
    }

    /// Base and limit.
    pub fn ends(&self) -> (u64, u64) {
        (self.base.0, self.limit.0)
    }

    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.limit.offset().saturating_sub(self.base.offset())
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.size() == 0
    }

    /// Whether `address` lies in it.
    pub fn contains(&self, address: OffAddr) -> bool {
        (self.base..self.limit).contains(&address)
    }

    /// What of it lies outside `other`, if that is one piece.
    pub fn subtract(&self, other: &Self) -> Self {
        let (keeps_low, keeps_high) = (self.base < other.base, other.limit < self.limit);
        match (keeps_low, keeps_high) {
            (false, false) => Self::default(),
            (true, true) => throw("bad prune"),
            (false, true) => Self { base: self.base.max(other.limit), ..*self },
            (true, false) => Self { limit: self.limit.min(other.base), ..*self },
        }
    }

    /// What of it lies below `address`.
    pub fn remove_greater_equal(&self, address: OffAddr) -> Self {
        if address <= self.base {
            Self::default()
        } else if self.limit <= address {
            *self
        } else {
            Self::new(self.base.0, address.0)
        }
    }
}

/// A set of ranges that neither touch nor overlap, lowest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AddrRanges {
    /// The ranges.
    pub ranges: Vec<AddrRange>,
    /// Sum of their sizes, kept up by every change.
    pub total_bytes: u64,
}

impl FromIterator<AddrRange> for AddrRanges {
    /// Adds one range after the other.
    fn from_iter<I: IntoIterator<Item = AddrRange>>(ranges: I) -> Self {
        let mut set = Self::default();
        ranges.into_iter().for_each(|range| set.add(range));
        set
    }
}

impl AddrRanges {
    /// Index of the first range that begins above `address`.
    pub fn find_succ(&self, address: OffAddr) -> usize {
        if planted(Plant::RawAddressOrder) {
            return self.ranges.partition_point(|range| range.base.0 <= address.0);
        }
        self.ranges.partition_point(|range| range.base <= address)
    }

    /// The lowest address of the set at or above `address`.
    pub fn find_addr_greater_equal(&self, address: OffAddr) -> Option<OffAddr> {
        let above = self.find_succ(address);
        if above > 0 && self.ranges[above - 1].contains(address) {
            return Some(address);
        }
        self.ranges.get(above).map(|range| range.base)
    }

    /// Whether `address` lies in one of the ranges.
    pub fn contains(&self, address: OffAddr) -> bool {
        let above = self.find_succ(address);
        above > 0 && self.ranges[above - 1].contains(address)
    }

    /// Adds a range that overlaps none; it grows into its neighbours where it touches them.
    pub fn add(&mut self, range: AddrRange) {
        if range.is_empty() {
            throw("attempted to add zero-sized address range");
        }
        let above = self.find_succ(range.base);
        let joins_below = above > 0 && self.ranges[above - 1].limit == range.base;
        let joins_above = self.ranges.get(above).is_some_and(|next| next.base == range.limit);
        match (joins_below, joins_above) {
            (true, true) => {
                self.ranges[above - 1].limit = self.ranges[above].limit;
                self.ranges.remove(above);
            }
            (true, false) => self.ranges[above - 1].limit = range.limit,
            (false, true) => self.ranges[above].base = range.base,
            (false, false) => self.ranges.insert(above, range),
        }
        self.total_bytes += range.size();
    }

    /// Takes the highest range out, or only its `byte_count` highest bytes if it has more.
    pub fn remove_last(&mut self, byte_count: u64) -> AddrRange {
        let Some(last) = self.ranges.last_mut() else { return AddrRange::default() };
        let mut taken = *last;
        if taken.size() > byte_count {
            taken.base = taken.limit.minus(byte_count);
            last.limit = taken.base;
        } else {
            self.ranges.pop();
        }
        self.total_bytes -= taken.size();
        taken
    }

    /// Takes everything at or above `address` out.
    pub fn remove_greater_equal(&mut self, address: OffAddr) {
        let above = self.find_succ(address);
        let mut removed: u64 = self.ranges.drain(above..).map(|range| range.size()).sum();
        if let Some(last) = self.ranges.last_mut() {
            if last.contains(address) {
                removed += last.size();
                *last = last.remove_greater_equal(address);
                removed -= last.size();
                if last.is_empty() {
                    self.ranges.pop();
                }
            }
        }
        self.total_bytes -= removed;
    }
}
