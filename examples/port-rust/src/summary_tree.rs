//! The radix tree of summaries.
//!
//! Go reserves address space for every entry that there could be and maps what it needs. Here a level is a map of its
//! blocks: a block that nobody wrote reads as zeros, as freshly mapped memory does.

use crate::address::{
    addrs_to_summary_range, block_align_summary_range, LEVELS, LEVEL_BITS, LEVEL_LOG_PAGES, LEVEL_SHIFT,
};
use crate::summary::{merge_summaries, PallocSum};
use std::collections::HashMap;

/// The leaves' level: one entry per chunk.
pub const LEAF: usize = LEVELS - 1;

/// Summaries of everything that the heap has grown by, level by level.
#[derive(Debug, Default)]
pub struct SummaryTree {
    blocks: [HashMap<u64, Box<[PallocSum]>>; LEVELS],
    /// How many entries of each level may be looked at.
    pub lengths: [u64; LEVELS],
}

impl SummaryTree {
    /// The entry `index` of `level`.
    pub fn get(&self, level: usize, index: u64) -> PallocSum {
        self.block(level, index >> LEVEL_BITS[level]).map_or(PallocSum(0), |block| block[in_block(level, index)])
    }

    /// The entries of a block, if one of them was ever written.
    pub fn block(&self, level: usize, block: u64) -> Option<&[PallocSum]> {
        self.blocks[level].get(&block).map(Box::as_ref)
    }

    /// Writes an entry; returns whether that changed it.
    pub fn set(&mut self, level: usize, index: u64, sum: PallocSum) -> bool {
        let block = self.blocks[level].entry(index >> LEVEL_BITS[level]);
        let block = block.or_insert_with(|| vec![PallocSum(0); 1 << LEVEL_BITS[level]].into());
        std::mem::replace(&mut block[in_block(level, index)], sum) != sum
    }

    /// Makes room for what covers `[base, limit)`.
    pub fn grow(&mut self, base: u64, limit: u64) {
        for (level, length) in self.lengths.iter_mut().enumerate() {
            let (lo, hi) = addrs_to_summary_range(level, base, limit);
            *length = (*length).max(block_align_summary_range(level, lo, hi).1);
        }
    }

    /// Merges the summaries of `[base, limit)` upwards, for as long as anything changes, once those of its chunks are
    /// written.
    pub fn merge_up(&mut self, base: u64, limit: u64) {
        for level in (0..LEAF).rev() {
            let (lo, hi) = addrs_to_summary_range(level, base, limit);
            let mut changed = false;
            for index in lo..hi {
                // The children of an entry are a block of their own.
                let children = self.block(level + 1, index);
                let sum = children.map_or(PallocSum(0), |sums| merge_summaries(sums, LEVEL_LOG_PAGES[level + 1]));
                changed |= self.set(level, index, sum);
            }
            if !changed {
                break;
            }
        }
    }
}

/// For each level, the index of the entry on the way to the chunk `chunk`.
pub fn path_of(chunk: u64) -> [u64; LEVELS] {
    LEVEL_SHIFT.map(|shift| chunk >> (shift - LEVEL_SHIFT[LEAF]))
}

fn in_block(level: usize, index: u64) -> usize {
    (index & ((1 << LEVEL_BITS[level]) - 1)) as usize
}
