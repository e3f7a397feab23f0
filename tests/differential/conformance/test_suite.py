"""Exported suites: read without the tester, held to the specification, and found stale."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pymodel.differential import cli
from pymodel.differential.conformance.levels import LEVELS
from pymodel.differential.conformance.suite import check_suite, export_suite
from pymodel.differential.errors import BadInput
from tests.differential.conformance import suite_reader as reader

SUITE_BYTES_MAX = 6 << 20
FOUND = "level-1-bits/03.json"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "suite"
    assert export_suite(folder) == 7 * 24
    return folder


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    export_suite(tmp_path / "suite", LEVELS[:1])
    return tmp_path / "suite"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def problems(suite: Path) -> list[str]:
    return [str(problem) for problem in check_suite(suite)[1]]


def edit(suite: Path, name: str, before: str, after: str) -> None:
    text = (suite / name).read_text()
    assert before in text
    (suite / name).write_text(text.replace(before, after, 1))


def test_a_suite_is_right_when_it_is_exported_and_not_large(whole: Path) -> None:
    assert check_suite(whole) == (168, [])
    assert sum(map(len, contents(whole).values())) < SUITE_BYTES_MAX


def test_exporting_again_makes_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    export_suite(tmp_path, LEVELS[:4])
    again = contents(tmp_path)
    del again["suite.json"]
    assert again.items() <= contents(whole).items()
    assert len(again) == 4 * 24


def test_every_number_is_a_string_in_hexadecimal(whole: Path) -> None:
    def look(value: Any) -> None:
        if isinstance(value, dict):
            for key, each in value.items():
                if key not in ("version", "level"):
                    look(each)
        elif isinstance(value, list):
            for each in value:
                look(each)
        else:
            assert isinstance(value, bool | str)

    for level in LEVELS:
        for trace in reader.files_of(whole, level.number):
            look(trace)


@pytest.mark.parametrize("level", [4, 5, 6, 7])
def test_changes_made_one_after_the_other_come_to_the_state_at_the_end(whole: Path, level: int) -> None:
    with_chunks = 0
    for trace in reader.files_of(whole, level):
        state = reader.without_zeros(trace["start"])
        for step in trace["steps"]:
            state = reader.after(state, step["changes"])
        assert state == reader.without_zeros(trace["end"])
        with_chunks += bool(state["chunks"])
    assert with_chunks > 12


def test_an_independent_reader_gets_the_words_that_the_suite_expects(whole: Path) -> None:
    checked = dict.fromkeys(("get", "popcnt_range", "set_range", "find"), 0)
    for trace in reader.files_of(whole, 1):
        for step in trace["steps"]:
            operation = step["operation"]
            right = reader.expected(operation["function"], reader.numbers(operation["arguments"]))
            if right is not None:
                assert reader.numbers(step["outcome"]["values"]) == right, step["text"]
                checked[operation["function"]] += 1
    assert min(checked.values()) > 5


@pytest.mark.parametrize("level", LEVELS, ids=str)
def test_all_of_a_level_is_in_its_traces(whole: Path, level: Any) -> None:
    operations = [step["operation"] for trace in reader.files_of(whole, level.number) for step in trace["steps"]]
    assert {operation.get("function") for operation in operations} >= set(level.functions)
    assert {operation["name"] for operation in operations} >= set(level.operations)


def test_an_expectation_that_is_wrong_is_told_with_its_step(suite: Path) -> None:
    edit(suite, FOUND, '"kind": "returned", "values": ["0x', '"kind": "returned", "values": ["0x7')
    (problem,) = problems(suite)
    assert problem.startswith(f"{FOUND}: is stale: step 1 (call ")
    assert ") expects outcome {'kind': 'returned', 'values': ['0x7" in problem
    assert ", but the specification says {'kind': 'returned', 'values': ['0x" in problem


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ('"searchAddr": "0x7fffffffffff"', '"searchAddr": "0x0"', "is stale: its start is not what the specification"),
        ('"name": "call", "function"', '"name": "jump", "function"', "cannot be read: is no trace of a suite: 'jump'"),
        ('"function": "', '"function": "no_', "cannot be read: is no trace of a suite: 'no_"),
        ('"arguments": [', '"arguments": ["0x1", ', "cannot be read: operations[0].call.arguments: "),
        ('"phys_page_size": "0x', '"phys_page_size": "0x3', "cannot be read: phys_page_size: "),
        ('"pacing": false', '"pacing": 7', "is stale: its pacing is not what the specification says"),
        ('"level": 1', '"level": 88', "cannot be read: "),
        ("{", "", "cannot be read: "),
        ("\n", "\n\n", "is stale: it says the same in other bytes"),
    ],
)
def test_what_was_changed_in_a_file_is_told(suite: Path, before: str, after: str, problem: str) -> None:
    edit(suite, FOUND, before, after)
    (found,) = problems(suite)
    assert found.startswith(f"{FOUND}: {problem}")


def test_files_that_are_missing_strange_or_not_those_listed_are_told(suite: Path) -> None:
    (suite / "level-1-bits/00.json").unlink()
    (suite / "level-1-bits/99.json").write_text("{}")
    (suite / "level-1-bits/01.json").write_bytes((suite / "level-1-bits/02.json").read_bytes())
    assert problems(suite) == [
        "level-1-bits/99.json: is not of the suite",
        "level-1-bits/00.json: is missing",
        "level-1-bits/01.json: is stale: its name is not what the specification says",
    ]


def test_a_right_file_that_the_manifest_does_not_know_so_is_told(suite: Path) -> None:
    manifest = json.loads((suite / "suite.json").read_text())
    manifest["levels"][0]["files"][FOUND] = "0" * 64
    (suite / "suite.json").write_text(json.dumps(manifest))
    assert problems(suite) == [f"{FOUND}: is right, but was changed: its digest is not that of suite.json"]


@pytest.mark.parametrize(
    ("manifest", "sentence"),
    [
        ("{}", 'its "format" is not "pageheap suite"'),
        ('{"format": "pageheap suite", "version": 2}', "has version 2 of the format; this scavdiff knows 1"),
        ('{"format": "pageheap suite", "version": 1}', "suite.json does not list files by level"),
        ("[]", "is not a JSON object"),
        ("x", "is not JSON: "),
        (
            '{"format": "pageheap suite", "version": 1, "levels": [{"files": {"../x.json": ""}}]}',
            "suite.json lists ../x.json, which is not in the suite's folder",
        ),
    ],
)
def test_a_manifest_that_is_none_is_bad_input(suite: Path, manifest: str, sentence: str) -> None:
    (suite / "suite.json").write_text(manifest)
    with pytest.raises(BadInput) as caught:
        check_suite(suite)
    assert sentence in str(caught.value)


def test_a_smaller_suite_takes_the_place_of_a_larger_one(tmp_path: Path) -> None:
    export_suite(tmp_path, LEVELS[:2])
    export_suite(tmp_path, LEVELS[:1])
    assert check_suite(tmp_path) == (24, [])


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(BadInput, match="is there already and holds no suite"):
        export_suite(tmp_path)
    with pytest.raises(BadInput, match="is there already and holds no suite"):
        export_suite(tmp_path / "thesis.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_command_exports_and_checks(suite: Path, tmp_path: Path) -> None:
    def export(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(cli.main, ["export", *arguments])
        return result.exit_code, result.output

    assert export("--level", "1", str(tmp_path / "new")) == (0, f"{tmp_path / 'new'}: 24 traces\n")
    assert export("--check", str(suite)) == (0, f"{suite}: 24 traces, all right\n")
    (suite / FOUND).unlink()
    assert export("--check", str(suite)) == (1, f"{FOUND}: is missing\n{suite}: 24 traces, 1 problems\n")
    assert export("--check", str(tmp_path)) == (2, f"Error: {tmp_path} is no suite: it has no suite.json\n")
    assert export("--check", "--level", "1", str(suite))[0] == 2
