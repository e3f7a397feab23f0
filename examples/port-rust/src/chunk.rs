//! What is known of the pages of one chunk, and where in it there is something to scavenge.

use crate::address::{align_down, align_up, CHUNK_PAGES, PAGE_SIZE};
use crate::bits::{fill_aligned, PageBits, WORD_BITS};
use crate::plant::{planted, Plant};
use crate::throw::throw;
use std::ops::Range;

/// Most pages that a physical page can span.
const MAX_PAGES_PER_PHYS_PAGE: usize = 64;

/// Both bitmaps of a chunk. A page that is allocated is never marked scavenged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PallocData {
    /// Pages that are in use.
    pub allocated: PageBits,
    /// Pages whose memory the operating system has back.
    pub scavenged: PageBits,
}

/// Sizes of the machine's pages, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhysPages {
    /// Of a physical page.
    pub size: u64,
    /// Of a huge page; 0 if there are none.
    pub huge_size: u64,
}

impl PallocData {
    /// Allocates the pages `[i, i + n)`; returns how many of them were scavenged.
    pub fn alloc_range(&mut self, i: usize, n: usize) -> usize {
        let scavenged = self.scavenged.popcnt_range(i, n);
        self.allocated.set_range(i, n);
        self.scavenged.clear_range(i, n);
        scavenged
    }

    /// Whether some aligned group of `min` pages is neither in use nor scavenged, not even in part.
    pub fn has_scavenge_candidate(&self, min: usize) -> bool {
        self.unscavenged(min).0.iter().any(|word| *word != 0)
    }

    /// First page and page count of what is to be scavenged: the highest run at or below the *word* of `search_idx`, in
    /// multiples of `min` pages and at most `max` of them, unless a huge page would be broken. The count is 0 if there is
    /// none.
    pub fn find_scavenge_candidate(&self, search_idx: usize, min: usize, max: u64, phys: PhysPages) -> (usize, usize) {
        let candidates = self.unscavenged(min);
        let limit =
            if planted(Plant::SearchFromPage) { search_idx + 1 } else { (search_idx / WORD_BITS + 1) * WORD_BITS };
        let Some(Range { start: run_start, end }) = candidates.last_run(limit) else { return (0, 0) };
        let max = if max == 0 { min as u64 } else { align_up(max, min as u64) };
        let size = (end - run_start).min(max.min(CHUNK_PAGES as u64) as usize);
        keep_huge_page_whole(end - size, end, run_start, phys)
    }

    /// The pages in aligned groups of `min` that are wholly free and unscavenged.
    fn unscavenged(&self, min: usize) -> PageBits {
        if !min.is_power_of_two() {
            throw("min must be a non-zero power of 2");
        }
        if min > MAX_PAGES_PER_PHYS_PAGE {
            throw("min too large");
        }
        let mut free = PageBits::default();
        for (word, (allocated, scavenged)) in free.0.iter_mut().zip(self.allocated.0.iter().zip(self.scavenged.0)) {
            *word = !fill_aligned(allocated | scavenged, min);
        }
        free
    }
}

/// The candidate `[start, end)` as first page and page count, widened downwards to a huge page's start if it cuts through
/// one that lies wholly in the free pages `[run_start, end)`.
fn keep_huge_page_whole(start: usize, end: usize, run_start: usize, phys: PhysPages) -> (usize, usize) {
    if phys.huge_size > PAGE_SIZE && phys.huge_size > phys.size {
        let pages_per_huge_page = phys.huge_size / PAGE_SIZE;
        let below = align_down(start as u64, pages_per_huge_page) as usize;
        let above = align_up(start as u64, pages_per_huge_page) as usize;
        if above <= end && below >= run_start {
            return (below, end - below);
        }
    }
    (start, end - start)
}
