//! What the heap's callers do around the page allocator: register arenas, and count.

use crate::address::{chunk_base, OffAddr, ARENA_BYTES, CHUNK_BYTES, PAGE_SIZE};
use crate::page_alloc::PageAlloc;
use crate::page_cache::PageCache;

/// Go's statistics of the heap, in bytes, modulo 2^64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Obtained from the operating system.
    pub heap_sys: u64,
    /// Of these, given back.
    pub heap_released: u64,
    /// In spans.
    pub heap_inuse: u64,
    /// What has been committed, as a sum of changes.
    pub committed: u64,
    /// What has been released, as a sum of changes.
    pub released: u64,
}

impl Stats {
    /// Counts bytes that the heap has grown by.
    fn count_grown(&mut self, byte_count: u64) {
        self.heap_sys = self.heap_sys.wrapping_add(byte_count);
        self.heap_released = self.heap_released.wrapping_add(byte_count);
        self.released = self.released.wrapping_add(byte_count);
    }

    /// Counts a span's bytes, of which some were scavenged.
    fn count_span(&mut self, byte_count: u64, scavenged_bytes: u64) {
        self.heap_inuse = self.heap_inuse.wrapping_add(byte_count);
        self.heap_released = self.heap_released.wrapping_sub(scavenged_bytes);
        self.committed = self.committed.wrapping_add(scavenged_bytes);
        self.released = self.released.wrapping_sub(scavenged_bytes);
    }

    /// Counts bytes that were scavenged.
    pub(crate) fn count_released(&mut self, byte_count: u64) {
        self.heap_released = self.heap_released.wrapping_add(byte_count);
        self.committed = self.committed.wrapping_sub(byte_count);
        self.released = self.released.wrapping_add(byte_count);
    }
}

impl PageAlloc {
    /// Grows the heap by `chunk_count` new chunks from `first` on, with their arenas; returns whether it did: not if one
    /// of them is in use.
    pub fn grow_heap(&mut self, first: u64, chunk_count: u64) -> bool {
        if self.chunks.range(first..first + chunk_count).next().is_some() {
            return false;
        }
        let (base, size) = (chunk_base(first), chunk_count * CHUNK_BYTES);
        let last = OffAddr(base).plus(size - 1);
        self.arenas.extend(OffAddr(base).offset() / ARENA_BYTES..=last.offset() / ARENA_BYTES);
        self.stats.count_grown(size);
        self.grow(base, size);
        true
    }

    /// Allocates the pages of a span; returns their address and how many bytes of them were scavenged.
    pub fn alloc_span(&mut self, npages: u64) -> Option<(u64, u64)> {
        let found = self.alloc(npages)?;
        self.stats.count_span(npages * PAGE_SIZE, found.1);
        Some(found)
    }

    /// Allocates the pages of a span from a cache; returns the same.
    pub fn alloc_span_from(&mut self, cache: &mut PageCache, npages: u64) -> Option<(u64, u64)> {
        let found = cache.alloc(npages)?;
        self.stats.count_span(npages * PAGE_SIZE, found.1);
        Some(found)
    }

    /// Frees pages of a span.
    pub fn free_span(&mut self, base: u64, npages: u64) {
        self.stats.heap_inuse = self.stats.heap_inuse.wrapping_sub(npages * PAGE_SIZE);
        self.free(base, npages, false);
    }
}
