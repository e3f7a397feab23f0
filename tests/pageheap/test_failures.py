from __future__ import annotations

import pytest

from pymodel.pageheap import failures
from pymodel.pageheap.failures import PanicKind, RuntimePanic, Throw


@pytest.mark.parametrize(
    ("panic", "kind", "text"),
    [
        (failures.index_out_of_range(5, 3), PanicKind.BOUNDS, "index out of range [5] with length 3"),
        (failures.index_out_of_range(-1, 3), PanicKind.BOUNDS, "index out of range [-1]"),
        (failures.slice_above_capacity(16, 8), PanicKind.BOUNDS, "slice bounds out of range [:16] with capacity 8"),
        (failures.slice_above_capacity(-16, 8), PanicKind.BOUNDS, "slice bounds out of range [:-16]"),
        (failures.slice_inverted(3, 2), PanicKind.BOUNDS, "slice bounds out of range [3:2]"),
        (failures.slice_inverted(-3, 2), PanicKind.BOUNDS, "slice bounds out of range [-3:]"),
        (failures.nil_dereference(), PanicKind.NIL_DEREFERENCE, "invalid memory address or nil pointer dereference"),
        (failures.memory_fault(), PanicKind.MEMORY_FAULT, "invalid memory address or nil pointer dereference"),
        (failures.divide_by_zero(), PanicKind.DIVIDE, "integer divide by zero"),
    ],
)
def test_a_panic_says_what_go_says(panic: RuntimePanic, kind: PanicKind, text: str) -> None:
    assert (panic.kind, panic.text, str(panic)) == (kind, "runtime error: " + text, "runtime error: " + text)


def test_a_throw_carries_its_text_unchanged() -> None:
    assert Throw("bad prune").text == "bad prune"
