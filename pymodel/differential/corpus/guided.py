"""The programs of a block that are made from those of the corpus, and what such a block is given."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pymodel.differential.campaign.blocks import Job
from pymodel.differential.corpus.mutation import Mutator
from pymodel.differential.generation.choices import mix
from pymodel.differential.generation.generators import tape_from_seed
from pymodel.differential.generation.workload import BLOCK_PROGRAM_COUNT, SEED_MAX, Work
from pymodel.differential.programs.program import Program
from pymodel.differential.programs.text import parse_program

SOURCE = "corpus"
FRESH_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Material:
    """What a block of a guided campaign is given: how many operations the shortest program for each feature has,
    programs that nobody has measured yet, to be run as they are, and programs to make others from, as traces."""

    lengths: Mapping[str, int]
    unmeasured: Sequence[str] = ()
    chosen: Sequence[str] = ()

    def to_texts(self) -> tuple[str, ...]:
        """The material as a job carries it."""
        head = json.dumps({"lengths": dict(self.lengths), "unmeasured_count": len(self.unmeasured)})
        return (head, *self.unmeasured, *self.chosen)

    @classmethod
    def from_texts(cls, texts: Sequence[str]) -> Material:
        """The material of `to_texts`."""
        head, traces = json.loads(texts[0]), texts[1:]
        count = int(head["unmeasured_count"])
        return cls(head["lengths"], traces[:count], traces[count:])


def guided_works(job: Job) -> Iterator[Work]:
    """The programs of a guided block: they depend on the seed, the block's number and its material, nothing else."""
    material = Material.from_texts(job.material)
    first = job.block * BLOCK_PROGRAM_COUNT
    programs = made_programs(mix(job.seed) ^ job.block, material)
    for number, program in zip(range(first, first + BLOCK_PROGRAM_COUNT), programs, strict=False):
        yield Work(number, SOURCE, program)


def made_programs(seed: int, material: Material) -> Iterator[Program]:
    """Programs without end: those not measured as they are, then changed ones."""
    unmeasured = [parse_program(text).program for text in material.unmeasured]
    yield from unmeasured
    chosen = [parse_program(text).program for text in material.chosen] or unmeasured
    mutator = Mutator(seed)
    choices = random.Random(mix(seed ^ 1))
    for tape_number in itertools.count():
        # Half of them are spliced with new ones, whose like no program of the corpus has led to yet.
        fresh = choices.random() < FRESH_SHARE
        other = tape_from_seed(seed & SEED_MAX, tape_number).expand() if fresh else choices.choice(chosen)
        yield mutator.mutate(choices.choice(chosen), other)
