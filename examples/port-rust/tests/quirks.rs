//! What looks wrong in Go 1.18's page heap, and is what it does.

use pageheap::address::{chunk_base, OffAddr, CHUNK_PAGES, PAGE_SIZE};
use pageheap::chunk::PhysPages;
use pageheap::heap::Heap;

const BASE_CHUNK: u64 = 0x200_c000;
const ALL: u64 = u64::MAX;

/// A heap of so many chunks, all allocated.
fn full_heap(chunk_count: u64) -> Heap {
    let mut heap = Heap::new(PhysPages { size: 4096, huge_size: 2 << 20 });
    assert!(heap.grow_chunks(BASE_CHUNK, chunk_count));
    assert!(heap.alloc(chunk_count * CHUNK_PAGES as u64).is_some());
    heap
}

fn page(chunk: u64, page: u64) -> u64 {
    chunk_base(BASE_CHUNK + chunk) + page * PAGE_SIZE
}

#[test]
fn what_a_cache_gives_back_is_hidden_for_a_generation() {
    let mut heap = full_heap(2);
    heap.free(page(1, 0), 64);
    let mut cache = heap.pages.alloc_to_cache();
    heap.pages.scavenge_start_gen();
    heap.free(page(0, 5), 1);
    heap.pages.scavenge_start_gen();
    assert_eq!(heap.pages.scavenge(ALL), PAGE_SIZE);
    cache.flush(&mut heap.pages);
    heap.pages.scavenge_start_gen();
    assert_eq!(heap.pages.scavenge(ALL), 0);
    heap.pages.scavenge_start_gen();
    assert_eq!(heap.pages.scavenge(ALL), 64 * PAGE_SIZE);
}

#[test]
fn the_highest_byte_freed_is_used_as_a_limit() {
    let mut heap = full_heap(1);
    heap.free(page(0, 0), 1);
    heap.pages.scavenge_start_gen();
    assert_eq!(heap.pages.scavenge(ALL), PAGE_SIZE);
    heap.free(page(0, 1), 2);
    heap.pages.scavenge_start_gen();
    assert_eq!(heap.pages.scav.in_use.total_bytes, 3 * PAGE_SIZE - 1);
}

#[test]
fn a_stale_reservation_is_lost() {
    let mut heap = full_heap(2);
    heap.free(page(1, 0), CHUNK_PAGES as u64);
    heap.free(page(0, 0), 8);
    heap.pages.scavenge_start_gen();
    let (reserved, generation) = heap.pages.scavenge_reserve();
    assert_eq!(reserved.base, OffAddr(page(1, 0)));
    assert_eq!(heap.pages.scavenge(ALL), 8 * PAGE_SIZE);
    heap.pages.scavenge_start_gen();
    heap.pages.scavenge_unreserve(reserved, generation);
    assert_eq!(heap.pages.scavenge(ALL), 0);
}

#[test]
fn a_huge_page_is_given_back_whole() {
    let mut heap = full_heap(1);
    heap.free(page(0, 0), CHUNK_PAGES as u64);
    heap.pages.scavenge_start_gen();
    assert_eq!([1, 1, 1].map(|bytes| heap.pages.scavenge(bytes)), [2 << 20, 2 << 20, 0]);
}

#[test]
fn nothing_is_scavenged_before_the_first_generation() {
    let mut heap = full_heap(1);
    heap.free(page(0, 0), CHUNK_PAGES as u64);
    assert_eq!(heap.pages.scavenge(ALL), 0);
}

#[test]
fn the_upper_half_of_the_address_space_comes_first() {
    let mut heap = full_heap(1);
    assert!(heap.grow_chunks(0x1ff_fffe, 1));
    assert_eq!(heap.alloc(1).map(|found| found.0), Some(chunk_base(0x1ff_fffe)));
    assert!(!heap.grow_chunks(0x1ff_fffd, 2), "a chunk of it is in use");
}
