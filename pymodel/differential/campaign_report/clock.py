"""Moments of a campaign: how far into it, pauses not counted, and at what time of day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from pymodel.differential.campaign.view import RatePoint


def elapsed_at(unix_seconds: float, points: Sequence[RatePoint]) -> float:
    """Seconds of work before a moment, told by the points around it; 0 before the first and without any."""
    last = 0.0
    for point in points:
        if unix_seconds <= point.unix_seconds:
            return max(last, point.elapsed_seconds - (point.unix_seconds - unix_seconds))
        last = point.elapsed_seconds
    return last


def tell_moment(unix_seconds: float) -> str:
    """A moment to the second, in UTC: `2026-11-25 01:23:45 UTC`. A number that is no moment is told as it is."""
    try:
        return datetime.fromtimestamp(unix_seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"{unix_seconds} s"
