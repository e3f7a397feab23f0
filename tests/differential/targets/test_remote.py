"""Supervision of a target behind gRPC, against a server that misbehaves on demand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pymodel.differential.errors import (
    HarnessError,
    ProtocolMismatch,
    TargetDied,
    TargetFailedToStart,
    TargetGivenUp,
    TargetHung,
    TargetRefused,
)
from pymodel.differential.programs.program import Program
from pymodel.differential.targets.capabilities import Capability
from pymodel.differential.targets.endpoints import FixedEndpoint, StartedEndpoint
from pymodel.differential.targets.process import guarded
from pymodel.differential.targets.remote import RemoteTarget
from pymodel.differential.targets.target import EncodedProgram
from tests.differential.process_groups import assert_all_end
from tests.differential.targets.patience import SECONDS_MAX, time_for_a_program

SERVER = Path(__file__).with_name("echo_server.py")


def request(program_id: int) -> EncodedProgram:
    encoded = b"\x09" + program_id.to_bytes(8, "little") + b" the rest"
    return EncodedProgram(program_id, Program(()), encoded)


class Echo:
    """Makes targets that run the echo server, and closes them."""

    def __init__(self) -> None:
        self.targets: list[RemoteTarget] = []

    def __call__(
        self, *flags: str, start_seconds: float = SECONDS_MAX, program_seconds: float = SECONDS_MAX
    ) -> tuple[RemoteTarget, StartedEndpoint]:
        command = guarded([sys.executable, str(SERVER), *flags], sys.executable)
        endpoint = StartedEndpoint("echo", command, start_seconds)
        target = RemoteTarget("echo", endpoint, program_seconds=program_seconds)
        self.targets.append(target)
        return target, endpoint


@pytest.fixture
def echo() -> Iterator[Echo]:
    made = Echo()
    yield made
    for target in made.targets:
        target.close()


def receive_all(target: RemoteTarget, count: int) -> list[int | HarnessError]:
    """The ids answered, in order, with the harness errors in the places of the programs they are charged to."""
    received: list[int | HarnessError] = []
    for _ in range(count):
        try:
            received.append(int.from_bytes(target.receive()[1:9], "little"))
        except HarnessError as error:
            received.append(error)
    return received


def send_all(target: RemoteTarget, count: int) -> None:
    target.describe()
    for number in range(1, count + 1):
        target.send(request(number))


def test_describe_says_who_the_target_is_and_what_it_can(echo: Echo) -> None:
    capabilities = ("CAPABILITY_BITS", "CAPABILITY_RANGES", "CAPABILITY_SCAVENGE")
    target, _ = echo("--name", "port\n1", *(f"--capability={name}" for name in capabilities))
    description = target.describe()
    assert description.name == "port?1"
    assert description.operation_count_max == 100
    assert description.program_bytes_max == 10_000
    assert description.capabilities == {Capability.BITS, Capability.RANGES}


def test_programs_sent_together_are_answered_in_order(echo: Echo) -> None:
    target, _ = echo()
    send_all(target, 50)
    assert receive_all(target, 50) == list(range(1, 51))


def test_death_is_charged_to_the_program_in_execution_and_the_others_are_sent_again(echo: Echo, tmp_path: Path) -> None:
    answered = tmp_path / "answered"
    target, _ = echo("--die", "3", "--once", str(tmp_path / "died"), "--dies-when", str(answered))
    send_all(target, 6)
    assert receive_all(target, 2) == [1, 2]
    answered.touch()
    three, *others = receive_all(target, 4)
    assert others == [4, 5, 6]
    assert isinstance(three, TargetDied)
    assert str(three) == "target echo died before it answered program 3 (exit status 3)"
    assert three.stderr_lines[-2:] == ("about to die", "this is why")


def test_kill_of_the_target_in_mid_run_costs_one_program(echo: Echo) -> None:
    target, endpoint = echo("--hang", "2")
    send_all(target, 3)
    assert receive_all(target, 1) == [1]
    children = subprocess.check_output(["ps", "-o", "pid=", "--ppid", str(endpoint.process_id)], text=True)
    os.kill(int(children), signal.SIGKILL)
    two, three = receive_all(target, 2)
    assert isinstance(two, TargetDied)
    assert two.exit_status == "killed by SIGKILL"
    assert three == 3


def test_hang_is_charged_after_the_time_limit_and_the_target_is_restarted(echo: Echo) -> None:
    target, endpoint = echo("--hang", "2")
    send_all(target, 3)
    before = endpoint.process_id
    assert receive_all(target, 1) == [1]
    with time_for_a_program(target, 1):
        (two,) = receive_all(target, 1)
    assert isinstance(two, TargetHung)
    assert str(two) == "target echo did not answer program 2 within 1 s"
    assert receive_all(target, 1) == [3]
    assert endpoint.process_id != before


def test_refusal_is_charged_with_the_targets_own_words_and_needs_no_restart(echo: Echo) -> None:
    target, endpoint = echo("--refuse", "2")
    send_all(target, 3)
    before = endpoint.process_id
    one, two, three = receive_all(target, 3)
    assert (one, three) == (1, 3)
    assert isinstance(two, TargetRefused)
    assert "refused program 2: INVALID_ARGUMENT: operations[0].alloc.slot: s0 is written twice" in str(two)
    assert endpoint.process_id == before


def test_another_status_is_charged_with_its_text(echo: Echo) -> None:
    target, _ = echo("--fail", "1")
    send_all(target, 2)
    one, two = receive_all(target, 2)
    assert isinstance(one, TargetDied)
    assert "broke the stream before it answered program 1: INTERNAL: out of luck" in str(one)
    assert two == 2


def test_another_protocol_version_is_refused_before_any_program(echo: Echo) -> None:
    target, _ = echo("--version", "2")
    with pytest.raises(ProtocolMismatch) as caught:
        target.describe()
    assert str(caught.value) == "target echo speaks version 2 of the protocol; this driver speaks version 1"


def test_a_server_without_describe_failed_to_start(echo: Echo) -> None:
    target, _ = echo("--mute")
    with pytest.raises(TargetFailedToStart, match=r"does not answer Describe at unix:.*UNIMPLEMENTED: no such method"):
        target.describe()


def test_slow_start_within_the_limit_is_waited_for(echo: Echo) -> None:
    target, _ = echo("--start-seconds", "1")
    assert target.describe().name == "echo"


def test_slow_start_beyond_the_limit_failed_to_start(echo: Echo) -> None:
    target, _ = echo("--start-seconds", "60", start_seconds=0.5)
    with pytest.raises(TargetFailedToStart, match=r"target echo did not say within 0\.5 s that it listens"):
        target.describe()


def test_a_command_that_ends_at_start_tells_its_last_words(echo: Echo) -> None:
    target, _ = echo("--no-such-flag")
    with pytest.raises(TargetFailedToStart, match=r"ended before it listened \(exit status 2\)") as caught:
        target.describe()
    assert "unrecognized arguments: --no-such-flag" in caught.value.stderr_lines[-1]


def test_a_command_that_does_not_exist_failed_to_start() -> None:
    target = RemoteTarget("ghost", StartedEndpoint("ghost", ["/no/such/server"]))
    with pytest.raises(TargetFailedToStart, match=r"cannot be run: /no/such/server: No such file or directory"):
        target.describe()


def test_nobody_at_a_fixed_address_failed_to_start(tmp_path: Path) -> None:
    target = RemoteTarget("ghost", FixedEndpoint(f"unix:{tmp_path}/socket"))
    with pytest.raises(TargetFailedToStart, match=r"does not answer Describe at unix:.*UNAVAILABLE"):
        target.describe()
    target.close()


def test_a_target_that_dies_at_every_restart_is_given_up(echo: Echo, tmp_path: Path) -> None:
    marker = tmp_path / "died"
    target, _ = echo("--die", "1", "--once", str(marker), "--dies-at-start-if", str(marker))
    send_all(target, 2)
    assert isinstance(receive_all(target, 1)[0], TargetDied)
    with pytest.raises(TargetGivenUp, match="given up after 3 attempts to start it again: it ended") as caught:
        target.receive()
    assert caught.value.stderr_lines == ("cannot start: the disk is full",)


def test_the_target_ends_with_its_driver(tmp_path: Path) -> None:
    """The driver is killed, so that nothing of it can clean up; the guard does."""
    socket = tmp_path / "socket"
    script = (
        "import sys, time\n"
        "from pymodel.differential.targets.process import TargetProcess, guarded\n"
        f"process = TargetProcess('echo', guarded([sys.executable, {str(SERVER)!r}, '--socket', {str(socket)!r}],"
        " sys.executable))\n"
        "print(process.wait_until_listening(60), process.process_id, flush=True)\n"
        "time.sleep(600)\n"
    )
    driver = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert driver.stdout is not None
    address, group = driver.stdout.readline().split()
    assert address == f"unix:{socket}"
    driver.kill()
    driver.wait()
    driver.stdout.close()
    assert_all_end(group)
