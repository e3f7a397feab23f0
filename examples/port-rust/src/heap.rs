//! What stands around the page allocator: statistics, arenas, growth as spans need it, and the scavenger's goal.

use crate::address::{align_up, chunk_base, chunk_index, OffAddr, ARENA_BYTES, CHUNK_BYTES, CHUNK_PAGES, PAGE_SIZE};
use crate::chunk::PhysPages;
use crate::floats::to_u64;
use crate::page_alloc::PageAlloc;
use crate::page_cache::PageCache;
use crate::throw::throw;

/// Where the reservations of address space begin, and where they end.
const RESERVATIONS: (u64, u64) = (1 << 44, 1 << 47);
/// Most chunks that a heap may have in use once a span has grown it.
const CHUNK_COUNT_MAX: u64 = 1 << 20;
/// A goal that is never missed.
pub const NO_GOAL: u64 = u64::MAX;

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
    /// Bytes that the heap has of the operating system.
    pub fn heap_retained(&self) -> u64 {
        self.heap_sys.wrapping_sub(self.heap_released)
    }

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

/// That a span would grow the heap beyond what it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

/// A page allocator and its callers' state.
#[derive(Debug)]
pub struct Heap {
    /// The page allocator.
    pub pages: PageAlloc,
    /// Address space `[base, end)` that is reserved and not used yet.
    pub cur_arena: (u64, u64),
    /// Where the next reservation is looked for.
    cursor: u64,
    /// What the scavenger brings `heap_retained` down to.
    pub scavenge_goal: u64,
    /// `heap_inuse` at the end of the last mark phase.
    pub last_heap_inuse: u64,
}

impl Heap {
    /// A heap without any memory.
    pub fn new(phys: PhysPages) -> Self {
        let pages = PageAlloc::new(phys);
        Self { pages, cur_arena: (0, 0), cursor: RESERVATIONS.0, scavenge_goal: NO_GOAL, last_heap_inuse: 0 }
    }

    /// Grows the heap by `chunk_count` new chunks from `first` on, with their arenas; returns whether it did: not if one
    /// of them is in use, or reserved for spans.
    pub fn grow_chunks(&mut self, first: u64, chunk_count: u64) -> bool {
        let (base, size) = (chunk_base(first), chunk_count * CHUNK_BYTES);
        let is_reserved = base < self.cur_arena.1 && self.cur_arena.0 < base.wrapping_add(size);
        if is_reserved || self.pages.chunks.range(first..first + chunk_count).next().is_some() {
            return false;
        }
        let last = OffAddr(base).plus(size - 1);
        self.pages.arenas.extend(OffAddr(base).offset() / ARENA_BYTES..=last.offset() / ARENA_BYTES);
        self.map(base, size);
        true
    }

    /// Allocates pages for a span; returns their address and how many bytes of them were scavenged.
    pub fn alloc(&mut self, npages: u64) -> Option<(u64, u64)> {
        let found = self.pages.alloc(npages)?;
        self.pages.stats.count_span(npages * PAGE_SIZE, found.1);
        Some(found)
    }

    /// Allocates pages for a span from a cache; returns the same.
    pub fn alloc_from(&mut self, cache: &mut PageCache, npages: u64) -> Option<(u64, u64)> {
        let found = cache.alloc(npages)?;
        self.pages.stats.count_span(npages * PAGE_SIZE, found.1);
        Some(found)
    }

    /// Frees pages of a span.
    pub fn free(&mut self, base: u64, npages: u64) {
        let stats = &mut self.pages.stats;
        stats.heap_inuse = stats.heap_inuse.wrapping_sub(npages * PAGE_SIZE);
        self.pages.free(base, npages, false);
    }

    /// Allocates pages for a span, and grows the heap if there are none. Returns address, scavenged bytes and growth in
    /// bytes; nothing if the heap cannot grow.
    pub fn alloc_span(&mut self, npages: u64) -> Result<Option<(u64, u64, u64)>, TooLarge> {
        let (found, growth) = match self.pages.alloc(npages) {
            Some(found) => (found, 0),
            None => {
                let Some(growth) = self.grow(npages)? else { return Ok(None) };
                let found = self.pages.alloc(npages);
                (found.unwrap_or_else(|| throw("grew heap, but no adequate free space found")), growth)
            }
        };
        let wanted = self.pages.stats.heap_retained().wrapping_add(growth);
        if growth > 0 && wanted > self.scavenge_goal {
            self.pages.scavenge(growth.min(wanted - self.scavenge_goal));
        }
        self.pages.stats.count_span(npages * PAGE_SIZE, found.1);
        Ok(Some((found.0, found.1, growth)))
    }

    /// Grows by room for `npages`, from the current arena or a new one; returns by how many bytes.
    fn grow(&mut self, npages: u64) -> Result<Option<u64>, TooLarge> {
        let ask = align_up(npages, CHUNK_PAGES as u64) * PAGE_SIZE;
        let left = self.cur_arena.1 - self.cur_arena.0;
        self.check_room(if ask > left { ask + left } else { ask })?;
        let mut growth = 0;
        if ask > left {
            let Some((base, size)) = self.reserve(ask) else {
                let in_use = self.pages.stats.heap_sys;
                self.pages.trace.printed +=
                    &format!("runtime: out of memory: cannot allocate {ask}-byte block ({in_use} in use)\n");
                return Ok(None);
            };
            if base == self.cur_arena.1 {
                self.cur_arena.1 += size;
            } else {
                if left > 0 {
                    self.map(self.cur_arena.0, left);
                    growth += left;
                }
                self.cur_arena = (base, base + size);
            }
        }
        let base = self.cur_arena.0;
        self.cur_arena.0 += ask;
        self.map(base, ask);
        Ok(Some(growth + ask))
    }

    fn check_room(&self, byte_count: u64) -> Result<(), TooLarge> {
        let chunk_count = self.pages.chunks.len() as u64 + byte_count / CHUNK_BYTES;
        if chunk_count > CHUNK_COUNT_MAX {
            return Err(TooLarge);
        }
        Ok(())
    }

    /// Reserves the lowest arenas at or above the cursor that nobody has; returns base and size.
    fn reserve(&mut self, byte_count: u64) -> Option<(u64, u64)> {
        let size = align_up(byte_count, ARENA_BYTES);
        let mut base = self.cursor;
        while base + size <= RESERVATIONS.1 {
            let arenas = OffAddr(base).offset() / ARENA_BYTES..OffAddr(base + size).offset() / ARENA_BYTES;
            match arenas.clone().rev().find(|arena| self.pages.arenas.contains(arena)) {
                Some(taken) => base = OffAddr::MIN.plus((taken + 1) * ARENA_BYTES).0,
                None => {
                    self.pages.arenas.extend(arenas);
                    self.cursor = base + size;
                    return Some((base, size));
                }
            }
        }
        None
    }

    /// Counts address space that is ready for use now, and hands it to the page allocator.
    fn map(&mut self, base: u64, size: u64) {
        debug_assert_eq!(chunk_base(chunk_index(base)), base);
        self.pages.stats.count_grown(size);
        self.pages.grow(base, size);
    }

    /// Sets the scavenger's goal: of what was in use, as much more as the heap may grow, and a tenth.
    pub fn pace_scavenger(&mut self, heap_goal: u64, last_heap_goal: u64) {
        self.scavenge_goal = NO_GOAL;
        if last_heap_goal == 0 {
            return;
        }
        let phys = self.pages.phys.size;
        let ratio = heap_goal as f64 / last_heap_goal as f64;
        let wanted = to_u64(self.last_heap_inuse as f64 * ratio);
        let goal = align_up(wanted.wrapping_add(wanted / 10), phys);
        let retained = self.pages.stats.heap_retained();
        if retained > goal && retained - goal >= phys {
            self.scavenge_goal = goal;
        }
    }

    /// The end of a mark phase: what is in use now is what the next goals are made of.
    pub fn mark_termination(&mut self, heap_goal: u64, last_heap_goal: u64) {
        self.last_heap_inuse = self.pages.stats.heap_inuse;
        self.pace_scavenger(heap_goal, last_heap_goal);
    }

    /// Gives everything back that can be.
    pub fn scavenge_all(&mut self) {
        self.pages.scavenge_start_gen();
        let released = self.pages.scavenge(u64::MAX);
        if self.pages.trace.is_on {
            self.pages.print_scav_trace(self.pages.scav.gen, released, true);
        }
    }
}
