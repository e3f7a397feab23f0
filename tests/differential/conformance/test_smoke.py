"""What a smoke test makes of ports whose adapter is broken, and of ports whose algorithm is wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from pymodel.differential import cli
from pymodel.differential.conformance.smoke import Smoke, SmokeTest, Verdict
from pymodel.differential.conformance.smoke_programs import SMOKE_CAPABILITIES, program_of
from pymodel.differential.errors import TargetDied, TargetFailedToStart, TargetHung
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.programs.check import check_program
from pymodel.differential.programs.program import Call, Program
from pymodel.differential.targets.capabilities import ALL_CAPABILITIES, Capability, Description, capabilities_needed
from pymodel.wire import pageheap_pb2
from tests.differential.conformance.ports import Port
from tests.differential.fake_targets import FakeTarget

STDIO_PORT = Path(__file__).parents[1] / "targets/stdio_port.py"


def smoke(port: FakeTarget) -> Smoke:
    return SmokeTest(port, lambda check: None).run()


def verdicts(result: Smoke) -> dict[str, Verdict]:
    return {check.name: check.verdict for check in result.checks}


@pytest.mark.parametrize("capability", SMOKE_CAPABILITIES)
def test_the_program_of_a_capability_needs_it_and_runs_to_its_end(capability: Capability) -> None:
    program = program_of(capability)
    check_program(program)
    assert capability in capabilities_needed(program)
    transcript = pageheap_pb2.Transcript.FromString(run_on_specification(program, 1))
    assert len(transcript.steps) == len(program.operations)


def test_each_function_of_the_lower_levels_is_called() -> None:
    called = {
        operation.function
        for capability in (Capability.BITS, Capability.RANGES, Capability.SUMMARIES)
        for operation in program_of(capability).operations
        if isinstance(operation, Call)
    }
    assert len(called) == 13 + 11 + 10


def test_a_right_port_works() -> None:
    result = smoke(Port(capabilities=ALL_CAPABILITIES))
    assert set(verdicts(result).values()) == {Verdict.WORKS}
    assert result.exit_status == 0
    assert str(result) == "the adapter works; the algorithm agrees with the specification as far as this looks"


def test_a_port_of_one_level_is_not_asked_for_more_but_for_a_refusal() -> None:
    result = smoke(Port(capabilities=frozenset({Capability.BITS})))
    assert result.exit_status == 0
    assert "ranges" not in verdicts(result)
    assert verdicts(result)["programs that need more"] is Verdict.WORKS


def wrong_sum(program: Program, transcript: bytes) -> bytes:
    """What the specification does, but ranges_add counts a byte too many."""
    message = pageheap_pb2.Transcript.FromString(transcript)
    for operation, step in zip(program.operations, message.steps, strict=False):
        if isinstance(operation, Call) and operation.function == "ranges_add":
            step.outcome.returned.values[0] += 1
    return message.SerializeToString()


def test_a_wrong_word_is_the_algorithms() -> None:
    result = smoke(Port(wrong_sum))
    assert result.exit_status == 1
    assert str(result) == "the adapter works; the algorithm departs at ranges: call ranges_add: outcome.total_bytes"
    (departs,) = [check for check in result.checks if check.verdict is Verdict.DEPARTS]
    assert any("returned total_bytes: model" in line for line in departs.lines)


def test_where_both_are_wrong_both_are_told() -> None:
    result = smoke(Port(wrong_sum, checkpoints=False))
    assert result.exit_status == 2
    assert str(result).startswith("the adapter is broken: checkpoints: step 2 is not complete")
    assert str(result).endswith("; and the algorithm departs at ranges: call ranges_add: outcome.total_bytes")


def test_a_wrong_state_is_the_algorithms_only_of_a_port_that_has_a_page_heap() -> None:
    def wrong(_: Program, transcript: bytes) -> bytes:
        message = pageheap_pb2.Transcript.FromString(transcript)
        message.start.search_addr = message.end.search_addr = 0
        return message.SerializeToString()

    result = smoke(Port(wrong, capabilities=frozenset({Capability.BITS})))
    assert result.exit_status == 2
    what = "the adapter is broken: an empty program: it reports a state that is not the clean heap's"
    assert str(result).startswith(what)


def test_what_is_no_transcript_is_the_adapters() -> None:
    result = smoke(Port(lambda program, transcript: b"nonsense"))
    assert result.exit_status == 2
    assert str(result).startswith("the adapter is broken: an empty program: it answered with what is no transcript")


def test_answers_out_of_order_are_told() -> None:
    class Hasty(Port):
        def receive(self) -> bytes:
            if len(self._in_flight) > 1:
                self._in_flight.rotate(-1)
            return super().receive()

    result = smoke(Hasty())
    assert verdicts(result)["programs sent ahead"] is Verdict.BROKEN
    assert "answers come in the order of programs" in str(result)


def test_a_checkpoint_left_out_is_told() -> None:
    result = smoke(Port(checkpoints=False))
    assert str(result) == (
        "the adapter is broken: checkpoints: step 2 is not complete, though checkpoint_interval was 2"
    )


@pytest.mark.parametrize(
    ("port", "told"),
    [
        (Port(malformed=""), "it ran a program with no phys_page_size; expected was a refusal with INVALID_ARGUMENT"),
        (Port(malformed="INTERNAL"), "it refused a program with no phys_page_size with INTERNAL; expected was INVALID"),
        (Port(unnamed=""), "it ran a program that needs outside contract; expected was a refusal with UNIMPLEMENTED"),
        (Port(unnamed="INVALID_ARGUMENT"), "it refused a program that needs outside contract with INVALID_ARGUMENT;"),
    ],
)
def test_a_program_that_is_to_be_refused_must_be_so_and_in_the_right_words(port: Port, told: str) -> None:
    result = smoke(port)
    assert result.exit_status == 2
    assert told in str(result)


def test_a_death_is_the_adapters_and_others_are_still_looked_at() -> None:
    died = TargetDied("port", "died before it answered program 3", exit_status="exit status 7", stderr_lines=["why"])
    result = smoke(Port(failures={3: died}))
    assert str(result) == "the adapter is broken: ranges: it died before it answered program 3"
    broken = result.first(Verdict.BROKEN)
    assert broken is not None
    assert broken.lines == ("exit status 7", "| why")
    assert verdicts(result)["scavenge"] is Verdict.WORKS


def test_after_a_hang_nothing_else_is_waited_for() -> None:
    result = smoke(Port(failures={2: TargetHung("port", "did not answer program 2 within 1 s")}))
    assert list(verdicts(result)) == ["Describe", "an empty program", "bits"]
    assert str(result) == "the adapter is broken: bits: it did not answer program 2 within 1 s"


def test_a_target_that_does_not_start_or_names_nothing_is_told_at_once() -> None:
    class Absent(Port):
        def describe(self) -> Description:
            raise TargetFailedToStart("port", "ended before it listened")

    assert str(smoke(Absent())) == "the adapter is broken: Describe: it ended before it listened"
    result = smoke(Port(capabilities=frozenset()))
    assert "it names no capability that counts" in str(result)


def test_the_command_tries_a_port_over_pipes() -> None:
    spec = f"stdio:{sys.executable} {STDIO_PORT} --levels 6 --form json"
    flags = ["--start-seconds", "30", "--program-seconds", "30"]
    result = CliRunner().invoke(cli.main, ["smoke", "--target", spec, *flags])
    assert result.exit_code == 2
    assert "works    scavenge: 9 operations did what they should\n" in result.stdout
    # That port runs whatever it can, named or not.
    assert result.stdout.endswith(
        "the adapter is broken: programs that need more: it ran a program that needs outside contract; "
        "expected was a refusal with UNIMPLEMENTED\n"
    )


def test_the_model_has_no_adapter_to_try() -> None:
    result = CliRunner().invoke(cli.main, ["smoke", "--target", "model"])
    assert result.exit_code == 2
    assert "target 'model' has no adapter to try; name a port" in result.stderr
