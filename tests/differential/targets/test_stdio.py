"""Targets over pipes, against a port that misbehaves on demand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pymodel.differential.comparison.compare import compare
from pymodel.differential.errors import (
    HarnessError,
    ProtocolMismatch,
    TargetDied,
    TargetFailedToStart,
    TargetHung,
    TargetRefused,
)
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.programs.codec import encode_program
from pymodel.differential.programs.program import Alloc, Call, Free, Grow, Program, Scavenge, StartGen
from pymodel.differential.targets import stdio_connection, stdio_endpoint
from pymodel.differential.targets.capabilities import ALL_CAPABILITIES, Capability
from pymodel.differential.targets.remote import RemoteTarget
from pymodel.differential.targets.stdio_connection import StdioConnection
from pymodel.differential.targets.stdio_endpoint import StdioEndpoint
from pymodel.differential.targets.target import EncodedProgram
from pymodel.differential.targets.target_specs import TimeLimits, make_target
from tests.differential.process_groups import assert_all_end, processes_of_group
from tests.differential.targets.patience import SECONDS_MAX, time_for_a_program, wait_until

PORT = Path(__file__).with_name("stdio_port.py")
FORMS = ("protobuf", "json")
PROGRAM = Program((Grow(0xC000, 2), Alloc(0, 600), Free(0, 3, 90), StartGen(), Scavenge(1 << 20, True)))


def request(program_id: int, program: Program = PROGRAM) -> EncodedProgram:
    return EncodedProgram(program_id, program, encode_program(program, program_id))


class Ports:
    """Makes targets that run the port, and closes them."""

    def __init__(self) -> None:
        self.targets: list[RemoteTarget] = []

    def __call__(self, *flags: str) -> RemoteTarget:
        return self.command(sys.executable, str(PORT), *flags)

    def command(self, *command: str, start_seconds: float = SECONDS_MAX) -> RemoteTarget:
        endpoint = StdioEndpoint("port", command, start_seconds)
        self.targets.append(RemoteTarget("port", endpoint, program_seconds=SECONDS_MAX))
        return self.targets[-1]


@pytest.fixture
def port() -> Iterator[Ports]:
    made = Ports()
    yield made
    for target in made.targets:
        target.close()


def send_all(target: RemoteTarget, count: int) -> None:
    target.describe()
    for number in range(1, count + 1):
        target.send(request(number))


def connection_of(target: RemoteTarget) -> StdioConnection:
    assert isinstance(target._connection, StdioConnection)
    return target._connection


def receive_all(target: RemoteTarget, count: int) -> list[int | HarnessError]:
    """The ids answered, in order, with the harness errors in the places of the programs they are charged to."""
    received: list[int | HarnessError] = []
    for _ in range(count):
        try:
            received.append(int.from_bytes(target.receive()[1:9], "little"))
        except HarnessError as error:
            received.append(error)
    return received


@pytest.mark.parametrize("form", FORMS)
def test_a_port_over_pipes_says_who_it_is_and_answers_byte_for_byte(port: Ports, form: str) -> None:
    target = port("--form", form, "--name", "my\nport", "--levels", "6")
    description = target.describe()
    assert description.name == "my?port"
    assert description.capabilities == {c for c in ALL_CAPABILITIES if c <= Capability.SCAVENGE}
    target.send(request(7))
    assert target.receive() == run_on_specification(PROGRAM, 7)


@pytest.mark.parametrize("form", FORMS)
def test_complete_observations_in_every_step_are_no_divergence(port: Ports, form: str) -> None:
    target = port("--form", form, "--complete")
    target.describe()
    target.send(request(1))
    transcripts = {"model": run_on_specification(PROGRAM, 1), "port": target.receive()}
    assert transcripts["model"] != transcripts["port"]
    assert compare(PROGRAM, transcripts, program_id=1) is None


@pytest.mark.parametrize("form", FORMS)
def test_more_than_the_pipes_hold_is_under_way_both_ways_without_a_deadlock(
    port: Ports, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(stdio_connection, "PIPE_BYTES", 4096)
    program = Program(tuple(Call("block64", (*range(8), 64)) for _ in range(200)))
    target = port("--form", form)
    target.describe()
    for number in range(1, 21):
        target.send(request(number, program))
    assert receive_all(target, 20) == list(range(1, 21))


def test_a_target_that_reads_nothing_does_not_hold_the_driver_up(port: Ports) -> None:
    greeting = 'echo scavdiff stdio json 1; read a; echo \'{"describe": {"protocolVersion": 1, "capabilities": [1]}}\''
    target = port.command("bash", "-c", f"{greeting}; sleep 600")
    target.describe()
    program = Program(tuple(Call("block64", (*range(8), 64)) for _ in range(5000)))
    for number in range(1, 5):
        target.send(request(number, program))
    with time_for_a_program(target, 1):
        (one,) = receive_all(target, 1)
    assert isinstance(one, TargetHung)


@pytest.mark.parametrize(
    ("misdeed", "error", "what"),
    [
        ("die", TargetDied, "died before it answered program 2 (exit status 3)"),
        ("kill", TargetDied, "died before it answered program 2 (killed by SIGKILL)"),
        ("fail", TargetDied, "broke the stream before it answered program 2: INTERNAL: out of luck"),
        ("refuse", TargetRefused, "refused program 2: INVALID_ARGUMENT: operations[0].alloc.slot: s0 is written twice"),
        ("describe", TargetDied, "program 2: it answered with describe, not with transcript: "),
        ("status", TargetDied, 'program 2: it refused with the status "NO_SUCH_STATUS", which is none of gRPC'),
    ],
)
def test_a_failure_is_charged_to_one_program_and_the_others_are_answered(
    port: Ports, tmp_path: Path, misdeed: str, error: type[HarnessError], what: str
) -> None:
    form = "json" if misdeed in ("refuse", "describe", "fail") else "protobuf"
    target = port("--echo", "--form", form, "--misdeed", misdeed, "--at", "2", "--once", str(tmp_path / "done"))
    send_all(target, 4)
    one, two, *others = receive_all(target, 4)
    assert [one, *others] == [1, 3, 4]
    assert type(two) is error
    assert what in str(two)
    if misdeed == "die":
        assert two.stderr_lines[-2:] == ("about to die", "this is why")


def test_a_refusal_costs_no_restart(port: Ports) -> None:
    target = port("--echo", "--misdeed", "refuse", "--at", "2")
    send_all(target, 4)
    endpoint = target.endpoint
    assert isinstance(endpoint, StdioEndpoint)
    before = endpoint.process_id
    one, two, *others = receive_all(target, 4)
    assert [one, *others] == [1, 3, 4]
    assert isinstance(two, TargetRefused)
    assert endpoint.process_id == before is not None


def test_a_hang_is_charged_after_the_time_limit_and_the_port_is_restarted(port: Ports) -> None:
    target = port("--echo", "--misdeed", "hang", "--at", "2")
    send_all(target, 3)
    assert receive_all(target, 1) == [1]
    with time_for_a_program(target, 1):
        (two,) = receive_all(target, 1)
    assert isinstance(two, TargetHung)
    assert str(two) == "target port did not answer program 2 within 1 s"
    assert receive_all(target, 1) == [3]


def test_a_line_printed_among_answers_in_json_is_shown(port: Ports, tmp_path: Path) -> None:
    target = port("--echo", "--form", "json", "--misdeed", "print", "--at", "2", "--once", str(tmp_path / "done"))
    send_all(target, 3)
    one, two, three = receive_all(target, 3)
    assert (one, three) == (1, 3)
    assert isinstance(two, TargetDied)
    assert "before it answered program 2: it wrote a line that is no StdioResponse in JSON" in str(two)
    assert str(two).endswith('"debug: here I am"')


def test_what_has_come_of_an_unfinished_message_is_shown(port: Ports, tmp_path: Path) -> None:
    target = port("--echo", "--misdeed", "half", "--at", "1", "--once", str(tmp_path / "done"))
    send_all(target, 2)
    wait_until(lambda: connection_of(target)._incoming.has_come())
    with time_for_a_program(target, 1):
        (one,) = receive_all(target, 1)
    assert receive_all(target, 1) == [2]
    assert isinstance(one, TargetHung)
    assert str(one).endswith('within 1 s; 5 bytes had come of a message of 100 bytes: "debug"')


def test_an_answer_that_nobody_asked_for_is_told(port: Ports, tmp_path: Path) -> None:
    target = port("--echo", "--misdeed", "unasked", "--at", "1", "--once", str(tmp_path / "done"))
    send_all(target, 1)
    assert receive_all(target, 1) == [1]
    wait_until(lambda: connection_of(target)._incoming.has_come())
    target.send(request(2))
    (two,) = receive_all(target, 1)
    assert isinstance(two, TargetDied)
    assert "it wrote what nobody had asked for" in str(two)


def test_a_port_restarts_in_a_fraction_of_a_second(port: Ports, tmp_path: Path) -> None:
    """Measured against a port that starts at once: what is left is the driver's."""
    marker = tmp_path / "died"
    script = (
        'echo "scavdiff stdio json 1"; read request;'
        ' echo \'{"describe": {"protocolVersion": 1, "capabilities": [1]}}\';'
        f" if test ! -e {marker}; then touch {marker}; exit 1; fi; while read request; do"
        ' echo \'{"transcript": {"programId": "2"}}\'; done'
    )
    target = port.command("sh", "-c", script)
    target.describe()
    target.send(request(1))
    target.send(request(2))
    assert isinstance(receive_all(target, 1)[0], TargetDied)
    assert receive_all(target, 1) == [2]


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("echo hello; sleep 60", 'began with "hello", but its first line on standard output was to be "scavdiff stdio'),
        ("echo scavdiff stdio xml 1; sleep 60", 'began with "scavdiff stdio xml 1", but its first line'),
        ("exit 5", 'ended before it said what it speaks: its first line on standard output was to be "scavdiff'),
        ("sleep 60", "did not say within 0.5 s what it speaks: its first line"),
        ("head -c 5000 /dev/zero | tr '\\0' x; sleep 60", 'wrote a line of more than 1024 bytes: "xxxxx'),
        (
            "echo scavdiff stdio json 1; exit 6",
            "does not answer Describe at its standard input: UNAVAILABLE: it closed",
        ),
        ("echo scavdiff stdio json 1; read a; echo hi; sleep 60", "it wrote a line that is no StdioResponse in JSON"),
        ("echo scavdiff stdio protobuf 1; read -N 1 a; printf '\\1a'; sleep 60", "it wrote what is no StdioResponse"),
        (
            "echo scavdiff stdio json 1; read a; echo '{}'; sleep 60",
            "it answered with an empty response, not with desc",
        ),
        (
            "echo scavdiff stdio protobuf 1; read -N 1 a; printf '\\377\\377\\377\\377\\177'; sleep 60",
            "it announced a message of ",
        ),
    ],
)
def test_a_port_that_begins_wrongly_gives_one_sentence(port: Ports, command: str, what: str) -> None:
    target = port.command("bash", "-c", command, start_seconds=0.5 if command == "sleep 60" else SECONDS_MAX)
    with pytest.raises(TargetFailedToStart) as caught:
        target.describe()
    assert what in str(caught.value)
    status = command.rpartition("exit ")[2]
    assert str(caught.value).endswith(f"(exit status {status})") == ("exit" in command)


def test_a_port_of_another_version_is_refused(port: Ports) -> None:
    target = port("--greeting", "scavdiff stdio json 2")
    with pytest.raises(ProtocolMismatch) as caught:
        target.describe()
    assert str(caught.value) == "target port speaks version 2 of the protocol over pipes; this driver speaks version 1"


def test_a_command_that_does_not_exist_failed_to_start() -> None:
    target = make_target("stdio:/no/such/port", "port", TimeLimits())
    with pytest.raises(TargetFailedToStart) as caught:
        target.describe()
    assert caught.value.stderr_lines == ("cannot run /no/such/port: No such file or directory",)


def test_the_end_of_its_input_lets_a_port_end_by_itself(
    port: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # How long it may take to do so is not what is asked here.
    monkeypatch.setattr(stdio_endpoint, "STOP_SECONDS_MAX", SECONDS_MAX)
    goodbye = tmp_path / "goodbye"
    target = port("--echo", "--goodbye", str(goodbye))
    target.describe()
    target.close()
    assert goodbye.read_text() == "the input ended"


def test_a_port_ends_with_its_driver_even_if_it_never_reads() -> None:
    script = (
        "import sys, time\n"
        "from pymodel.differential.targets.stdio_endpoint import PipedProcess\n"
        "process = PipedProcess('port', ['sh', '-c', 'echo scavdiff stdio json 1; sleep 600; true'])\n"
        "process.greet(60)\n"
        "print(process.process_id, flush=True)\n"
        "time.sleep(600)\n"
    )
    driver = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert driver.stdout is not None
    group = driver.stdout.readline().strip()
    assert processes_of_group(group) != []
    driver.kill()
    driver.wait()
    driver.stdout.close()
    assert_all_end(group)
