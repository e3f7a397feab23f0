"""The few pieces of protobuf's wire form that this protocol needs, and no more (protobuf.dev, "Encoding").

Hand-written because the driver encodes every step of every program: this is several times faster than building
generated messages, and the tests hold it equal to them byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct, pack

pack_word = Struct("<Q").pack
pack_signed = Struct("<q").pack
WORD_MASK = (1 << 64) - 1

_VARINT, _FIXED64, _LENGTH = 0, 1, 2


def varint(value: int) -> bytes:
    """A non-negative integer in groups of seven bits, lowest first."""
    if value < 0x80:
        return bytes((value,))
    if value < 0x4000:
        return bytes((value & 0x7F | 0x80, value >> 7))
    groups = bytearray()
    while value >= 0x80:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)


def tag_varint(number: int) -> bytes:
    """What precedes a uint32 or bool field."""
    return varint(number << 3 | _VARINT)


def tag_fixed64(number: int) -> bytes:
    """What precedes a fixed64 or sfixed64 field."""
    return varint(number << 3 | _FIXED64)


def tag_length(number: int) -> bytes:
    """What precedes a message, bytes, string or packed field; its length comes next."""
    return varint(number << 3 | _LENGTH)


def delimited(tag: bytes, content: bytes) -> bytes:
    """A field whose length precedes its content."""
    length = len(content)
    if length < 0x80:
        return b"%b%c%b" % (tag, length, content)
    if length < 0x4000:
        return b"%b%c%c%b" % (tag, length & 0x7F | 0x80, length >> 7, content)
    return tag + varint(length) + content


def packed_words(tag: bytes, words: Sequence[int]) -> bytes:
    """A repeated fixed64 field; nothing at all if it is empty."""
    if not words:
        return b""
    return delimited(tag, pack(f"<{len(words)}Q", *words))
