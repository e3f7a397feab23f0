//! Summaries: how the free pages of a chunk, or of a larger region, lie.

use crate::plant::{planted, Plant};

/// Logarithm of the largest count that a summary can hold.
const LOG_MAX_PACKED: u32 = 21;
/// The largest count: the pages of a root entry's region.
const MAX_PACKED: u64 = 1 << LOG_MAX_PACKED;
/// Stands for a region that is free from end to end, whose counts do not fit their fields.
const ALL_FREE: u64 = 1 << 63;

/// Three counts of free pages in a word: the run at the region's start, the longest, and the run at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PallocSum(pub u64);

impl PallocSum {
    /// The word for these counts. That the whole region is free shows in `max` alone; other counts lose what is above
    /// their field.
    pub fn pack(start: u64, max: u64, end: u64) -> Self {
        if max == MAX_PACKED && !planted(Plant::NoFreeSentinel) {
            return Self(ALL_FREE);
        }
        let field = |count: u64, number: u32| (count & (MAX_PACKED - 1)) << (number * LOG_MAX_PACKED);
        Self(field(start, 0) | field(max, 1) | field(end, 2))
    }

    /// Start, max and end.
    pub fn unpack(self) -> (u64, u64, u64) {
        (self.start(), self.max(), self.end())
    }

    /// Free pages at the start.
    pub fn start(self) -> u64 {
        self.field(0)
    }

    /// Most free pages in a row.
    pub fn max(self) -> u64 {
        self.field(1)
    }

    /// Free pages at the end.
    pub fn end(self) -> u64 {
        self.field(2)
    }

    fn field(self, number: u32) -> u64 {
        if self.0 & ALL_FREE != 0 {
            return MAX_PACKED;
        }
        self.0 >> (number * LOG_MAX_PACKED) & (MAX_PACKED - 1)
    }
}

/// The summary of neighbouring regions of `2^log_max_pages` pages each as one region.
pub fn merge_summaries(sums: &[PallocSum], log_max_pages: u32) -> PallocSum {
    // Shifting a word by its width or more leaves nothing, in Go.
    let pages = |regions: u64| regions.checked_shl(log_max_pages).unwrap_or(0);
    let (mut start, mut max, mut end) = sums[0].unpack();
    for (before, sum) in (1..).zip(&sums[1..]) {
        if start == pages(before) {
            start += sum.start();
        }
        max = max.max(end + sum.start()).max(sum.max());
        end = if sum.end() == pages(1) { end + pages(1) } else { sum.end() };
    }
    PallocSum::pack(start, max, end)
}
