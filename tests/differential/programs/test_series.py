"""The programs of a series are those that Go makes of it, and valid; requests and answers go over the wire."""

from __future__ import annotations

import dataclasses
import hashlib

import pytest

from pymodel.differential.generation.series_choice import series_from_seed
from pymodel.differential.programs.check import check_program
from pymodel.differential.programs.codec import encode_program
from pymodel.differential.programs.series import DIGEST_BYTE_COUNT, KINDS, Series
from pymodel.differential.programs.series_codec import (
    NoDigests,
    decode_digests,
    decode_series,
    encode_digests,
    encode_series,
)

# The same series and the same digest stand in goharness/internal/program/series_test.go.
SERIES = Series(
    seed=7,
    program_count=40,
    operation_count=120,
    weights=(2, 20, 16, 4, 8, 4, 3, 6, 3, 4, 2),
    page_counts=((1, 4, 8), (60, 70, 4), (500, 520, 1)),
    byte_counts=((1, 65536, 3), (0, (1 << 64) - 1, 1)),
    chunk_counts=((1, 3, 1),),
    chunk_count_max=16,
    chunk=0xC000,
    gap_max=3,
    part_percent=30,
    filled_percent=50,
)
PROGRAMS_SHA256 = "3a1c63be6908e2a9c60f5251e07ec068f96d7214dd47c871e89de4f1cbc1fb03"


def test_python_makes_the_programs_that_go_makes() -> None:
    digest = hashlib.sha256()
    for index in range(SERIES.program_count):
        digest.update(encode_program(SERIES.program(index), index))
    assert digest.hexdigest() == PROGRAMS_SHA256


@pytest.mark.parametrize("number", range(24))
def test_programs_of_any_series_of_a_run_are_valid_and_of_its_length(number: int) -> None:
    series = series_from_seed(5, number).series
    for index in range(min(3, series.program_count)):
        program = series.program(index)
        check_program(program)
        assert len(program.operations) == series.operation_count


def test_a_program_depends_on_its_index_alone() -> None:
    longer = dataclasses.replace(SERIES, program_count=100)
    assert longer.program(3) == SERIES.program(3) != SERIES.program(4)


def test_a_series_goes_over_the_wire_unchanged() -> None:
    lower = dataclasses.replace(SERIES, chunk=-5, phys_page_size=65536, phys_huge_page_size=0)
    for series in (SERIES, lower):
        assert decode_series(encode_series(series, 77)) == (series, 77)
    assert decode_series(encode_program(SERIES.program(0), 1)) is None
    assert len(SERIES.weights) == len(KINDS)


def test_digests_go_over_the_wire_unchanged() -> None:
    digests = [bytes([number]) * DIGEST_BYTE_COUNT for number in range(SERIES.program_count)]
    assert decode_digests(encode_digests(5, digests), SERIES, 5) == digests


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"\xff\xff", "no transcript"),
        (encode_digests(4, [bytes(16)] * 40), "that to program 4"),
        (encode_digests(5, [bytes(16)] * 39), "not 40 digests of 16 bytes"),
        (encode_digests(5, [bytes(16)] * 40) + b"\x12\x00", "and nothing else"),
    ],
)
def test_an_answer_to_a_series_that_is_not_its_digests_is_told(answer: bytes, why: str) -> None:
    with pytest.raises(NoDigests, match=why):
        decode_digests(answer, SERIES, 5)
