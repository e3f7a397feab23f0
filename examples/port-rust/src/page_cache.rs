//! Page caches: 64 pages that one processor owns, to allocate from without the heap.

use crate::address::*;
use crate::bits::{find_bit_range64, low_bits, WORD_BITS};
use crate::page_alloc::PageAlloc;
use crate::summary::PallocSum;
use crate::summary_tree::LEAF;

/// The free pages of an aligned block of 64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PageCache {
    /// Address of the block.
    pub base: u64,
    /// Its free pages, one bit each.
    pub cache: u64,
    /// Its scavenged pages, one bit each.
    pub scav: u64,
}

impl PageCache {
    /// Takes the lowest `npages` pages in a row; returns their address and how many bytes of them were scavenged.
    pub fn alloc(&mut self, npages: u64) -> Option<(u64, u64)> {
        let first = find_bit_range64(self.cache, npages as usize);
        if first >= WORD_BITS {
            return None;
        }
        let taken = low_bits(npages as usize) << first;
        let scavenged = (self.scav & taken).count_ones();
        self.cache &= !taken;
        self.scav &= !taken;
        Some((self.base.wrapping_add(first as u64 * PAGE_SIZE), u64::from(scavenged) * PAGE_SIZE))
    }

    /// Gives everything back, and is empty then. The scavenger does not hear of it before the next generation.
    pub fn flush(&mut self, pages: &mut PageAlloc) {
        if self.cache == 0 {
            return;
        }
        let PageCache { base, cache, scav } = std::mem::take(self);
        let page = chunk_page_index(base);
        let chunk = pages.chunk_mut(chunk_index(base));
        chunk.allocated.clear_block64(page, cache);
        chunk.scavenged.set_block64(page, scav);
        pages.search_addr = pages.search_addr.min(OffAddr(base));
        pages.update(base, WORD_BITS as u64);
    }
}

impl PageAlloc {
    /// Moves the free pages of the lowest block that has some into a cache; it is empty if there are none.
    pub fn alloc_to_cache(&mut self) -> PageCache {
        let near = chunk_index(self.search_addr.0);
        if near >= self.end {
            return PageCache::default();
        }
        let found = if self.summary.get(LEAF, near) != PallocSum(0) {
            self.find_in_chunk(near, 1, chunk_page_index(self.search_addr.0))
        } else if let Some(found) = self.find(1) {
            found
        } else {
            self.search_addr = OffAddr::MAX;
            return PageCache::default();
        };
        let base = align_down(found.0, WORD_BITS as u64 * PAGE_SIZE);
        let page = chunk_page_index(base);
        let chunk = self.chunk_mut(chunk_index(base));
        let cache = PageCache { base, cache: !chunk.allocated.block64(page), scav: chunk.scavenged.block64(page) };
        chunk.allocated.set_block64(page, cache.cache);
        chunk.scavenged.clear_block64(page, cache.cache);
        self.update(base, WORD_BITS as u64);
        // The last page, not the one behind it, which may belong to nobody.
        self.search_addr = OffAddr(base).plus((WORD_BITS as u64 - 1) * PAGE_SIZE);
        cache
    }
}
