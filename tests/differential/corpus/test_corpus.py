"""The corpus: what it keeps, in memory and on disk, and what it chooses."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from pymodel.differential.campaign.blocks import GENERATED, GUIDED, BlockResult, Job, Kept
from pymodel.differential.campaign.shards import Shard
from pymodel.differential.corpus.corpus import Corpus
from pymodel.differential.corpus.folder import INDEX_NAME, file_name, read_corpus, write_corpus
from pymodel.differential.corpus.guidance import AHEAD_COUNT_MAX, BLIND_EVERY, Guidance, merge_corpora
from pymodel.differential.corpus.guided import Material, Parent
from pymodel.differential.corpus.keeping import Keeper
from pymodel.differential.errors import BadInput
from pymodel.differential.programs.program import Alloc, Grow, Program, StartGen
from pymodel.differential.programs.text import parse_program, print_program
from pymodel.differential.running.tally import Tally


def kept(length: int, *features: str) -> Kept:
    """A program of so many operations that is said to reach these."""
    return Kept(print_program(Program((Grow(1 + length, 1),) * length)), features, length)


def test_the_shortest_program_of_each_feature_is_kept_in_whatever_order_they_come() -> None:
    programs = [kept(5, "a", "b"), kept(3, "a"), kept(4, "b", "c"), kept(6, "a", "c")]
    for order in itertools.permutations(programs):
        corpus = Corpus(order)
        assert list(corpus) == [programs[1], programs[2]]
        assert corpus.lengths == {"a": 3, "b": 4, "c": 4}


def test_a_program_with_rare_features_is_chosen_more_often() -> None:
    common = [kept(length, "everywhere", f"own {length}") for length in (4, 5, 6)]
    rare = kept(7, *(f"rare {number}" for number in range(20)))
    chosen = Corpus([*common, rare]).chosen(seed=1, count=200)
    assert chosen.count(rare) > 100
    assert set(chosen) == {rare, *common}


def test_a_folder_gives_back_what_was_written(tmp_path: Path) -> None:
    shaped = replace(kept(2, "a"), shape="chaos")
    write_corpus(tmp_path, [shaped], [kept(3, "b"), kept(4, "c")])
    stored = read_corpus(tmp_path)
    assert stored.given == (shaped,)
    assert set(stored.made) == {kept(3, "b"), kept(4, "c")}
    write_corpus(tmp_path, stored.given, stored.made[:1])
    assert len(list(tmp_path.glob("*.trace"))) == 2


def test_programs_without_an_index_wait_to_be_measured_and_damaged_ones_are_refused(tmp_path: Path) -> None:
    write_corpus(tmp_path, [], [kept(2, "a")])
    (tmp_path / INDEX_NAME).write_text('{"format": "scavdiff cor', encoding="utf-8")
    assert read_corpus(tmp_path).unmeasured == (kept(2, "a").trace,)
    (tmp_path / "broken.trace").write_text("pageheap program 1\nheap phys", encoding="utf-8")
    with pytest.raises(BadInput, match=r"broken\.trace"):
        read_corpus(tmp_path)


def result(block: int, *programs: Kept) -> BlockResult:
    return BlockResult(1, block, Tally(), (), 0.0, kept=programs)


def test_what_a_block_is_given_depends_only_on_blocks_that_are_surely_committed(tmp_path: Path) -> None:
    """However many blocks were ahead, and after a kill: the same material."""
    results = [result(block, kept(block + 1, f"feature {block}")) for block in range(30)]
    at_once = Guidance(tmp_path / "a", Shard(), [])
    jobs = []
    for block in range(30):
        jobs.append(at_once.job(Job(1, block)))
        at_once.add(results[block])
    in_bulk = Guidance(tmp_path / "b", Shard(), results[:13])
    for block in range(13, 30):
        assert in_bulk.job(Job(1, block)) == jobs[block]
        in_bulk.add(results[block])
    for block, job in enumerate(jobs):
        known = Material.from_texts(job.material).lengths
        assert set(known) == {f"feature {number}" for number in range(block - AHEAD_COUNT_MAX + 1)}
        assert job.source == (GUIDED if block % BLIND_EVERY and known else GENERATED)
        assert replace(job, source=GENERATED, material=(), sweep=True) == Job(1, block)


def test_a_shard_of_two_has_guided_blocks_too(tmp_path: Path) -> None:
    guidance = Guidance(tmp_path, Shard(1, 2), [result(0, kept(2, "a"))])
    sources = [guidance.job(Job(1, block)).source for block in range(0, 60, 2)]
    assert sources.count(GUIDED) > 5


def test_a_campaign_that_goes_on_has_what_its_ledger_says_whatever_became_of_the_folder(tmp_path: Path) -> None:
    results = [result(0, kept(2, "a")), result(1, kept(3, "b"))]
    Guidance(tmp_path, Shard(), results)
    for path in tmp_path.iterdir():
        path.unlink()
    assert len(Guidance(tmp_path, Shard(), results)) == 2
    assert set(read_corpus(tmp_path).made) == {kept(2, "a"), kept(3, "b")}


def test_a_campaign_takes_up_the_corpus_that_is_there_when_it_begins(tmp_path: Path) -> None:
    write_corpus(tmp_path, [], [kept(2, "a")])
    foreign = kept(5, "never measured")
    (tmp_path / file_name(foreign.trace)).write_text(foreign.trace, encoding="utf-8")
    job = Guidance(tmp_path, Shard(), []).job(Job(1, 1))
    material = Material.from_texts(job.material)
    assert job.source == GUIDED
    assert (material.lengths, material.unmeasured) == ({"a": 2}, (foreign.trace,))
    assert set(material.chosen) == {Parent(kept(2, "a").trace)}
    again = Guidance(tmp_path, Shard(), [result(0)])
    assert Material.from_texts(again.job(Job(1, 1)).material).lengths == {"a": 2}


def test_merged_corpora_hold_the_shortest_of_all_and_merging_again_changes_nothing(tmp_path: Path) -> None:
    write_corpus(tmp_path / "a", [], [kept(2, "a"), kept(6, "b")])
    write_corpus(tmp_path / "b", [], [kept(3, "b")])
    folders = [tmp_path / "a", tmp_path / "b"]
    assert [merge_corpora(folders, tmp_path / "c") for _ in range(2)] == [2, 2]
    assert set(read_corpus(tmp_path / "c").made) == {kept(2, "a"), kept(3, "b")}


def test_a_kept_program_loses_operations_and_none_of_what_it_is_kept_for() -> None:
    program = Program((*(StartGen(),) * 40, Grow(3, 1), *(StartGen(),) * 30, Alloc(1, 7), *(StartGen(),) * 29))

    def features(program: Program) -> frozenset[str]:
        return frozenset(type(operation).__name__ for operation in program.operations)

    keeper = Keeper({"StartGen": 1})
    # What else the block ran gives the effort that may go into it.
    for _ in range(100):
        keeper.consider(Program((StartGen(),) * 100), frozenset({"StartGen"}))
    keeper.consider(program, features(program))
    (shorter,) = keeper.finish(features)
    assert {"Grow", "Alloc"} <= features(parse_program(shorter.trace).program)
    assert shorter.length < 60
    assert set(shorter.features) == features(parse_program(shorter.trace).program)


def test_what_is_kept_tells_the_shape_that_it_came_from() -> None:
    keeper = Keeper({})
    keeper.consider(Program((StartGen(),)), frozenset({"a"}), "chaos")
    (program,) = keeper.finish(lambda _: None)
    assert program.shape == "chaos"


def test_nothing_is_kept_of_a_block_that_reaches_nothing_new() -> None:
    keeper = Keeper({"a": 4})
    keeper.consider(Program((StartGen(),) * 4), frozenset({"a"}))
    assert keeper.finish(lambda _: None) == ()
