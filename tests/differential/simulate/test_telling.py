from __future__ import annotations

from dataclasses import replace

from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.simulate.history import History, Row
from pymodel.differential.simulate.placement import Surroundings, place
from pymodel.differential.simulate.plan import make_plan
from pymodel.differential.simulate.results import read_results
from pymodel.differential.simulate.telling import tell_settings

SECOND = 10**9


def test_settings_say_what_was_simulated_and_when_the_clock_is_behind() -> None:
    plan = make_plan(History("x", (Row(300 * SECOND, 1 << 20, 0),), 1), None)
    placement = place(plan, Surroundings(2))
    results = read_results(placement, run_on_specification(placement.program, 1))
    settings = tell_settings(plan, placement, Surroundings(2), None, results)
    assert (settings["history"], settings["GOGC"], settings["GOMAXPROCS"]) == ("x", "off", "2")
    assert "clock" not in settings
    late = replace(results, samples=(*results.samples[:-1], replace(results.samples[-1], time_ns=200 * SECOND)))
    told = tell_settings(plan, placement, Surroundings(2), None, late)["clock"]
    assert told.startswith("0:01:40.0 behind the history")


def test_what_made_the_simulation_coarser_is_said() -> None:
    row = Row(1000 * 3600 * SECOND, 1 << 40, 1 << 40)
    plan = make_plan(History("x", (row,), 9), 100)
    placement = place(plan, Surroundings())
    results = read_results(placement, run_on_specification(placement.program, 1))
    resolution = tell_settings(plan, placement, Surroundings(), 100, results)["resolution"]
    assert "9 rows put together to 1" in resolution
    assert "left out that GC cycles would only have collected over and over" in resolution
    assert "a GC cycle by force after 0:40:00.0, not after two minutes" in resolution
