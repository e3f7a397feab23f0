"""Reads one line of a trace, token by token, and knows what it expected where it fails."""

from __future__ import annotations

import re

from pymodel.differential.errors import BadInput
from pymodel.differential.programs.operations import WORD_MAX

_TOKEN = re.compile(r"\.\.|[=\[\]]|-?\w+|\S")
_NUMBER = re.compile(r"-?(0x[0-9a-fA-F]+|[0-9]+)")
_BLANK = re.compile(r"\s*")
_DURATION = re.compile(r"([0-9]{1,20})(ns|us|ms|s)")
_UNIT_NS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_PAGE_LIMIT = 512
ALL = "all"


class ProgramSyntaxError(BadInput):
    """A trace is not what docs/programs.md says it is; lines and columns count from 1."""

    def __init__(self, file: str, line: int, column: int, expected: str, found: str) -> None:
        self.file = file
        self.line = line
        self.column = column
        self.expected = expected
        self.found = found
        super().__init__(file, line, column, expected, found)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: expected {self.expected}, found {self.found}"


class Scanner:
    """A position in one line of a trace; a comment has been cut off."""

    def __init__(self, file: str, line_number: int, text: str) -> None:
        self.file = file
        self.line_number = line_number
        self._text = text
        self._position = 0
        self._skip_blanks()

    @property
    def column(self) -> int:
        """Column of the next token."""
        return self._position + 1

    def peek(self) -> str:
        """The next token; empty at the end of the line."""
        match = _TOKEN.match(self._text, self._position)
        return match.group() if match else ""

    def take(self) -> str:
        """Moves past the next token and returns it."""
        token = self.peek()
        self._position += len(token)
        self._skip_blanks()
        return token

    def expect(self, token: str) -> None:
        """Moves past `token`, which must come next."""
        if self.peek() != token:
            raise self.error(f"`{token}`")
        self.take()

    def expect_end(self) -> None:
        """The line must end here."""
        if self.peek():
            raise self.error("the end of the line")

    def number(self, what: str, *, signed: bool = False) -> int:
        """A decimal or hexadecimal number of at most 2^64-1, or `all` for just that."""
        token = self.peek()
        if token == ALL:
            self.take()
            return WORD_MAX
        if not _NUMBER.fullmatch(token) or (token.startswith("-") and not signed):
            raise self.error(what)
        if len(token) > 2 + len(str(WORD_MAX)) or abs(value := int(token, 0 if "x" in token else 10)) > WORD_MAX:
            raise self.error(f"{what} of at most {WORD_MAX}")
        self.take()
        return value

    def flag(self, what: str) -> int:
        """0 or 1."""
        token = self.peek()
        if token not in ("0", "1"):
            raise self.error(what)
        self.take()
        return int(token)

    def duration(self, what: str) -> int:
        """A number of nanoseconds, bare or as a whole number of ns, us, ms or s."""
        match = _DURATION.fullmatch(self.peek())
        if match is None:
            return self.number(what)
        nanoseconds = int(match[1]) * _UNIT_NS[match[2]]
        if nanoseconds > WORD_MAX:
            raise self.error(f"{what} of at most {WORD_MAX} ns")
        self.take()
        return nanoseconds

    def slot(self, letter: str, what: str) -> int:
        """The number of a slot written as `letter` and that number."""
        token = self.peek()
        number = token[len(letter) :]
        if not token.startswith(letter) or not number.isascii() or not number.isdigit() or len(number) > 20:
            raise self.error(f"{what} (`{letter}` and a number)")
        self.take()
        return int(number)

    def bitmap(self) -> int:
        """A list of ascending page ranges, as a 512-bit integer."""
        bits, floor = 0, 0
        self.expect("[")
        while self.peek() != "]":
            low_error = self.error(f"`]` or a page in [{floor}, {_PAGE_LIMIT - 1}]")
            low = self.number("`]` or the first page of a range")
            if not floor <= low < _PAGE_LIMIT:
                raise low_error
            self.expect("..")
            high_error = self.error(f"the page after the range, in [{low + 1}, {_PAGE_LIMIT}]")
            high = self.number("the page after the range")
            if not low < high <= _PAGE_LIMIT:
                raise high_error
            bits |= (1 << high) - (1 << low)
            floor = high
        self.take()
        return bits

    def error(self, expected: str) -> ProgramSyntaxError:
        """The error that says what was expected in place of the next token."""
        token = self.peek()
        found = f"`{token}`" if token else "the end of the line"
        return ProgramSyntaxError(self.file, self.line_number, self.column, expected, found)

    def _skip_blanks(self) -> None:
        match = _BLANK.match(self._text, self._position)
        assert match is not None, "the pattern matches nothing, too"
        self._position = match.end()


def print_duration(nanoseconds: int) -> str:
    """A duration in the largest unit that holds it as a whole number: `10ms`; `0ns` for none."""
    unit = next(unit for unit, size in _UNIT_NS.items() if nanoseconds % size == 0 and (nanoseconds or size == 1))
    return f"{nanoseconds // _UNIT_NS[unit]}{unit}"


def print_bitmap(bits: int) -> str:
    """The set page ranges of a bitmap: `[0..3 64..128]`."""
    return "[" + " ".join(f"{low}..{high}" for low, high in bit_ranges(bits)) + "]"


def bit_ranges(bits: int) -> list[tuple[int, int]]:
    """The maximal runs of set bits of an integer, half-open, ascending."""
    ranges = []
    position = 0
    while bits:
        zeros = (bits & -bits).bit_length() - 1
        bits >>= zeros
        ones = (~bits & (bits + 1)).bit_length() - 1
        bits >>= ones
        ranges.append((position + zeros, position + zeros + ones))
        position += zeros + ones
    return ranges
