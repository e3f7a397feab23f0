"""`scavdiff campaign report`: what a campaign found, as a page, as JUnit XML and as JSON lines."""

from __future__ import annotations

from pathlib import Path

import click

from pymodel.differential.campaign.view import CampaignView, read_campaign
from pymodel.differential.campaign_report.finding_data import drawable
from pymodel.differential.campaign_report.page import as_html
from pymodel.differential.campaign_report.shown_findings import shown_findings
from pymodel.differential.campaign_report.summary_page import page_of
from pymodel.differential.comparison.strictness import strictness_ignoring
from pymodel.differential.running.findings import write_atomically

PAGE_NAME = "report.html"


def report_page(view: CampaignView) -> str:
    """The page of a campaign."""
    findings = shown_findings(view)
    strictness = strictness_ignoring(view.config.settings.ignored)
    return as_html(page_of(view, findings), [drawable(finding, strictness) for finding in findings])


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"Where the page goes.  [default: DIR/{PAGE_NAME}]",
)
def report(folder: Path, output: Path | None) -> None:
    """Write what the campaign in DIR found as one HTML page that needs nothing else.

    It may be made while the campaign runs. Each finding opens on the first step at which targets differ.

    \b
    scavdiff campaign report nightly
    scavdiff campaign report nightly --output found.html --junit found.xml --json-lines found.jsonl
    """
    view = read_campaign(folder)
    path = folder / PAGE_NAME if output is None else output
    write_atomically(path, report_page(view))
    click.echo(f"wrote {path}")
