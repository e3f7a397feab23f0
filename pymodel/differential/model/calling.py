"""Carries out the calls of pure functions on the specification: words in, words out, by docs/programs.md."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pymodel.differential.programs.calls import bits_to_words, words_to_bits
from pymodel.pageheap import addresses, mgcscavenge, mpallocbits, pallocsum
from pymodel.pageheap.floats import from_bits, to_bits
from pymodel.pageheap.mgcpacer import PIController
from pymodel.pageheap.mpallocbits import PageBits, PallocBits, PallocData
from pymodel.pageheap.mranges import AddrRange, AddrRanges, make_addr_range
from pymodel.pageheap.runtime import Runtime
from pymodel.pageheap.words import MASK64, signed

Arguments = Sequence[int]
Results = Sequence[int]

_BITS_WORD_COUNT = 8


def call_function(name: str, arguments: Arguments, runtime: Runtime) -> Results:
    """The words that the function `name` of calls.CALL_FUNCTIONS makes of `arguments`; it may raise a GoFailure."""
    return _FUNCTIONS[name](arguments, runtime)


def _bits(arguments: Arguments, position: int = 0) -> int:
    return words_to_bits(arguments[position : position + _BITS_WORD_COUNT])


def _changed_bits(change: Callable[[PageBits, int, int], None]) -> Callable[[Arguments, Runtime], Results]:
    """A function that changes a bitmap by two more words."""

    def run(arguments: Arguments, _: Runtime) -> Results:
        bits = PageBits(_bits(arguments))
        change(bits, arguments[8], arguments[9])
        return bits_to_words(bits.bits)

    return run


def _ranges(words: Arguments, runtime: Runtime) -> AddrRanges:
    """A set that was initialised, then given each range in turn."""
    ranges = AddrRanges(runtime)
    ranges.init()
    for base, limit in zip(words[::2], words[1::2], strict=True):
        ranges.add(AddrRange(base, limit))
    return ranges


def _ranges_words(ranges: AddrRanges) -> list[int]:
    return [ranges.total_bytes, *(end for pair in ranges.ranges for end in pair)]


def _has_scavenge_candidate(arguments: Arguments, runtime: Runtime) -> Results:
    chunk = PallocData(_bits(arguments), _bits(arguments, 8))
    return (int(mgcscavenge.has_scavenge_candidate(chunk, arguments[16], runtime)),)


def _find_scavenge_candidate(arguments: Arguments, runtime: Runtime) -> Results:
    chunk = PallocData(_bits(arguments), _bits(arguments, 8))
    search_idx, least, most = arguments[16:]
    return mgcscavenge.find_scavenge_candidate(chunk, search_idx, least, most, runtime)


def _unpack(arguments: Arguments, _: Runtime) -> Results:
    (total,) = arguments
    parts = pallocsum.sum_start(total), pallocsum.sum_max(total), pallocsum.sum_end(total)
    return (*pallocsum.unpack(total), *parts)


def _block_align_summary_range(arguments: Arguments, _: Runtime) -> Results:
    level, lo, hi = map(signed, arguments)
    return [index & MASK64 for index in addresses.block_align_summary_range(level, lo, hi)]


def _make_addr_range(arguments: Arguments, _: Runtime) -> Results:
    made = make_addr_range(*arguments)
    return (*made, made.size())


def _find_addr_greater_equal(arguments: Arguments, runtime: Runtime) -> Results:
    address, found = _ranges(arguments[1:], runtime).find_addr_greater_equal(arguments[0])
    return address, int(found)


def _ranges_add(arguments: Arguments, runtime: Runtime) -> Results:
    ranges = _ranges(arguments[2:], runtime)
    ranges.add(AddrRange(*arguments[:2]))
    return _ranges_words(ranges)


def _ranges_remove_last(arguments: Arguments, runtime: Runtime) -> Results:
    ranges = _ranges(arguments[1:], runtime)
    removed = ranges.remove_last(arguments[0])
    return (*removed, *_ranges_words(ranges))


def _ranges_remove_greater_equal(arguments: Arguments, runtime: Runtime) -> Results:
    ranges = _ranges(arguments[1:], runtime)
    ranges.remove_greater_equal(arguments[0])
    return _ranges_words(ranges)


def _controller(err_integral: int, err_overflow: int, input_overflow: int, *parameters: int) -> PIController:
    """A controller with these parameters (kp, ti, tt, min and max, zero if there are none) in this state."""
    controller = PIController(*map(from_bits, parameters or (0,) * 5))
    controller.err_integral = from_bits(err_integral)
    controller.err_overflow, controller.input_overflow = bool(err_overflow), bool(input_overflow)
    return controller


def _controller_state(controller: PIController) -> Results:
    return to_bits(controller.err_integral), int(controller.err_overflow), int(controller.input_overflow)


def _pi_next(arguments: Arguments, _: Runtime) -> Results:
    controller = _controller(*arguments[5:8], *arguments[:5])
    output, ok = controller.next(*map(from_bits, arguments[8:]))
    return to_bits(output), int(ok), *_controller_state(controller)


def _pi_reset(arguments: Arguments, _: Runtime) -> Results:
    controller = _controller(*arguments)
    controller.reset()
    return _controller_state(controller)


def _ranges_clone_into(arguments: Arguments, runtime: Runtime) -> Results:
    words = arguments[1:]
    ranges = _ranges(words, runtime)
    destination = _ranges(words[: 2 * arguments[0]], runtime)
    ranges.clone_into(destination)
    return _ranges_words(destination)


_FUNCTIONS: dict[str, Callable[[Arguments, Runtime], Results]] = {
    "get": lambda a, _: (PageBits(_bits(a)).get(a[8]),),
    "block64": lambda a, _: (PageBits(_bits(a)).block64(a[8]),),
    "set_range": _changed_bits(PageBits.set_range),
    "clear_range": _changed_bits(PageBits.clear_range),
    "set_block64": _changed_bits(PageBits.set_block64),
    "clear_block64": _changed_bits(PageBits.clear_block64),
    "popcnt_range": lambda a, _: (PageBits(_bits(a)).popcnt_range(a[8], a[9]),),
    "summarize": lambda a, _: (PallocBits(_bits(a)).summarize(),),
    "find": lambda a, _: PallocBits(_bits(a)).find(a[8], a[9]),
    "find_bit_range64": lambda a, _: (mpallocbits.find_bit_range64(a[0], a[1]),),
    "fill_aligned": lambda a, _: (mgcscavenge.fill_aligned(a[0], a[1]),),
    "has_scavenge_candidate": _has_scavenge_candidate,
    "find_scavenge_candidate": _find_scavenge_candidate,
    "pack_palloc_sum": lambda a, _: (pallocsum.pack_palloc_sum(a[0], a[1], a[2]),),
    "unpack": _unpack,
    "merge_summaries": lambda a, _: (pallocsum.merge_summaries(a[1:], a[0]),),
    "chunk_index": lambda a, _: (
        ci := addresses.chunk_index(a[0]),
        addresses.chunk_l1(ci),
        addresses.chunk_l2(ci),
    ),
    "chunk_base": lambda a, _: (addresses.chunk_base(a[0]),),
    "chunk_page_index": lambda a, _: (addresses.chunk_page_index(a[0]),),
    "off_addr_to_level_index": lambda a, _: (addresses.off_addr_to_level_index(signed(a[0]), a[1]),),
    "level_index_to_off_addr": lambda a, _: (addresses.level_index_to_off_addr(signed(a[0]), signed(a[1])),),
    "addrs_to_summary_range": lambda a, _: addresses.addrs_to_summary_range(signed(a[0]), a[1], a[2]),
    "block_align_summary_range": _block_align_summary_range,
    "make_addr_range": _make_addr_range,
    "range_contains": lambda a, _: (int(AddrRange(a[0], a[1]).contains(a[2])),),
    "range_subtract": lambda a, _: AddrRange(a[0], a[1]).subtract(AddrRange(a[2], a[3])),
    "range_remove_greater_equal": lambda a, _: AddrRange(a[0], a[1]).remove_greater_equal(a[2]),
    "ranges_find_succ": lambda a, runtime: (_ranges(a[1:], runtime).find_succ(a[0]),),
    "ranges_find_addr_greater_equal": _find_addr_greater_equal,
    "ranges_contains": lambda a, runtime: (int(_ranges(a[1:], runtime).contains(a[0])),),
    "ranges_add": _ranges_add,
    "ranges_remove_last": _ranges_remove_last,
    "ranges_remove_greater_equal": _ranges_remove_greater_equal,
    "ranges_clone_into": _ranges_clone_into,
    "pi_next": _pi_next,
    "pi_reset": _pi_reset,
}
