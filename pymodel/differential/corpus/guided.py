"""The programs of a block that are made from those of the corpus, and what such a block is given."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from pymodel.differential.campaign.blocks import Job, Kept
from pymodel.differential.corpus.mutation import Mutator
from pymodel.differential.generation.choices import mix
from pymodel.differential.generation.generators import Tape, tape_from_seed
from pymodel.differential.generation.shapes import SHAPES
from pymodel.differential.generation.workload import BLOCK_PROGRAM_COUNT, Work
from pymodel.differential.programs.program import Program
from pymodel.differential.programs.text import parse_program

SOURCE = "corpus"
SIBLING_LENGTHS = (5, 60)
"""How many operations a new program of a known shape has: rare states take few, and long programs cost many."""


class Way(Enum):
    """How a program is made."""

    NEW = "a new program of the parent's shape"
    NEW_ARGUMENTS = "one with some other arguments"
    STRETCH = "one with a stretch of the parent in it"
    CHANGED = "the parent, changed"


WEIGHTS = (3, 4, 2, 1)
"""How often each way is taken. New programs reach most of what blind runs seldom reach, the others what those never
do."""


@dataclass(frozen=True, slots=True)
class Parent:
    """A program to make others from, as a trace, and its shape if that is known."""

    trace: str
    shape: str = ""


def parents_of(programs: Iterable[Kept]) -> list[Parent]:
    """Programs of the corpus as parents."""
    return [Parent(kept.trace, kept.shape) for kept in programs]


@dataclass(frozen=True, slots=True)
class Material:
    """What a block of a guided campaign is given: how many operations the shortest program for each feature has,
    programs that nobody has measured yet, to be run as they are, as traces, and programs to make others from."""

    lengths: Mapping[str, int]
    unmeasured: Sequence[str] = ()
    chosen: Sequence[Parent] = ()

    def to_texts(self) -> tuple[str, ...]:
        """The material as a job carries it."""
        shapes = [parent.shape for parent in self.chosen]
        head = json.dumps({"lengths": dict(self.lengths), "shapes": shapes})
        return (head, *(parent.trace for parent in self.chosen), *self.unmeasured)

    @classmethod
    def from_texts(cls, texts: Sequence[str]) -> Material:
        """The material of `to_texts`."""
        head, traces = json.loads(texts[0]), texts[1:]
        count = len(head["shapes"])
        return cls(head["lengths"], traces[count:], tuple(map(Parent, traces, head["shapes"])))


def shape_of(source: str) -> str:
    """The shape that a program's source names; empty if it names none."""
    name = source.rpartition(" ")[2]
    return name if name in SHAPES else ""


def guided_works(job: Job) -> Iterator[Work]:
    """The programs of a guided block: they depend on the seed, the block's number and its material, nothing else."""
    material = Material.from_texts(job.material)
    first = job.block * BLOCK_PROGRAM_COUNT
    made = made_programs(mix(job.seed) ^ job.block, material)
    for number, (source, program) in zip(range(first, first + BLOCK_PROGRAM_COUNT), made, strict=False):
        yield Work(number, source, program)


def made_programs(seed: int, material: Material) -> Iterator[tuple[str, Program]]:
    """Programs without end, each with its source: those not measured as they are, then what is made from others."""
    for text in material.unmeasured:
        yield SOURCE, parse_program(text).program
    parents = material.chosen or tuple(map(Parent, material.unmeasured))
    brood = Brood(seed)
    while True:
        yield brood.child(parents)


class Brood:
    """Makes programs from those of the corpus, by the choices of a seed.

    Most are new ones of the shape that a rare program came from: what leads to one rare state leads to others. They are
    changed where generation is regular, in arguments, or take up a stretch of a program of the corpus.
    """

    def __init__(self, seed: int) -> None:
        self._mutator = Mutator(seed)
        self._random = random.Random(mix(seed ^ 1))
        self._parsed = lru_cache(maxsize=None)(_program)

    def child(self, parents: Sequence[Parent]) -> tuple[str, Program]:
        """A program, and its source."""
        parent = self._random.choice(parents)
        sibling = self._sibling(parent)
        source = f"{SOURCE} {parent.shape}".rstrip()
        match self._random.choices(tuple(Way), WEIGHTS)[0]:
            case Way.NEW:
                return source, sibling
            case Way.NEW_ARGUMENTS:
                return source, self._mutator.with_other_arguments(sibling)
            case Way.STRETCH:
                return source, self._mutator.with_stretch(sibling, self._parsed(parent.trace))
            case Way.CHANGED:
                program = self._parsed(parent.trace)
                changed = self._mutator.mutate(program, sibling)
                # What is too long to be changed was run before.
                return source, sibling if changed == program else changed

    def _sibling(self, parent: Parent) -> Program:
        """A new program of the parent's shape, or of any if that is not known."""
        word = self._random.getrandbits(64)
        shape = SHAPES[parent.shape or tape_from_seed(word).shape]
        low, high = SIBLING_LENGTHS
        operation_count = min(self._random.randint(low, high), shape.operation_count_max)
        return Tape(word, shape.name, operation_count).expand()


def _program(trace: str) -> Program:
    return parse_program(trace).program
