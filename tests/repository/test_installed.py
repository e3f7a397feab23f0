"""scavdiff as `pip install` of its wheel gives it, run outside the repository, without Go and with it.

The wheel is installed into an empty environment that finds its dependencies where these tests have theirs. With
INSTALLED_SCAVDIFF in the environment, the program of that name is tested instead: `make test-installed` makes one with
dependencies of its own.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.repository.tree import ROOT, tracked_paths

# What the Go target is not built from.
LEFT_OUT = (
    "goharness/cmd/bench/",
    "goharness/cmd/upstreamtests/",
    "goharness/internal/upstream/",
    "goharness/reality/",
)
LEFT_OUT_NAMES = ("_test.go", "/staticcheck.conf")
OF_THE_SDIST = ("LICENSE", "README.md", "pyproject.toml", ".gitignore")


def is_shipped(path: str) -> bool:
    return (
        path.startswith(("pymodel/", "goharness/"))
        and not path.startswith(LEFT_OUT)
        and not path.endswith(LEFT_OUT_NAMES)
    )


def build(tree: Path, into: Path) -> dict[str, Path]:
    """Wheel and sdist of a tree, by suffix."""
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(into)]
    subprocess.run(command, cwd=tree, check=True, capture_output=True)
    return {path.suffix: path for path in into.iterdir()}


def wheel_files(wheel: Path) -> dict[str, bytes]:
    """The files of a wheel, those of goharness by their names in the repository, without the metadata."""
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}
    return {
        name.removeprefix("pymodel/") if name.startswith("pymodel/goharness/") else name: files[name] for name in files
    }


def sdist_files(sdist: Path) -> dict[str, bytes]:
    """The files of an sdist, without its own folder and metadata."""
    files = {}
    with tarfile.open(sdist) as archive:
        for member in archive:
            content = archive.extractfile(member)
            name = member.name.partition("/")[2]
            if content is not None and name != "PKG-INFO":
                files[name] = content.read()
    return files


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build(ROOT, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def installed(built: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scavdiff of an environment that holds the wheel."""
    if given := os.environ.get("INSTALLED_SCAVDIFF"):
        return Path(given).resolve()
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin/python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--no-compile", str(built[".whl"])], check=True)
    (library,) = (folder / "lib").glob("python*/site-packages")
    (library / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin/scavdiff"


@pytest.fixture
def without_go(tmp_path: Path) -> dict[str, str]:
    """An environment with an empty cache, and a PATH on which there is nothing."""
    kept = {name: value for name, value in os.environ.items() if name in ("LANG", "TMPDIR")}
    return {**kept, "PATH": str(tmp_path / "empty"), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}


def run(scavdiff: Path, folder: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(scavdiff), *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_the_wheel_holds_the_package_and_what_the_go_target_is_built_from(built: dict[str, Path]) -> None:
    assert sorted(wheel_files(built[".whl"])) == sorted(filter(is_shipped, tracked_paths()))


def test_no_archive_holds_gos_own_source_though_it_lies_among_what_is_packed(built: dict[str, Path]) -> None:
    assert list((ROOT / "goharness/internal/pageheap").glob("zcut_*.go")), "nothing was cut, so nothing is shown"
    # What is tracked, tests/repository/test_no_go_source.py has read.
    for name, content in {**wheel_files(built[".whl"]), **sdist_files(built[".gz"])}.items():
        assert name in tracked_paths()
        assert content == (ROOT / name).read_bytes()


def test_wheel_and_sdist_hold_the_license(built: dict[str, Path]) -> None:
    license_text = (ROOT / "LICENSE").read_bytes()
    with zipfile.ZipFile(built[".whl"]) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/licenses/LICENSE"))
        assert archive.read(name) == license_text
    assert sdist_files(built[".gz"])["LICENSE"] == license_text


def test_the_sdist_holds_what_makes_the_same_wheel(built: dict[str, Path], tmp_path: Path) -> None:
    files = sdist_files(built[".gz"])
    assert sorted(files) == sorted([*filter(is_shipped, tracked_paths()), *OF_THE_SDIST])
    with tarfile.open(built[".gz"]) as archive:
        archive.extractall(tmp_path, filter="data")
    (tree,) = tmp_path.iterdir()
    again = build(tree, tmp_path / "dist")
    assert wheel_files(again[".whl"]) == wheel_files(built[".whl"])


def test_every_command_explains_itself_from_any_folder(
    installed: Path, tmp_path: Path, without_go: dict[str, str]
) -> None:
    assert run(installed, tmp_path, without_go, "--version").stdout.startswith("scavdiff ")
    assert run(installed, tmp_path, without_go, "describe", "--target", "model").stdout.startswith("model\n")
    trace = str(ROOT / "tests/traces/q04-a-huge-page-is-not-broken.trace")
    assert "scavenge 1" in run(installed, tmp_path, without_go, "show", trace).stdout
    python = "import pymodel; print(pymodel.__file__)"
    where = subprocess.run([installed.with_name("python"), "-c", python], cwd=tmp_path, capture_output=True, text=True)
    assert Path(where.stdout.strip()).is_relative_to(installed.parents[1]), "another scavdiff was tested"


def test_a_port_is_held_to_the_model_with_no_go_on_the_machine(
    installed: Path, tmp_path: Path, without_go: dict[str, str]
) -> None:
    serve = [sys.executable, "-m", "tests.planted", "serve", "scavenged bits survive an allocation"]
    port = shlex.join([str(shutil.which("env")), f"PYTHONPATH={ROOT}", *serve])
    found = run(installed, tmp_path, without_go, "run", "--target", f"exec:{port}", "--seed", "1", "--stop-after", "1")
    assert found.returncode == 1, found.stderr
    assert "divergence: alloc: chunk.scavenged" in found.stderr
    again = run(installed, tmp_path, without_go, "replay", "--target", f"exec:{port}", "scavdiff-findings")
    assert again.stdout.startswith("STILL FAILS  scavdiff-findings/alloc-chunk-scavenged-1.trace")
    assert again.returncode == 1


def test_without_go_the_target_go_is_refused_in_one_sentence(
    installed: Path, tmp_path: Path, without_go: dict[str, str]
) -> None:
    refused = run(installed, tmp_path, without_go, "run", "--seconds", "1")
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert refused.stderr.startswith("Error: target go needs Go 1.")
    assert refused.stderr.count("\n") == 1


def test_with_go_the_first_use_builds_go_s_own_code_and_holds_the_model_to_it(installed: Path, tmp_path: Path) -> None:
    go_cache = subprocess.run(["go", "env", "GOCACHE"], check=True, capture_output=True, text=True).stdout.strip()
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "GOCACHE": go_cache}
    first = run(installed, tmp_path, environment, "run", "--seed", "1", "--examples", "40")
    assert first.returncode == 0, first.stderr
    assert "compared   40 programs" in first.stdout
    assert first.stderr.startswith("scavdiff: building Go's own page heap with go1.")
    second = run(installed, tmp_path, environment, "replay", str(ROOT / "tests/traces"))
    assert second.returncode == 0, second.stdout
    assert second.stderr == ""
    assert "FIXED" not in second.stdout and " AGREES" in second.stdout.splitlines()[-1]
