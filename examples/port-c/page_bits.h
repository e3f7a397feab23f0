/* Bitmaps of one chunk: 512 bits, one for each page, and the searches in them. Level 1 of a port. */
#ifndef PAGE_BITS_H
#define PAGE_BITS_H

#include <stdbool.h>
#include <stdint.h>

enum { CHUNK_PAGES = 512, CHUNK_WORDS = CHUNK_PAGES / 64 };

#define NOT_FOUND UINT64_MAX
#define PAGE_SIZE UINT64_C(8192)

/* Page i is bit i % 64 of word i / 64. */
typedef struct {
    uint64_t words[CHUNK_WORDS];
} page_bits;

/* A run of pages: where it starts, and how many they are. */
typedef struct {
    uint64_t start, size;
} page_run;

/* Go: pageBits, mpallocbits.go. Indices are below 512, and so is the last page of a range, which is not empty. */
bool page_bits_get(const page_bits *bits, uint64_t i);
uint64_t page_bits_block64(const page_bits *bits, uint64_t i);
void page_bits_set_range(page_bits *bits, uint64_t i, uint64_t n);
void page_bits_clear_range(page_bits *bits, uint64_t i, uint64_t n);
void page_bits_set_block64(page_bits *bits, uint64_t i, uint64_t v);
void page_bits_clear_block64(page_bits *bits, uint64_t i, uint64_t v);
uint64_t page_bits_popcnt_range(const page_bits *bits, uint64_t i, uint64_t n);

/* Packed: the free pages at the start, the longest free run, the free pages at the end. Go: (*pallocBits).summarize. */
uint64_t palloc_bits_summarize(const page_bits *allocated);

/* The lowest run of npages free pages from the word of search_idx upward, or NOT_FOUND; *first_free becomes the first
   free page of the search, or NOT_FOUND. Go: (*pallocBits).find. */
uint64_t palloc_bits_find(const page_bits *allocated, uint64_t npages, uint64_t search_idx, uint64_t *first_free);

/* The lowest run of n ones in a word, or 64; n is in [1, 64]. Go: findBitRange64. */
uint64_t find_bit_range64(uint64_t c, uint64_t n);

/* x with each aligned group of m bits filled up if any of them is set; m is a power of two up to 64. Go: fillAligned,
   mgcscavenge.go. */
uint64_t fill_aligned(uint64_t x, uint64_t m);

/* Whether an aligned group of min pages is free and not scavenged. Go: (*pallocData).hasScavengeCandidate. */
bool has_scavenge_candidate(const page_bits *allocated, const page_bits *scavenged, uint64_t min);

/* The highest run of such groups from the word of search_idx downward, at most max pages of it unless that would break
   a huge page; of size 0 if there is none. Go: (*pallocData).findScavengeCandidate. */
page_run find_scavenge_candidate(const page_bits *allocated, const page_bits *scavenged, uint64_t search_idx,
                                 uint64_t min, uint64_t max, uint64_t phys_page_size, uint64_t phys_huge_page_size);

#endif
