//! What the scavenger meets outside the page heap: a clock that stands still but while memory is given back, and a place
//! to print to.

use crate::page_alloc::PageAlloc;
use crate::throw::divide_by_zero;

const DEFAULT_PHYS_PAGE_COST_NS: u64 = 10_000;

/// A virtual clock.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Nanoseconds.
    pub now: i64,
    /// What giving back one physical page takes, in nanoseconds.
    pub phys_page_cost_ns: u64,
}

impl Default for Clock {
    fn default() -> Self {
        Self { now: 1, phys_page_cost_ns: DEFAULT_PHYS_PAGE_COST_NS }
    }
}

impl Clock {
    /// Lets the time of giving `page_count` physical pages back pass.
    pub(crate) fn count_released(&mut self, page_count: u64) {
        self.now = self.now.wrapping_add_unsigned(self.phys_page_cost_ns.wrapping_mul(page_count));
    }
}

/// What is printed of the scavenger.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// Whether a generation prints a line when the next begins.
    pub is_on: bool,
    /// Whether the controller was reset since a line told of it.
    pub controller_reset: bool,
    /// What has been printed.
    pub printed: String,
}

impl PageAlloc {
    /// Prints a line about a generation.
    pub fn print_scav_trace(&mut self, gen: u32, released: u64, forced: bool) {
        let retained = self.stats.heap_retained();
        if retained == 0 {
            divide_by_zero();
        }
        let (work, total) = (released >> 10, self.stats.heap_released >> 10);
        let util = self.stats.heap_inuse.wrapping_mul(100) / retained;
        let note = if forced {
            " (forced)"
        } else if std::mem::take(&mut self.trace.controller_reset) {
            " [controller reset]"
        } else {
            ""
        };
        self.trace.printed += &format!("scav {gen} {work} KiB work, {total} KiB total, {util}% util{note}\n");
    }
}
