"""The functions that a `call` operation can name, and how their arguments and results become 64-bit words.

One table serves whoever handles a call: `text` prints its arguments by their form, `check` counts its words, `codec`
sends its number, `calling` runs it and reports name its results. docs/programs.md has the same table for readers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Form(Enum):
    """How one parameter or result is written, and how many words it takes."""

    BITS = "bits"
    """A bitmap of 512 pages, lowest first: eight words, written as ranges of pages."""
    COUNT = "count"
    """An index, a number of things or a flag: one word, written in decimal."""
    WORD = "word"
    """An address, a chunk, a word of bits or a summary: one word, written in hexadecimal."""
    FLOAT = "float"
    """A float64: one word, its bits, written in hexadecimal."""

    @property
    def word_count(self) -> int:
        """Words that a value of this form takes."""
        return 8 if self is Form.BITS else 1


class ListForm(Enum):
    """What the list that ends some arguments and results holds."""

    SUMMARIES = "summaries"
    """Packed summaries, one word each."""
    RANGES = "ranges"
    """Ranges of addresses, two words each: base, limit."""

    @property
    def word_count(self) -> int:
        """Words that an element takes."""
        return 2 if self is ListForm.RANGES else 1


@dataclass(frozen=True, slots=True)
class Words:
    """The shape of a sequence of words: named values, then a list of any length if `rest` says of what."""

    values: tuple[tuple[str, Form], ...]
    rest: ListForm | None = None

    @property
    def fixed_count(self) -> int:
        """Words before the list."""
        return sum(form.word_count for _, form in self.values)

    def fits(self, word_count: int) -> bool:
        """Whether that many words can have this shape."""
        rest_count = word_count - self.fixed_count
        if self.rest is None:
            return rest_count == 0
        return rest_count >= 0 and rest_count % self.rest.word_count == 0

    def __str__(self) -> str:
        parts = [f"{name} (8 words)" if form is Form.BITS else name for name, form in self.values]
        if self.rest is not None:
            parts.append(f"a list of {self.rest.value}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class CallFunction:
    """A function: its name in programs, its number in the protocol, and its words in and out."""

    name: str
    number: int
    takes: Words
    gives: Words

    @property
    def pacing_only(self) -> bool:
        """Whether only programs with pacing may call it."""
        return self.number >= _FIRST_PACING_NUMBER


def _words(description: str) -> Words:
    """The shape that `description` names, as in `bits i:count *ranges`; a name without a form is a bitmap."""
    values: list[tuple[str, Form]] = []
    rest: ListForm | None = None
    for part in description.split():
        name, _, form = part.partition(":")
        if name.startswith("*"):
            rest = ListForm(name[1:])
        else:
            values.append((name, Form(form) if form else Form.BITS))
    return Words(tuple(values), rest)


# Functions with this number or one above it are called in programs with pacing only.
_FIRST_PACING_NUMBER = 60

_TABLE = (
    ("get", 1, "bits i:count", "bit:count"),
    ("block64", 2, "bits i:count", "word:word"),
    ("set_range", 3, "bits i:count n:count", "bits"),
    ("clear_range", 4, "bits i:count n:count", "bits"),
    ("set_block64", 5, "bits i:count v:word", "bits"),
    ("clear_block64", 6, "bits i:count v:word", "bits"),
    ("popcnt_range", 7, "bits i:count n:count", "count:count"),
    ("summarize", 8, "bits", "sum:word"),
    ("find", 9, "bits npages:count search_idx:count", "index:count new_search_idx:count"),
    ("find_bit_range64", 10, "c:word n:count", "index:count"),
    ("fill_aligned", 11, "x:word m:count", "word:word"),
    ("has_scavenge_candidate", 12, "allocated scavenged min:count", "found:count"),
    (
        "find_scavenge_candidate",
        13,
        "allocated scavenged search_idx:count min:count max:count",
        "start:count size:count",
    ),
    ("pack_palloc_sum", 20, "start:count max:count end:count", "sum:word"),
    (
        "unpack",
        21,
        "sum:word",
        "unpacked_start:count unpacked_max:count unpacked_end:count start:count max:count end:count",
    ),
    ("merge_summaries", 22, "log_max_pages:count *summaries", "sum:word"),
    ("chunk_index", 23, "address:word", "chunk_index:word l1:count l2:count"),
    ("chunk_base", 24, "chunk_index:word", "address:word"),
    ("chunk_page_index", 25, "address:word", "page_index:count"),
    ("off_addr_to_level_index", 26, "level:count address:word", "index:count"),
    ("level_index_to_off_addr", 27, "level:count index:count", "address:word"),
    ("addrs_to_summary_range", 28, "level:count base:word limit:word", "lo:count hi:count"),
    ("block_align_summary_range", 29, "level:count lo:count hi:count", "lo:count hi:count"),
    ("make_addr_range", 40, "base:word limit:word", "base:word limit:word size:count"),
    ("range_contains", 41, "base:word limit:word address:word", "contained:count"),
    ("range_subtract", 42, "base:word limit:word b_base:word b_limit:word", "base:word limit:word"),
    ("range_remove_greater_equal", 43, "base:word limit:word address:word", "base:word limit:word"),
    ("ranges_find_succ", 44, "address:word *ranges", "index:count"),
    ("ranges_find_addr_greater_equal", 45, "address:word *ranges", "address:word found:count"),
    ("ranges_contains", 46, "address:word *ranges", "contained:count"),
    ("ranges_add", 47, "base:word limit:word *ranges", "total_bytes:count *ranges"),
    ("ranges_remove_last", 48, "byte_count:count *ranges", "base:word limit:word total_bytes:count *ranges"),
    ("ranges_remove_greater_equal", 49, "address:word *ranges", "total_bytes:count *ranges"),
    ("ranges_clone_into", 50, "range_count:count *ranges", "total_bytes:count *ranges"),
    (
        "pi_next",
        _FIRST_PACING_NUMBER,
        "kp:float ti:float tt:float min:float max:float err_integral:float err_overflow:count input_overflow:count "
        "input:float setpoint:float period:float",
        "output:float ok:count err_integral:float err_overflow:count input_overflow:count",
    ),
    (
        "pi_reset",
        61,
        "err_integral:float err_overflow:count input_overflow:count",
        "err_integral:float err_overflow:count input_overflow:count",
    ),
)

CALL_FUNCTIONS: dict[str, CallFunction] = {
    name: CallFunction(name, number, _words(takes), _words(gives)) for name, number, takes, gives in _TABLE
}
CALL_FUNCTIONS_BY_NUMBER: dict[int, CallFunction] = {function.number: function for function in CALL_FUNCTIONS.values()}


def bits_to_words(bits: int) -> tuple[int, ...]:
    """The eight words of a 512-bit integer, lowest pages first."""
    return tuple(bits >> shift & 0xFFFF_FFFF_FFFF_FFFF for shift in range(0, 512, 64))


def words_to_bits(words: Sequence[int]) -> int:
    """The 512-bit integer of eight words, lowest pages first."""
    return sum(word << 64 * i for i, word in enumerate(words))
