"""The pure functions that programs can call, as the specification has them: arguments to words, words to results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from pymodel.differential.programs.calls import bits_to_words
from pymodel.differential.programs.program import Call
from pymodel.pageheap import addresses, mgcscavenge, mpallocbits, pallocsum
from pymodel.pageheap.floats import from_bits, to_bits
from pymodel.pageheap.mgcpacer import PIController
from pymodel.pageheap.mranges import AddrRange, AddrRanges
from pymodel.pageheap.words import MASK64

Locals = Mapping[str, Any]
Words = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """`original` is the function of the specification, `words_of` makes words of its arguments by name, and `apply`
    makes of the words that a target returned what the function returns, and does to its arguments."""

    name: str
    original: Callable[..., Any]
    words_of: Callable[[Locals], Words]
    apply: Callable[[Sequence[Any], Words], Any]

    def call(self, local: Locals) -> Call:
        """The call with these arguments."""
        return Call(self.name, self.words_of(local))

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its parameters."""
        code = code_of(self.original)
        return code.co_varnames[: code.co_argcount] if code is not None else ()


def code_of(function: Callable[..., object]) -> CodeType | None:
    """The code of a function in Python, also of one whose results are kept; None if it is compiled."""
    function = getattr(function, "__wrapped__", function)
    return function.__code__ if isinstance(function, FunctionType) else None


def forget() -> None:
    """Empties the specification's caches: what they answer is not called."""
    for cache in _CACHES:
        cache.cache_clear()


_CACHES = [
    value
    for module in (addresses, mgcscavenge, mpallocbits, pallocsum)
    for value in vars(module).values()
    if hasattr(value, "cache_clear")
]

# Arguments.


def _plain(*names: str) -> Callable[[Locals], Words]:
    return lambda local: tuple(local[name] & MASK64 for name in names)


def _bitmap(*names: str) -> Callable[[Locals], Words]:
    return lambda local: (*bits_to_words(local["allocated"]), *_plain(*names)(local))


def _chunk(*names: str) -> Callable[[Locals], Words]:
    def words_of(local: Locals) -> Words:
        chunk = local["chunk"]
        return (*bits_to_words(chunk.allocated), *bits_to_words(chunk.scavenged), *_plain(*names)(local))

    return words_of


def _range(*names: str) -> Callable[[Locals], Words]:
    return lambda local: (*local["self"], *(local[name] for name in names))


def _ranges(*names: str) -> Callable[[Locals], Words]:
    return lambda local: (*(local[name] for name in names), *_ends(local["self"]))


def _ends(ranges: AddrRanges) -> Words:
    return tuple(end for pair in ranges.ranges for end in pair)


def _state(controller: PIController) -> Words:
    return to_bits(controller.err_integral), int(controller.err_overflow), int(controller.input_overflow)


def _sample(local: Locals) -> Words:
    controller = local["self"]
    parameters = (controller.kp, controller.ti, controller.tt, controller.min, controller.max)
    sample = (local["input_value"], local["setpoint"], local["period"])
    return (*map(to_bits, parameters), *_state(controller), *map(to_bits, sample))


# Results.


def _word(_: Sequence[Any], words: Words) -> int:
    return words[0]


def _all_words(_: Sequence[Any], words: Words) -> Words:
    return words


def _flag(_: Sequence[Any], words: Words) -> bool:
    return bool(words[0])


def _word_and_flag(_: Sequence[Any], words: Words) -> tuple[int, bool]:
    return words[0], bool(words[1])


def _new_range(_: Sequence[Any], words: Words) -> AddrRange:
    return AddrRange(*words)


def _set_ranges(arguments: Sequence[Any], words: Words) -> None:
    ranges, ends = arguments[0], words[1:]
    ranges.total_bytes = words[0]
    ranges.ranges = [AddrRange(*pair) for pair in zip(ends[::2], ends[1::2], strict=True)]


def _set_ranges_and_removed(arguments: Sequence[Any], words: Words) -> AddrRange:
    _set_ranges(arguments, words[2:])
    return AddrRange(*words[:2])


def _set_state(arguments: Sequence[Any], words: Words) -> None:
    controller = arguments[0]
    controller.err_integral = from_bits(words[0])
    controller.err_overflow, controller.input_overflow = bool(words[1]), bool(words[2])


def _set_state_and_output(arguments: Sequence[Any], words: Words) -> tuple[float, bool]:
    _set_state(arguments, words[2:])
    return from_bits(words[0]), bool(words[1])


FUNCTIONS: dict[str, Function] = {
    name: Function(name, original, words_of, apply)
    for name, original, words_of, apply in (
        ("summarize", mpallocbits.summarize, _bitmap(), _word),
        ("find", mpallocbits.find, _bitmap("npages", "search_idx"), _all_words),
        ("find_bit_range64", mpallocbits.find_bit_range64, _plain("c", "n"), _word),
        ("fill_aligned", mgcscavenge.fill_aligned, _plain("x", "m"), _word),
        ("has_scavenge_candidate", mgcscavenge.has_scavenge_candidate, _chunk("min_pages"), _flag),
        (
            "find_scavenge_candidate",
            mgcscavenge.find_scavenge_candidate,
            _chunk("search_idx", "min_pages", "max_pages"),
            _all_words,
        ),
        ("pack_palloc_sum", pallocsum.pack_palloc_sum, _plain("start", "most", "end"), _word),
        (
            "merge_summaries",
            pallocsum.merge_summaries,
            lambda local: (local["log_max_pages"], *local["sums"]),
            _word,
        ),
        ("off_addr_to_level_index", addresses.off_addr_to_level_index, _plain("level", "addr"), _word),
        ("level_index_to_off_addr", addresses.level_index_to_off_addr, _plain("level", "index"), _word),
        (
            "addrs_to_summary_range",
            addresses.addrs_to_summary_range,
            _plain("level", "base", "limit"),
            _all_words,
        ),
        (
            "block_align_summary_range",
            addresses.block_align_summary_range,
            _plain("level", "lo", "hi"),
            _all_words,
        ),
        ("range_contains", AddrRange.contains, _range("addr"), _flag),
        ("range_subtract", AddrRange.subtract, lambda local: (*local["self"], *local["other"]), _new_range),
        ("range_remove_greater_equal", AddrRange.remove_greater_equal, _range("addr"), _new_range),
        ("ranges_find_succ", AddrRanges.find_succ, _ranges("addr"), _word),
        ("ranges_find_addr_greater_equal", AddrRanges.find_addr_greater_equal, _ranges("addr"), _word_and_flag),
        ("ranges_contains", AddrRanges.contains, _ranges("addr"), _flag),
        ("ranges_add", AddrRanges.add, lambda local: (*local["new"], *_ends(local["self"])), _set_ranges),
        ("ranges_remove_last", AddrRanges.remove_last, _ranges("byte_count"), _set_ranges_and_removed),
        ("ranges_remove_greater_equal", AddrRanges.remove_greater_equal, _ranges("addr"), _set_ranges),
        ("pi_next", PIController.next, _sample, _set_state_and_output),
        ("pi_reset", PIController.reset, lambda local: _state(local["self"]), _set_state),
    )
}
"""By the name that programs give them. Those that only divide or add are left out."""
