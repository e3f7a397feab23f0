//! Speaks scavdiff's protocol for a port that is written in Rust.
//!
//! A port implements [`Port`] and calls [`serve`]. Everything else is done here: messages and their framing, the slots of
//! programs, failures, and observations that say only what changed. Nothing here knows how a page heap works.

// Messages are made with their defaults also where nothing is left to default: the protocol may gain fields.
#![allow(clippy::needless_update)]

use std::any::Any;

mod checking;
mod observing;
mod programs;
mod serving;
mod wire;
mod words;

pub use serving::serve;
pub use wire::{Capability, Function};
pub use words::IntoWords;

const ADDRESS_MAX: u64 = 0x7fff_ffff_ffff;

/// The levels of a port, lowest first; one that can do the first four announces `&LEVELS[..4]`. What is outside the contract
/// is not one of them.
pub const LEVELS: [Capability; 7] = [
    Capability::Bits,
    Capability::Ranges,
    Capability::Summaries,
    Capability::PageAllocator,
    Capability::PageCache,
    Capability::Scavenge,
    Capability::Pacing,
];

/// A failure of Go's run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// `throw`, with Go's text.
    Throw(&'static str),
    /// An integer divided by zero.
    Divide,
}

/// An address, and how many bytes behind it were scavenged.
pub type Allocated = Option<(u64, u64)>;

/// A page cache in words: base, free pages, scavenged pages.
pub type CacheWords = [u64; 3];

/// Bitmaps of a chunk: allocated pages, scavenged pages; lowest pages first.
pub type ChunkWords = [[u64; 8]; 2];

/// A range of addresses, `[base, limit)`.
pub type Range = (u64, u64);

/// A page heap under test. `docs/programs.md` has the rule of every operation; the statistics are kept here, too.
///
/// What a level needs that the port does not announce is never called, and need not be written.
#[allow(unused_variables)]
pub trait Port: Sized {
    /// Short name, for reports.
    const NAME: &'static str;
    /// What the port can do.
    const CAPABILITIES: &'static [Capability];
    /// A page cache; `()` below level 5.
    type Cache;

    /// A clean page heap.
    fn new(phys_page_size: u64, phys_huge_page_size: u64) -> Self;

    /// The failure of Go's run time that a panic with this payload stands for, if any. Other panics are told as they are.
    fn failure(payload: &dyn Any) -> Option<Failure> {
        None
    }

    /// Levels 1 to 3: calls one function, words in, words out.
    fn call(&mut self, function: Function, words: &[u64]) -> Vec<u64>;

    /// Level 4: grows by chunks; returns whether it did. `first` is an index in the offset address space.
    fn grow(&mut self, first: u64, chunk_count: u64) -> bool {
        unimplemented!("grow")
    }
    /// Level 4: allocates a span.
    fn alloc(&mut self, page_count: u64) -> Allocated {
        unimplemented!("alloc")
    }
    /// Level 4: frees pages of a span.
    fn free(&mut self, address: u64, page_count: u64) {
        unimplemented!("free")
    }
    /// Level 4: the whole state but for chunks and summaries.
    fn state(&self) -> State {
        State::default()
    }
    /// Level 4: the chunks in use, by ascending index.
    fn chunks_in_use(&self) -> Vec<u64> {
        Vec::new()
    }
    /// Level 4: chunks in use among which all are whose bitmaps or summaries may have changed since it was last asked for.
    fn take_touched(&mut self) -> Vec<u64> {
        self.chunks_in_use()
    }
    /// Level 4: the bitmaps of a chunk in use.
    fn chunk(&self, index: u64) -> ChunkWords {
        unimplemented!("chunk")
    }
    /// Level 4: a summary above a chunk in use.
    fn summary(&self, level: usize, index: u64) -> u64 {
        unimplemented!("summary")
    }

    /// Level 5: fills a cache.
    fn cache(&mut self) -> Self::Cache {
        unimplemented!("cache")
    }
    /// Level 5: what a cache holds.
    fn cache_words(cache: &Self::Cache) -> CacheWords {
        unimplemented!("cache_words")
    }
    /// Level 5: allocates a span from a cache.
    fn cache_alloc(&mut self, cache: &mut Self::Cache, page_count: u64) -> Allocated {
        unimplemented!("cache_alloc")
    }
    /// Level 5: gives back what a cache holds.
    fn flush(&mut self, cache: &mut Self::Cache) {
        unimplemented!("flush")
    }

    /// Level 6: starts a generation.
    fn start_gen(&mut self) {
        unimplemented!("start_gen")
    }
    /// Level 6: scavenges; returns how many bytes it released. `counted` adds them to `scav.released`.
    fn scavenge(&mut self, byte_count: u64, counted: bool) -> u64 {
        unimplemented!("scavenge")
    }
    /// Level 6: reserves a range, in some generation.
    fn reserve(&mut self) -> (Range, u32) {
        unimplemented!("reserve")
    }
    /// Level 6: scavenges one run of a range; returns how many bytes it released, and the rest.
    fn scavenge_one(&mut self, range: Range, byte_count_max: u64) -> (u64, Range) {
        unimplemented!("scavenge_one")
    }
    /// Level 6: gives back what is left of a reservation.
    fn unreserve(&mut self, range: Range, generation: u32) {
        unimplemented!("unreserve")
    }

    /// Level 7: allocates a span, growing the heap for it; returns address, scavenged bytes and growth. An error says why
    /// the heap may not have so many chunks.
    fn span(&mut self, page_count: u64) -> Result<Option<(u64, u64, u64)>, String> {
        unimplemented!("span")
    }
    /// Level 7: carries out another operation of pacing; returns its words, or `None` if there was nothing to do.
    fn pacing(&mut self, operation: &PacingOperation) -> Option<Vec<u64>> {
        unimplemented!("{operation:?}")
    }
    /// Level 7: the state of pacing.
    fn pacing_state(&self) -> PacingState {
        PacingState::default()
    }
    /// What was printed since it was last asked for.
    fn take_printed(&mut self) -> String {
        String::new()
    }
}

/// A set of ranges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RangeSet {
    /// The ranges, lowest first.
    pub ranges: Vec<Range>,
    /// The sum of their sizes, as the set keeps it.
    pub total_bytes: u64,
}

/// The state of a page heap but for chunks and summaries: `docs/programs.md`, section Observation. By default it is that of
/// a clean page heap, which is all that a port of levels 1 to 3 must tell.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct State {
    pub search_addr: u64,
    pub start: u64,
    pub end: u64,
    pub in_use: RangeSet,
    pub summary_lengths: [u64; 5],
    pub scav_in_use: RangeSet,
    pub scav_gen: u32,
    pub scav_reservation_bytes: u64,
    pub scav_released: u64,
    pub scav_lwm: u64,
    pub free_hwm: u64,
    pub heap_sys: u64,
    pub heap_released: u64,
    pub heap_inuse: u64,
    pub stats_committed: u64,
    pub stats_released: u64,
}

impl Default for State {
    fn default() -> Self {
        Self {
            search_addr: ADDRESS_MAX,
            start: 0,
            end: 0,
            in_use: RangeSet::default(),
            summary_lengths: [0; 5],
            scav_in_use: RangeSet::default(),
            scav_gen: 0,
            scav_reservation_bytes: 0,
            scav_released: 0,
            scav_lwm: ADDRESS_MAX,
            free_hwm: 0,
            heap_sys: 0,
            heap_released: 0,
            heap_inuse: 0,
            stats_committed: 0,
            stats_released: 0,
        }
    }
}

/// An operation of pacing that needs no slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum PacingOperation {
    Tick { duration_ns: u64 },
    Timer,
    Sysmon,
    Wake,
    Ready,
    Gomaxprocs(u64),
    ScavengeCost { cost_ns: u64 },
    Faketime(bool),
    Scavtrace(bool),
    Pace { heap_goal: u64, last_heap_goal: u64 },
    MarkTermination { heap_goal: u64, last_heap_goal: u64 },
    SweepDone,
    Gc { heap_goal: u64, last_heap_goal: u64 },
    ScavengeAll,
    HeapRetained,
    PrintScavTrace { generation: u32, released: u64, forced: bool },
}

/// The state of pacing, in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct PacingState {
    pub last_heap_inuse: u64,
    pub scavenge_goal: u64,
    pub cur_arena: Range,
    pub now_ns: u64,
    pub background_started: bool,
    pub scavenge_parked: bool,
    pub scavenge_timer_ns: u64,
    pub scavenge_sysmon_wake: bool,
    pub scavenge_print_controller_reset: bool,
    pub crit_sleep_ratio: u64,
    pub controller_err_integral: u64,
    pub controller_err_overflow: bool,
    pub controller_input_overflow: bool,
    pub controller_cooldown_ns: u64,
}
