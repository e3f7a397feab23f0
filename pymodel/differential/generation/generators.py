"""Generators: one maker of programs, fed by Hypothesis or by a seed.

`program_from_seed(seed, index)` is the index-th program of a run and depends on nothing else. `programs()` and
`tapes()` are Hypothesis strategies: the first draws each decision, which shrinks best and can be steered; the second
draws only a seed, a shape and a length, which makes long programs cheaply.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from hypothesis import strategies as st

from pymodel.differential.generation import inside_operations
from pymodel.differential.generation.choices import Choices, HypothesisChoices, Interval, TapeChoices, Weighted, mix
from pymodel.differential.generation.maker import Maker, Tables
from pymodel.differential.generation.outside_calls import call_outside_contract
from pymodel.differential.generation.outside_operations import OUTSIDE
from pymodel.differential.generation.pacing_operations import PACING
from pymodel.differential.generation.pacing_upsets import PACING_UPSETS
from pymodel.differential.generation.preludes import PLACEMENTS
from pymodel.differential.generation.shapes import PACING_SHARES, SHAPES, SHARES, Kind, Shape
from pymodel.differential.programs.program import Operation, Program
from pymodel.differential.programs.value import value

PACING_PERCENT = 35
"""How many programs of a hundred a run makes about pacing."""

OUTSIDE_PERCENTS = {False: 20, True: 30}
"""How many programs of a hundred a run makes outside the contract, of those without and with pacing. Those with are
short, and what only they reach takes several steps in the right order."""

_GAMMA = 0x9E37_79B9_7F4A_7C15
_WORD = (1 << 64) - 1

PHYS_PAGE_SIZES: Weighted[int] = Weighted(
    {4096: 8, 8192: 3, 16384: 3, 65536: 3, 32768: 1, 131072: 1, 262144: 1, 524288: 2}
)
PHYS_HUGE_PAGE_SIZES: Weighted[int] = Weighted(
    {2 << 20: 8, 0: 2, 4 << 20: 3, 1 << 20: 1, 1 << 16: 1, 1 << 15: 1, 1 << 14: 1, 1 << 13: 1, 4096: 1, 1 << 19: 1}
)
_OPERATION_COUNTS: Weighted[Interval] = Weighted(
    {(5, 20): 30, (20, 60): 40, (60, 200): 22, (200, 800): 6, (800, 2000): 2}
)

MakeOperation = Callable[[Maker], Operation]


@value
class Tape:
    """All that a long program is made from."""

    seed: int
    shape: str
    operation_count: int

    def expand(self) -> Program:
        """The program."""
        return make_program(TapeChoices(self.seed), SHAPES[self.shape], self.operation_count)


def make_program(choices: Choices, shape: Shape, operation_count: int) -> Program:
    """A program of exactly `operation_count` operations (at least 1) of a shape.

    In this order are chosen: the tables, the page sizes, which operations with which weights, whether the program
    begins as its shape does, that beginning, and then the operations.
    """
    maker = Maker(choices, operation_count, _tables(choices, shape))
    if choices.boolean(60):
        maker.phys_page_size = choices.weighted(PHYS_PAGE_SIZES)
        maker.phys_huge_page_size = choices.weighted(PHYS_HUGE_PAGE_SIZES)
    operations = _swarm(choices, shape)
    if choices.boolean(90):
        shape.prelude(maker, PLACEMENTS[shape.placements])
    made, weighted = maker.operations, choices.weighted
    while len(made) < operation_count:
        made.append(weighted(operations)(maker))
    return maker.program(outside_contract=shape.kind is Kind.OUTSIDE, pacing=shape.pacing)


def _tables(choices: Choices, shape: Shape) -> Tables:
    return Tables(
        choices.choose(shape.page_counts),
        choices.choose(shape.byte_counts),
        shape.chunk_counts,
        shape.chunk_count_max,
        choices.choose(shape.part_percents),
        choices.choose(shape.durations) if shape.pacing else shape.durations[0],
    )


def _swarm(choices: Choices, shape: Shape) -> Weighted[MakeOperation]:
    """Some of the shape's operations, each with one to four times its weight."""
    taken: dict[MakeOperation, int] = {}
    for name, weight in shape.weights.items():
        factor = choices.choose((1, 1, 2, 4))
        if choices.boolean(75) or name in shape.kept:
            taken[_maker_of(name, shape.placements)] = weight * factor
    return Weighted(taken)


@cache
def _maker_of(name: str, placements: str) -> MakeOperation:
    if name == "grow":
        return partial(inside_operations.grow, placements=PLACEMENTS[placements])
    if name == "bad_call":
        return call_outside_contract
    if name in OUTSIDE:
        return OUTSIDE[name]
    if name in PACING:
        return PACING[name]
    if name in PACING_UPSETS:
        return PACING_UPSETS[name]
    make: MakeOperation = getattr(inside_operations, name)
    return make


def choose_shape(choices: Choices, kind: Kind | None, pacing: bool | None) -> Shape:
    """A shape as often as a run takes it, of one kind if given, with or without pacing if given.

    Whether it is about pacing is drawn in any case, then the kind, then the shape.
    """
    drawn = choices.boolean(PACING_PERCENT)
    paced = drawn if pacing is None else pacing
    outside = choices.boolean(OUTSIDE_PERCENTS[paced])
    if kind is None:
        kind = Kind.OUTSIDE if outside else Kind.INSIDE
    shares = PACING_SHARES if paced else SHARES
    return SHAPES[choices.weighted(shares[kind])]


def tape_from_seed(seed: int, index: int = 0, *, kind: Kind | None = None, pacing: bool | None = None) -> Tape:
    """The index-th tape of the run with this seed.

    The tape's own seed is the index-th word of the splitmix64 stream of the run's seed, counted from 0; pacing, kind,
    shape and length are drawn from the stream of that word with all bits flipped, as `choose_shape` says.
    """
    word = mix((seed + (index + 1) * _GAMMA) & _WORD)
    choices = TapeChoices(word ^ _WORD)
    shape = choose_shape(choices, kind, pacing)
    return Tape(word, shape.name, min(choices.within(_OPERATION_COUNTS), shape.operation_count_max))


def program_from_seed(seed: int, index: int = 0, *, kind: Kind | None = None, pacing: bool | None = None) -> Program:
    """The index-th program of the run with this seed, of one kind, with or without pacing if given; it depends on
    nothing else."""
    return tape_from_seed(seed, index, kind=kind, pacing=pacing).expand()


@st.composite
def programs(
    draw: st.DrawFn, kind: Kind | None = None, operation_count_max: int = 40, pacing: bool | None = None
) -> Program:
    """Programs whose every decision Hypothesis draws, of one kind, with or without pacing if given."""
    choices = HypothesisChoices(draw)
    shape = choose_shape(choices, kind, pacing)
    operation_count = choices.integer(1, min(operation_count_max, shape.operation_count_max))
    return make_program(choices, shape, operation_count)


@st.composite
def tapes(
    draw: st.DrawFn, kind: Kind | None = None, operation_count_max: int = 2000, pacing: bool | None = None
) -> Program:
    """Programs expanded from a drawn seed, shape and length."""
    choices = HypothesisChoices(draw)
    shape = choose_shape(choices, kind, pacing)
    operation_count = choices.integer(1, min(operation_count_max, shape.operation_count_max))
    return Tape(choices.integer(0, _WORD), shape.name, operation_count).expand()
