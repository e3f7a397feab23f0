"""The page: one HTML file that needs nothing else, and that may load and send nothing.

Its style sheet and its script stand in it and are the only ones that its Content-Security-Policy lets run, named by
their digests. All that comes from a campaign is escaped: as HTML in the summary, as JSON in the data of the script,
which sets texts and never parses them.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

import jinja2
from markupsafe import Markup

from pymodel.differential.campaign_report.detail import shortened
from pymodel.differential.campaign_report.finding_data import Drawable, ShownFinding
from pymodel.differential.campaign_report.fitting import as_script_data, bare, fit
from pymodel.differential.campaign_report.rate_chart import RateChart

PAGE_BYTES_MAX = 2_000_000
FINDING_COUNT_MAX = 400
LISTED_TEXT_LENGTH = 200
TEXT_LENGTH = 600
FINDING_HEADINGS = (
    ("Finding", "text"),
    ("Kind", "text"),
    ("Who", "text"),
    ("Seen", "number"),
    ("Operations", "number"),
    ("First seen", "number"),
    ("Last seen", "number"),
)
TARGET_HEADINGS = ("Target", "Version")


@dataclass(frozen=True, slots=True)
class Tile:
    """A number worth reading first."""

    label: str
    value: str
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A heading, words about it, and rows of texts."""

    heading: str
    words: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Page:
    """All that the summary says, as texts; `findings` are those that the page lists, in order."""

    title: str
    headline: str
    lead: str
    tiles: Sequence[Tile]
    chart: RateChart | None
    configuration: Sequence[tuple[str, str]]
    commands: Sequence[tuple[str, str]]
    targets: Sequence[Sequence[str]]
    no_findings: str
    foot: str
    tables: Sequence[Table] = ()
    notes: Sequence[str] = ()
    findings: Sequence[ShownFinding] = ()
    finding_headings: Sequence[tuple[str, str]] = FINDING_HEADINGS
    target_headings: Sequence[str] = TARGET_HEADINGS


def as_html(page: Page, findings: Sequence[Drawable], byte_count_max: int = PAGE_BYTES_MAX) -> str:
    """The page with all findings, or with as many as it has room for and a sentence about the others."""
    count = min(len(findings), FINDING_COUNT_MAX)
    while count and _room(page, findings, count, byte_count_max) < sum(len(bare(each)) for each in findings[:count]):
        count = count * 3 // 4
    data = ",".join(fit(findings[:count], max(0, _room(page, findings, count, byte_count_max))))
    return _render(page, findings, count, data)


def _room(page: Page, findings: Sequence[Drawable], count: int, byte_count_max: int) -> int:
    """The bytes that are left for the data of so many findings."""
    return byte_count_max - len(_render(page, findings, count, "").encode()) - count


def _render(page: Page, findings: Sequence[Drawable], count: int, data: str) -> str:
    """The page that lists the first `count` findings, with their data."""
    notes = [*page.notes]
    if count < len(findings):
        notes.append(
            f"{len(findings) - count:,} more findings have no room on this page; "
            "`scavdiff campaign report --json-lines` tells them all."
        )
    style, script = _asset("page.css"), _asset("page.js")
    return _template().render(
        page=replace(page, notes=notes, findings=[drawn.finding for drawn in findings[:count]]),
        style=Markup(style),
        script=Markup(script),
        style_digest=_digest(style),
        script_digest=_digest(script),
        data=Markup(f'{{"title":{as_script_data(page.title)},"findings":[{data}]}}'),
    )


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_bounded,
    )
    environment.filters["listed"] = lambda text: shortened(text, LISTED_TEXT_LENGTH)
    return environment.from_string(_asset("page.html.j2"))


def _bounded(value: object) -> object:
    """What the template shows of a value: of a text of the campaign's not more than there is room for."""
    return shortened(value, TEXT_LENGTH) if isinstance(value, str) and not isinstance(value, Markup) else value


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """What a Content-Security-Policy calls a text that may stand in the page."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
