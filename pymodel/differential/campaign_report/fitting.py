"""Shares the room of a page out among its findings: none is drawn richer at the price of another that needs little."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pymodel.differential.campaign_report.detail import DETAILS
from pymodel.differential.campaign_report.finding_data import Drawable, bare_data, finding_data
from pymodel.differential.campaign_report.pool import Jsonable

SMALL_BYTES_MAX = 1 << 16
NO_ROOM = "There was no room on this page to draw this finding; `scavdiff replay` shows its steps."


def as_script_data(data: Jsonable) -> str:
    """JSON that can stand between the tags of a script, whatever its texts hold."""
    text = json.dumps(data, separators=(",", ":"))
    for character in "<>&'":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def fit(findings: Sequence[Drawable], byte_count_max: int) -> list[str]:
    """The data of each finding, together at most so long, unless the shortest form of all is longer than that.

    Those with steps to draw are served first, then the others, which are short texts. Within each of the two, each gets
    an equal share, and what some leave of theirs goes to those that need more.
    """
    fitted = [bare(finding) for finding in findings]
    left = byte_count_max - sum(map(len, fitted))
    steps_first = sorted(range(len(findings)), key=lambda place: findings[place].answers is None)
    count = sum(finding.answers is not None for finding in findings)
    for places in (steps_first[:count], steps_first[count:]):
        if places:
            room = left + sum(len(fitted[place]) for place in places)
            for place, data in zip(places, _fit_equals([findings[place] for place in places], room), strict=True):
                left -= len(data) - len(fitted[place])
                fitted[place] = data
    return fitted


def _fit_equals(findings: Sequence[Drawable], byte_count_max: int) -> list[str]:
    share = byte_count_max // len(findings)
    fitted = [_fit_one(finding, share) for finding in findings]
    left = byte_count_max - sum(len(data) for data, _ in fitted)
    wanting = [place for place, (_, is_whole) in enumerate(fitted) if not is_whole]
    for served, place in enumerate(wanting):
        data, _ = fitted[place]
        more = left // (len(wanting) - served)
        fitted[place] = _fit_one(findings[place], len(data) + more)
        left -= len(fitted[place][0]) - len(data)
    return [data for data, _ in fitted]


def bare(finding: Drawable) -> str:
    """The shortest form of a finding."""
    return as_script_data(bare_data(finding, NO_ROOM))


def _fit_one(finding: Drawable, byte_count_max: int) -> tuple[str, bool]:
    """The richest form that is short enough, and whether it is the richest of all.

    What is large is drawn poorly first, since to draw all of it takes long.
    """
    if sum(map(len, finding.finding.transcripts.values())) <= SMALL_BYTES_MAX:
        data = as_script_data(finding_data(finding, DETAILS[0]))
        if len(data) <= byte_count_max:
            return data, True
    best, is_richest = bare(finding), False
    for detail in reversed(DETAILS):
        data = as_script_data(finding_data(finding, detail))
        if len(data) > byte_count_max:
            break
        best, is_richest = data, detail is DETAILS[0]
    return best, is_richest
