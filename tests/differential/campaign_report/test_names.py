"""Names of targets are listed while they are few, and counted when they are many."""

from __future__ import annotations

from pymodel.differential.campaign_report.names import joined, listed


def test_few_names_are_all_told() -> None:
    assert listed(["model", "go", "a", "b"]) == "model, go, a, b"
    assert joined(["model", "go", "a", "b"]) == "model, go, a and b"
    assert joined(["model"]) == "model"
    assert joined([]) == listed([]) == ""


def test_the_last_of_many_names_are_counted() -> None:
    assert listed(["model", "go", "a", "b", "c"]) == "model, go, 3 others"
    assert joined(["model", "go", "a", "b", "c"]) == "model, go and 3 others"
