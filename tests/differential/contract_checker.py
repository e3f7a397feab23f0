"""A second opinion on the contract: docs/programs.md read anew, sharing nothing with the generators or the shrinker.

It answers with complaints, so that a failing test says what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from pymodel.differential.programs.program import (
    Alloc,
    CacheAlloc,
    Call,
    Gomaxprocs,
    Grow,
    Operation,
    Program,
    ScavengeCost,
    Span,
    Tick,
)

INSIDE_NAMES = "Grow Alloc Free Cache CacheAlloc Flush StartGen Scavenge Reserve ScavengeOne Unreserve Call".split()
PACING_NAMES = """Tick Timer Sysmon Wake Ready Gomaxprocs ScavengeCost Faketime Scavtrace Pace MarkTermination
SweepDone Gc ScavengeAll Span HeapRetained PrintScavTrace""".split()
PACING_CALLS = ("pi_next", "pi_reset")
POWERS = [2**exponent for exponent in range(7)]
LOWER_HALF_LIMIT = 2**47
UPPER_HALF_BASE = 2**64 - 2**47

# How many words come before the list, or in all; where bit runs start; by the table of "Calls".
RUNS = {"set_range": 8, "clear_range": 8, "popcnt_range": 8}
PAGES = {"get": 8, "block64": 8, "set_block64": 8, "clear_block64": 8}
RANGE_LISTS = {
    "ranges_find_succ": 1,
    "ranges_find_addr_greater_equal": 1,
    "ranges_contains": 1,
    "ranges_add": 2,
    "ranges_remove_last": 1,
    "ranges_remove_greater_equal": 1,
    "ranges_clone_into": 1,
}
LEVELS = ("off_addr_to_level_index", "level_index_to_off_addr", "addrs_to_summary_range", "block_align_summary_range")


def complaints(program: Program) -> list[str]:
    """What in a program breaks the contract, by looking at it only."""
    found = [] if not program.outside_contract else ["labelled as outside"]
    for step, operation in enumerate(program.operations):
        name = type(operation).__name__
        if name not in INSIDE_NAMES + PACING_NAMES:
            found.append(f"{step}: {name} is outside the contract")
        if not program.pacing and (name in PACING_NAMES or getattr(operation, "function", "") in PACING_CALLS):
            found.append(f"{step}: {name} without the label for pacing")
        if not _within_pacing_bounds(operation):
            found.append(f"{step}: {operation}")
        if isinstance(operation, Alloc) and not 1 <= operation.page_count <= 2**32:
            found.append(f"{step}: {operation}")
        if isinstance(operation, CacheAlloc) and not 1 <= operation.page_count <= 64:
            found.append(f"{step}: {operation}")
        if isinstance(operation, Grow) and not _grows_in_one_half(operation):
            found.append(f"{step}: {operation}")
        if isinstance(operation, Call):
            found += [f"{step}: {operation}: {why}" for why in call_complaints(operation)]
    return found


def _within_pacing_bounds(operation: Operation) -> bool:
    match operation:
        case Tick(duration):
            return 0 <= duration <= 10**13
        case Gomaxprocs(count):
            return 1 <= count <= 4096
        case ScavengeCost(cost):
            return 0 <= cost <= 10**9
        case Span(_, page_count):
            return 1 <= page_count <= 2**22
        case _:
            return True


def _grows_in_one_half(operation: Grow) -> bool:
    chunks = {operation.chunk, operation.chunk + operation.chunk_count - 1}
    upper = all(-0x1FFFFFF <= chunk < -1 for chunk in chunks)
    lower = all(1 <= chunk < 0x2000000 for chunk in chunks)
    return 1 <= operation.chunk_count <= 8192 and (upper or lower)


def call_complaints(call: Call) -> Iterator[str]:
    """What in the arguments of a call breaks its function's contract."""
    words, name = call.arguments, call.function
    if name in RUNS:
        first, count = words[8:]
        if count < 1 or first + count > 512:
            yield "bits past the end or none"
    if name in PAGES and words[8] > 511:
        yield "page past the end"
    if name == "find" and not (1 <= words[8] <= 512 and words[9] <= 511):
        yield "page count or search index"
    if name == "find_bit_range64" and not 1 <= words[1] <= 64:
        yield "run length"
    if name == "fill_aligned" and words[1] not in POWERS:
        yield "alignment"
    if name == "has_scavenge_candidate" and words[16] not in POWERS:
        yield "alignment"
    if name == "find_scavenge_candidate":
        search_idx, low, high = words[16:]
        if search_idx > 511 or low not in POWERS or not 1 <= high <= 512:
            yield "search index, alignment or page count"
    if name == "merge_summaries" and len(words) < 2:
        yield "no summaries"
    if name in LEVELS and words[0] > 4:
        yield "level"
    if name == "addrs_to_summary_range":
        yield from _range_complaints(*words[1:3])
    if name in ("make_addr_range", "range_contains", "range_subtract", "range_remove_greater_equal"):
        yield from _range_complaints(*words[:2])
    if name == "range_subtract":
        yield from _range_complaints(*words[2:])
    if name == "range_subtract" and words[0] < words[2] and words[3] < words[1]:
        yield "would throw bad prune"
    if name in RANGE_LISTS:
        yield from _list_complaints(name, words)


def _half(address: int) -> str:
    if address < LOWER_HALF_LIMIT:
        return "lower"
    return "upper" if address >= UPPER_HALF_BASE else "neither"


def _range_complaints(base: int, limit: int) -> Iterator[str]:
    if "neither" in (_half(base), _half(max(limit - 1, base))) or _half(base) != _half(max(limit - 1, base)):
        yield f"[{base:#x}, {limit:#x}) is not in one half"
    if base > limit:
        yield f"[{base:#x}, {limit:#x}) is upside down"


def _list_complaints(name: str, words: tuple[int, ...]) -> Iterator[str]:
    listed = words[RANGE_LISTS[name] :]
    ranges = [(listed[at], listed[at + 1]) for at in range(0, len(listed), 2)]
    if not ranges:
        yield "empty list"
        return
    taken = ranges if name != "ranges_add" else sorted([*ranges, (words[0], words[1])])
    for base, limit in taken:
        yield from _range_complaints(base, limit)
        if base >= limit:
            yield "empty range"
    for (_, limit), (base, _) in [*pairwise(ranges), *pairwise(taken)]:
        if limit > base:
            yield "ranges overlap or descend"
    if len({_half(base) for base, _ in taken}) > 1:
        yield "ranges in both halves"
