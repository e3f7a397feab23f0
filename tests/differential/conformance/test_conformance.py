"""Levels checked, and what is said of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pymodel.differential import cli
from pymodel.differential.conformance import commands
from pymodel.differential.conformance.check_level import Settings, Standing
from pymodel.differential.conformance.conformance import Conformance, check_levels, told
from pymodel.differential.conformance.levels import LEVELS
from pymodel.differential.errors import TargetDied, TargetGivenUp
from pymodel.differential.running.budget import Budget
from pymodel.differential.running.side_by_side import SideBySide
from pymodel.differential.targets.capabilities import Capability, Description
from pymodel.differential.targets.target import Target
from pymodel.differential.targets.target_specs import TimeLimits, make_target
from tests.differential.conformance.ports import LEVEL_6, Port
from tests.differential.fake_targets import FakeTarget, more_released

LIMITS = TimeLimits()
BITS_AND_RANGES = frozenset({Capability.BITS, Capability.RANGES})


def checked(port: FakeTarget, folder: Path, *, wanted: int | None = None, count: int = 12) -> tuple[Conformance, str]:
    """What came of the levels, and all that was told."""
    settings = Settings(1, Budget(program_count=count), folder, ("--target", "stdio:./port"))
    lines: list[str] = []
    side_by_side = SideBySide([port, make_target("model", "model", LIMITS)])
    side_by_side.open()
    level = LEVELS[wanted - 1] if wanted else None
    result = check_levels(side_by_side, port.name, settings, level, lines.append)
    lines.append(told(result, port.name, side_by_side.descriptions[port.name]))
    return result, "\n".join(lines)


def standings(result: Conformance) -> list[Standing]:
    return [each.standing for each in result.results]


def test_a_port_of_two_levels_is_told_that_they_conform_and_what_comes_next(tmp_path: Path) -> None:
    result, text = checked(Port(capabilities=BITS_AND_RANGES), tmp_path)
    assert standings(result) == [Standing.PASSED] * 2 + [Standing.NOT_IMPLEMENTED] * 5
    assert result.exit_status == 0
    assert "port conforms up to level 2 of 7: bits, ranges\n" in text
    assert "next: level 3 (summaries), which is calls of pack_palloc_sum, unpack," in text
    assert text.splitlines()[1].split() == ["1", "bits", "passed", "12", str(result.results[0].operation_count)]


def test_a_level_that_is_asked_for_and_not_there_fails(tmp_path: Path) -> None:
    result, _ = checked(Port(capabilities=BITS_AND_RANGES), tmp_path, wanted=3)
    assert standings(result) == [Standing.PASSED, Standing.PASSED, Standing.NOT_IMPLEMENTED]
    assert result.exit_status == 1
    assert checked(Port(capabilities=BITS_AND_RANGES), tmp_path, wanted=2)[0].exit_status == 0


def test_a_departure_is_shrunk_told_and_kept_and_lower_levels_stand(tmp_path: Path) -> None:
    result, text = checked(Port(more_released), tmp_path, count=10)
    assert standings(result)[3:6] == [Standing.PASSED, Standing.PASSED, Standing.DEPARTS]
    assert result.exit_status == 1
    assert "level 6 (scavenge) departs:\n  divergence: scavenge: outcome.released\n" in text
    assert "  returned released: model " in text
    assert "port conforms up to level 5 of 7" in text
    assert "next: mend level 6 (scavenge), whose first difference is above" in text
    (trace,) = tmp_path.glob("*.trace")
    assert f"replay: scavdiff replay {trace} --target stdio:./port" in text
    assert trace.read_text().count("\n") < 30


def test_a_target_that_dies_is_broken_on_that_level_and_goes_on_with_the_next(tmp_path: Path) -> None:
    died = TargetDied("port", "died before it answered program 2", exit_status="exit status 3")
    result, text = checked(Port(capabilities=BITS_AND_RANGES, failures={2: died}), tmp_path)
    assert standings(result)[:2] == [Standing.BROKEN, Standing.PASSED]
    assert result.exit_status == 2
    assert result.reached == 0
    assert "1 bits             broken" in text
    assert "level 1 (bits) is broken:\n  harness error (TargetDied): target port died" in text
    assert "next: mend the adapter on level 1 (bits); `scavdiff smoke` says more" in text


def test_a_target_that_is_given_up_ends_the_check(tmp_path: Path) -> None:
    given_up = TargetGivenUp("port", "was given up after 3 attempts to start it again", stderr_lines=["no memory"])
    result, text = checked(Port(failures={3: given_up}), tmp_path)
    assert result.exit_status == 2
    assert result.results == ()
    assert "ended early: target port was given up after 3 attempts to start it again\n  | no memory\n" in text


def test_a_level_named_without_those_below_is_not_there(tmp_path: Path) -> None:
    result, _ = checked(Port(capabilities=frozenset({Capability.BITS})), tmp_path, count=1)
    assert result.results[1].told == "Describe does not name it"
    assert result.results[3].told == "builds on ranges, which is not there"


def test_nothing_at_all_is_no_conformance(tmp_path: Path) -> None:
    result, text = checked(Port(capabilities=frozenset()), tmp_path)
    assert result.exit_status == 1
    assert "port conforms to no level yet\nnext: level 1 (bits), which is calls of get, block64," in text


def test_a_level_none_of_whose_programs_the_port_takes_is_no_pass(tmp_path: Path) -> None:
    class Narrow(Port):
        def describe(self) -> Description:
            return replace(super().describe(), program_bytes_max=8)

    result, text = checked(Narrow(), tmp_path)
    assert set(standings(result)[:6]) == {Standing.NOT_COMPARED}
    assert result.exit_status == 2
    assert "the target takes none of its programs: more than 8 bytes" in text


def test_other_capabilities_are_said_to_be_of_no_level(tmp_path: Path) -> None:
    result, text = checked(Port(capabilities=LEVEL_6 | {Capability.OUTSIDE_CONTRACT}), tmp_path, count=2)
    assert result.exit_status == 0
    assert "port also names outside contract, of no level: `scavdiff run` compares that" in text


def conformance(monkeypatch: pytest.MonkeyPatch, folder: Path, *flags: str) -> Result:
    def made(spec: str, name: str, limits: TimeLimits) -> Target:
        return Port(more_released) if spec == "port" else make_target(spec, name, limits)

    monkeypatch.setattr(commands, "make_target", made)
    return CliRunner().invoke(cli.main, ["conformance", "--target", "port", "--findings", str(folder), *flags])


def test_the_command_gives_rows_verdict_and_status(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    result = conformance(monkeypatch, tmp_path, "--level", "2", "--programs", "3")
    assert result.exit_code == 0
    assert result.stderr == "port against model, seed 1, 3 programs on each level\n"
    assert "port conforms up to level 2 of 7: bits, ranges" in result.stdout


def test_the_command_holds_the_port_to_go_as_well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    flags = ("--against", "model", "--against", "go", "--programs", "10")
    result = conformance(monkeypatch, tmp_path, *flags)
    assert result.exit_code == 1
    assert "port against model and go, seed 1" in result.stderr
    assert "  port stands alone; model, go agree\n" in result.stdout
    assert "--target port --target go" in result.stdout
