"""The page: one HTML file that needs nothing else, and that may load and send nothing.

Its style sheet and its script stand in it and are the only ones that its Content-Security-Policy lets run, named by
their digests. All that comes from a campaign is escaped: as HTML in the summary, as JSON in the data of the script,
which sets texts and never parses them.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

import jinja2
from markupsafe import Markup

from pymodel.differential.campaign_report.detail import shortened
from pymodel.differential.campaign_report.finding_data import Drawable, ShownFinding
from pymodel.differential.campaign_report.fitting import as_script_data, fit
from pymodel.differential.campaign_report.rate_chart import RateChart

PAGE_BYTES_MAX = 2_000_000
FINDING_COUNT_MAX = 400
LISTED_TEXT_LENGTH = 200
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
    while True:
        text = _render(page, findings, count, byte_count_max)
        if count == 0 or len(text.encode()) <= byte_count_max:
            return text
        count //= 2


def _render(page: Page, findings: Sequence[Drawable], count: int, byte_count_max: int) -> str:
    shown = findings[:count]
    notes = [*page.notes]
    if count < len(findings):
        notes.append(
            f"{len(findings) - count:,} more findings have no room on this page; "
            "`scavdiff campaign report --json-lines` tells them all."
        )
    page = replace(page, notes=notes, findings=[drawn.finding for drawn in shown])
    template, style, script = _template(), _asset("page.css"), _asset("page.js")
    parts = {
        "page": page,
        "style": Markup(style),
        "script": Markup(script),
        "style_digest": _digest(style),
        "script_digest": _digest(script),
    }
    bare = template.render(**parts, data=Markup(""))
    heading = as_script_data(page.title)
    room = byte_count_max - len(bare.encode()) - len(heading) - len(shown) - 64
    data = f'{{"title":{heading},"findings":[{",".join(fit(shown, max(0, room)))}]}}'
    return template.render(**parts, data=Markup(data))


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["shortened"] = lambda text: shortened(text, LISTED_TEXT_LENGTH)
    return environment.from_string(_asset("page.html.j2"))


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """What a Content-Security-Policy calls a text that may stand in the page."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
