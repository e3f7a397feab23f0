"""Measures how many operations it takes to reach rare states, guided by a corpus and blind; prints Markdown."""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from pymodel.differential.corpus.demonstration import Explorer, Reach, by_budget, only_guided, rare_features, table
from pymodel.differential.generation.workload import keep_hypothesis_files_away
from pymodel.differential.targets.target_specs import TimeLimits, make_target

# Which states are rare is decided by other seeds than those that are compared.
DECIDING_SEED = 1001


def explore(way: str, seed: int, operation_count: int) -> Reach:
    """One run, in a process of its own with a target of its own."""
    keep_hypothesis_files_away()
    target = make_target("go", "go", TimeLimits(), counting=True)
    try:
        explorer = Explorer(target, target.describe(), operation_count)
        return explorer.guided(seed) if way == "guided" else explorer.blind(seed)
    finally:
        target.close()


def main() -> None:
    """Runs all seeds both ways, and the seeds that decide what is rare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=200_000, help="operations of each run (default 200,000)")
    parser.add_argument("--seeds", type=int, default=10, help="seeds of each way (default 10)")
    parser.add_argument("--workers", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--rare", type=float, default=0.3, help="share of blind runs that reach a rare state at most")
    parser.add_argument("--shown", type=int, default=25, help="rows of the last table")
    parser.add_argument("--json", type=Path, help="a file for the figures of all runs")
    options = parser.parse_args()
    seeds = range(1, options.seeds + 1)
    jobs = [("blind", seed + DECIDING_SEED - 1) for seed in seeds]
    jobs += [(way, seed) for seed in seeds for way in ("blind", "guided")]
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        futures = {job: pool.submit(explore, *job, options.operations) for job in jobs}
        reaches = {job: future.result() for job, future in futures.items()}
    if options.json is not None:
        plain = {f"{way} {seed}": reach.first for (way, seed), reach in reaches.items()}
        options.json.write_text(json.dumps(plain, indent=0) + "\n", encoding="utf-8")
    deciding = [reaches["blind", seed + DECIDING_SEED - 1] for seed in seeds]
    rare = rare_features(deciding, options.rare)
    blind, guided = ([reaches[way, seed] for seed in seeds] for way in ("blind", "guided"))
    budgets = [options.operations // part for part in (8, 4, 2, 1)]
    print("\n".join((*by_budget(deciding, blind, guided, options.rare, budgets), "")))
    print("\n".join((*table(rare, blind, guided, options.shown), "", *only_guided([*blind, *deciding], guided, 3))))


if __name__ == "__main__":
    main()
