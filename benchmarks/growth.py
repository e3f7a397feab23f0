"""How the cost of an operation grows: with the heap's span, with the program's length, with a program's beginning.

Costs are microseconds of processor time of driver and target together, model against Go, on programs of allocations and
frees in the first chunk.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from contextlib import closing

from benchmarks.sampling import sample
from pymodel.differential.programs.program import Alloc, Free, Grow, Operation, Program
from pymodel.differential.running.side_by_side import SideBySide
from pymodel.differential.targets.target_specs import TimeLimits, make_target

FIRST_CHUNK = 0xC000
CHUNKS_OF_32_GIB = 8192
MICROSECONDS = 1e6


def small_heap(operation_count: int) -> Program:
    """One chunk, then that many operations that touch it."""
    return Program((Grow(FIRST_CHUNK, 1), *_touching(operation_count)))


def large_heap(operation_count: int) -> Program:
    """64 GiB, of which only the first chunk is touched again."""
    growths = (Grow(FIRST_CHUNK, CHUNKS_OF_32_GIB), Grow(FIRST_CHUNK + CHUNKS_OF_32_GIB, CHUNKS_OF_32_GIB))
    return Program((*growths, *_touching(operation_count)))


def _touching(operation_count: int) -> Sequence[Operation]:
    """Allocations and frees, two of the former to one of the latter, of a few pages; slots are written once."""
    operations: list[Operation] = []
    slot = 0
    while len(operations) < operation_count:
        operations += Alloc(slot, 1 + slot % 7), Alloc(slot + 1, 1), Free(slot), Free(slot + 1)
        slot += 2
    return operations[:operation_count]


class Costs:
    """Measures programs of the growth lines on the model and Go."""

    def __init__(self, rounds: int) -> None:
        self._rounds = rounds
        self._side_by_side = SideBySide([make_target(spec, spec, TimeLimits()) for spec in ("model", "go")])
        self._side_by_side.open()

    def program_cost(self, program: Program, repetitions: int) -> float:
        """Microseconds for one run of the program: the median of the rounds, each of so many repetitions."""

        def work() -> int:
            comparisons = self._side_by_side.run([program] * repetitions)
            assert all(comparison.divergence is None and not comparison.failures for comparison in comparisons)
            return repetitions

        work()
        return statistics.median(MICROSECONDS / sample(work).rate for _ in range(self._rounds))

    def operation_cost(self, make: Callable[[int], Program], operation_count: int, repetitions: int) -> float:
        """Microseconds for one more operation: what three times the operations cost more."""
        short = self.program_cost(make(operation_count), repetitions)
        long = self.program_cost(make(3 * operation_count), repetitions)
        return (long - short) / (2 * operation_count)

    def close(self) -> None:
        """Ends the target."""
        self._side_by_side.close()


def measure_growth(rounds: int, scale: float = 1.0) -> dict[str, float]:
    """The growth lines by name. A `scale` below 1 does less, for a test."""

    def times(count: int) -> int:
        return max(1, round(count * scale))

    with closing(Costs(rounds)) as costs:
        small = costs.operation_cost(small_heap, times(4000), times(12))
        large = costs.operation_cost(large_heap, times(4000), times(12))
        beginning = costs.program_cost(small_heap(0), times(2000))
        figures = {"operation, 4 MiB heap, us": small, "operation, 64 GiB heap, us": large}
        figures["64 GiB / 4 MiB"] = large / small
        figures["reset and first growth, us"] = beginning
        figures["reset, operations"] = beginning / small
        for length in (10, 100, 1000, 10_000, 100_000):
            program = small_heap(times(length))
            cost = costs.program_cost(program, max(1, times(40_000) // len(program.operations)))
            figures[f"operation in a program of {length:,}, us"] = cost / len(program.operations)
    return figures
