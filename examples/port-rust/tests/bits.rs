//! Bitmap searches against the same said slowly, page by page.

use pageheap::address::CHUNK_PAGES;
use pageheap::bits::{fill_aligned, find_bit_range64, PageBits};
use pageheap::chunk::{PallocData, PhysPages};
use pageheap::summary::{merge_summaries, PallocSum};

const ROUNDS: usize = 2000;

/// A bitmap of some runs; long ones are as likely as short ones.
fn some_bits(random: &mut fastrand::Rng) -> PageBits {
    let mut bits = PageBits::default();
    for _ in 0..random.usize(0..12) {
        let i = random.usize(0..CHUNK_PAGES);
        bits.set_range(i, random.usize(1..=CHUNK_PAGES - i) >> random.u32(0..9).min(8));
    }
    bits
}

fn pages(bits: &PageBits) -> Vec<bool> {
    (0..CHUNK_PAGES).map(|page| bits.get(page)).collect()
}

/// Lengths of the runs of clear bits, with where they begin.
fn free_runs(pages: &[bool]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (page, used) in pages.iter().enumerate() {
        match runs.last_mut() {
            Some((start, length)) if !used && *start + *length == page => *length += 1,
            _ if !used => runs.push((page, 1)),
            _ => (),
        }
    }
    runs
}

#[test]
fn ranges_are_set_cleared_and_counted_page_by_page() {
    let random = &mut fastrand::Rng::with_seed(1);
    for _ in 0..ROUNDS {
        let bits = some_bits(random);
        let i = random.usize(0..CHUNK_PAGES);
        let n = random.usize(1..=CHUNK_PAGES - i);
        let (mut set, mut cleared) = (bits, bits);
        set.set_range(i, n);
        cleared.clear_range(i, n);
        let inside = |page: usize| (i..i + n).contains(&page);
        for page in 0..CHUNK_PAGES {
            assert_eq!(set.get(page), inside(page) || bits.get(page));
            assert_eq!(cleared.get(page), !inside(page) && bits.get(page));
        }
        assert_eq!(bits.popcnt_range(i, n), (i..i + n).filter(|page| bits.get(*page)).count());
    }
}

#[test]
fn a_summary_tells_the_first_the_longest_and_the_last_run() {
    let random = &mut fastrand::Rng::with_seed(2);
    for _ in 0..ROUNDS {
        let bits = some_bits(random);
        let runs = free_runs(&pages(&bits));
        let start = runs.first().filter(|run| run.0 == 0).map_or(0, |run| run.1);
        let max = runs.iter().map(|run| run.1).max().unwrap_or(0);
        let end = runs.last().filter(|run| run.0 + run.1 == CHUNK_PAGES).map_or(0, |run| run.1);
        assert_eq!(bits.summarize().unpack(), (start as u64, max as u64, end as u64));
    }
}

#[test]
fn a_search_begins_at_a_word_and_takes_the_first_run_that_fits() {
    let random = &mut fastrand::Rng::with_seed(3);
    for _ in 0..ROUNDS {
        let bits = some_bits(random);
        let (npages, search_idx) = (random.usize(1..=CHUNK_PAGES), random.usize(0..CHUNK_PAGES));
        let from = search_idx / 64 * 64;
        let runs = free_runs(&pages(&bits)[from..]);
        let found = runs.iter().find(|run| run.1 >= npages).map(|run| from + run.0);
        assert_eq!(bits.find(npages, search_idx), (found, runs.first().map(|run| from + run.0)));
    }
}

#[test]
fn words_are_searched_and_filled_bit_by_bit() {
    let random = &mut fastrand::Rng::with_seed(4);
    for _ in 0..ROUNDS {
        let x = random.u64(..) & random.u64(..) | random.u64(..).checked_shl(random.u32(0..65)).unwrap_or(0);
        let n = random.usize(1..=64);
        let starts_run = |i: &usize| (*i..i + n).all(|bit| x >> bit & 1 == 1);
        assert_eq!(find_bit_range64(x, n), (0..=64 - n).find(starts_run).unwrap_or(64));
        let m = 1 << random.u32(0..=6);
        let filled = fill_aligned(x, m);
        for bit in 0..64 {
            let group = bit / m * m;
            assert_eq!(filled >> bit & 1 == 1, (group..group + m).any(|other| x >> other & 1 == 1));
        }
    }
}

#[test]
fn merging_summaries_is_summarising_what_they_tell_of() {
    let random = &mut fastrand::Rng::with_seed(5);
    for _ in 0..ROUNDS / 10 {
        let chunks: Vec<PageBits> = (0..8)
            .map(|_| if random.bool() { some_bits(random) } else { PageBits([random.i64(-1..=0) as u64; 8]) })
            .collect();
        let merged = merge_summaries(&chunks.iter().map(PageBits::summarize).collect::<Vec<_>>(), 9);
        let all: Vec<bool> = chunks.iter().flat_map(pages).collect();
        let runs = free_runs(&all);
        let start = runs.first().filter(|run| run.0 == 0).map_or(0, |run| run.1);
        let max = runs.iter().map(|run| run.1).max().unwrap_or(0);
        let end = runs.last().filter(|run| run.0 + run.1 == all.len()).map_or(0, |run| run.1);
        assert_eq!(merged, PallocSum::pack(start as u64, max as u64, end as u64));
    }
}

#[test]
fn a_candidate_is_free_unscavenged_and_may_lie_above_the_search_index() {
    let phys = PhysPages { size: 4096, huge_size: 0 };
    let mut allocated = PageBits::ALL;
    allocated.clear_range(40, 2);
    allocated.clear_range(60, 2);
    let chunk = PallocData { allocated, ..PallocData::default() };
    assert_eq!(chunk.find_scavenge_candidate(41, 1, 1, phys), (61, 1));
    assert_eq!(chunk.find_scavenge_candidate(41, 1, 9, phys), (60, 2));
    assert_eq!(chunk.find_scavenge_candidate(41, 4, 9, phys), (0, 0));
}
