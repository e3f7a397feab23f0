"""Photographs the report of a campaign for docs/campaigns.md: python tools/report_pictures.py DIR FINDING_NUMBER."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tools.browser import FLAGS, find_browser

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
DESK, PHONE = (1280, 960), (360, 740)


def photograph(
    browser: Browser, address: str, name: str, size: tuple[int, int], *, dark: bool = False, below: str = ""
) -> None:
    """Writes what a window of that size shows, from the element `below` on if one is named."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(address)
    if below:
        page.locator(below).first.evaluate("(element) => element.scrollIntoView({ block: 'start' })")
    page.screenshot(path=PICTURES / f"{name}.png")
    context.close()


def main(folder: Path, number: str) -> None:
    """Writes all pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    path = folder.resolve() / "report.html"
    subprocess.run([sys.executable, "-m", "pymodel.differential.cli", "campaign", "report", str(folder)], check=True)
    finding = f"{path.as_uri()}#{number}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=list(FLAGS))
        photograph(browser, path.as_uri(), "report-summary", DESK)
        photograph(browser, finding, "report-finding", DESK)
        photograph(browser, finding, "report-finding-dark", DESK, dark=True, below=".step > h3")
        photograph(browser, finding, "report-finding-phone", PHONE, below=".chunk")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
