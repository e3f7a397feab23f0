"""Numbers of bytes and seconds, as a person writes and reads them. Nothing here takes NaN or an infinity."""

from __future__ import annotations

import re
from decimal import Decimal

NS_PER_SECOND = 1_000_000_000
MIB = 1 << 20

_BYTE_UNITS = {"": 1, "b": 1, "kib": 1 << 10, "mib": MIB, "gib": 1 << 30}
_DECIMAL = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?")


def parse_bytes(text: str) -> int:
    """`1048576`, `64MiB`, `1.5 GiB` as a whole number of bytes; ValueError says what is wrong."""
    match = re.fullmatch(rf"({_DECIMAL.pattern}) ?([A-Za-z]*)", text)
    factor = _BYTE_UNITS.get(match[2].lower()) if match else None
    if match is None or factor is None:
        raise ValueError("is not a number of bytes such as 1048576, 64MiB or 1.5GiB")
    return int(Decimal(match[1]) * factor)


def parse_seconds(text: str) -> int:
    """Decimal seconds, such as `0`, `12` or `3.25`, as whole nanoseconds; ValueError says what is wrong."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError("is not a number of seconds such as 0, 12 or 3.25")
    return int(Decimal(text) * NS_PER_SECOND)


def tell_bytes(count: int) -> str:
    """A number of bytes in the largest unit that leaves a number of at least 1: `1.5 GiB`."""
    for unit, factor in (("GiB", 1 << 30), ("MiB", MIB), ("KiB", 1 << 10)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} B"


def tell_time(ns: int) -> str:
    """A point in virtual time: `1:02:03.5`."""
    tenths = ns // 100_000_000
    hours, rest = divmod(tenths, 36_000)
    minutes, rest = divmod(rest, 600)
    return f"{hours}:{minutes:02}:{rest // 10:02}.{rest % 10}"
