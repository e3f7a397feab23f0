"""`scavdiff campaign report`: what a campaign found, as a page, as JUnit XML and as JSON lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from pymodel.differential.campaign.known import reason_of, without_known
from pymodel.differential.campaign.view import CampaignView, exit_status, read_campaign
from pymodel.differential.campaign_report.finding_data import Drawable
from pymodel.differential.campaign_report.json_lines import as_json_lines
from pymodel.differential.campaign_report.junit import as_junit
from pymodel.differential.campaign_report.page import as_html
from pymodel.differential.campaign_report.results import Results, results_of, with_known
from pymodel.differential.campaign_report.shown_findings import shown_findings
from pymodel.differential.campaign_report.summary_page import page_of
from pymodel.differential.comparison.strictness import strictness_ignoring
from pymodel.differential.running.findings import write_atomically
from pymodel.differential.running.known_failing import KnownFailing

PAGE_NAME = "report.html"


def result_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The flags that say where results for a machine go."""
    path = click.Path(dir_okay=False, path_type=Path)
    for option in (
        click.option(
            "--json-lines", "json_path", type=path, metavar="FILE", help="Also write the results as JSON lines."
        ),
        click.option("--junit", "junit_path", type=path, metavar="FILE", help="Also write the results as JUnit XML."),
    ):
        command = option(command)
    return command


def write_results(results: Results, junit_path: Path | None, json_path: Path | None) -> None:
    """Writes what is wanted; raises BadInput where it cannot be written."""
    if junit_path is not None:
        write_atomically(junit_path, as_junit(results))
    if json_path is not None:
        write_atomically(json_path, as_json_lines(results))


def report_page(view: CampaignView) -> str:
    """The page of a campaign."""
    findings = shown_findings(view)
    strictness = strictness_ignoring(view.config.settings.ignored)
    return as_html(page_of(view, findings), [Drawable(finding, strictness) for finding in findings])


@click.command(epilog="Exit status: 0 if it was written, whatever was found; 2 for bad input.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=f"Where the page goes.  [default: DIR/{PAGE_NAME}]",
)
@result_options
@click.option(
    "--known-failing",
    "known_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A list as `scavdiff replay` takes it: what it names is skipped in JUnit XML, and marked in JSON lines.",
)
def report(
    folder: Path, output: Path | None, junit_path: Path | None, json_path: Path | None, known_path: Path | None
) -> None:
    """Write what the campaign in DIR found as one HTML page that needs nothing else.

    It may be made while the campaign runs. Each finding opens on the first step at which targets differ.

    \b
    scavdiff campaign report nightly
    scavdiff campaign report nightly --output found.html --junit found.xml --json-lines found.jsonl
    """
    view = read_campaign(folder)
    path = folder / PAGE_NAME if output is None else output
    write_atomically(path, report_page(view))
    write_results(_results(view, known_path), junit_path, json_path)
    for written in (path, junit_path, json_path):
        if written is not None:
            click.echo(f"wrote {written}")


def _results(view: CampaignView, known_path: Path | None) -> Results:
    results = results_of(view, exit_status(view))
    if known_path is None:
        return results
    known = KnownFailing.read(known_path)
    news, _ = without_known(view, known)
    reasons = {
        finding.signature: reason
        for finding in (*view.findings, *view.harness_errors)
        if (reason := reason_of(view, finding, known)) is not None
    }
    return with_known(results, reasons, exit_status(news))
