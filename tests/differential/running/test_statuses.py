"""Stored traces run again on targets in this process: each status, each exit status, and lists of what may fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pymodel.differential.comparison.compare import compare
from pymodel.differential.errors import BadInput, HarnessError, TargetDied, TargetHung
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.programs.program import Alloc, Cache, Free, Grow, Program, Scavenge, StartGen
from pymodel.differential.programs.text import parse_program, print_program
from pymodel.differential.running.expectation import Expectation, expectation_of
from pymodel.differential.running.findings import Finding, print_trace
from pymodel.differential.running.known_failing import KnownFailing
from pymodel.differential.running.replay import replay_text
from pymodel.differential.running.report import divergence_report, harness_report
from pymodel.differential.running.side_by_side import SideBySide
from pymodel.differential.running.status_table import StatusTable, replay_many
from pymodel.differential.running.statuses import traces_in
from pymodel.differential.targets.capabilities import ALL_CAPABILITIES, Capability
from tests.differential.fake_targets import Answer, FakeTarget, more_released, right

PROGRAM = Program((Grow(0xC000, 1), Alloc(0, 3), Free(0), StartGen(), Scavenge(8192)))
CACHED = Program((Grow(0xC000, 1), Cache(0)))
SIGNATURE = "scavenge: outcome.released"


def found_trace(program: Program = PROGRAM, *, flaky: bool = False) -> str:
    """A trace as a run keeps it."""
    transcript = run_on_specification(program, 1)
    divergence = compare(program, {"model": transcript, "port": more_released(program, transcript)})
    assert divergence is not None
    finding = Finding(divergence, program, "program 7 of seed 1", Path("x.trace"), 50, 1234, 0.5, flaky=flaky)
    return print_trace(program, divergence_report(finding, ["model", "port"], []), divergence.step)


def harness_trace() -> str:
    error = TargetHung("port", "did not answer program 3 within 1 s")
    return print_trace(PROGRAM, harness_report(error, "program 3 of seed 1", Path("x.trace"), []), None)


def fail(kind: type[HarnessError]) -> Answer:
    return lambda _, __: kind("port", "failed")


def only(*capabilities: Capability) -> frozenset[Capability]:
    return frozenset(capabilities)


Replay = Callable[..., tuple[list[str], int]]


@pytest.fixture
def replay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Replay:
    """Replays traces, by name, on the model and on ports that answer as given; the lines said, and the status."""
    monkeypatch.chdir(tmp_path)

    def run(
        texts: dict[str, str],
        *answers: Answer,
        known: str = "",
        capabilities: frozenset[Capability] = ALL_CAPABILITIES,
        width: int = 200,
    ) -> tuple[list[str], int]:
        for name, text in texts.items():
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text(text)
        Path("known.txt").write_text(known)
        last = FakeTarget("port", answers[-1], capabilities=capabilities)
        side_by_side = SideBySide([FakeTarget("model"), *(FakeTarget("rust", each) for each in answers[:-1]), last])
        side_by_side.open()
        said: list[str] = []
        paths = [Path(name) for name in texts]
        known_failing = KnownFailing.read(Path("known.txt"))
        replayed = replay_many(paths, side_by_side, known_failing, StatusTable(paths, width), said.append)
        return said, replayed.exit_status

    return run


@pytest.mark.parametrize(
    ("text", "answer", "row", "status"),
    [
        (print_program(PROGRAM), right, "AGREES       x.trace", 0),
        (found_trace(), right, f"FIXED        x.trace  was {SIGNATURE}", 0),
        (found_trace(), more_released, f"STILL FAILS  x.trace  {SIGNATURE}", 1),
        (print_program(PROGRAM), more_released, f"CHANGED      x.trace  expected to agree, now {SIGNATURE}", 1),
        (
            found_trace().replace(SIGNATURE, "alloc: chunk.scavenged"),
            more_released,
            f"CHANGED      x.trace  was alloc: chunk.scavenged, now {SIGNATURE}",
            1,
        ),
        (found_trace(), fail(TargetDied), f"CHANGED      x.trace  was {SIGNATURE}, now harness error (TargetDied)", 2),
        (harness_trace(), fail(TargetHung), "STILL FAILS  x.trace  harness error (TargetHung)", 2),
        (harness_trace(), right, "FIXED        x.trace  was harness error (TargetHung)", 0),
        (
            found_trace(flaky=True),
            right,
            f"FIXED        x.trace  was {SIGNATURE}, which did not show again at once",
            0,
        ),
        ("pageheap program 1\ngrow\n", right, "STALE        x.trace  x.trace:2:5: expected", 2),
        (
            "pageheap program 1\ns0 = alloc 1\ns0 = alloc 1\n",
            right,
            "STALE        x.trace  x.trace:3:1: ",
            2,
        ),
        ("pageheap program 2\n", right, "STALE        x.trace  x.trace:1:18: expected `pageheap program 1`", 2),
    ],
)
def test_each_trace_gets_a_status(replay: Replay, text: str, answer: Answer, row: str, status: int) -> None:
    said, exit_status = replay({"x.trace": text}, answer)
    assert said[0].startswith(row)
    assert said[-1] == f"1 trace: 1 {row[:11].strip()}"
    assert exit_status == status


def test_a_trace_that_targets_cannot_run_is_stale(replay: Replay) -> None:
    said, status = replay({"x.trace": print_program(CACHED)}, right, capabilities=only(Capability.BITS))
    assert said[0] == "STALE        x.trace  port was left out: needs page allocator"
    assert status == 2


def test_a_trace_is_not_fixed_by_a_target_that_no_longer_runs_it(replay: Replay) -> None:
    some = only(Capability.BITS)
    said, status = replay({"x.trace": found_trace()}, right, right, capabilities=some)
    assert said[0] == "STALE        x.trace  the others agree, but port was left out: needs page allocator"
    assert status == 2
    said, status = replay({"x.trace": print_program(PROGRAM)}, right, right, capabilities=some)
    assert said[0] == "AGREES       x.trace  port was left out: needs page allocator"
    assert status == 0


def test_a_divergence_outranks_harness_errors_and_stale_traces(replay: Replay) -> None:
    texts = {"a.trace": "nothing", "b.trace": found_trace()}
    said, status = replay(texts, more_released, fail(TargetDied))
    assert said[1] == f"STILL FAILS  b.trace  {SIGNATURE}; harness error (TargetDied)"
    assert said[-1] == "2 traces: 1 STILL FAILS, 1 STALE"
    assert status == 1


@pytest.mark.parametrize(
    ("name", "text", "answer"),
    [
        ("folder/x.trace", found_trace(), more_released),
        (SIGNATURE, found_trace(), more_released),
        (SIGNATURE, print_program(PROGRAM), more_released),
        ("harness error (TargetHung)", harness_trace(), fail(TargetHung)),
        ("folder/x.trace", "no trace", right),
        # It may fail the next time.
        ("folder/x.trace", found_trace(flaky=True), right),
    ],
)
def test_what_is_listed_may_fail(replay: Replay, name: str, text: str, answer: Answer) -> None:
    said, status = replay({"folder/x.trace": text}, answer, known=f"# ours\n\n  {name}   # see issue 5\n")
    assert said[0].endswith(" (known: see issue 5)")
    assert said[-1].endswith("; 1 known to fail")
    assert status == 0


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("x.trace", "x.trace no longer fails; take it off the list"),
        (SIGNATURE, f"{SIGNATURE} no longer fails; take it off the list"),
        ("y.trace", "y.trace names nothing: there is no such trace"),
        ("alloc: chunk.alloc", "alloc: chunk.alloc names nothing: no trace that was replayed has this signature"),
    ],
)
def test_an_entry_that_no_longer_fails_or_names_nothing_fails_the_run(replay: Replay, name: str, sentence: str) -> None:
    said, status = replay({"x.trace": found_trace()}, right, known=f"\n{name}  # why\n")
    assert said[1] == f"known.txt:2: {sentence}"
    assert status == 1


def test_an_entry_for_a_trace_that_was_not_replayed_is_not_judged(replay: Replay) -> None:
    Path("other.trace").write_text(found_trace())
    assert replay({"x.trace": found_trace()}, right, known="other.trace  # why\n")[1] == 0


def test_a_signature_that_one_of_its_traces_still_shows_stays_on_the_list(replay: Replay) -> None:
    agreeing = Program((Grow(0xC000, 1),))
    head = f"divergence: {SIGNATURE}"
    texts = {"a.trace": found_trace(), "b.trace": print_trace(agreeing, head, None)}
    said, status = replay(texts, more_released, known=f"{SIGNATURE}  # why\n")
    assert [row[:11].strip() for row in said[:2]] == ["STILL FAILS", "FIXED"]
    assert status == 0


def test_a_news_is_not_hidden_by_what_is_listed(replay: Replay) -> None:
    texts = {"a.trace": found_trace(), "b.trace": print_program(PROGRAM)}
    assert replay(texts, more_released, known="a.trace  # why\n")[1] == 1


def test_a_path_is_meant_from_the_lists_folder_or_from_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/known.txt").write_text("x.trace  # beside it\nb/y.trace  # from here\n")
    monkeypatch.chdir(tmp_path)
    known = KnownFailing.read(Path("a/known.txt"))
    assert known.reason(Path("a/x.trace"), ()) == "beside it"
    assert known.reason(tmp_path / "b" / "y.trace", ()) == "from here"
    assert known.reason(Path("x.trace"), ()) == "beside it"
    assert known.reason(Path("y.trace"), ()) is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x.trace\n", "expected a trace or a signature, then # and why it is known to fail, found 'x.trace'"),
        ("x.trace #\n", "expected a trace or a signature, then # and why it is known to fail, found 'x.trace #'"),
        ("x.trace # a\nx.trace # b\n", "known.txt:2: x.trace stands in known.txt:1 already"),
    ],
)
def test_a_line_without_a_reason_and_a_second_one_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("known.txt").write_text(text)
    with pytest.raises(BadInput) as caught:
        KnownFailing.read(Path("known.txt"))
    assert sentence in str(caught.value)


def test_a_list_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "known.txt").write_bytes(b"\xff")
    with pytest.raises(BadInput, match="it is not UTF-8 text"):
        KnownFailing.read(tmp_path / "known.txt")


def test_long_words_go_below_their_row(replay: Replay) -> None:
    said, _ = replay({"x.trace": found_trace().replace(SIGNATURE, "alloc: one")}, more_released, width=40)
    assert said[0].splitlines() == [
        "CHANGED      x.trace",
        "             was alloc: one, now",
        "             scavenge: outcome.released",
    ]


def names(paths: Sequence[Path], folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in paths]


def test_folders_give_all_traces_in_and_below_them_once(tmp_path: Path) -> None:
    for name in ("b.trace", "a.trace", "deep/er/c.trace", "notes.txt", ".a.trace.tmp1"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "folder.trace").mkdir()
    found = traces_in([tmp_path / "b.trace", tmp_path, tmp_path / "notes.txt"])
    assert names(found, tmp_path) == ["b.trace", "a.trace", "deep/er/c.trace", "notes.txt"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (found_trace(), Expectation(SIGNATURE)),
        (found_trace(flaky=True), Expectation(SIGNATURE, flaky=True)),
        (harness_trace(), Expectation("harness error (TargetHung)")),
        ("pageheap program 1\n# divergence: a: b\ngrow 0xc000 chunks=1\n", Expectation("a: b")),
        # Only the head counts, and there only what begins a line.
        ("pageheap program 1\ngrow 0xc000 chunks=1\n# divergence: a: b\ngrow 0xc000 chunks=1\n", Expectation()),
        ("pageheap program 1\ngrow 0xc000 chunks=1  # divergence: a: b\n", Expectation()),
        ("pageheap program 1\n# no divergence: a: b\n", Expectation()),
    ],
)
def test_the_head_of_a_trace_says_what_it_showed(text: str, expected: Expectation) -> None:
    assert expectation_of(parse_program(text)) == expected


def test_one_trace_ends_with_its_status(tmp_path: Path) -> None:
    path = tmp_path / "x.trace"
    path.write_text(found_trace())

    def one(answer: Answer, known: KnownFailing | None = None) -> tuple[str, int]:
        side_by_side = SideBySide([FakeTarget("model"), FakeTarget("port", answer)])
        side_by_side.open()
        text, replayed = replay_text(path, side_by_side, known)
        return text.splitlines()[-1], replayed.exit_status

    assert one(right) == (f"FIXED: was {SIGNATURE}", 0)
    assert one(more_released) == (f"STILL FAILS: {SIGNATURE}", 1)
    (tmp_path / "known").write_text(f"{SIGNATURE}  # why\n")
    assert one(more_released, KnownFailing.read(tmp_path / "known")) == (f"STILL FAILS: {SIGNATURE} (known: why)", 0)
    said, status = one(right, KnownFailing.read(tmp_path / "known"))
    assert said.endswith("no longer fails; take it off the list")
    assert status == 1
