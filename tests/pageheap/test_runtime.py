from __future__ import annotations

import pytest

from pymodel.pageheap.constants import MIN_OFF_ADDR
from pymodel.pageheap.runtime import Runtime

ARENA = 64 << 20
FIRST = (0x3000000000 + (1 << 47)) // ARENA


@pytest.mark.parametrize(
    ("base", "limit", "expected"),
    [
        (0x3000000000, 0x3000000000 + ARENA, {FIRST}),
        (0x3000000000, 0x3000000000 + ARENA + 1, {FIRST, FIRST + 1}),
        (0x3000000000 - 1, 0x3000000000 + 1, {FIRST - 1, FIRST}),
        (0x3000000000, 0x3000000000, set()),
        (0x3000000000 + 1, 0x3000000000, set()),
        (MIN_OFF_ADDR, MIN_OFF_ADDR + 1, {0}),
        ((1 << 47) - 2 * ARENA, 1 << 47, {(1 << 22) - 2, (1 << 22) - 1}),
        ((1 << 47) - ARENA, 1 << 63, {(1 << 22) - 1}),
        (1 << 47, 1 << 63, set()),
    ],
)
def test_every_arena_that_a_range_touches_exists_afterwards(base: int, limit: int, expected: set[int]) -> None:
    runtime = Runtime(4096, 0)
    runtime.add_arenas(base, limit)
    assert runtime.arenas == expected


def test_arenas_add_up() -> None:
    runtime = Runtime(4096, 0)
    for base in (0x3000000000, 0x3000000000 + 3 * ARENA):
        runtime.add_arenas(base, base + 1)
    assert runtime.arenas == {FIRST, FIRST + 3}


def test_print_puts_nothing_between_values() -> None:
    runtime = Runtime(4096, 0)
    runtime.print("a = ", hex(255), ", b = ", -3)
    runtime.print((1 << 64) - 1, "\n")
    assert runtime.take_printed() == "a = 0xff, b = -318446744073709551615\n"
    assert runtime.take_printed() == ""
