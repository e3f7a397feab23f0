"""What a program reaches of Go's own statements, as the target that counts tells it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pymodel.differential.campaign.block_run import BlockRun, Telling
from pymodel.differential.campaign.blocks import GUIDED, BlockResult, Job, Kept, result_from_plain, result_to_plain
from pymodel.differential.campaign.sources import works_of
from pymodel.differential.comparison.strictness import EXACT
from pymodel.differential.corpus.corpus import Corpus
from pymodel.differential.corpus.features import bucket, features_of
from pymodel.differential.corpus.guided import Material, Parent
from pymodel.differential.corpus.reaching import Reaching, measured
from pymodel.differential.errors import BadInput, TargetLied
from pymodel.differential.generation.generators import tape_from_seed
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.programs.check import InvalidProgram
from pymodel.differential.programs.codec import COUNTED, decode_program, encode_program
from pymodel.differential.programs.program import Alloc, Free, Grow, Program, Scavenge
from pymodel.differential.programs.text import parse_program, print_program
from pymodel.differential.running.fruitless import Fruitless
from pymodel.differential.running.opening import open_targets
from pymodel.differential.running.side_by_side import SideBySide
from pymodel.differential.running.tally import Tally
from pymodel.differential.targets import target_specs
from pymodel.differential.targets.capabilities import ALL_CAPABILITIES, Capability, Counter, Description
from pymodel.differential.targets.reached import NothingReached, counters_reached, split_reached
from pymodel.differential.targets.target import EncodedProgram
from pymodel.differential.targets.target_specs import TimeLimits, make_target
from tests.differential.fake_targets import FakeTarget

SCAVENGING = Program((Grow(5, 1), Alloc(0, 3), Free(0), Scavenge((1 << 64) - 1)))
EMPTY = Program(())


@pytest.fixture(scope="module")
def side_by_side() -> Iterator[SideBySide]:
    opened = open_targets(("go",), True, (), TimeLimits(), counting=True)
    opened.count()
    yield opened
    opened.close()


def reached_of(side_by_side: SideBySide, *programs: Program) -> list[frozenset[int]]:
    comparisons = side_by_side.run(programs)
    assert all(comparison.divergence is None and not comparison.failures for comparison in comparisons)
    return [frozenset(counters_reached(comparison.reached["go"])) for comparison in comparisons]


def test_what_is_reached_is_no_part_of_what_is_compared(side_by_side: SideBySide) -> None:
    programs = [tape_from_seed(3, number).expand() for number in range(20)]
    comparisons = side_by_side.run(programs, 16)
    for comparison in comparisons:
        assert comparison.divergence is None
        assert len(set(comparison.transcripts.values())) == 1
        assert list(comparison.reached) == ["go"]


def test_a_program_tells_only_what_it_reached_itself(side_by_side: SideBySide) -> None:
    """The bitmap is cleared between programs, those that were not to count included."""
    first, alone, again = reached_of(side_by_side, EMPTY, SCAVENGING, EMPTY)
    assert first == again
    assert alone - again
    target = next(target for target in side_by_side.targets if target.name == "go")
    target.send(EncodedProgram(9, SCAVENGING, encode_program(SCAVENGING, 9)))
    assert target.receive() == run_on_specification(SCAVENGING, 9, 0)
    assert reached_of(side_by_side, EMPTY) == [first]


def test_counters_name_the_files_of_go(side_by_side: SideBySide) -> None:
    counters = side_by_side.descriptions["go"].counters
    assert {"mpagealloc.go", "mpagecache.go", "mgcscavenge.go"} <= {counter.file for counter in counters}
    (reached,) = reached_of(side_by_side, SCAVENGING)
    assert any(counters[number].file == "mgcscavenge.go" for number in reached)


def test_features_of_a_program_do_not_depend_on_those_before(side_by_side: SideBySide) -> None:
    target = next(target for target in side_by_side.targets if target.name == "go")
    description = side_by_side.descriptions["go"]
    programs = [tape_from_seed(4, number).expand() for number in range(12)]
    forwards = [measured(target, description, program) for program in programs]
    backwards = [measured(target, description, program) for program in reversed(programs)]
    assert forwards == backwards[::-1]
    assert all(forwards)


def test_a_target_that_was_to_count_and_does_not_has_lied() -> None:
    class Silent(FakeTarget):
        def describe(self) -> Description:
            counters = (Counter("a.go", 1, 1),)
            return Description("port", "1", "", 1, ALL_CAPABILITIES | {Capability.COUNTERS}, 1000, 1 << 20, counters)

    silent = Silent("port")
    opened = SideBySide([FakeTarget("model", in_process=True), silent], EXACT)
    opened.open()
    opened.count()
    (comparison,) = opened.run([SCAVENGING])
    (failure,) = comparison.failures
    assert isinstance(failure, TargetLied)
    assert "without a bitmap of 1 counters" in str(failure)
    assert silent.restart_count == 1


def test_a_tail_is_split_off_exactly() -> None:
    assert split_reached(b"\x09transcript" + b"\x32\x02\x01\x80", 16) == (b"\x09transcript", b"\x01\x80")
    assert list(counters_reached(b"\x01\x80")) == [0, 15]
    for answer in (b"", b"\x09transcript", b"\x32\x01\x80", b"\x32\x03\x00\x01\x80"):
        with pytest.raises(NothingReached):
            split_reached(answer, 16)


def test_a_target_without_counters_refuses_to_count() -> None:
    with pytest.raises(InvalidProgram, match="count: is set"):
        decode_program(encode_program(EMPTY, 1) + COUNTED)


def test_a_checkout_without_the_counting_target_says_how_to_build_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target_specs, "COUNTING_BINARY", target_specs.COUNTING_BINARY / "absent")
    with pytest.raises(BadInput, match="run `make counting`"):
        make_target("go", "go", TimeLimits(), counting=True)


def test_features_tell_outcomes_and_states_in_buckets() -> None:
    transcript = run_on_specification(SCAVENGING, 1, 0)
    features = features_of(SCAVENGING, transcript, b"\x02", (Counter("a.go", 1, 1), Counter("a.go", 7, 2)))
    assert {
        "statement a.go:7",
        "grow returned",
        "alloc returned",
        "scavenge returned",
        "scavenge returned released 0x0",
        "alloc returned scav 0x4000",
        "in use: 1 ranges",
        "chunk: free 1 runs, longest 512, some pages of them scavenged",
        "chunk: free 1 runs, longest 512, all pages of them scavenged",
    } <= features
    assert "statement a.go:1" not in features
    assert [bucket(number) for number in (0, 1, 2, 3, 4, 1023)] == [0, 1, 2, 2, 4, 512]


def test_what_a_block_keeps_reaches_what_it_says(side_by_side: SideBySide) -> None:
    reaching = Reaching(side_by_side, Material({"grow returned": 1}).to_texts())
    for comparison in side_by_side.run([tape_from_seed(6, number).expand() for number in range(8)]):
        reaching.consider("tape chaos", comparison)
    kept = reaching.finish()
    assert {each.shape for each in kept} == {"chaos"}
    target = next(target for target in side_by_side.targets if target.name == "go")
    for each in kept:
        program = parse_program(each.trace).program
        assert measured(target, side_by_side.descriptions["go"], program) == frozenset(each.features)
        assert len(program.operations) == each.length
    assert {"alloc returned", "free returned"} <= Corpus(kept).features


def test_a_guided_block_is_compared_like_any_other(side_by_side: SideBySide, tmp_path: Path) -> None:
    seeds = [print_program(tape_from_seed(6, number).expand()) for number in range(3)]
    texts = Material({}, seeds[:1], tuple(map(Parent, seeds, ("chaos", "calls", "")))).to_texts()
    job = Job(1, 3, program_count_max=12, source=GUIDED, material=texts)
    runs = [BlockRun(job, works_of(job), side_by_side, Telling(tmp_path), Fruitless()) for _ in range(2)]
    results = [run.execute() for run in runs]
    assert [result.tally for result in results] == [results[0].tally] * 2
    assert results[0].tally.program_kinds.total() == 12
    assert not results[0].sightings or {sighting.kind for sighting in results[0].sightings} == {"slow"}


def test_kept_programs_survive_the_ledger() -> None:
    kept = (Kept(print_program(SCAVENGING), ("a", "b"), 4, "chaos"),)
    result = BlockResult(1, 2, Tally(), (), 0.5, kept=kept)
    plain = json.loads(json.dumps(result_to_plain(result)))
    assert result_from_plain(plain) == result
    plain["kept"] = [each[:3] for each in plain["kept"]]
    assert result_from_plain(plain).kept == (replace(kept[0], shape=""),)
