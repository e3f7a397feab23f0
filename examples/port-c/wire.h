/* The little of protobuf that a port needs, in place of a library: any port in C can take this and wire.c as they are.

   A field is a tag, which is its number times 8 plus its kind, and its content (protobuf.dev, "Encoding"). */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VARINT = 0, FIXED64 = 1, LENGTH = 2 };

/* Bytes to read. */
typedef struct {
    const uint8_t *at, *end;
} reader;

/* A field read: the value of a number, or the content of a message, text or packed list. */
typedef struct {
    uint64_t number, kind, value;
    reader content;
} field;

/* Bytes written, which grow; {0} is empty. */
typedef struct {
    uint8_t *data;
    size_t size, capacity;
} buffer;

void put_bytes(buffer *to, const void *data, size_t size);
void put_varint(buffer *to, uint64_t value);
void put_word(buffer *to, uint64_t word);
void put_number(buffer *to, unsigned number, uint64_t value);
void put_fixed64(buffer *to, unsigned number, uint64_t word);
void put_content(buffer *to, unsigned number, const void *data, size_t size);
void put_text(buffer *to, unsigned number, const char *text);
/* Puts a message and frees what it has put. */
void put_message(buffer *to, unsigned number, buffer *message);

uint64_t take_varint(reader *from);
uint64_t take_word(reader *from);
/* The next field; false at the end. */
bool take_field(reader *from, field *to);

/* One message behind its length, from standard input; false at its end. `into` is emptied first. */
bool read_message(buffer *into);
/* One message behind its length, to standard output, at once. */
void write_message(const buffer *message);

#endif
