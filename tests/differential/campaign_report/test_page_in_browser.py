"""The report page as a person meets it, in a real browser without a window."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from pymodel.differential.campaign.view import CampaignView
from pymodel.differential.campaign_report.command import report_page
from pymodel.differential.model.interpreter import run_on_specification
from tests.differential.campaign_report.browser import PHONE, launched, opened
from tests.differential.campaign_report.campaigns import FAULT_PAGE, SMALL, campaign, diverging, dying, slow, spoilt
from tests.differential.decoded_runs import program_of

HOSTILE = "</script><script>document.title='hurt'</script><img src='http://192.0.2.1/x' onerror=alert(2)>"
SCALARS_TOO = program_of(SMALL)


def found() -> CampaignView:
    """A finding of two targets, one of three that also differ in searchAddr, one that is hostile, one without steps."""
    right = run_on_specification(SCALARS_TOO, 1, 0)
    wrong = spoilt(right, 2, search_addr=8192)
    three = diverging(
        signature="port: searchAddr differs in (*pageAlloc).alloc",
        names=("model", "go", "port"),
        transcripts={"model": right, "go": right, "port": wrong},
    )
    hostile = replace(diverging(signature=HOSTILE, report=HOSTILE), function=HOSTILE)
    return campaign(diverging(), three, hostile, dying(), slow())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launched(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report_page(found()), encoding="utf-8")
    return path


def test_a_finding_opens_on_the_first_step_that_differs(browser: Browser, path: Path) -> None:
    with opened(browser, path) as it:
        it.page.get_by_role("link", name="chunk.allocated differs in (*pageAlloc).allocRange").click()
        assert it.text("#finding-title") == "chunk.allocated differs in (*pageAlloc).allocRange"
        assert it.text(".step > h2") == "Step 3: s1 = alloc 3"
        assert re.sub(r"\s+", " ", it.text(".line[aria-current]")) == "3 s1 = alloc 3 ≠ first difference"
        assert it.text("#step-number") == "step 3 of 4"
        assert it.text("#difference-number") == "difference 1 of 1"
        assert it.focused() == "chunk.allocated differs in (*pageAlloc).allocRange"
        assert it.page.title().startswith("chunk.allocated differs")


def test_both_bitmaps_of_each_target_are_drawn_and_the_differing_page_is_marked(browser: Browser, path: Path) -> None:
    with opened(browser, path, "#1") as it:
        chunk = it.page.locator(".chunk.here")
        assert chunk.locator("h4").inner_text() == "chunk 0xc000 (at 0x3000000000)"
        assert chunk.locator("h5").all_inner_texts() == ["Allocated", "Scavenged"]
        assert chunk.locator("figcaption b").all_inner_texts() == ["before the step", "model", "go"] * 2
        labels = [chunk.get_by_role("img").nth(place).get_attribute("aria-label") for place in range(3)]
        assert labels == [
            "before the step, allocated: [0,70)",
            f"model, allocated: [0,73); differing: [{FAULT_PAGE},{FAULT_PAGE + 1})",
            f"go, allocated: [0,73) [80,81); differing: [{FAULT_PAGE},{FAULT_PAGE + 1})",
        ]
        cells = it.page.evaluate(
            """() => [...document.querySelectorAll('.chunk.here .allocated')].map((grid) =>
                ['set', 'clear', 'ring', 'dot'].map((name) =>
                    (grid.querySelector(`.${name}`)?.getAttribute('d').match(/M/g) || []).length))"""
        )
        assert cells == [[70, 442, 0, 0], [73, 439, 1, 3], [74, 438, 1, 4]]


def test_the_state_tells_before_and_after_and_marks_what_differs(browser: Browser, path: Path) -> None:
    with opened(browser, path, "#2") as it:
        row = it.page.locator("tr[data-place='state searchAddr']")
        assert "differs" in (row.get_attribute("class") or "")
        values = row.locator("td").all_inner_texts()
        assert values[0] == values[1] or int(values[1], 16) > 0
        assert int(values[2], 16) - int(values[1], 16) == 8192
        headings = it.texts(".state >> nth=0 >> thead th")
        assert headings[1:] == ["before", "after: model, go", "after: port"]


def test_keys_lead_through_differences_and_steps_and_back(browser: Browser, path: Path) -> None:
    with opened(browser, path, "#2") as it:
        assert it.text("#difference-number") == "difference 1 of 2"
        it.press("n")
        assert it.text("#difference-number") == "difference 2 of 2"
        assert it.page.locator(".here").get_attribute("data-place") == "state searchAddr"
        assert "searchAddr" in it.text("#live")
        it.press("n")
        assert (it.text("#step-number"), it.text("#difference-number")) == ("step 4 of 4", "difference 1 of 2")
        it.press("n", "n")
        assert it.text("#live") == "This is the last difference."
        it.press("p", "p")
        assert (it.text("#step-number"), it.text("#difference-number")) == ("step 3 of 4", "difference 2 of 2")
        it.press("ArrowLeft")
        assert (it.text("#step-number"), it.text("#difference-number")) == ("step 2 of 4", "no difference")
        assert "agree on everything up to here" in it.text(".step")
        it.press("k", "k", "k")
        assert it.text(".step > h2") == "The clean heap"
        it.press("j", "ArrowRight")
        assert it.text("#step-number") == "step 2 of 4"
        it.press("d")
        assert it.text("#step-number") == "step 3 of 4"


def test_keys_lead_from_finding_to_finding_and_to_the_list(browser: Browser, path: Path) -> None:
    with opened(browser, path, "#1") as it:
        it.press("Shift+N")
        assert it.text("#finding-title").startswith("port: searchAddr")
        it.press("Shift+P", "Shift+P")
        assert it.text("#finding-title").startswith("chunk.allocated")
        it.press("Escape")
        assert it.page.locator("#overview").is_visible()
        assert it.focused().startswith("chunk.allocated differs")
        it.press("?")
        expect(it.page.get_by_role("dialog")).to_be_visible()
        it.press("Escape")
        expect(it.page.get_by_role("dialog")).to_be_hidden()


def test_keys_pressed_in_quick_succession_all_count(browser: Browser, path: Path) -> None:
    with opened(browser, path, "#1") as it:
        titles = it.page.evaluate(
            """async () => {
                const press = (key) =>
                    document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
                const title = () => document.getElementById("finding-title").textContent;
                let addressesLeft = 3;
                const allTold = new Promise((done) =>
                    window.addEventListener("hashchange", () => --addressesLeft || done()));
                ["N", "N", "P", "n"].forEach(press);
                const titleAtOnce = title();
                // The browser tells of the changes of address only now, which must not undo the step.
                await allTold;
                return [titleAtOnce, title(), document.getElementById("difference-number").textContent];
            }"""
        )
        assert [title[:17] for title in titles[:2]] == ["port: searchAddr "] * 2
        assert titles[2].endswith(" 2 of 2")


def test_steps_are_buttons_that_a_click_or_enter_opens(browser: Browser, path: Path) -> None:
    with opened(browser, path, "#1") as it:
        it.page.get_by_role("button", name="1 grow 0xc000 chunks=2").click()
        assert it.text("#step-number") == "step 1 of 4"
        assert it.page.evaluate("location.hash") == "#1.1"
        it.page.get_by_role("button", name="Next step").focus()
        it.press("Enter", "Enter")
        assert it.text("#step-number") == "step 3 of 4"
        assert it.focused() == "Next step"


def test_an_address_leads_to_a_step_and_going_back_to_the_list(browser: Browser, path: Path) -> None:
    with opened(browser, path) as it:
        it.page.get_by_role("link", name="port: searchAddr").click()
        it.page.go_back()
        expect(it.page.locator("#overview")).to_be_visible()
    with opened(browser, path, "#1.2") as it:
        assert it.text("#step-number") == "step 2 of 4"
    with opened(browser, path, "#999") as it:
        assert it.page.locator("#overview").is_visible()


def test_the_page_under_the_pointer_is_told_with_its_address(browser: Browser, path: Path) -> None:
    with opened(browser, path, "#1") as it:
        grid = it.page.locator(".chunk.here .allocated").nth(2)
        bounds = grid.bounding_box()
        assert bounds is not None
        # Page 80 is the 17th of the third row of 32.
        grid.hover(position={"x": bounds["width"] * 182 / 345, "y": bounds["height"] * 30 / 190})
        told = it.page.locator(".chunk.here .under").first
        expect(told).to_have_text("page 80 at 0x30000a0000: model not allocated · go allocated")


def test_a_finding_without_steps_shows_its_program_and_report(browser: Browser, path: Path) -> None:
    with opened(browser, path, "#4") as it:
        assert "were not kept" in it.text(".note")
        assert "ended in the middle of a program" in it.text("pre")
        it.press("n", "p", "ArrowRight", "d")
        assert it.text("#finding-title") == "go: TargetDied"


def test_hostile_text_is_shown_and_does_nothing(browser: Browser, path: Path) -> None:
    with opened(browser, path, "#3") as it:
        assert it.text("#finding-title") == HOSTILE
        assert it.page.locator("img").count() == 0
        assert it.page.title() == f"{HOSTILE} · campaign nightly"
        it.press("Escape")
        assert HOSTILE in it.text(".findings >> nth=0")


def test_the_list_can_be_filtered_and_sorted(browser: Browser, path: Path) -> None:
    with opened(browser, path) as it:
        it.press("/")
        it.page.keyboard.type("searchaddr")
        expect(it.page.locator("#filter-count")).to_have_text("1 of 4 findings")
        assert it.texts(".findings >> nth=0 >> tbody tr:visible >> a") == [
            "port: searchAddr differs in (*pageAlloc).alloc"
        ]
        it.press("Escape")
        expect(it.page.locator(".findings >> nth=0 >> tbody tr:visible")).to_have_count(4)
        heading = it.page.get_by_role("columnheader", name="Finding").first
        heading.get_by_role("button").click()
        names = it.texts(".findings >> nth=0 >> tbody a")
        assert heading.get_attribute("aria-sort") == "ascending"
        heading.get_by_role("button").click()
        assert it.texts(".findings >> nth=0 >> tbody a") == names[::-1]


@pytest.mark.parametrize("dark", [False, True])
def test_the_theme_is_the_system_s_until_another_is_chosen(browser: Browser, path: Path, dark: bool) -> None:
    def is_dark() -> bool:
        red, green, blue = map(
            int, re.findall(r"\d+", it.page.evaluate("getComputedStyle(document.body).backgroundColor"))
        )
        return red + green + blue < 384

    with opened(browser, path, "#1", dark=dark) as it:
        assert is_dark() is dark
        it.press("t")
        assert (it.text("#theme-name"), is_dark()) == ("light", False)
        it.page.get_by_role("button", name="Theme").click()
        assert (it.text("#theme-name"), is_dark()) == ("dark", True)
        it.page.reload()
        assert (it.text("#theme-name"), is_dark()) == ("dark", True)
        it.press("t")
        assert (it.text("#theme-name"), is_dark()) == ("system", dark)


@pytest.mark.parametrize("fragment", ["", "#1", "#2", "#3", "#4"])
def test_a_phone_shows_all_without_scrolling_sideways(browser: Browser, path: Path, fragment: str) -> None:
    with opened(browser, path, fragment, size=PHONE) as it:
        for details in it.page.locator("details").all():
            details.evaluate("(each) => { each.open = true; }")
        assert it.page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
        if fragment in ("#1", "#2"):
            assert it.page.locator(".steer").is_visible()
            it.press("n")
            grid = it.page.locator(".grid-of-pages").first.bounding_box()
            assert grid is not None
            assert grid["width"] > 250


@pytest.mark.parametrize("dark", [False, True])
def test_texts_stand_out_from_their_ground(browser: Browser, path: Path, dark: bool) -> None:
    with opened(browser, path, "#2", dark=dark) as it:
        assert it.page.evaluate(low_contrast(4.5)) == []
        # No text stands out that much: the measure measures something.
        assert len(it.page.evaluate(low_contrast(21.5))) > 40
        it.press("Escape")
        assert it.page.evaluate(low_contrast(4.5)) == []


def low_contrast(least: float) -> str:
    return LOW_CONTRAST.replace("LEAST", str(least))


# Texts whose contrast to the nearest ground behind them is below LEAST; WCAG 2.1 asks for 4.5 at level AA.
LOW_CONTRAST = """() => {
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = numbers(color).map((part) => part / 255).map((part) =>
      part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = getComputedStyle(each).backgroundColor;
      if ((numbers(color)[3] ?? 1) > 0.99) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  const low = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.matches(':disabled, script, style, title') || !element.checkVisibility()) continue;
    const [a, b] = [light(getComputedStyle(element).color), light(ground(element))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < LEAST) low.push(`${element.tagName} ${element.textContent.slice(0, 40)}`);
  }
  return low;
}"""


def test_every_control_can_be_reached_and_shows_the_focus(browser: Browser, path: Path) -> None:
    with opened(browser, path, "#1") as it:
        seen = []
        for _ in range(60):
            it.press("Tab")
            if it.page.evaluate("document.activeElement === document.body"):
                break
            seen.append(it.focused())
            assert it.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", seen[-1]
        for name in ("clean heap", "Previous step", "1\nchunk 0xc000", "State", "The report as text"):
            assert any(each.startswith(name) for each in seen), name
    with opened(browser, path, "#1") as it:
        it.press("Shift+Tab")
        assert it.focused() == "Next ▶"
        it.press("Shift+Tab")
        assert it.focused() == "← All findings"


def test_a_campaign_without_findings_looks_like_one(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "clean.html"
    path.write_text(report_page(campaign(slow())), encoding="utf-8")
    with opened(browser, path) as it:
        assert it.text("h1") == "No divergence in 1,234,567 operations"
        assert "Nothing was found" in it.text(".empty")
        it.press("/", "n", "Escape")
        it.page.get_by_role("link", name="slow: program 41").click()
        assert "model 1.250 s" in it.text(".verdict")
