from __future__ import annotations

import csv
import io
import json
import re

import pytest
from rich.console import Console

from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.programs import program as p
from pymodel.differential.simulate.chart import AXIS_WIDTH, HEIGHT, heap_chart
from pymodel.differential.simulate.export import as_csv, as_json
from pymodel.differential.simulate.page import as_html
from pymodel.differential.simulate.placement import Mark, Moment, Placement, Surroundings, place
from pymodel.differential.simulate.plan import make_plan
from pymodel.differential.simulate.results import Results, Sample, read_results, thinned
from pymodel.differential.simulate.shapes import ShapeSettings, shape_history
from pymodel.differential.simulate.table import samples_table

MIB = 1 << 20


@pytest.fixture(scope="module")
def results() -> Results:
    """An hour with a peak of 16 MiB and a long idle time after it."""
    history = shape_history("idle-after-peak", ShapeSettings(3600 * 10**9, 16 * MIB, 1, 0))
    placement = place(make_plan(history, 100), Surroundings())
    return read_results(placement, run_on_specification(placement.program, 1))


def test_the_scavenger_gives_back_what_an_idle_program_no_longer_needs(results: Results) -> None:
    last = results.at_row_ends[-1]
    assert max(sample.retained_bytes for sample in results.samples) >= 16 * MIB
    assert last.live_bytes == last.heap_inuse_bytes == MIB
    assert last.retained_bytes < 2 * MIB
    assert last.released_bytes > 14 * MIB
    assert last.scavenge_goal_bytes is None


def test_samples_go_forward_and_hold_together(results: Results) -> None:
    times = [sample.time_ns for sample in results.samples]
    assert times == sorted(times)
    for sample in results.samples:
        assert sample.live_bytes <= sample.heap_inuse_bytes <= sample.retained_bytes
        assert (sample.retained_bytes + sample.released_bytes) % (4 * MIB) == 0


def test_each_cycle_prints_one_trace_line(results: Results) -> None:
    assert [line.text.split()[1] for line in results.trace] == [str(n) for n in range(results.samples[-1].cycle_count)]


def test_a_failure_ends_the_results_with_its_own_words() -> None:
    placement = Placement(
        p.Program((p.Wake(), p.PokeClock(-5), p.PrintScavTrace(0, 0), p.Tick(1)), outside_contract=True, pacing=True),
        (Mark(1, Moment.ROW_END, 0, 0, 0), Mark(4, Moment.ROW_END, 0, 0, 0)),
        1,
    )
    results = read_results(placement, run_on_specification(placement.program, 1))
    assert len(results.samples) == 1
    assert results.failure is not None
    assert re.match(r"the page heap panicked in operation 3, `print_scav_trace 0 0`: .*divide by zero", results.failure)


def test_csv_and_json_hold_every_sample_with_the_same_names(results: Results) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(results))))
    content = json.loads(as_json(results, {"history": "x"}))
    assert len(rows) == len(content["samples"]) == len(results.samples)
    assert list(rows[0]) == list(content["samples"][0])
    assert (
        int(rows[-1]["retained_bytes"])
        == content["samples"][-1]["retained_bytes"]
        == results.samples[-1].retained_bytes
    )
    assert rows[-1]["scavenge_goal_bytes"] == "" and content["samples"][-1]["scavenge_goal_bytes"] is None
    assert [line["line"] for line in content["trace"]] == [line.text for line in results.trace]


@pytest.mark.parametrize("width", [60, 80, 200])
def test_chart_and_table_fit_the_terminal(results: Results, width: int) -> None:
    console = Console(width=width, record=True, file=io.StringIO())
    for line in heap_chart(results, width):
        assert line.cell_len <= width
    console.print(samples_table(results, width, 5))
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= width
    assert len(lines) == 5 + 2
    assert "…" not in "".join(lines)


def test_the_chart_shows_the_peak_and_what_was_given_back(results: Results) -> None:
    lines = [line.plain[AXIS_WIDTH + 1 :] for line in heap_chart(results, 60, ascii_only=True)][1 : HEIGHT + 1]
    highest, lowest = lines[1], lines[-1]
    assert "#" in highest and highest.rstrip().endswith(".")
    assert lowest[5:].count("#") == len(lowest) - 5


def test_a_simulation_without_samples_has_no_chart() -> None:
    assert list(heap_chart(Results((), (), 0), 80)) == []
    assert "<svg" not in as_html(Results((), (), 0), "x", {})


def test_the_page_needs_no_network_and_takes_nothing_as_markup(results: Results) -> None:
    page = as_html(results, "<script>alert(1)</script>", {"history": "a & b"})
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page and "a &amp; b" in page
    assert "<script" not in page
    assert not re.search(r"(?:src|href|url)\s*[=(]|https?:|@import", page)
    assert page.count("<svg") == 2
    assert "prefers-color-scheme: dark" in page


def test_paths_of_the_page_stay_inside_the_picture(results: Results) -> None:
    page = as_html(results, "x", {})
    numbers = [tuple(map(float, pair)) for pair in re.findall(r"[ML]([0-9.-]+) ([0-9.-]+)", page)]
    assert len(numbers) > 100
    assert all(0 <= x <= 960 and -0.1 <= y <= 300.1 for x, y in numbers)


def test_thinning_keeps_both_ends(results: Results) -> None:
    kept = list(thinned(results.samples, 7))
    assert len(kept) == 7
    assert kept[0] is results.samples[0] and kept[-1] is results.samples[-1]
    assert list(thinned(results.samples[:3], 7)) == list(results.samples[:3])
    assert list(thinned((), 7)) == []


def test_each_part_of_the_heap_has_its_height_in_the_chart() -> None:
    sample = Sample(10, Moment.ROW_END, 1, 7 * MIB, 10 * MIB, 4 * MIB, None, None, 0, "parked", 0.0, 0.0, 0)
    lines = [line.plain for line in heap_chart(Results((sample,), (), 1), 40, ascii_only=True)][1 : HEIGHT + 1]
    column = "".join(line[-1] for line in reversed(lines))
    assert column == "#" * 7 + "+" * 3 + "." * 4
    assert lines[0].split()[0:2] == ["14.0", "MiB"]
