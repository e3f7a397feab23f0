//! Calls of single functions: words in, words out, as `docs/programs.md` has them.

use crate::pacing::call_controller;
use pageheap::address::*;
use pageheap::bits::{fill_aligned, find_bit_range64, PageBits};
use pageheap::chunk::{PallocData, PhysPages};
use pageheap::ranges::{AddrRange, AddrRanges};
use pageheap::summary::{merge_summaries, PallocSum};
use scavdiff_port::{Function, IntoWords};

/// What a function makes of its arguments.
pub fn call(function: Function, a: &[u64], phys: PhysPages) -> Vec<u64> {
    let n = |i: usize| a[i] as usize;
    let at = |i: usize| OffAddr(a[i]);
    let bits = |i: usize| PageBits(a[i..i + 8].try_into().expect("eight words"));
    let with_bits = |change: fn(&mut PageBits, usize, usize)| {
        let mut bits = bits(0);
        change(&mut bits, n(8), n(9));
        bits.0.into_words()
    };
    let chunk = || PallocData { allocated: bits(0), scavenged: bits(8) };
    let index = || chunk_index(a[0]);
    let sums = || a[1..].iter().copied().map(PallocSum).collect::<Vec<_>>();
    let one = |i: usize| AddrRange::from_ends((a[i], a[i + 1]));
    let set = |i: usize| a[i..].chunks(2).map(|ends| AddrRange::from_ends((ends[0], ends[1]))).collect::<AddrRanges>();
    match function {
        Function::Get => bits(0).get(n(8)).into_words(),
        Function::Block64 => bits(0).block64(n(8)).into_words(),
        Function::SetRange => with_bits(PageBits::set_range),
        Function::ClearRange => with_bits(PageBits::clear_range),
        Function::SetBlock64 => with_bits(|bits, i, v| bits.set_block64(i, v as u64)),
        Function::ClearBlock64 => with_bits(|bits, i, v| bits.clear_block64(i, v as u64)),
        Function::PopcntRange => bits(0).popcnt_range(n(8), n(9)).into_words(),
        Function::Summarize => bits(0).summarize().0.into_words(),
        Function::Find => bits(0).find(n(8), n(9)).into_words(),
        Function::FindBitRange64 => find_bit_range64(a[0], n(1)).into_words(),
        Function::FillAligned => fill_aligned(a[0], n(1)).into_words(),
        Function::HasScavengeCandidate => chunk().has_scavenge_candidate(n(16)).into_words(),
        Function::FindScavengeCandidate => chunk().find_scavenge_candidate(n(16), n(17), a[18], phys).into_words(),
        Function::PackPallocSum => PallocSum::pack(a[0], a[1], a[2]).0.into_words(),
        Function::Unpack => (PallocSum(a[0]).unpack(), PallocSum(a[0]).unpack()).into_words(),
        Function::MergeSummaries => merge_summaries(&sums(), n(0) as u32).0.into_words(),
        Function::ChunkIndex => (index(), chunk_l1(index()), chunk_l2(index())).into_words(),
        Function::ChunkBase => chunk_base(a[0]).into_words(),
        Function::ChunkPageIndex => chunk_page_index(a[0]).into_words(),
        Function::OffAddrToLevelIndex => off_addr_to_level_index(n(0), at(1)).into_words(),
        Function::LevelIndexToOffAddr => level_index_to_off_addr(n(0), a[1]).0.into_words(),
        Function::AddrsToSummaryRange => addrs_to_summary_range(n(0), a[1], a[2]).into_words(),
        Function::BlockAlignSummaryRange => block_align_summary_range(n(0), a[1], a[2]).into_words(),
        Function::MakeAddrRange => (AddrRange::new(a[0], a[1]).ends(), one(0).size()).into_words(),
        Function::RangeContains => one(0).contains(at(2)).into_words(),
        Function::RangeSubtract => one(0).subtract(&one(2)).ends().into_words(),
        Function::RangeRemoveGreaterEqual => one(0).remove_greater_equal(at(2)).ends().into_words(),
        Function::RangesFindSucc => set(1).find_succ(at(0)).into_words(),
        Function::RangesFindAddrGreaterEqual => {
            let found = set(1).find_addr_greater_equal(at(0));
            (found.unwrap_or_default().0, found.is_some()).into_words()
        }
        Function::RangesContains => set(1).contains(at(0)).into_words(),
        Function::RangesAdd => with_set(set(2), |set| set.add(one(0))),
        Function::RangesRemoveLast => with_set(set(1), |set| set.remove_last(a[0]).ends()),
        Function::RangesRemoveGreaterEqual => with_set(set(1), |set| set.remove_greater_equal(at(0))),
        // A copy owes nothing to what its destination held.
        Function::RangesCloneInto => with_set(set(1), |_| ()),
        Function::PiNext | Function::PiReset => call_controller(function, a),
        Function::Unspecified => unimplemented!("{function:?}"),
    }
}

/// What `change` returns, and then the set that it leaves.
fn with_set<R: IntoWords>(mut set: AddrRanges, change: impl FnOnce(&mut AddrRanges) -> R) -> Vec<u64> {
    let result = change(&mut set);
    let ranges: Vec<u64> = set.ranges.iter().flat_map(|range| range.ends().into_words()).collect();
    (result, set.total_bytes, ranges).into_words()
}
