#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void put_bytes(buffer *to, const void *data, size_t size)
{
    if (size == 0)
        return;
    if (to->size + size > to->capacity) {
        to->capacity = 2 * (to->size + size);
        to->data = realloc(to->data, to->capacity);
        if (to->data == NULL)
            abort();
    }
    memcpy(to->data + to->size, data, size);
    to->size += size;
}

static void put_byte(buffer *to, uint64_t value)
{
    uint8_t byte = (uint8_t)value;
    put_bytes(to, &byte, 1);
}

void put_varint(buffer *to, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        put_byte(to, value | 0x80);
    put_byte(to, value);
}

/* Lowest byte first, on any machine. */
void put_word(buffer *to, uint64_t word)
{
    for (unsigned shift = 0; shift < 64; shift += 8)
        put_byte(to, word >> shift);
}

void put_number(buffer *to, unsigned number, uint64_t value)
{
    put_varint(to, number << 3 | VARINT);
    put_varint(to, value);
}

void put_fixed64(buffer *to, unsigned number, uint64_t word)
{
    put_varint(to, number << 3 | FIXED64);
    put_word(to, word);
}

void put_content(buffer *to, unsigned number, const void *data, size_t size)
{
    put_varint(to, number << 3 | LENGTH);
    put_varint(to, size);
    put_bytes(to, data, size);
}

void put_text(buffer *to, unsigned number, const char *text) { put_content(to, number, text, strlen(text)); }

void put_message(buffer *to, unsigned number, buffer *message)
{
    put_content(to, number, message->data, message->size);
    free(message->data);
}

uint64_t take_varint(reader *from)
{
    uint64_t value = 0, byte = 0x80;
    for (unsigned shift = 0; byte & 0x80 && shift < 64 && from->at < from->end; shift += 7) {
        byte = *from->at++;
        value |= (byte & 0x7F) << shift;
    }
    return value;
}

uint64_t take_word(reader *from)
{
    uint64_t word = 0;
    for (unsigned shift = 0; shift < 64 && from->at < from->end; shift += 8)
        word |= (uint64_t)*from->at++ << shift;
    return word;
}

bool take_field(reader *from, field *to)
{
    uint64_t tag = take_varint(from), left;
    to->number = tag >> 3;
    to->kind = tag & 7;
    to->value = to->kind == FIXED64 ? take_word(from) : take_varint(from);
    left = (uint64_t)(from->end - from->at);
    to->content.at = from->at;
    if (to->kind == LENGTH)
        from->at += to->value < left ? to->value : left;
    to->content.end = from->at;
    return to->number != 0;
}

bool read_message(buffer *into)
{
    uint8_t prefix[10] = {0}, block[4096];
    reader length = {prefix, prefix};
    do {
        int byte = getchar();
        if (byte == EOF)
            return false;
        prefix[length.end++ - prefix] = (uint8_t)byte;
    } while (length.end[-1] & 0x80 && length.end < prefix + sizeof prefix);
    into->size = 0;
    for (uint64_t left = take_varint(&length); left > 0;) {
        size_t size = fread(block, 1, left < sizeof block ? (size_t)left : sizeof block, stdin);
        if (size == 0)
            return false;
        put_bytes(into, block, size);
        left -= size;
    }
    return true;
}

void write_message(const buffer *message)
{
    buffer prefix = {0};
    put_varint(&prefix, message->size);
    fwrite(prefix.data, 1, prefix.size, stdout);
    fwrite(message->data, 1, message->size, stdout);
    fflush(stdout);
    free(prefix.data);
}
