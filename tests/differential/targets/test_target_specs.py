from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pymodel.differential.errors import BadInput, TargetFailedToStart
from pymodel.differential.targets import target_specs
from pymodel.differential.targets.endpoints import FixedEndpoint, StartedEndpoint
from pymodel.differential.targets.remote import RemoteTarget
from pymodel.differential.targets.target import ModelTarget
from pymodel.differential.targets.target_specs import TimeLimits, make_target


@pytest.mark.parametrize(
    ("spec", "address"),
    [
        ("unix:/tmp/port.sock", "unix:/tmp/port.sock"),
        ("localhost:4118", "localhost:4118"),
        ("tcp:127.0.0.1:4118", "127.0.0.1:4118"),
        ("[::1]:4118", "[::1]:4118"),
    ],
)
def test_an_address_names_a_server_that_runs_already(spec: str, address: str) -> None:
    target = make_target(spec, spec, TimeLimits())
    assert isinstance(target, RemoteTarget)
    assert target.endpoint == FixedEndpoint(address)


def test_model_runs_in_this_process() -> None:
    target = make_target("model", "model", TimeLimits())
    assert isinstance(target, ModelTarget)
    assert target.in_process


def test_exec_starts_a_command_split_like_a_shell_does() -> None:
    target = make_target("exec:/no/such/server --name 'a b'", "x", TimeLimits())
    assert isinstance(target, RemoteTarget)
    assert isinstance(target.endpoint, StartedEndpoint)
    with pytest.raises(TargetFailedToStart) as caught:
        target.describe()
    assert caught.value.stderr_lines == ("cannot run /no/such/server: No such file or directory",)


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("", "target '' is not one of: go, model, unix:/path, host:port, exec:COMMAND, stdio:COMMAND"),
        ("rust", "target 'rust' is not one of: go, model, unix:/path, host:port, exec:COMMAND, stdio:COMMAND"),
        ("unix:", "target 'unix:' is not one of: go, model, unix:/path, host:port, exec:COMMAND, stdio:COMMAND"),
        (
            "localhost:",
            "target 'localhost:' is not one of: go, model, unix:/path, host:port, exec:COMMAND, stdio:COMMAND",
        ),
        (
            "localhost:66000",
            "target 'localhost:66000' is not one of: go, model, unix:/path, host:port, exec:COMMAND, stdio:COMMAND",
        ),
        (":80", "target ':80' is not one of: go, model, unix:/path, host:port, exec:COMMAND, stdio:COMMAND"),
        ("exec:", "target 'exec:': no command behind exec:"),
        ("stdio: ", "target 'stdio: ': no command behind stdio:"),
        ("exec:./port 'a", 'target "exec:./port \'a": the command does not parse: No closing quotation'),
    ],
)
def test_a_bad_spec_is_refused_in_one_sentence(spec: str, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        make_target(spec, spec, TimeLimits())
    assert str(caught.value) == sentence


def test_a_go_target_that_is_not_built_names_the_command_that_builds_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(target_specs, "GO_BINARY", Path("no/such/binary"))
    with pytest.raises(BadInput, match=r"the Go target is not built: there is no .*no/such/binary; run `make go`"):
        make_target("go", "go", TimeLimits())


def test_the_guard_ends_as_its_command_ends() -> None:
    guard = [sys.executable, "-I", "-S", str(Path(target_specs.__file__).with_name("guard.py")), "0"]
    for code, status in (("exit(5)", 5), ("import os; os.kill(os.getpid(), 9)", -9), ("import os; os.abort()", -6)):
        with subprocess.Popen(
            [*guard, sys.executable, "-c", code], stdin=subprocess.PIPE, start_new_session=True
        ) as started:
            # Standard input stays open while it runs.
            assert os.waitid(os.P_PID, started.pid, os.WEXITED | os.WNOWAIT) is not None
        assert started.returncode == status
