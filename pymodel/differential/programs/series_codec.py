"""Series as protocol messages: a request that holds a series, and the digests that answer it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from google.protobuf.message import DecodeError

from pymodel.differential.programs.series import DIGEST_BYTE_COUNT, Interval, Series
from pymodel.wire import pageheap_pb2


class NoDigests(Exception):
    """An answer to a series is not what it must be; the text says why."""


def encode_series(series: Series, program_id: int) -> bytes:
    """The request for a series, with the id that its answer will carry."""
    message = pageheap_pb2.Series(
        seed=series.seed,
        program_count=series.program_count,
        operation_count=series.operation_count,
        weights=series.weights,
        page_counts=itertools.chain.from_iterable(series.page_counts),
        byte_counts=itertools.chain.from_iterable(series.byte_counts),
        chunk_counts=itertools.chain.from_iterable(series.chunk_counts),
        chunk_count_max=series.chunk_count_max,
        chunk=series.chunk,
        gap_max=series.gap_max,
        part_percent=series.part_percent,
        filled_percent=series.filled_percent,
    )
    return pageheap_pb2.Program(
        id=program_id,
        phys_page_size=series.phys_page_size,
        phys_huge_page_size=series.phys_huge_page_size,
        series=message,
    ).SerializeToString(deterministic=True)


def decode_series(data: bytes) -> tuple[Series, int] | None:
    """The series in a request and the request's id; None if the request holds none. No bound is checked."""
    try:
        request = pageheap_pb2.Program.FromString(data)
    except DecodeError:
        return None
    if not request.HasField("series"):
        return None
    message = request.series
    series = Series(
        seed=message.seed,
        program_count=message.program_count,
        operation_count=message.operation_count,
        weights=tuple(message.weights),
        page_counts=_triples(message.page_counts),
        byte_counts=_triples(message.byte_counts),
        chunk_counts=_triples(message.chunk_counts),
        chunk_count_max=message.chunk_count_max,
        chunk=message.chunk,
        gap_max=message.gap_max,
        part_percent=message.part_percent,
        filled_percent=message.filled_percent,
        phys_page_size=request.phys_page_size,
        phys_huge_page_size=request.phys_huge_page_size,
    )
    return series, request.id


def encode_digests(program_id: int, digests: Sequence[bytes]) -> bytes:
    """The answer to a series."""
    return pageheap_pb2.Transcript(program_id=program_id, digests=b"".join(digests)).SerializeToString()


def decode_digests(data: bytes, series: Series, program_id: int) -> list[bytes]:
    """The digests in the answer to a series, one for each program; raises NoDigests."""
    try:
        answer = pageheap_pb2.Transcript.FromString(data)
    except DecodeError as error:
        raise NoDigests(f"is no transcript: {error}") from None
    if answer.program_id != program_id:
        raise NoDigests(f"is that to program {answer.program_id}")
    digests = answer.digests
    if len(digests) != DIGEST_BYTE_COUNT * series.program_count or answer.HasField("start") or answer.steps:
        raise NoDigests(f"is not {series.program_count} digests of {DIGEST_BYTE_COUNT} bytes and nothing else")
    return [digests[start : start + DIGEST_BYTE_COUNT] for start in range(0, len(digests), DIGEST_BYTE_COUNT)]


def _triples(words: Sequence[int]) -> tuple[Interval, ...]:
    return tuple((words[i], words[i + 1], words[i + 2]) for i in range(0, len(words), 3))
