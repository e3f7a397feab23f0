"""Sees to it that there is a browser for the tests of the report page: one that is installed, or Playwright's own.

SCAVDIFF_BROWSER names one to use instead of the first one on PATH. Where there is none, Playwright's headless shell of
Chromium is fetched; it needs no rights, but the usual libraries of a desktop.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

VARIABLE = "SCAVDIFF_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome")
# A fresh profile in which nothing calls home.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MISSING = (
    f"there is no browser for the tests of the report page: install chromium (on Debian: the package chromium), or set "
    f"{VARIABLE} to the path of a Chromium or Chrome"
)
INSTALL_SECONDS_MAX = 600


def find_browser() -> str | None:
    """The path of an installed browser; None if there is none, and Playwright's own must do."""
    named = os.environ.get(VARIABLE)
    if named:
        return named
    return next((path for name in NAMES if (path := shutil.which(name)) is not None), None)


def main() -> int:
    """Fetches Playwright's browser if none is installed; 2 if that does not work."""
    named = os.environ.get(VARIABLE)
    if named and shutil.which(named) is None:
        print(f"setup: {VARIABLE} is {named!r}, which cannot be run; {MISSING}", file=sys.stderr)
        return 2
    if find_browser() is not None:
        return 0
    print("setup: no chromium on PATH; fetching Playwright's headless shell")
    command = [sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX, check=False)
    except subprocess.TimeoutExpired:
        print(f"setup: the download of Playwright's browser takes too long; {MISSING}", file=sys.stderr)
        return 2
    if done.returncode != 0:
        reason = next((line for line in done.stderr.splitlines() if "Error" in line), "its reason is unknown")
        print(f"setup: Playwright could not fetch its browser ({reason.strip()}); {MISSING}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
