from __future__ import annotations

from pathlib import Path

from pymodel.differential.comparison.compare import compare
from pymodel.differential.errors import TargetHung
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.programs.program import Alloc, Free, Grow, PokeClock, Program, Scavenge, StartGen
from pymodel.differential.programs.text import parse_program
from pymodel.differential.running.findings import Finding, print_trace, slug, trace_path
from pymodel.differential.running.report import divergence_report, harness_report, program_lines
from tests.differential.fake_targets import more_released

PROGRAM = Program((Grow(0xC000, 1), Alloc(0, 3), Free(0), StartGen(), Scavenge(8192)))
PATH = Path("scavdiff-findings/a b.trace")


def finding(program: Program = PROGRAM, *, flaky: bool = False) -> Finding:
    transcript = run_on_specification(program, 1)
    divergence = compare(program, {"model": transcript, "port": more_released(program, transcript)})
    assert divergence is not None
    return Finding(divergence, program, "program 7 of seed 1, tape full", PATH, 50, 1234, 0.5, flaky=flaky)


def test_a_report_tells_program_difference_suspect_and_how_to_replay() -> None:
    report = divergence_report(finding(), ["model", "port"], ["--target", "exec:./my port"])
    assert report == (
        "divergence: scavenge: outcome.released\n"
        "found in program 7 of seed 1, tape full, after 1,234 operations; shrunk from 50 operations to 5\n"
        "\n"
        "  heap phys_page=4096 huge_page=2097152\n"
        "  grow 0xc000 chunks=1\n"
        "  s0 = alloc 3\n"
        "  free s0\n"
        "  start_gen\n"
        "  scavenge 8192  <- first difference\n"
        "\n"
        "after operation 5:\n"
        "  returned released: model 8192 port 8193\n"
        "\n"
        f"most likely concerned: {finding().divergence.suspect}\n"
        "replay: scavdiff replay 'scavdiff-findings/a b.trace' --target 'exec:./my port'"
    )


def test_a_finding_that_did_not_show_again_says_so() -> None:
    report = divergence_report(finding(flaky=True), ["model", "port"], [])
    assert "; did not show again: kept as it was, 50 operations, with what the targets answered\n" in report


def test_a_trace_holds_the_report_and_is_still_the_program() -> None:
    report = divergence_report(finding(), ["model", "port"], [])
    trace = print_trace(PROGRAM, report, 4)
    assert parse_program(trace).program == PROGRAM
    assert "scavenge 8192  # <- first difference\n" in trace
    for line in report.splitlines():
        assert f"# {line}".rstrip() in trace.splitlines()


def test_a_program_is_told_with_its_labels() -> None:
    program = Program((PokeClock(-1),), outside_contract=True, pacing=True)
    assert list(program_lines(program, 0)) == [
        "  heap phys_page=4096 huge_page=2097152",
        "  pacing",
        "  outside contract",
        "  poke_clock -1  <- first difference",
    ]


def test_of_a_long_program_the_part_before_the_step_is_shown() -> None:
    lines = list(program_lines(Program((StartGen(),) * 200), 150))
    assert lines[1] == "  ... 121 operations ..."
    assert lines[-2] == "  start_gen  <- first difference"
    assert lines[-1] == "  ... 49 operations more ..."
    assert len(lines) == 33


def test_a_harness_error_is_told_with_the_targets_last_words() -> None:
    error = TargetHung("port", "did not answer program 3 within 1 s", stderr_lines=["one", "two"])
    assert harness_report(error, "program 3 of seed 1, tape full", Path("x.trace"), []) == (
        "harness error (TargetHung): target port did not answer program 3 within 1 s\n"
        "in program 3 of seed 1, tape full\n"
        "  | one\n"
        "  | two\n"
        "replay: scavdiff replay x.trace"
    )


def test_a_signature_becomes_a_file_name() -> None:
    path = trace_path(Path("folder"), 'call ranges_add: threw "a/b" against returned', 5)
    assert path == Path("folder/call-ranges-add-threw-a-b-against-returned-5.trace")
    assert slug("///") == "finding"
    assert len(slug("x y " * 100)) <= 60
