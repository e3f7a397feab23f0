"""How a campaign is guided: which blocks are made from the corpus, what they are given, and what becomes of it.

What a block is given depends on the blocks that were committed long before it and on nothing else: not on how many
workers there are, nor on which of them was faster, nor on where the campaign was killed.
"""

from __future__ import annotations

import collections
from dataclasses import replace
from pathlib import Path

from pymodel.differential.campaign.blocks import GENERATED, GUIDED, BlockResult, Job, Kept
from pymodel.differential.campaign.shards import Shard
from pymodel.differential.corpus.corpus import Corpus
from pymodel.differential.corpus.folder import file_name, read_corpus, write_corpus
from pymodel.differential.corpus.guided import Material, parents_of
from pymodel.differential.generation.choices import mix

BLIND_EVERY = 4
"""Of so many blocks of a shard, the first is generated from the seed alone: as many operations as the others together,
whose programs are short."""
AHEAD_COUNT_MAX = 8
"""So many blocks are under way at most. What the last that many found is not yet known to a block that is given out."""


class Guidance:
    """The corpus of a campaign in the folder `folder`; `results` are the blocks that its ledger holds, in order."""

    def __init__(self, folder: Path, shard: Shard, results: list[BlockResult]) -> None:
        self._folder = folder
        self._shard = shard
        self._waiting: collections.deque[BlockResult] = collections.deque(results)
        own = {file_name(kept.trace) for result in results for kept in result.kept}
        stored = read_corpus(folder)
        # A campaign that begins takes up all that is there. Of one that goes on, what its folder has and its ledger
        # lost will come again.
        given = stored.given if results else (*stored.given, *stored.made)
        self._given = tuple(kept for kept in given if file_name(kept.trace) not in own)
        self._unmeasured = tuple(trace for trace in stored.unmeasured if file_name(trace) not in own)
        self._known = Corpus(self._given)
        self._whole = Corpus(self._given)
        for result in results:
            self._whole.add_all(result.kept)
        self._write()

    def __len__(self) -> int:
        return len(self._whole)

    def job(self, job: Job) -> Job:
        """The job with its source and material."""
        while self._waiting and self._waiting[0].block <= job.block - AHEAD_COUNT_MAX * self._shard.count:
            self._known.add_all(self._waiting.popleft().kept)
        position = job.block // self._shard.count
        is_guided = position % BLIND_EVERY != 0
        # All first blocks bring what was given and is not measured, until the first of them is surely committed.
        unmeasured = self._unmeasured if position < AHEAD_COUNT_MAX else ()
        if not is_guided or not (len(self._known) or unmeasured):
            return replace(job, source=GENERATED, material=Material(self._known.lengths).to_texts())
        chosen = parents_of(self._known.chosen(mix(job.seed) ^ job.block))
        material = Material(self._known.lengths, unmeasured, chosen)
        return replace(job, source=GUIDED, material=material.to_texts(), sweep=False)

    def add(self, result: BlockResult) -> None:
        """Takes up what a block kept, once the ledger has it."""
        self._waiting.append(result)
        if self._whole.add_all(result.kept):
            self._write()

    def _write(self) -> None:
        given = {kept.trace for kept in self._given}
        made: list[Kept] = [kept for kept in self._whole if kept.trace not in given]
        write_corpus(self._folder, self._given, made)


def merge_corpora(folders: list[Path], into: Path) -> int:
    """Makes `into` the corpus of all of them and of what it holds; how many programs it then has."""
    corpus = Corpus()
    unmeasured: list[str] = []
    stored = [read_corpus(folder) for folder in (into, *folders)]
    for each in stored:
        corpus.add_all((*each.given, *each.made))
        unmeasured += each.unmeasured
    given = Corpus(kept for each in stored for kept in each.given)
    told = {kept.trace for kept in given}
    write_corpus(into, given, [kept for kept in corpus if kept.trace not in told])
    for trace in unmeasured:
        path = into / file_name(trace)
        if not path.is_file():
            path.write_text(trace, encoding="utf-8")
    return len(corpus)
