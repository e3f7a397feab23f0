from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pymodel.differential.cli import main
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.programs import program as p
from pymodel.differential.programs.text import parse_program
from pymodel.differential.shrinking import Limits
from pymodel.differential.simulate import running
from pymodel.differential.simulate.csv_history import HEADER
from pymodel.differential.targets.target import ModelTarget, Target
from pymodel.differential.targets.target_specs import TimeLimits, make_target

SMALL = ("simulate", "--shape", "sawtooth", "--hours", "0.5", "--peak", "8MiB", "--periods", "2", "--width", "80")


def scavdiff(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), prog_name="scavdiff")


@pytest.mark.parametrize("shape", ["steady", "burst", "sawtooth", "leak", "idle-after-peak"])
def test_every_shape_agrees_with_gos_own_loop(shape: str) -> None:
    result = scavdiff("simulate", "--shape", shape, "--hours", "1", "--peak", "32MiB", "--target", "go")
    assert result.exit_code == 0, result.output
    assert "no divergence: model and go agree on every outcome and every state of " in result.output


def test_a_csv_history_agrees_with_gos_own_loop(tmp_path: Path) -> None:
    path = tmp_path / "h.csv"
    path.write_text(f"{HEADER}\n0,30000000,0\n10,5000000,20000000\n400,100000,100000\n")
    result = scavdiff("simulate", "--history", str(path), "--gogc", "50", "--gomaxprocs", "1", "--target", "go")
    assert result.exit_code == 0, result.output
    assert "no divergence" in result.output


def test_all_files_are_written_and_the_trace_is_a_program(tmp_path: Path) -> None:
    paths = {kind: tmp_path / f"out.{kind}" for kind in ("csv", "json", "html", "trace")}
    result = scavdiff(*SMALL, *(word for kind, path in paths.items() for word in (f"--{kind}", str(path))))
    assert result.exit_code == 0, result.output
    assert [line for line in result.output.splitlines() if line.startswith("wrote ")] == [
        f"wrote {path}" for path in paths.values()
    ]
    assert json.loads(paths["json"].read_text())["settings"]["GOMAXPROCS"] == "4"
    assert parse_program(paths["trace"].read_text()).program.pacing
    assert paths["html"].read_text().startswith("<!doctype html>")


def test_a_divergence_is_reported_shrunk_and_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def wrong(program: p.Program, program_id: int, interval: int) -> bytes:
        kept = tuple(p.Gomaxprocs(1) if isinstance(o, p.Gomaxprocs) else o for o in program.operations)
        return run_on_specification(replace(program, operations=kept), program_id, interval)

    def make(spec: str, name: str, limits: TimeLimits) -> Target:
        return ModelTarget(wrong, name="port") if spec == "wrong" else make_target(spec, name, limits)

    monkeypatch.setattr(running, "make_target", make)
    monkeypatch.setattr(running, "SHRINK_LIMITS", Limits(candidate_count_max=40, operation_count_max=20_000))
    result = scavdiff(*SMALL, "--target", "wrong", "--findings", str(tmp_path))
    assert result.exit_code == 1, result.output
    assert "divergence: " in result.output
    assert "found in the simulation of shape sawtooth, 0.5 h, peak 8.0 MiB" in result.output
    (kept,) = tmp_path.glob("*.trace")
    program = parse_program(kept.read_text()).program
    assert any(isinstance(operation, p.Gomaxprocs) for operation in program.operations)
    assert "; shrunk from " in result.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "exactly one of --shape, --history and --log says what is simulated"),
        (("--shape", "leak", "--log", "x"), "exactly one of --shape, --history and --log says what is simulated"),
        (("--history", "x", "--hours", "3"), "--hours is about a --shape; a file says that itself"),
        (("--history", "none.csv"), "cannot read none.csv: No such file or directory"),
        (("--shape", "leak", "--hours", "nan"), "'nan' is not a number of hours from 1/3600 (a second) to 10000"),
        (("--shape", "leak", "--hours", "-1"), "'-1' is not a number of hours"),
        (("--shape", "leak", "--hours", "inf"), "'inf' is not a number of hours"),
        (("--shape", "leak", "--peak", "nan"), "'nan' is not a number of bytes"),
        (("--shape", "leak", "--peak", "1KiB"), "'1KiB' is not in the range from 1.0 MiB to 16.0 GiB"),
        (("--shape", "leak", "--gomaxprocs", "0"), "0 is not in the range 1<=x<=4096"),
        (("--shape", "leak", "--gogc", "0"), "'0' is neither `off` nor a percentage from 1 to 1000"),
        (("--shape", "leak", "--target", "nonsense"), "target 'nonsense' is not one of"),
        (("--shape", "leak", "--page-cost", "-1"), "-1 is not in the range"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(arguments: tuple[str, ...], sentence: str) -> None:
    result = scavdiff("simulate", *arguments)
    assert result.exit_code == 2
    assert sentence in " ".join(result.output.split())
    assert "Traceback" not in result.output


def test_gogc_off_never_collects(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    result = scavdiff(*SMALL, "--gogc", "off", "--churn", "0", "--json", str(path))
    assert result.exit_code == 0, result.output
    samples = json.loads(path.read_text())["samples"]
    assert {sample["gc_cycles"] for sample in samples} == {0}
    assert {sample["heap_goal_bytes"] for sample in samples} == {None}
