//! Bitmaps of the 512 pages of a chunk, and searches in them.

use crate::address::CHUNK_PAGES;
use crate::plant::{planted, Plant};
use crate::summary::PallocSum;
use crate::throw::throw;
use std::ops::Range;

/// Bits in a word.
pub const WORD_BITS: usize = 64;
const WORDS: usize = CHUNK_PAGES / WORD_BITS;

/// One bit per page of a chunk, lowest page first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PageBits(pub [u64; WORDS]);

/// A word with its `count` lowest bits set; `count` may be that of a whole word.
pub fn low_bits(count: usize) -> u64 {
    if planted(Plant::FullWordShift) {
        return 1u64.wrapping_shl(count as u32).wrapping_sub(1);
    }
    u64::MAX.checked_shr((WORD_BITS - count) as u32).unwrap_or(0)
}

impl PageBits {
    /// Every bit set.
    pub const ALL: Self = Self([u64::MAX; WORDS]);

    /// Whether the bit of page `i` is set.
    pub fn get(&self, i: usize) -> bool {
        self.0[i / WORD_BITS] >> (i % WORD_BITS) & 1 == 1
    }

    /// The word that holds the bit of page `i`.
    pub fn block64(&self, i: usize) -> u64 {
        self.0[i / WORD_BITS]
    }

    /// Sets those bits of the word of page `i` that are set in `mask`.
    pub fn set_block64(&mut self, i: usize, mask: u64) {
        self.0[i / WORD_BITS] |= mask;
    }

    /// Clears those bits of the word of page `i` that are set in `mask`.
    pub fn clear_block64(&mut self, i: usize, mask: u64) {
        self.0[i / WORD_BITS] &= !mask;
    }

    /// Sets the bits of the pages `[i, i + n)`.
    pub fn set_range(&mut self, i: usize, n: usize) {
        for (word, mask) in masks(i, n) {
            self.0[word] |= mask;
        }
    }

    /// Clears the bits of the pages `[i, i + n)`.
    pub fn clear_range(&mut self, i: usize, n: usize) {
        for (word, mask) in masks(i, n) {
            self.0[word] &= !mask;
        }
    }

    /// How many of the pages `[i, i + n)` have their bit set.
    pub fn popcnt_range(&self, i: usize, n: usize) -> usize {
        masks(i, n).map(|(word, mask)| (self.0[word] & mask).count_ones() as usize).sum()
    }

    /// The runs of clear bits at or above page `from`, lowest first.
    pub fn free_runs(&self, from: usize) -> impl Iterator<Item = Range<usize>> + '_ {
        let mut at = from;
        std::iter::from_fn(move || {
            let start = self.next(at, false)?;
            at = self.next(start, true).unwrap_or(CHUNK_PAGES);
            Some(start..at)
        })
    }

    /// The first page at or above `from` whose bit is `value`.
    fn next(&self, from: usize, value: bool) -> Option<usize> {
        let flip = if value { 0 } else { u64::MAX };
        let mut skipped = !low_bits(from % WORD_BITS);
        (from / WORD_BITS..WORDS).find_map(|word| {
            let wanted = (self.0[word] ^ flip) & std::mem::replace(&mut skipped, u64::MAX);
            (wanted != 0).then(|| word * WORD_BITS + wanted.trailing_zeros() as usize)
        })
    }

    /// The run of set bits that ends highest below page `limit`.
    pub fn last_run(&self, limit: usize) -> Option<Range<usize>> {
        let end = self.prev(limit, true)? + 1;
        Some(self.prev(end, false).map_or(0, |page| page + 1)..end)
    }

    /// The last page below `limit` whose bit is `value`.
    fn prev(&self, limit: usize, value: bool) -> Option<usize> {
        let flip = if value { 0 } else { u64::MAX };
        (0..limit.div_ceil(WORD_BITS)).rev().find_map(|word| {
            let first = word * WORD_BITS;
            let wanted = (self.0[word] ^ flip) & low_bits((limit - first).min(WORD_BITS));
            (wanted != 0).then(|| first + wanted.ilog2() as usize)
        })
    }

    /// How the clear bits lie: the run at the start, the longest, and the run at the end.
    pub fn summarize(&self) -> PallocSum {
        let (mut start, mut max, mut end) = (0, 0, 0);
        for run in self.free_runs(0) {
            max = max.max(run.len());
            if run.start == 0 {
                start = run.len();
            }
            if run.end == CHUNK_PAGES {
                end = run.len();
            }
        }
        PallocSum::pack(start as u64, max as u64, end as u64)
    }

    /// The first run of `npages` clear bits, and the first clear bit of all, both looked for from the *word* of
    /// `search_idx` on: a caller that searched below it before loses nothing by the few pages more.
    pub fn find(&self, npages: usize, search_idx: usize) -> (Option<usize>, Option<usize>) {
        let from = search_idx / WORD_BITS * WORD_BITS;
        let found = self.free_runs(from).find(|run| run.len() >= npages).map(|run| run.start);
        (found, self.next(from, false))
    }
}

/// The words that the pages `[i, i + n)` lie in, each with the bits that are meant.
fn masks(i: usize, n: usize) -> impl Iterator<Item = (usize, u64)> {
    let limit = i + n;
    (i / WORD_BITS..limit.div_ceil(WORD_BITS)).map(move |word| {
        let first = word * WORD_BITS;
        let (low, high) = (i.max(first) - first, limit.min(first + WORD_BITS) - first);
        (word, low_bits(high - low) << low)
    })
}

/// Where the lowest run of `n` set bits of `c` begins; 64 if there is none. `n` lies in `[1, 64]`.
pub fn find_bit_range64(c: u64, n: usize) -> usize {
    // A bit of `starts` stands for a run of `length` bits that begins there.
    let (mut starts, mut length) = (c, 1);
    while length < n {
        let step = length.min(n - length);
        starts &= starts >> step;
        length += step;
    }
    starts.trailing_zeros() as usize
}

/// `x` with every aligned group of `m` bits filled if one of its bits is set.
pub fn fill_aligned(x: u64, m: usize) -> u64 {
    if !m.is_power_of_two() || m > WORD_BITS {
        throw("bad m value");
    }
    if m == 1 {
        return x;
    }
    let group = low_bits(m);
    (0..WORD_BITS).step_by(m).map(|low| group << low).filter(|mask| x & mask != 0).sum()
}
