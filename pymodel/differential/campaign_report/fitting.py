"""Shares the room of a page out among its findings: none is drawn richer at the price of another that needs little."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pymodel.differential.campaign_report.detail import DETAILS
from pymodel.differential.campaign_report.finding_data import Drawable, bare_data, finding_data
from pymodel.differential.campaign_report.pool import Jsonable

NO_ROOM = "There was no room on this page to draw this finding; `scavdiff replay` shows its steps."


def as_script_data(data: Jsonable) -> str:
    """JSON that can stand between the tags of a script, whatever its texts hold."""
    text = json.dumps(data, separators=(",", ":"))
    for character in "<>&'":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def fit(findings: Sequence[Drawable], byte_count_max: int) -> list[str]:
    """The data of each finding, together at most so long, unless the shortest form of all is longer than that.

    Those that need least are served first, so that what they leave goes to those that need more.
    """
    richest = [as_script_data(finding_data(finding, DETAILS[0])) for finding in findings]
    order = sorted(range(len(findings)), key=lambda place: len(richest[place]))
    fitted = richest.copy()
    left = byte_count_max
    for served, place in enumerate(order):
        share = left // (len(order) - served)
        fitted[place] = _fit_one(findings[place], richest[place], share)
        left -= len(fitted[place])
    return fitted


def _fit_one(finding: Drawable, richest: str, byte_count_max: int) -> str:
    """The richest form that is short enough."""
    if len(richest) <= byte_count_max:
        return richest
    for detail in DETAILS[1:]:
        data = as_script_data(finding_data(finding, detail))
        if len(data) <= byte_count_max:
            return data
    return as_script_data(bare_data(finding, NO_ROOM))
