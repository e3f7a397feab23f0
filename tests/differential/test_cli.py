"""The command line without any target of its own: help, flags, files, statuses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pymodel.differential import cli
from pymodel.differential.cli import main
from pymodel.differential.programs.program import Alloc, Grow, Program
from pymodel.differential.programs.text import print_program


def scavdiff(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), prog_name="scavdiff")


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "x.trace"
    path.write_text(print_program(Program((Grow(0xC000, 1), Alloc(0, 3)))))
    return path


@pytest.mark.parametrize("command", ["run", "replay", "show", "describe", "smoke", "conformance", "export"])
def test_every_command_explains_itself_with_examples(command: str) -> None:
    result = scavdiff(command, "--help")
    assert result.exit_code == 0
    assert f"\n  scavdiff {command} " in result.output
    assert command in scavdiff("--help").output


def test_exit_statuses_are_explained_where_they_matter() -> None:
    for command, meaning in (("run", "0 no divergence; 1 a divergence"), ("replay", "0 no divergence but those")):
        assert f"Exit status: {meaning}" in " ".join(scavdiff(command, "--help").output.split())


def test_version_names_the_protocol_too() -> None:
    assert re.fullmatch(r"scavdiff \d+\.\d+\.\d+, protocol version 1\n", scavdiff("--version").output)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "--target", "rust"], "target 'rust' is not one of: go, model, unix:/path, host:port, exec:COMMAND,"),
        (["run", "--no-model", "--target", "model"], "one target alone has nothing to be compared with"),
        (["run", "--target", "model"], "one target alone has nothing to be compared with"),
        (["run", "--ignore", "colour"], "'colour' is nothing that a comparison can ignore; choose from printed,"),
        (["run", "--examples", "0"], "Invalid value for '--examples': 0 is not in the range x>=1."),
        (["run", "--seed", "-1"], "Invalid value for '--seed'"),
        (["run", "--no-such-flag"], "No such option"),
        (["replay"], "Missing argument 'DIR|FILE...'."),
        (["replay", "/no/such/a", "/no/such/b"], "there is no file or folder /no/such/a"),
        (["replay", "pymodel"], "there is no trace in pymodel: no file in or below it ends in .trace"),
        (["replay", "x", "--known-failing", "/no/such/list"], "cannot read /no/such/list: No such file or directory"),
        (["replay", "--target", "unix:/no/such/socket", "x"], "does not answer Describe at unix:/no/such/socket"),
        (["replay", "--target", "exec:/no/such/server", "x"], "cannot run /no/such/server: No such file or directory"),
        (["describe", "--target", "127.0.0.1:1"], "does not answer Describe at 127.0.0.1:1"),
        (["show", "/no/such.trace"], "cannot read /no/such.trace: No such file or directory"),
        (["show", "/"], "cannot read /: Is a directory"),
        (["no-such-command"], "No such command 'no-such-command'."),
    ],
)
def test_bad_input_is_one_sentence_on_stderr_and_status_2(arguments: list[str], sentence: str) -> None:
    result = scavdiff(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert sentence in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
    assert result.exception is None or isinstance(result.exception, SystemExit)


@pytest.mark.parametrize(
    ("text", "place", "sentence"),
    [
        ("", "1:1", "expected `pageheap program 1`"),
        ("pageheap program 2\n", "1:18", "expected `pageheap program 1`"),
        ("pageheap program 1\ngrow 0xc000 chunks=\n", "2:20", "expected"),
        ("pageheap program 1\ns0 = alloc 1\ns0 = alloc 1\n", "3:1", "s0 is written twice"),
        ("pageheap program 1\npoke_search_addr 0x0\n", "2:1", "outside the contract"),
    ],
)
def test_a_bad_trace_is_refused_with_line_and_column(tmp_path: Path, text: str, place: str, sentence: str) -> None:
    path = tmp_path / "bad.trace"
    path.write_text(text)
    result = scavdiff("show", str(path))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {path}:{place}: ")
    assert sentence in result.stderr


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.trace"
    path.write_bytes(b"\xff\xfe\x00")
    result = scavdiff("show", str(path))
    assert result.exit_code == 2
    assert "is not a trace: it is not UTF-8 text" in result.stderr


def test_show_draws_what_the_model_does(trace: Path) -> None:
    result = scavdiff("show", "--width", "60", str(trace))
    assert result.exit_code == 0
    assert "2  s0 = alloc 3\n   returned address=0x3000000000 scav=24576\n0xc000       +sss" in result.stdout
    assert "\x1b" not in result.stdout


def test_describe_lists_capabilities_and_limits() -> None:
    result = scavdiff("describe", "--target", "model")
    assert result.exit_code == 0
    assert "capabilities   bits, ranges, summaries, page allocator, page cache, scavenge" in result.stdout
    assert "at most 131,072 in a program" in result.stdout


@pytest.mark.parametrize(
    ("raised", "status", "words"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(28, "No space left on device", "x.trace"), 2, "the system refused: x.trace: No space left on device"),
        (ZeroDivisionError("oops"), 2, "scavdiff itself failed; this says nothing of any target"),
    ],
)
def test_no_failure_of_scavdiff_itself_looks_like_a_divergence(
    trace: Path, monkeypatch: pytest.MonkeyPatch, raised: BaseException, status: int, words: str
) -> None:
    def fail(*_: object) -> None:
        raise raised

    monkeypatch.setattr(cli, "show_trace", fail)
    result = scavdiff("show", str(trace))
    assert result.exit_code == status
    assert words in result.stderr
