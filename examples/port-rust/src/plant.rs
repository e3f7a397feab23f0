//! Faults that can be planted in this port, to show that the harness finds them. Each is a slip that porting invites.

use std::sync::atomic::{AtomicU8, Ordering};

/// A slip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Plant {
    /// 1: `(1 << n) - 1` with n = 64. Go shifts the one out and gets all ones; Rust and C shift modulo 64 and get none.
    FullWordShift = 1,
    /// 2: addresses in a set of ranges are compared as they are, not by their place in the offset address space.
    RawAddressOrder = 2,
    /// 3: the mark of the highest page freed is kept as the address behind it, as half-open ranges suggest.
    HalfOpenFreeMark = 3,
    /// 4: a region of 2^21 pages that is wholly free is packed like any other; its counts do not fit their fields.
    NoFreeSentinel = 4,
    /// 5: the search for something to scavenge begins at the page that it is given, and not at the end of its word.
    SearchFromPage = 5,
    /// 6: the controller multiplies and adds in one step, with one rounding, as `mul_add` does and some linters advise.
    FusedMultiplyAdd = 6,
}

static PLANTED: AtomicU8 = AtomicU8::new(0);

/// Plants the fault of that number for as long as the process runs; 0 plants none.
pub fn plant(number: u8) {
    PLANTED.store(number, Ordering::Relaxed);
}

/// Whether this fault is planted.
pub fn planted(fault: Plant) -> bool {
    PLANTED.load(Ordering::Relaxed) == fault as u8
}
