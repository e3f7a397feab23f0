"""The command line with the real Go target. Without it these tests fail: nothing passes because Go is missing."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from pymodel.differential.generation.workload import workload
from pymodel.differential.programs.text import print_program
from pymodel.differential.targets.target_specs import find_go_binary

SCAVDIFF = [sys.executable, "-m", "pymodel.differential.cli"]
TRACE = """pageheap program 1
grow 0xc000 chunks=2
s0 = alloc 17
c0 = cache
free s0 pages=4..9
start_gen
scavenge 65536
r0 = reserve
unreserve r0
"""


def scavdiff(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*SCAVDIFF, *arguments], cwd=cwd, capture_output=True, text=True)


class Driver:
    """A run in the background, its output in files."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._outputs = folder / "stdout", folder / "stderr"
        stdout, stderr = (open(path, "w") for path in self._outputs)  # noqa: SIM115  # closed below
        with stdout, stderr:
            self.process = subprocess.Popen([*SCAVDIFF, *arguments], cwd=folder, stdout=stdout, stderr=stderr)

    def wait_until_comparing(self) -> psutil.Process:
        """Waits until the Go target is connected and has worked for a while; its process."""
        self._wait_until(lambda: self._outputs[1].read_text().startswith("seed "))
        (target,) = psutil.Process(self.process.pid).children()
        used_seconds = target.cpu_times().user
        self._wait_until(lambda: target.cpu_times().user > used_seconds)
        return target

    def _wait_until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 120
        while not holds():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the driver does not compare: {self._outputs[1].read_text()}")
            time.sleep(0.01)

    def end(self) -> tuple[int, str, str]:
        """Waits for the end: exit status, standard output, standard error."""
        status = self.process.wait()
        stdout, stderr = (path.read_text() for path in self._outputs)
        return status, stdout, stderr


def test_the_model_and_go_agree(tmp_path: Path) -> None:
    result = scavdiff("run", "--examples", "200", "--seed", "1", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "compared   200 programs, " in result.stdout
    assert "go (1, go1.18.10)" in result.stdout
    assert result.stdout.endswith("no divergence\n")
    assert list(tmp_path.iterdir()) == []


def test_the_same_seed_makes_the_same_run(tmp_path: Path) -> None:
    first, second = (scavdiff("run", "--examples", "60", "--seed", "5", cwd=tmp_path).stdout for _ in range(2))
    assert without_times(first) == without_times(second)


def without_times(text: str) -> str:
    return re.sub(r" in \d.*operations/s\)", "", text)


def test_a_seed_that_was_not_given_is_told(tmp_path: Path) -> None:
    result = scavdiff("run", "--examples", "1", cwd=tmp_path)
    seed = re.search(r"^seed +(\d+)$", result.stdout, re.MULTILINE)
    assert seed is not None
    assert f"seed {seed[1]}, 1 programs" in result.stderr


def test_replay_tells_each_step(tmp_path: Path) -> None:
    (tmp_path / "x.trace").write_text(TRACE)
    result = scavdiff("replay", "x.trace", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "  2  s0 = alloc 17\n     returned address=0x3000000000 scav=139264\n" in result.stdout
    assert result.stdout.endswith("no divergence: model, go agree on every outcome and every state\n")


def test_show_draws_the_same_for_go_and_for_the_model(tmp_path: Path) -> None:
    (tmp_path / "x.trace").write_text(TRACE)
    model, go = (scavdiff("show", "--target", target, "x.trace", cwd=tmp_path) for target in ("model", "go"))
    assert go.returncode == 0, go.stderr
    assert model.stdout == go.stdout


def test_go_can_be_held_to_itself(tmp_path: Path) -> None:
    arguments = ("run", "--no-model", "--target", "go", "--target", "go", "--examples", "20", "--seed", "3")
    result = scavdiff(*arguments, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "targets    go (1, go1.18.10), go#2 (1, go1.18.10)" in result.stdout


def test_a_server_that_runs_already_can_be_a_target(tmp_path: Path) -> None:
    socket = tmp_path / "socket"
    with subprocess.Popen(
        [find_go_binary(), "--socket", socket, "--until-stdin-closes"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        assert server.stdout.readline() == f"listening on unix:{socket}\n".encode()
        result = scavdiff("run", "--target", f"unix:{socket}", "--examples", "10", cwd=tmp_path)
        server.stdin.close()
    assert result.returncode == 0, result.stderr


def test_kill_of_go_in_mid_run_is_one_harness_error_and_the_run_goes_on(tmp_path: Path) -> None:
    driver = Driver(tmp_path, "run", "--examples", "600", "--seed", "2")
    driver.wait_until_comparing().kill()
    status, stdout, stderr = driver.end()
    assert status == 2, stderr
    assert "harness errors: 1 x go: TargetDied" in stdout
    assert "compared   599 programs, " in stdout
    assert "target go died before it answered program" in stderr
    assert "(killed by SIGKILL)" in stderr
    assert len(list((tmp_path / "scavdiff-findings").glob("harness-go-TargetDied-2.trace"))) == 1


def test_ctrl_c_ends_with_the_summary_and_leaves_no_process(tmp_path: Path) -> None:
    driver = Driver(tmp_path, "run", "--seconds", "300", "--seed", "2")
    target = driver.wait_until_comparing()
    driver.process.send_signal(signal.SIGINT)
    status, stdout, stderr = driver.end()
    assert status == 130, stderr
    assert "compared   " in stdout
    assert "interrupted\n" in stdout
    assert "Traceback" not in stderr
    assert_ends(target)


def test_kill_of_the_driver_leaves_no_process(tmp_path: Path) -> None:
    driver = Driver(tmp_path, "run", "--seconds", "300", "--seed", "2")
    target = driver.wait_until_comparing()
    driver.process.kill()
    driver.end()
    assert_ends(target)


def assert_ends(process: psutil.Process) -> None:
    """Whoever adopts it may leave it unreaped."""
    deadline = time.monotonic() + 60
    with suppress(psutil.NoSuchProcess):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline, f"{process} still runs"
            time.sleep(0.05)


@pytest.mark.parametrize("number", range(8))
def test_any_program_of_a_run_replays_from_its_text(tmp_path: Path, number: int) -> None:
    work = next(work for work in workload(4) if work.number == number)
    (tmp_path / "x.trace").write_text(print_program(work.program))
    result = scavdiff("replay", "x.trace", cwd=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
