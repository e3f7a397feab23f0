//! The adapter: lets scavdiff run its programs on the page heap of this crate.

use crate::{calls::call, pacing};
use pageheap::heap::{Heap, TooLarge};
use pageheap::ranges::{AddrRange, AddrRanges};
use pageheap::{background::Background, chunk::PhysPages, page_cache::PageCache, throw};
use scavdiff_port::*;
use std::any::Any;

/// The page heap under test.
pub struct Adapter(Heap, Background);

fn range_set(set: &AddrRanges) -> RangeSet {
    RangeSet { ranges: set.ranges.iter().map(AddrRange::ends).collect(), total_bytes: set.total_bytes }
}

impl Port for Adapter {
    const NAME: &'static str = "port-rust";
    const CAPABILITIES: &'static [Capability] = &LEVELS;
    type Cache = PageCache;

    fn new(phys_page_size: u64, phys_huge_page_size: u64) -> Self {
        Self(Heap::new(PhysPages { size: phys_page_size, huge_size: phys_huge_page_size }), Background::default())
    }
    fn failure(payload: &dyn Any) -> Option<Failure> {
        payload.downcast_ref().map(|failure| match failure {
            throw::Failure::Throw(text) => Failure::Throw(text),
            throw::Failure::Divide => Failure::Divide,
        })
    }
    fn call(&mut self, function: Function, words: &[u64]) -> Vec<u64> {
        call(function, words, self.0.pages.phys)
    }
    fn grow(&mut self, first: u64, chunk_count: u64) -> bool {
        self.0.grow_chunks(first, chunk_count)
    }
    fn alloc(&mut self, page_count: u64) -> Allocated {
        self.0.alloc(page_count)
    }
    fn free(&mut self, address: u64, page_count: u64) {
        self.0.free(address, page_count);
    }
    fn chunks_in_use(&self) -> Vec<u64> {
        self.0.pages.chunks.keys().copied().collect()
    }
    fn take_touched(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.0.pages.touched).into_iter().collect()
    }
    fn chunk(&self, index: u64) -> ChunkWords {
        let chunk = self.0.pages.chunks[&index];
        [chunk.allocated.0, chunk.scavenged.0]
    }
    fn summary(&self, level: usize, index: u64) -> u64 {
        self.0.pages.summary.get(level, index).0
    }
    fn state(&self) -> State {
        let pages = &self.0.pages;
        let (scav, stats) = (&pages.scav, &pages.stats);
        State {
            search_addr: pages.search_addr.0,
            start: pages.start,
            end: pages.end,
            in_use: range_set(&pages.in_use),
            summary_lengths: pages.summary.lengths,
            scav_in_use: range_set(&scav.in_use),
            scav_gen: scav.gen,
            scav_reservation_bytes: scav.reservation_bytes,
            scav_released: scav.released,
            scav_lwm: scav.scav_lwm.0,
            free_hwm: scav.free_hwm.0,
            heap_sys: stats.heap_sys,
            heap_released: stats.heap_released,
            heap_inuse: stats.heap_inuse,
            stats_committed: stats.committed,
            stats_released: stats.released,
        }
    }

    // What levels 5 and 6 add.

    fn cache(&mut self) -> PageCache {
        self.0.pages.alloc_to_cache()
    }
    fn cache_words(cache: &PageCache) -> CacheWords {
        [cache.base, cache.cache, cache.scav]
    }
    fn cache_alloc(&mut self, cache: &mut PageCache, page_count: u64) -> Allocated {
        self.0.alloc_from(cache, page_count)
    }
    fn flush(&mut self, cache: &mut PageCache) {
        cache.flush(&mut self.0.pages);
    }

    fn start_gen(&mut self) {
        self.0.pages.scavenge_start_gen();
    }
    fn scavenge(&mut self, byte_count: u64, counted: bool) -> u64 {
        let released = self.0.pages.scavenge(byte_count);
        self.0.pages.scav.released += if counted { released } else { 0 };
        released
    }
    fn reserve(&mut self) -> (Range, u32) {
        let (range, generation) = self.0.pages.scavenge_reserve();
        (range.ends(), generation)
    }
    fn scavenge_one(&mut self, range: Range, byte_count_max: u64) -> (u64, Range) {
        let (released, rest) = self.0.pages.scavenge_one(AddrRange::from_ends(range), byte_count_max);
        (released, rest.ends())
    }
    fn unreserve(&mut self, range: Range, generation: u32) {
        self.0.pages.scavenge_unreserve(AddrRange::from_ends(range), generation);
    }
    // What level 7 adds.

    fn span(&mut self, page_count: u64) -> Result<Option<(u64, u64, u64)>, String> {
        self.0.alloc_span(page_count).map_err(|TooLarge| "the heap would have more than 2^20 chunks in use".into())
    }
    fn pacing(&mut self, operation: &PacingOperation) -> Option<Vec<u64>> {
        pacing::run(&mut self.0, &mut self.1, operation)
    }
    fn pacing_state(&self) -> PacingState {
        pacing::state(&self.0, &self.1)
    }
    fn take_printed(&mut self) -> String {
        std::mem::take(&mut self.0.pages.trace.printed)
    }
}
