from __future__ import annotations

import pytest

from pymodel.differential.simulate.quantities import parse_bytes, parse_seconds, tell_bytes, tell_time


def test_bytes_are_read_with_and_without_a_unit() -> None:
    assert [parse_bytes(text) for text in ("0", "4096", "64MiB", "1.5 GiB", "2kib")] == [
        0,
        4096,
        64 << 20,
        3 << 29,
        2048,
    ]


@pytest.mark.parametrize("text", ["", "nan", "-1", "1e9", "64MB", "inf", "1.MiB", "0x10", "1,5GiB", "MiB"])
def test_what_is_no_number_of_bytes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number of bytes"):
        parse_bytes(text)


def test_seconds_become_whole_nanoseconds_without_rounding_errors() -> None:
    assert [parse_seconds(text) for text in ("0", "12", "0.000000001", "3.25", "0.1")] == [
        0,
        12 * 10**9,
        1,
        3_250_000_000,
        100_000_000,
    ]


@pytest.mark.parametrize("text", ["", "nan", "NaN", "-1", "inf", "1e3", " 1", "1:00", "٣"])
def test_what_is_no_number_of_seconds_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number of seconds"):
        parse_seconds(text)


def test_quantities_are_told_in_fitting_units() -> None:
    assert [tell_bytes(count) for count in (0, 1023, 1 << 10, 3 << 19, 5 << 30)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "1.5 MiB",
        "5.0 GiB",
    ]
    assert tell_time((3600 + 62) * 10**9 + 590_000_000) == "1:01:02.5"
