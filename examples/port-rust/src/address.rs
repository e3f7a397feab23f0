//! Addresses, chunks, and the arithmetic that leads from one to the other.
//!
//! All of it is modulo 2^64. The address space begins in its middle, at `ARENA_BASE_OFFSET`: what is called the *offset*
//! address space counts from there, so that indices are small and the upper half comes first.

/// Bytes in a page.
pub const PAGE_SIZE: u64 = 8192;
/// Pages in a chunk.
pub const CHUNK_PAGES: usize = 512;
/// Bytes in a chunk.
pub const CHUNK_BYTES: u64 = CHUNK_PAGES as u64 * PAGE_SIZE;
/// Bytes in an arena, the unit in which address space is reserved.
pub const ARENA_BYTES: u64 = 64 << 20;
/// Where the offset address space begins.
pub const ARENA_BASE_OFFSET: u64 = 0xffff_8000_0000_0000;

/// Levels of the summary tree, root first.
pub const LEVELS: usize = 5;
/// For each level, the logarithm of the number of entries in one of its blocks.
pub const LEVEL_BITS: [u32; LEVELS] = [14, 3, 3, 3, 3];
/// For each level, the logarithm of the bytes that one entry covers.
pub const LEVEL_SHIFT: [u32; LEVELS] = [34, 31, 28, 25, 22];
/// For each level, the logarithm of the pages that one entry covers.
pub const LEVEL_LOG_PAGES: [u32; LEVELS] = [21, 18, 15, 12, 9];

const L2_BITS: u32 = 13;

/// An address that is ordered by its place in the offset address space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct OffAddr(pub u64);

impl OffAddr {
    /// The lowest address.
    pub const MIN: Self = Self(ARENA_BASE_OFFSET);
    /// The highest address; it belongs to the address space.
    pub const MAX: Self = Self(0x0000_7fff_ffff_ffff);

    /// Distance from the start of the offset address space.
    pub fn offset(self) -> u64 {
        self.0.wrapping_sub(ARENA_BASE_OFFSET)
    }

    /// The address so many bytes above.
    pub fn plus(self, byte_count: u64) -> Self {
        Self(self.0.wrapping_add(byte_count))
    }

    /// The address so many bytes below.
    pub fn minus(self, byte_count: u64) -> Self {
        Self(self.0.wrapping_sub(byte_count))
    }
}

impl Ord for OffAddr {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.offset().cmp(&other.offset())
    }
}

impl PartialOrd for OffAddr {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The next multiple of `unit`, a power of two, at or above `value`; it wraps.
pub fn align_up(value: u64, unit: u64) -> u64 {
    align_down(value.wrapping_add(unit - 1), unit)
}

/// The next multiple of `unit`, a power of two, at or below `value`.
pub fn align_down(value: u64, unit: u64) -> u64 {
    value & !(unit - 1)
}

/// Index of the chunk that holds `address`, counted in the offset address space.
pub fn chunk_index(address: u64) -> u64 {
    OffAddr(address).offset() / CHUNK_BYTES
}

/// Address of the first byte of a chunk.
pub fn chunk_base(chunk: u64) -> u64 {
    chunk.wrapping_mul(CHUNK_BYTES).wrapping_add(ARENA_BASE_OFFSET)
}

/// Which page of its chunk `address` lies in.
pub fn chunk_page_index(address: u64) -> usize {
    (address % CHUNK_BYTES / PAGE_SIZE) as usize
}

/// Go's position of a chunk in the outer of its two tables.
pub fn chunk_l1(chunk: u64) -> u64 {
    chunk >> L2_BITS
}

/// Go's position of a chunk in its inner table.
pub fn chunk_l2(chunk: u64) -> u64 {
    chunk & ((1 << L2_BITS) - 1)
}

/// Index of the entry of `level` that covers `address`.
pub fn off_addr_to_level_index(level: usize, address: OffAddr) -> u64 {
    address.offset() >> LEVEL_SHIFT[level]
}

/// Where the entry `index` of `level` begins to cover.
pub fn level_index_to_off_addr(level: usize, index: u64) -> OffAddr {
    OffAddr::MIN.plus(index << LEVEL_SHIFT[level])
}

/// The entries `[lo, hi)` of `level` that cover some byte of `[base, limit)`.
pub fn addrs_to_summary_range(level: usize, base: u64, limit: u64) -> (u64, u64) {
    // The last byte decides: a limit may be the end of the address space, which has no entry.
    let last = OffAddr(limit).minus(1);
    (off_addr_to_level_index(level, OffAddr(base)), off_addr_to_level_index(level, last) + 1)
}

/// `[lo, hi)` widened to whole blocks of `level`.
pub fn block_align_summary_range(level: usize, lo: u64, hi: u64) -> (u64, u64) {
    let block = 1 << LEVEL_BITS[level];
    (align_down(lo, block), align_up(hi, block))
}
