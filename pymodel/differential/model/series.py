"""Answers series: runs each program by itself, and digests its transcript."""

from __future__ import annotations

from collections.abc import Callable

from pymodel.differential.programs.program import Program
from pymodel.differential.programs.series import Series, digest_of
from pymodel.differential.programs.series_codec import encode_digests


def answer_series(run: Callable[[Program, int, int], bytes], series: Series, program_id: int) -> bytes:
    """The answer to a series: digests of what `run` (program, id, checkpoint interval -> transcript) makes of each."""
    transcripts = (run(series.program(index), program_id, 0) for index in range(series.program_count))
    return encode_digests(program_id, [digest_of(transcript) for transcript in transcripts])
