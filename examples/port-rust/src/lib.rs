//! Go 1.18's page heap, in Rust: which pages of the heap are allocated, which the operating system has back, and how
//! both are found fast.
//!
//! The heap grows by *chunks* of 512 pages. Two bitmaps tell of each page of a chunk whether it is allocated and whether
//! it is scavenged, that is, given back. A radix tree of *summaries* above the chunks tells where free pages lie in a
//! row, and `search_addr` below which address there are none. The names are Go's, in Rust's case.
//!
//! Nothing here knows of the harness that compares it: `main.rs` and the modules that only it has are all that do.

pub mod address;
pub mod background;
pub mod bits;
pub mod chunk;
pub mod controller;
pub mod floats;
pub mod heap;
pub mod page_alloc;
pub mod page_cache;
pub mod plant;
pub mod ranges;
pub mod scavenge;
pub mod summary;
pub mod summary_tree;
pub mod surroundings;
pub mod throw;
