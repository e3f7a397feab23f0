//! The page allocator: it grows, gives pages out lowest address first, and takes them back.

use crate::address::*;
use crate::chunk::{PallocData, PhysPages};
use crate::heap::Stats;
use crate::plant::{planted, Plant};
use crate::ranges::{AddrRange, AddrRanges};
use crate::scavenge::ScavengeState;
use crate::summary::PallocSum;
use crate::summary_tree::{SummaryTree, LEAF};
use crate::surroundings::{Clock, Trace};
use crate::throw::throw;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;

/// The allocator's whole state.
#[derive(Debug)]
pub struct PageAlloc {
    /// Summaries of all chunks.
    pub summary: SummaryTree,
    /// The chunks in use, by index.
    pub chunks: BTreeMap<u64, PallocData>,
    /// There is no free page below this address.
    pub search_addr: OffAddr,
    /// Lowest chunk in use; 0 before the first growth.
    pub start: u64,
    /// The chunk behind the highest in use.
    pub end: u64,
    /// The address space that the heap has grown by.
    pub in_use: AddrRanges,
    /// What the scavenger remembers.
    pub scav: ScavengeState,
    /// What the callers count.
    pub stats: Stats,
    /// The clock, which giving memory back moves on.
    pub clock: Clock,
    /// What is printed of the scavenger.
    pub trace: Trace,
    /// Sizes of the machine's pages.
    pub phys: PhysPages,
    /// Arenas that exist, by index in the offset address space.
    pub arenas: HashSet<u64>,
    /// Chunks whose summaries were brought up to date since somebody last emptied the set.
    pub touched: BTreeSet<u64>,
}

impl PageAlloc {
    /// An allocator without any memory.
    pub fn new(phys: PhysPages) -> Self {
        Self {
            summary: SummaryTree::default(),
            chunks: BTreeMap::new(),
            search_addr: OffAddr::MAX,
            start: 0,
            end: 0,
            in_use: AddrRanges::default(),
            scav: ScavengeState::default(),
            stats: Stats::default(),
            clock: Clock::default(),
            trace: Trace::default(),
            phys,
            arenas: HashSet::new(),
            touched: BTreeSet::new(),
        }
    }

    /// Adds the chunks of `[base, base + size)`; nobody has used their memory yet, so they begin scavenged.
    pub fn grow(&mut self, base: u64, size: u64) {
        let limit = align_up(base.wrapping_add(size), CHUNK_BYTES);
        let base = align_down(base, CHUNK_BYTES);
        let (first, behind) = (chunk_index(base), chunk_index(limit));
        self.summary.grow(base, limit);
        self.start = if self.start == 0 { first } else { self.start.min(first) };
        self.end = self.end.max(behind);
        self.in_use.add(AddrRange::new(base, limit));
        self.search_addr = self.search_addr.min(OffAddr(base));
        for chunk in first..behind {
            self.chunk_mut(chunk).scavenged.set_range(0, CHUNK_PAGES);
        }
        self.update(base, size / PAGE_SIZE);
    }

    /// Allocates the lowest `npages` pages in a row; returns their address and how many bytes of them were scavenged,
    /// or `None` if there are none.
    pub fn alloc(&mut self, npages: u64) -> Option<(u64, u64)> {
        if chunk_index(self.search_addr.0) >= self.end {
            return None;
        }
        let Some((address, search_addr)) = self.find_near(npages).or_else(|| self.find(npages)) else {
            if npages == 1 {
                self.search_addr = OffAddr::MAX;
            }
            return None;
        };
        let scavenged_bytes = self.alloc_range(address, npages);
        self.search_addr = self.search_addr.max(search_addr);
        Some((address, scavenged_bytes))
    }

    /// Frees `npages` pages from `base` on. `scavenged` says that they are to be marked so, by the caller.
    pub fn free(&mut self, base: u64, npages: u64, scavenged: bool) {
        self.search_addr = self.search_addr.min(OffAddr(base));
        if !scavenged {
            // Of the highest page freed it is the last byte that is remembered.
            let behind = OffAddr(base).plus(npages * PAGE_SIZE);
            let mark = if planted(Plant::HalfOpenFreeMark) { behind } else { behind.minus(1) };
            self.scav.free_hwm = self.scav.free_hwm.max(mark);
        }
        for (chunk, pages) in pages_by_chunk(base, npages) {
            self.chunk_mut(chunk).allocated.clear_range(pages.start, pages.len());
        }
        self.update(base, npages);
    }

    /// Marks the pages from `base` on allocated and not scavenged; returns how many bytes of them were scavenged.
    pub(crate) fn alloc_range(&mut self, base: u64, npages: u64) -> u64 {
        let scavenged: usize = pages_by_chunk(base, npages)
            .map(|(chunk, pages)| self.chunk_mut(chunk).alloc_range(pages.start, pages.len()))
            .sum();
        self.update(base, npages);
        scavenged as u64 * PAGE_SIZE
    }

    /// Brings the summaries up to date after the pages from `base` on changed.
    pub(crate) fn update(&mut self, base: u64, npages: u64) {
        let limit = base.wrapping_add(npages * PAGE_SIZE);
        let mut changed = false;
        for chunk in chunk_index(base)..=chunk_index(limit.wrapping_sub(1)) {
            let sum = self.chunk_mut(chunk).allocated.summarize();
            changed |= self.summary.set(LEAF, chunk, sum);
            self.touched.insert(chunk);
        }
        if changed {
            self.summary.merge_up(base, limit);
        }
    }

    /// The chunk of that index; it begins to exist when it is first asked for.
    pub(crate) fn chunk_mut(&mut self, chunk: u64) -> &mut PallocData {
        self.chunks.entry(chunk).or_default()
    }

    /// Looks for `npages` pages in the chunk of the search address only. Returns their address, and one below which no
    /// page is free.
    fn find_near(&self, npages: u64) -> Option<(u64, OffAddr)> {
        let (chunk, page) = (chunk_index(self.search_addr.0), chunk_page_index(self.search_addr.0));
        let fits = (CHUNK_PAGES - page) as u64 >= npages && self.summary.get(LEAF, chunk).max() >= npages;
        fits.then(|| self.find_in_chunk(chunk, npages, page))
    }

    /// Looks for `npages` pages in a chunk that has them by its summary.
    pub(crate) fn find_in_chunk(&self, chunk: u64, npages: u64, from: usize) -> (u64, OffAddr) {
        let (found, first_free) = self.chunks[&chunk].allocated.find(npages as usize, from);
        let (Some(found), Some(first_free)) = (found, first_free) else { throw("bad summary data") };
        let address = |page: usize| chunk_base(chunk).wrapping_add(page as u64 * PAGE_SIZE);
        (address(found), OffAddr(address(first_free)))
    }

    /// Looks for `npages` pages in the whole heap, from the root of the tree down. Returns their address, and one below
    /// which no page is free.
    pub(crate) fn find(&self, npages: u64) -> Option<(u64, OffAddr)> {
        let mut first_free = FirstFree::default();
        let mut block = 0;
        for (level, level_bits) in LEVEL_BITS.into_iter().enumerate() {
            match self.scan_block(level, block, npages, &mut first_free) {
                Scan::Across { page } => {
                    let first = level_index_to_off_addr(level, block << level_bits);
                    return Some((first.plus(page * PAGE_SIZE).0, self.find_mapped_addr(first_free.base)));
                }
                Scan::Inside { entry } => block = entry,
                Scan::Nothing if level == 0 => return None,
                Scan::Nothing => throw("bad summary data"),
            }
        }
        let (address, free) = self.find_in_chunk(block, npages, 0);
        first_free.narrow(free, OffAddr(chunk_base(block + 1)).minus(1));
        Some((address, self.find_mapped_addr(first_free.base)))
    }

    /// Looks through the entries of one block for `npages` pages in a row.
    fn scan_block(&self, level: usize, block: u64, npages: u64, first_free: &mut FirstFree) -> Scan {
        let Some(entries) = self.summary.block(level, block) else { return Scan::Nothing };
        let entry_pages = 1 << LEVEL_LOG_PAGES[level];
        let index = |entry: usize| (block << LEVEL_BITS[level]) + entry as u64;
        let searched = off_addr_to_level_index(level, self.search_addr);
        let from = if searched >> LEVEL_BITS[level] == block { searched - index(0) } else { 0 };
        // Free pages in a row, up to the end of the entry before.
        let mut run = 0;
        for (entry, sum) in entries.iter().enumerate().skip(from as usize) {
            if *sum == PallocSum(0) {
                run = 0;
                continue;
            }
            let base = level_index_to_off_addr(level, index(entry));
            first_free.narrow(base, base.plus(entry_pages * PAGE_SIZE - 1));
            if run + sum.start() >= npages {
                return Scan::Across { page: entry as u64 * entry_pages - run };
            }
            if sum.max() >= npages {
                return Scan::Inside { entry: index(entry) };
            }
            run = if sum.start() == entry_pages { run + entry_pages } else { sum.end() };
        }
        Scan::Nothing
    }

    /// The lowest address at or above `address` that may be looked at: where no arena is, the next range in use begins.
    fn find_mapped_addr(&self, address: OffAddr) -> OffAddr {
        if self.arenas.contains(&(address.offset() / ARENA_BYTES)) {
            return address;
        }
        self.in_use.find_addr_greater_equal(address).unwrap_or(OffAddr::MAX)
    }
}

/// What a look through a block of summaries came to.
enum Scan {
    /// The pages begin at this one of the block's own.
    Across { page: u64 },
    /// They lie within the region of this entry.
    Inside { entry: u64 },
    /// There are none.
    Nothing,
}

/// Where the first free page lies: in `[base, last]`, as closely as the search has seen.
struct FirstFree {
    base: OffAddr,
    last: OffAddr,
}

impl Default for FirstFree {
    fn default() -> Self {
        Self { base: OffAddr::MIN, last: OffAddr::MAX }
    }
}

impl FirstFree {
    /// Learns that there are free pages in `[base, last]`. What lies apart is further up, and of no interest.
    fn narrow(&mut self, base: OffAddr, last: OffAddr) {
        if self.base <= base && last <= self.last {
            *self = Self { base, last };
        } else if base <= self.last && self.base <= last {
            throw("range partially overlaps");
        }
    }
}

/// The pages from `base` on, chunk by chunk.
fn pages_by_chunk(base: u64, npages: u64) -> impl Iterator<Item = (u64, Range<usize>)> {
    let first = chunk_index(base) * CHUNK_PAGES as u64 + chunk_page_index(base) as u64;
    let limit = first + npages;
    (first / CHUNK_PAGES as u64..limit.div_ceil(CHUNK_PAGES as u64)).map(move |chunk| {
        let zero = chunk * CHUNK_PAGES as u64;
        (chunk, (first.max(zero) - zero) as usize..(limit.min(zero + CHUNK_PAGES as u64) - zero) as usize)
    })
}
