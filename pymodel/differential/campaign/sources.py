"""Where the programs of a block come from. A source depends on its job and on nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from pymodel.differential.campaign.blocks import GENERATED, GUIDED, Job
from pymodel.differential.corpus.guided import guided_works
from pymodel.differential.errors import BadInput
from pymodel.differential.generation.workload import Work, block_workload


def _generated(job: Job) -> Iterator[Work]:
    return block_workload(job.seed, job.block)


SOURCES: Mapping[str, Callable[[Job], Iterator[Work]]] = {GENERATED: _generated, GUIDED: guided_works}


def works_of(job: Job) -> Iterator[Work]:
    """The works of a job, numbered as those of its block are; raises BadInput for a source that is none."""
    source = SOURCES.get(job.source)
    if source is None:
        raise BadInput(f"source of work {job.source!r} is not one of: {', '.join(SOURCES)}")
    return source(job)
