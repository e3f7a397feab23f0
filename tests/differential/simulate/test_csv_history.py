from __future__ import annotations

from pathlib import Path

import pytest

from pymodel.differential.errors import BadInput
from pymodel.differential.simulate.csv_history import HEADER, csv_history, parse_csv
from pymodel.differential.simulate.history import Row


def parse(*lines: str) -> tuple[Row, ...]:
    return parse_csv([f"{line}\n" for line in lines], "x.csv").rows


def test_rows_are_read_with_exact_times() -> None:
    assert parse(HEADER, "0.1,100,0", "2, 50 ,150") == (Row(10**8, 100, 0), Row(2 * 10**9, 50, 150))


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([], "x.csv:1: the file is empty; its first line must be `time_s,allocated_bytes,freed_bytes`"),
        ([HEADER], "x.csv:2: there is no row below the header"),
        (["1,2,3"], "x.csv:1: the first line must be `time_s,allocated_bytes,freed_bytes`"),
        ([HEADER, "1,2"], "x.csv:2: 2 values, not 3 (time_s,allocated_bytes,freed_bytes)"),
        ([HEADER, "1,,3"], "x.csv:2: allocated_bytes is missing"),
        ([HEADER, "1,2,0", "", "2,3,0"], "x.csv:3: the line is empty"),
        ([HEADER, "1,2,0", "1,3,0"], "x.csv:3: time does not go forward: 1 s after 1 s"),
        ([HEADER, "5,2,0", "1,3,0"], "x.csv:3: time does not go forward: 1 s after 5 s"),
        ([HEADER, "nan,2,0"], "x.csv:2: time_s 'nan' is not a number of seconds such as 0, 12 or 3.25"),
        ([HEADER, "-1,2,0"], "x.csv:2: time_s '-1' is not a number of seconds such as 0, 12 or 3.25"),
        ([HEADER, "1,-2,0"], "x.csv:2: allocated_bytes '-2' is not a whole number of bytes"),
        ([HEADER, "1,2,0.5"], "x.csv:2: freed_bytes '0.5' is not a whole number of bytes"),
        ([HEADER, "1,2,3"], "x.csv:2: 3 bytes are freed, but only 2 are allocated"),
        ([HEADER, "0,2,0"], "x.csv:2: the history ends at 0 s, so no time passes in it"),
    ],
)
def test_bad_input_is_one_sentence_with_file_and_line(lines: list[str], sentence: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse(*lines)
    assert str(refused.value) == sentence


def test_files_that_cannot_be_read_are_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"cannot read .*: No such file or directory"):
        csv_history(tmp_path / "none.csv")
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match="is not UTF-8 text"):
        csv_history(binary)
