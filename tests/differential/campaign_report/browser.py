"""A real browser for tests, and what a page did in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, Playwright, expect

from tools.browser import FLAGS, MISSING, find_browser

DESK = (1280, 900)
PHONE = (360, 740)
# For a page to do what a key asks for, on a machine that is busy with other things.
WAIT_MS_MAX = 60_000
expect.set_options(timeout=WAIT_MS_MAX)


@dataclass
class Opened:
    """An open page, and what it said and asked for: console messages, errors, and addresses of requests."""

    page: Page
    said: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def text(self, selector: str) -> str:
        """The text of the only element that the selector names."""
        return self.page.locator(selector).inner_text()

    def texts(self, selector: str) -> list[str]:
        """The texts of all."""
        return self.page.locator(selector).all_inner_texts()

    def press(self, *keys: str) -> None:
        """Presses keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def focused(self) -> str:
        """What a person who cannot see would hear of the element that has the focus."""
        script = "(document.activeElement.getAttribute('aria-label') || document.activeElement.innerText).trim()"
        return str(self.page.evaluate(script))


def launched(playwright: Playwright) -> Browser:
    """A browser with a fresh profile; fails, and says what to install, where there is none."""
    try:
        return playwright.chromium.launch(executable_path=find_browser(), args=list(FLAGS), timeout=WAIT_MS_MAX)
    except Error as error:
        pytest.fail(f"{MISSING} ({error.message.splitlines()[0]})")


@contextmanager
def opened(
    browser: Browser, path: Path, fragment: str = "", *, size: tuple[int, int] = DESK, dark: bool = False
) -> Iterator[Opened]:
    """The page in the file; when it is closed, it must have said nothing and asked for nothing but itself."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
    )
    context.set_default_timeout(WAIT_MS_MAX)
    try:
        it = Opened(context.new_page())
        it.page.on("console", lambda message: it.said.append(f"{message.type}: {message.text}"))
        it.page.on("pageerror", lambda error: it.said.append(f"error: {error}"))
        context.on("request", lambda request: it.requests.append(request.url))
        it.page.goto(path.as_uri() + fragment)
        yield it
        assert it.said == []
        assert [url for url in it.requests if not url.startswith((path.as_uri(), "data:,"))] == []
    finally:
        context.close()
