//! The scavenger: it gives free pages back to the operating system, highest address first, generation by generation.

use crate::address::*;
use crate::page_alloc::PageAlloc;
use crate::ranges::{AddrRange, AddrRanges};
use crate::summary_tree::LEAF;
use crate::throw::throw;

/// Into how many reservations the heap is divided.
const RESERVATION_SHARDS: u64 = 64;

/// What the scavenger remembers.
#[derive(Debug, Clone)]
pub struct ScavengeState {
    /// Address space that nobody has searched or reserved in this generation.
    pub in_use: AddrRanges,
    /// Number of the generation.
    pub gen: u32,
    /// Bytes that one reservation takes.
    pub reservation_bytes: u64,
    /// Bytes that the background scavenger has released in this generation.
    pub released: u64,
    /// Lowest address scavenged in this generation.
    pub scav_lwm: OffAddr,
    /// Highest address freed in this generation.
    pub free_hwm: OffAddr,
}

impl Default for ScavengeState {
    /// The state before the first generation. Its `free_hwm` is address 0, the middle of the address space.
    fn default() -> Self {
        Self {
            in_use: AddrRanges::default(),
            gen: 0,
            reservation_bytes: 0,
            released: 0,
            scav_lwm: OffAddr::MAX,
            free_hwm: OffAddr(0),
        }
    }
}

impl PageAlloc {
    /// Starts a generation: all that may have something to give is to be searched again.
    pub fn scavenge_start_gen(&mut self) {
        if self.trace.is_on {
            self.print_scav_trace(self.scav.gen, self.scav.released, false);
        }
        let behind = if self.scav.scav_lwm < self.scav.free_hwm { self.scav.free_hwm } else { self.scav.scav_lwm };
        let mut in_use = self.in_use.clone();
        in_use.remove_greater_equal(behind);
        self.scav = ScavengeState {
            in_use,
            gen: self.scav.gen.wrapping_add(1),
            reservation_bytes: align_up(self.in_use.total_bytes, CHUNK_BYTES) / RESERVATION_SHARDS,
            released: 0,
            scav_lwm: OffAddr::MAX,
            free_hwm: OffAddr::MIN,
        };
    }

    /// Scavenges until `nbytes` are released or nothing is left to search; returns how many bytes were.
    pub fn scavenge(&mut self, nbytes: u64) -> u64 {
        let mut released = 0;
        let (mut work, mut gen) = (AddrRange::default(), 0);
        while released < nbytes {
            if work.is_empty() {
                (work, gen) = self.scavenge_reserve();
                if work.is_empty() {
                    break;
                }
            }
            let (bytes, rest) = self.scavenge_one(work, nbytes - released);
            released += bytes;
            work = rest;
        }
        self.scavenge_unreserve(work, gen);
        released
    }

    /// Takes the highest address space that nobody has searched, from a chunk's start on; returns it with the number of
    /// the generation.
    pub fn scavenge_reserve(&mut self) -> (AddrRange, u32) {
        let mut work = self.scav.in_use.remove_last(self.scav.reservation_bytes);
        if !work.is_empty() {
            work.base = OffAddr(align_down(work.base.0, CHUNK_BYTES));
            self.scav.in_use.remove_greater_equal(work.base);
        }
        (work, self.scav.gen)
    }

    /// Gives back what is left of a reservation, unless its generation is over.
    pub fn scavenge_unreserve(&mut self, work: AddrRange, gen: u32) {
        if work.is_empty() || gen != self.scav.gen {
            return;
        }
        if work.base.0 % CHUNK_BYTES != 0 {
            throw("unreserving unaligned region");
        }
        self.scav.in_use.add(work);
    }

    /// Scavenges one run of pages in `work`, of at most `max` bytes if no huge page is in the way; returns how many bytes
    /// it had, and what of `work` is still to be searched.
    pub fn scavenge_one(&mut self, mut work: AddrRange, max: u64) -> (u64, AddrRange) {
        if work.is_empty() {
            return (0, work);
        }
        if work.base.0 % CHUNK_BYTES != 0 {
            throw("scavengeOne called with unaligned work region");
        }
        let max_pages = max.div_ceil(PAGE_SIZE);
        // Of the highest chunk only what lies in `work` is looked at, of the others all.
        let last = work.limit.minus(1).0;
        let mut search_idx = chunk_page_index(last);
        for chunk in (chunk_index(work.base.0)..=chunk_index(last)).rev() {
            if let Some((base, npages)) = self.candidate(chunk, search_idx, max_pages) {
                work.limit = OffAddr(self.scavenge_range(chunk, base, npages as u64));
                return (npages as u64 * PAGE_SIZE, work);
            }
            search_idx = CHUNK_PAGES - 1;
        }
        work.limit = work.base;
        (0, work)
    }

    /// First page and page count of what there is to scavenge in a chunk.
    fn candidate(&self, chunk: u64, search_idx: usize, max_pages: u64) -> Option<(usize, usize)> {
        let min_pages = (self.phys.size / PAGE_SIZE).max(1);
        if self.summary.get(LEAF, chunk).max() < min_pages {
            return None;
        }
        let pages = self.chunks[&chunk];
        let (base, npages) = pages.find_scavenge_candidate(search_idx, min_pages as usize, max_pages, self.phys);
        (npages != 0).then_some((base, npages))
    }

    /// Gives pages of a chunk back; returns their address.
    fn scavenge_range(&mut self, chunk: u64, base: usize, npages: u64) -> u64 {
        let address = chunk_base(chunk).wrapping_add(base as u64 * PAGE_SIZE);
        // Go lets go of the heap's lock meanwhile; nobody else may have the pages then.
        if self.alloc_range(address, npages) != 0 {
            throw("double scavenge");
        }
        self.scav.scav_lwm = self.scav.scav_lwm.min(OffAddr(address));
        self.clock.count_released(npages * PAGE_SIZE / self.phys.size);
        self.stats.count_released(npages * PAGE_SIZE);
        self.free(address, npages, true);
        self.chunk_mut(chunk).scavenged.set_range(base, npages as usize);
        address
    }
}
