/* The rules of mpallocbits.go and of the searches in mgcscavenge.go, page by page where that is clearest.

   A fault can be planted: -DPLANT=1 to 3. It must be found. */
#include "page_bits.h"

#ifndef PLANT
#define PLANT 0
#endif

/* The bits of word w that lie in [i, i+n). */
static uint64_t range_in_word(unsigned w, uint64_t i, uint64_t n)
{
    uint64_t low = 64 * w, high = low + 64;
    uint64_t from = i > low ? i : low, to = i + n < high ? i + n : high;
    if (from >= to)
        return 0;
    return UINT64_MAX >> (64 - (to - from)) << (from - low);
}

static uint64_t align_up(uint64_t n, uint64_t alignment) { return (n + alignment - 1) / alignment * alignment; }

bool page_bits_get(const page_bits *bits, uint64_t i) { return bits->words[i / 64] >> (i % 64) & 1; }

uint64_t page_bits_block64(const page_bits *bits, uint64_t i) { return bits->words[i / 64]; }

void page_bits_set_range(page_bits *bits, uint64_t i, uint64_t n)
{
    for (unsigned w = 0; w < CHUNK_WORDS; w++)
        bits->words[w] |= range_in_word(w, i, n);
}

void page_bits_clear_range(page_bits *bits, uint64_t i, uint64_t n)
{
    for (unsigned w = 0; w < CHUNK_WORDS; w++)
        bits->words[w] &= ~range_in_word(w, i, n);
}

void page_bits_set_block64(page_bits *bits, uint64_t i, uint64_t v) { bits->words[i / 64] |= v; }

void page_bits_clear_block64(page_bits *bits, uint64_t i, uint64_t v) { bits->words[i / 64] &= ~v; }

uint64_t page_bits_popcnt_range(const page_bits *bits, uint64_t i, uint64_t n)
{
    uint64_t count = 0;
    for (uint64_t page = i; page < i + n; page++)
        count += page_bits_get(bits, page);
    return count;
}

uint64_t palloc_bits_summarize(const page_bits *allocated)
{
    uint64_t start = CHUNK_PAGES, longest = 0, run = 0;
    for (uint64_t page = 0; page < CHUNK_PAGES; page++) {
        if (page_bits_get(allocated, page)) {
            if (start == CHUNK_PAGES)
                start = run;
            run = 0;
        } else {
            run++;
#if PLANT == 1
            if (page == CHUNK_PAGES - 1)
                break;
#endif
            if (run > longest)
                longest = run;
        }
    }
    return start | longest << 21 | run << 42;
}

uint64_t palloc_bits_find(const page_bits *allocated, uint64_t npages, uint64_t search_idx, uint64_t *first_free)
{
    uint64_t run = 0;
    *first_free = NOT_FOUND;
#if PLANT == 2
    for (uint64_t page = search_idx; page < CHUNK_PAGES; page++) {
#else
    for (uint64_t page = search_idx / 64 * 64; page < CHUNK_PAGES; page++) {
#endif
        if (page_bits_get(allocated, page)) {
            run = 0;
            continue;
        }
        if (*first_free == NOT_FOUND)
            *first_free = page;
        if (++run == npages)
            return page + 1 - npages;
    }
    return NOT_FOUND;
}

uint64_t find_bit_range64(uint64_t c, uint64_t n)
{
    uint64_t run = 0;
    for (uint64_t bit = 0; bit < 64; bit++) {
        run = c >> bit & 1 ? run + 1 : 0;
        if (run == n)
            return bit + 1 - n;
    }
    return 64;
}

uint64_t fill_aligned(uint64_t x, uint64_t m)
{
    uint64_t group = UINT64_MAX >> (64 - m);
    for (uint64_t bit = 0; bit < 64; bit += m)
        if (x >> bit & group)
            x |= group << bit;
    return x;
}

/* Whether the aligned group of min pages that ends before page `end` is free and not scavenged. */
static bool is_candidate(const page_bits *allocated, const page_bits *scavenged, uint64_t end, uint64_t min)
{
    return page_bits_popcnt_range(allocated, end - min, min) + page_bits_popcnt_range(scavenged, end - min, min) == 0;
}

bool has_scavenge_candidate(const page_bits *allocated, const page_bits *scavenged, uint64_t min)
{
    for (uint64_t end = CHUNK_PAGES; end > 0; end -= min)
        if (is_candidate(allocated, scavenged, end, min))
            return true;
    return false;
}

page_run find_scavenge_candidate(const page_bits *allocated, const page_bits *scavenged, uint64_t search_idx,
                                 uint64_t min, uint64_t max, uint64_t phys_page_size, uint64_t phys_huge_page_size)
{
    page_run found = {0, 0};
    uint64_t end = (search_idx / 64 + 1) * 64, lowest;
    while (end > 0 && !is_candidate(allocated, scavenged, end, min))
        end -= min;
    if (end == 0)
        return found;
    for (lowest = end - min; lowest > 0 && is_candidate(allocated, scavenged, lowest, min);)
        lowest -= min;

    /* At least one group, and whole ones; a max beyond the chunk takes all, before rounding it up could wrap. */
    max = max == 0 ? min : max > CHUNK_PAGES ? CHUNK_PAGES : align_up(max, min);
    found.size = end - lowest < max ? end - lowest : max;
    found.start = end - found.size;

#if PLANT != 3
    if (phys_huge_page_size > PAGE_SIZE && phys_huge_page_size > phys_page_size) {
        uint64_t huge_pages = phys_huge_page_size / PAGE_SIZE;
        uint64_t below = found.start / huge_pages * huge_pages;
        /* Only a huge page that lies in the run as a whole is kept whole. */
        if (align_up(found.start, huge_pages) <= end && below >= lowest) {
            found.size += found.start - below;
            found.start = below;
        }
    }
#else
    (void)phys_page_size, (void)phys_huge_page_size;
#endif
    return found;
}
