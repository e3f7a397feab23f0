"""Direct calls with arguments that break a function's contract: one within the contract, with one thing spoilt."""

from __future__ import annotations

from pymodel.differential.generation.bit_patterns import WORD
from pymodel.differential.generation.call_arguments import call_within_contract
from pymodel.differential.generation.choices import Choices
from pymodel.differential.generation.maker import Maker
from pymodel.differential.programs.calls import CALL_FUNCTIONS, Form, ListForm
from pymodel.differential.programs.program import Call, Operation

# Nothing between 2^13 and 2^40: as a shift width such a number would take a target with wide integers much memory,
# and no function tells it from its neighbours.
_WILD_NUMBERS = (
    0,
    3,
    5,
    6,
    12,
    63,
    64,
    65,
    80,
    128,
    200,
    511,
    512,
    513,
    576,
    4095,
    1 << 63,
    (1 << 64) - 64,
    (1 << 64) - 1,
)
_WILD_ALIGNMENTS = (0, 3, 12, 65, 128, 256, 1 << 63)


def call_outside_contract(maker: Maker) -> Operation:
    """A call with a wild number in place of a page, a count, an alignment or a level, or with a list that is wrong."""
    choices = maker.choices
    call = call_within_contract(choices)
    takes = CALL_FUNCTIONS[call.function].takes
    if takes.rest is not None and choices.boolean(50):
        head, rest = call.arguments[: takes.fixed_count], call.arguments[takes.fixed_count :]
        return Call(call.function, head + _spoilt_list(choices, rest, takes.rest))
    counts, at = [], 0
    for name, form in takes.values:
        if form is Form.COUNT:
            counts.append((at, name))
        at += form.word_count
    if counts:
        at, name = choices.choose(counts)
        return _with_word(call, at, choices.choose(_WILD_ALIGNMENTS if name in ("m", "min") else _WILD_NUMBERS))
    return _crossed(choices, call) if call.function in _RANGES else call


# Functions on one or two ranges, each given by its words.
_RANGES = ("make_addr_range", "range_contains", "range_subtract", "range_remove_greater_equal", "ranges_add")


def _with_word(call: Call, at: int, word: int) -> Call:
    return Call(call.function, (*call.arguments[:at], word, *call.arguments[at + 1 :]))


def _spoilt_list(choices: Choices, words: tuple[int, ...], form: ListForm) -> tuple[int, ...]:
    """No element at all, one twice, two in the wrong order; a range without size, summaries that are none."""
    size = form.word_count
    way = choices.integer(0, 3)
    if way == 0:
        return ()
    if way == 1:
        return words + words[:size]
    if way == 2:
        return words[-size:] + words[:-size]
    if form is ListForm.RANGES:
        return (*words[:-1], words[-2])
    # Summaries whose parts do not agree, between those of full regions.
    return tuple(choices.integer(0, WORD) if choices.boolean(50) else 0 for _ in words)


def _crossed(choices: Choices, call: Call) -> Call:
    """The range empty, from the upper half across address 0, or strictly around the one that is subtracted."""
    base, limit, *rest = call.arguments
    way = choices.integer(0, 2)
    if way == 0:
        return Call(call.function, (limit, base, *rest))
    if way == 1:
        return Call(call.function, (0xFFFF_FFFF_FFC0_0000, 0x40_0000, *rest))
    if call.function == "range_subtract":
        return Call(call.function, (base, base + 30, base + 10, base + 20))
    return Call(call.function, (base, base, *rest))
