"""The specification as a target."""

from __future__ import annotations

import contextlib
import signal
import threading
import time

import pytest

from pymodel.differential.errors import TargetDied, TargetHung, TargetRefused
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.programs.program import Program, Span
from pymodel.differential.targets.alarm import time_limit
from pymodel.differential.targets.capabilities import ALL_CAPABILITIES
from pymodel.differential.targets.target import EncodedProgram, ModelTarget
from tests.differential.targets.patience import time_for_a_program

REQUESTS = [EncodedProgram(number, Program(()), b"", number * 10) for number in (1, 2, 3)]


def test_programs_are_run_in_order_with_their_ids_and_intervals() -> None:
    target = ModelTarget(lambda _, number, interval: f"{number} {interval}".encode())
    for request in REQUESTS:
        target.send(request)
    assert [target.receive() for _ in REQUESTS] == [b"1 10", b"2 20", b"3 30"]


def test_it_can_run_everything() -> None:
    assert ModelTarget(lambda *_: b"").describe().capabilities == ALL_CAPABILITIES


def test_a_fault_of_the_specification_is_charged_to_its_program_with_where_it_was() -> None:
    def run(_: Program, number: int, __: int) -> bytes:
        return bytes([1 // (number - 2)] if number == 2 else [number])

    target = ModelTarget(run)
    for request in REQUESTS:
        target.send(request)
    assert target.receive() == b"\x01"
    with pytest.raises(TargetDied, match="target model raised ZeroDivisionError: integer division") as caught:
        target.receive()
    assert any("in run" in line for line in caught.value.stderr_lines)
    assert target.receive() == b"\x03"


def test_growth_beyond_what_harnesses_have_is_refused() -> None:
    program = Program((Span(0, (1 << 32) + 1),), outside_contract=True, pacing=True)
    target = ModelTarget(run_on_specification)
    target.send(EncodedProgram(1, program, b""))
    with pytest.raises(TargetRefused, match="refused program 1: the heap would grow to 8388609 chunks, of at most"):
        target.receive()


def test_an_endless_loop_in_the_specification_is_a_hang() -> None:
    def run(_: Program, number: int, __: int) -> bytes:
        while number == 1:
            # What a program under test may do.
            with contextlib.suppress(Exception):
                time.sleep(0.001)
        return b"done"

    target = ModelTarget(run)
    for request in REQUESTS[:2]:
        target.send(request)
    told = pytest.raises(TargetHung, match=r"target model did not answer program 1 within 0\.2 s")
    with told, time_for_a_program(target, 0.2):
        target.receive()
    assert target.receive() == b"done"


def test_a_limit_that_was_kept_leaves_no_alarm_behind() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with time_limit(60):
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    assert signal.getsignal(signal.SIGALRM) is before


def test_outside_the_main_thread_there_is_no_limit() -> None:
    finished = threading.Event()

    def work() -> None:
        with time_limit(0.01):
            time.sleep(0.05)
        finished.set()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert finished.is_set()
