/* Holds page_bits to Go: programs come over standard input, transcripts go to standard output (docs/porting.md). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page_bits.h"
#include "wire.h"

enum { CALL = 12, LAST_OPERATION = 40, FUNCTION_COUNT = 13, LAST_FUNCTION = 61, ARGUMENT_COUNT_MAX = 19 };
enum { ID = 1, PHYS_PAGE_SIZE, PHYS_HUGE_PAGE_SIZE, OUTSIDE, INTERVAL, OPERATIONS, PACING };

static const char *const INVALID = "INVALID_ARGUMENT", *const UNIMPLEMENTED = "UNIMPLEMENTED";

/* Calls a function of level 1; how many words it returns in `out`, or -1 if there is none that takes so many. */
static int call(uint64_t function, const uint64_t *words, size_t count, const uint64_t *head, uint64_t *out)
{
    static const size_t takes[] = {0, 9, 9, 10, 10, 10, 10, 10, 8, 10, 2, 2, 17, 19};
    const uint64_t *rest = words + CHUNK_WORDS;
    page_bits bits, scavenged;
    page_run run;
    if (function == 0 || function > FUNCTION_COUNT || count != takes[function])
        return -1;
    memcpy(&bits, words, sizeof bits);
    memcpy(&scavenged, rest, sizeof scavenged);
    switch (function) {
    case 1: out[0] = page_bits_get(&bits, rest[0]); return 1;
    case 2: out[0] = page_bits_block64(&bits, rest[0]); return 1;
    case 3: page_bits_set_range(&bits, rest[0], rest[1]); break;
    case 4: page_bits_clear_range(&bits, rest[0], rest[1]); break;
    case 5: page_bits_set_block64(&bits, rest[0], rest[1]); break;
    case 6: page_bits_clear_block64(&bits, rest[0], rest[1]); break;
    case 7: out[0] = page_bits_popcnt_range(&bits, rest[0], rest[1]); return 1;
    case 8: out[0] = palloc_bits_summarize(&bits); return 1;
    case 9: out[0] = palloc_bits_find(&bits, rest[0], rest[1], &out[1]); return 2;
    case 10: out[0] = find_bit_range64(words[0], words[1]); return 1;
    case 11: out[0] = fill_aligned(words[0], words[1]); return 1;
    case 12: out[0] = has_scavenge_candidate(&bits, &scavenged, words[16]); return 1;
    case 13:
        run = find_scavenge_candidate(&bits, &scavenged, words[16], words[17], words[18], head[PHYS_PAGE_SIZE],
                                      head[PHYS_HUGE_PAGE_SIZE]);
        out[0] = run.start, out[1] = run.size;
        return 2;
    }
    memcpy(out, &bits, sizeof bits);
    return CHUNK_WORDS;
}

/* The whole state of a page heap, which level 1 does not touch: all zero but searchAddr and scavLWM. */
static void put_clean_heap(buffer *to, unsigned number)
{
    static const uint8_t no_ranges[9] = {2 << 3 | FIXED64}, no_lengths[42] = {1 << 3 | LENGTH, 40};
    buffer heap = {0};
    put_number(&heap, 1, true);
    for (unsigned scalar = 4; scalar <= 19; scalar++) {
        if (scalar >= 7 && scalar <= 9)
            put_content(&heap, scalar, scalar == 8 ? no_lengths : no_ranges, scalar == 8 ? 42 : 9);
        else
            put_fixed64(&heap, scalar, scalar == 4 || scalar == 13 ? 0x7FFFFFFFFFFF : 0);
    }
    put_message(to, number, &heap);
}

/* Puts what an operation did; or, if it is none or not one of level 1, returns the status that says so. */
static const char *put_step(buffer *to, reader operation, const uint64_t *head, bool complete)
{
    uint64_t function = 0, count = 0, words[ARGUMENT_COUNT_MAX + 1] = {0}, out[CHUNK_WORDS];
    buffer values = {0}, returned = {0}, outcome = {0}, step = {0};
    field kind, part;
    if (!take_field(&operation, &kind) || kind.number > LAST_OPERATION)
        return INVALID;
    if (kind.number != CALL)
        return UNIMPLEMENTED;
    while (take_field(&kind.content, &part)) {
        if (part.number == 1)
            function = part.value;
        else
            while (part.content.at < part.content.end && count <= ARGUMENT_COUNT_MAX)
                words[count++] = take_word(&part.content);
    }
    if (function > FUNCTION_COUNT && function <= LAST_FUNCTION)
        return UNIMPLEMENTED;
    int word_count = call(function, words, count, head, out);
    if (word_count < 0)
        return INVALID;
    for (int i = 0; i < word_count; i++)
        put_word(&values, out[i]);
    put_message(&returned, 1, &values);
    put_message(&outcome, 2, &returned);
    put_message(&step, 1, &outcome);
    complete ? put_clean_heap(&step, 3) : put_content(&step, 3, NULL, 0);
    put_message(to, 3, &step);
    return NULL;
}

static bool is_size(uint64_t n, uint64_t max) { return n >= 4096 && n <= max && (n & (n - 1)) == 0; }

static void put_answer(buffer *to, reader program)
{
    uint64_t head[PACING + 1] = {0}, present = 0, step = 0;
    buffer transcript = {0}, refusal = {0};
    field f;
    for (reader r = program; take_field(&r, &f);)
        if (f.number <= PACING)
            head[f.number] = f.value, present |= 1u << f.number;
    put_fixed64(&transcript, 1, head[ID]);
    put_clean_heap(&transcript, 2);
    const char *status = head[OUTSIDE] || head[PACING] ? UNIMPLEMENTED : NULL;
    if (~present & (1u << ID | 1u << PHYS_PAGE_SIZE | 1u << PHYS_HUGE_PAGE_SIZE)
        || !is_size(head[PHYS_PAGE_SIZE], 512 << 10)
        || (head[PHYS_HUGE_PAGE_SIZE] && !is_size(head[PHYS_HUGE_PAGE_SIZE], 4 << 20)))
        status = INVALID;
    for (reader r = program; status == NULL && take_field(&r, &f);)
        if (f.number == OPERATIONS)
            step++, status = put_step(&transcript, f.content, head, head[INTERVAL] && step % head[INTERVAL] == 0);
    put_clean_heap(&transcript, 4);
    if (status != NULL) {
        put_text(&refusal, 1, status);
        put_text(&refusal, 2, status == INVALID ? "the program is malformed" : "the program needs more than level 1");
        free(transcript.data);
    }
    put_message(to, status ? 3 : 2, status ? &refusal : &transcript);
}

static void put_description(buffer *to)
{
    buffer description = {0};
    put_number(&description, 1, 1); /* The protocol's version. */
    put_text(&description, 2, "port-c");
    put_text(&description, 4, "go1.18.10");
    put_content(&description, 5, "\1", 1); /* Capabilities: bits. */
    put_message(to, 1, &description);
}

int main(void)
{
    buffer request = {0};
    puts("scavdiff stdio protobuf 1");
    for (fflush(stdout); read_message(&request);) {
        reader r = {request.data, request.data + request.size};
        buffer response = {0};
        field asked;
        if (take_field(&r, &asked) && asked.number == 1)
            put_description(&response);
        else
            put_answer(&response, asked.content);
        write_message(&response);
        free(response.data);
    }
    return 0;
}
