from __future__ import annotations

import base64
import hashlib
import json
import random
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from pymodel.differential.campaign.view import CampaignView
from pymodel.differential.campaign_report.command import report_page
from pymodel.differential.campaign_report.finding_data import Drawable
from pymodel.differential.campaign_report.fitting import NO_ROOM, as_script_data, fit
from pymodel.differential.campaign_report.page import FINDING_COUNT_MAX, PAGE_BYTES_MAX, as_html
from pymodel.differential.campaign_report.shown_findings import shown_findings
from pymodel.differential.campaign_report.summary_page import page_of
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.wire import pageheap_pb2 as pb
from tests.differential.campaign_report.campaigns import SMALL, answers, campaign, diverging, dying, slow, spoilt
from tests.differential.decoded_runs import program_of

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}\"'&\u2028"


class Parsed(HTMLParser):
    """A page's tags with their attributes, its texts outside of scripts and styles, and its data."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.inside = ""
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.feed(page)
        self.close()
        self.data: dict[str, Any] = json.loads(self.scripts[0])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002  # the parser's signature
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "script":
            self.scripts[-1] += data
        elif self.inside == "style":
            self.styles.append(data)
        else:
            self.text += data


def parsed(view: CampaignView) -> Parsed:
    return Parsed(report_page(view))


def test_the_page_says_what_came_out_and_how_to_go_on() -> None:
    page = parsed(campaign(diverging(), replace(diverging(), signature="rare", status="flaky"), dying(), slow()))
    for words in (
        "1 divergence, 1 flaky divergence and 1 kind of harness error in 1,234,567 operations",
        "Its last run ended: finished.",
        "model and go compared step by step for 2:00 with programs of seed 7.",
        "scavdiff campaign run nightly",
        "chunk.allocated differs in (*pageAlloc).allocRange",
        "go: TargetDied",
        "2 blocks were cut off, and are run again",
        "it lacks pacing",
        "0.1.0 (go1.18.10)",
        "model 1.250 s",
        "Never run: ",
    ):
        assert words in page.text, words


def test_a_campaign_without_findings_has_a_page_that_says_so() -> None:
    page = parsed(campaign())
    assert "No divergence in 1,234,567 operations" in page.text
    assert "Nothing was found: all targets agreed on every outcome and every state" in page.text
    assert page.data["findings"] == []


def test_a_campaign_that_has_not_begun_has_a_page() -> None:
    view = campaign(operation_count=0)
    totals = replace(view.totals, program_count=0, operations={}, outcomes={}, left_out={})
    view = replace(view, totals=totals, rate_over_time=(), sessions=(), recoveries=(), elapsed_seconds=0.0)
    view = replace(view, config=replace(view.config, targets=()))
    page = parsed(view)
    assert "nothing was compared yet" in page.text
    assert "No rate was recorded yet." in page.text


def test_who_disagrees_is_told_of_each_finding() -> None:
    findings = (
        diverging(),
        diverging(signature="three", names=("model", "go", "port")),
        replace(diverging(signature="all"), groups=(("model",), ("go",), ("port",))),
        replace(diverging(signature="rare"), status="flaky"),
        dying(),
    )
    verdicts = [finding["verdict"] for finding in parsed(campaign(*findings)).data["findings"]]
    assert verdicts == [
        "model disagrees with go.",
        "port stands alone; model and go agree.",
        "No two of model, go and port agree.",
        "model disagrees with go. It did not show again when its program was run again.",
        "Target go failed; this says nothing of what it computes.",
    ]


def test_a_finding_whose_answers_were_not_kept_says_so_and_shows_its_program() -> None:
    (finding,) = parsed(campaign(replace(diverging(), transcripts={}))).data["findings"]
    assert finding["drawing"] is None
    assert "were not kept" in finding["notes"][0]
    assert [text for _, text in finding["program"]["lines"]][1:] == [
        line.strip() for line in SMALL.strip().splitlines()
    ]


@pytest.mark.parametrize("trace", ["", "no program\n", "pageheap program 99\n"])
def test_a_trace_that_is_no_program_is_shown_as_it_is(trace: str) -> None:
    (finding,) = parsed(campaign(replace(diverging(), trace=trace))).data["findings"]
    assert finding["drawing"] is None
    assert [text for _, text in finding["program"]["lines"]] == trace.splitlines()


@pytest.mark.parametrize("answer", [b"", b"\xff\xff", answers(program_of("grow 0xc000 chunks=1"), 0)["go"]])
def test_answers_that_cannot_be_read_do_not_spoil_the_page(answer: bytes) -> None:
    broken = replace(diverging(), transcripts={**diverging().transcripts, "go": answer})
    (finding, other) = parsed(campaign(broken, diverging(signature="sound"))).data["findings"]
    assert other["drawing"] is not None
    assert finding["notes"] or answer == b""


def test_only_the_targets_that_a_finding_is_about_are_drawn() -> None:
    finding = diverging()
    elsewhere = spoilt(run_on_specification(program_of(SMALL), 1, 0), 1, page=300)
    finding = replace(finding, transcripts={**finding.transcripts, "another": elsewhere})
    (data,) = parsed(campaign(finding)).data["findings"]
    assert data["drawing"]["columns"] == ["model", "go"]


# Safety.


def test_all_that_a_campaign_names_is_escaped() -> None:
    right = answers(program_of(SMALL))
    finding = diverging(
        signature=HOSTILE,
        names=(HOSTILE, "go"),
        transcripts={HOSTILE: right["model"], "go": right["go"]},
        report=HOSTILE,
    )
    finding = replace(finding, function=HOSTILE)
    view = campaign(finding, replace(dying(), report=HOSTILE, groups=((HOSTILE,),)), slow())
    view = replace(
        view,
        config=replace(view.config, targets=((HOSTILE, HOSTILE),)),
        recoveries=(replace(view.recoveries[0], text=HOSTILE),),
        sessions=(replace(view.sessions[0], host=HOSTILE, ended=HOSTILE),),
        totals=replace(view.totals, left_out={(HOSTILE, HOSTILE): 1}, operations={HOSTILE: 1}, outcomes={HOSTILE: 1}),
    )
    page, plain = parsed(view), parsed(campaign(diverging(), dying(), slow()))
    assert page.text.count(HOSTILE) >= 12
    assert [tag for tag, _ in page.tags if tag in ("script", "img", "style", "link")] == [
        tag for tag, _ in plain.tags if tag in ("script", "img", "style", "link")
    ]
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert page.data["findings"][0]["signature"] == HOSTILE
    assert page.data["findings"][0]["drawing"]["columns"][0] == HOSTILE


def test_the_policy_lets_only_the_page_s_own_script_and_style_run_and_nothing_load() -> None:
    page = parsed(campaign(diverging()))
    (policy,) = [
        attributes["content"]
        for tag, attributes in page.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy is not None
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts["default-src"] == "'none'"
    assert parts["script-src"] == f"'sha256-{digest(page.scripts[1])}'"
    assert parts["style-src"] == f"'sha256-{digest(page.styles[0])}'"
    assert len(page.scripts) == 2
    assert len(page.styles) == 1
    links = [value for _, attributes in page.tags for name, value in attributes.items() if name in ("src", "href")]
    assert all(value is not None and re.match(r"#|data:,$", value) for value in links)
    assert not any("style" in attributes for _, attributes in page.tags)


def digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_data_cannot_end_its_script() -> None:
    text = as_script_data({"a": "</script><!--&'"})
    assert not set("<>&'") & set(text)
    assert json.loads(text) == {"a": "</script><!--&'"}


# Size.


def noisy(step_count: int, chunk_count: int) -> tuple[str, dict[str, bytes]]:
    """A program and what two targets answer that report other noise in every chunk after every step."""
    operations = f"grow 0xc000 chunks={chunk_count}\n" + "\n".join(f"s{n} = alloc 1" for n in range(step_count))
    message = pb.Transcript.FromString(run_on_specification(program_of(operations), 1, 0))
    random_bits = random.Random(1)
    index = message.steps[0].observation.chunks[0].index

    def answer() -> bytes:
        for step in message.steps:
            del step.observation.chunks[:]
            for chunk in range(chunk_count):
                bits = [random_bits.randbytes(64) for _ in range(2)]
                step.observation.chunks.add(index=index + chunk, count=1, allocated=bits[0], scavenged=bits[1])
        message.end.ClearField("chunks")
        message.end.chunks.extend(message.steps[-1].observation.chunks)
        return message.SerializeToString()

    return operations, {"model": answer(), "go": answer()}


def test_a_worst_campaign_stays_within_two_megabytes_and_says_what_is_left_out() -> None:
    operations, transcripts = noisy(14, 20)
    long_text = HOSTILE * 40
    noise = diverging(operations, transcripts=transcripts, report=long_text)
    noises = [replace(noise, signature=f"{number} {HOSTILE}") for number in range(3)]
    plain = [replace(dying(), signature=f"{number} {long_text}", report=long_text) for number in range(420)]
    page = report_page(campaign(*noises, *plain))
    assert 1_000_000 < len(page.encode()) <= PAGE_BYTES_MAX == 2_000_000
    told = Parsed(page)
    assert re.search(r"\d{2,3} more findings have no room on this page", told.text)
    drawn = [finding for finding in told.data["findings"] if finding["drawing"]]
    assert len(drawn) == 3
    assert any(step["chunksLeftOut"] for step in drawn[0]["drawing"]["steps"])


def test_findings_that_need_little_are_drawn_whole_beside_one_that_needs_much() -> None:
    operations, transcripts = noisy(5, 8)
    view = campaign(diverging(), diverging(operations, signature="noise", transcripts=transcripts))
    drawn = [Drawable(finding) for finding in shown_findings(view)]
    small, large = (len(text) for text in fit(drawn, 10_000_000))
    fitted = [json.loads(text) for text in fit(drawn, small + large // 2)]
    assert len(as_script_data(fitted[0])) == small
    assert fitted[1]["drawing"] is not None
    assert len(as_script_data(fitted[1])) <= large // 2


def test_without_room_a_finding_is_told_in_few_words() -> None:
    drawn = [Drawable(finding) for finding in shown_findings(campaign(diverging()))]
    (text,) = fit(drawn, 0)
    assert json.loads(text)["notes"] == [NO_ROOM]
    assert len(text) < 2000


def test_a_page_too_small_for_all_findings_lists_fewer() -> None:
    view = campaign(*(diverging(signature=f"number {number}", transcripts={}) for number in range(64)))
    findings = shown_findings(view)
    size = len(as_html(page_of(view, findings), []).encode())
    page = as_html(page_of(view, findings), [Drawable(finding) for finding in findings], size + 30_000)
    assert len(page.encode()) <= size + 30_000
    assert "more findings have no room on this page" in page
    assert FINDING_COUNT_MAX > 64


def test_a_face_is_a_note_of_its_finding_with_the_name_of_its_trace() -> None:
    face = replace(diverging(), signature="summary differs in (*mheap).allocSpan", count=3)
    (shown,) = shown_findings(campaign(replace(diverging(), faces=(face,))))
    (note,) = shown.notes
    assert note.startswith("Shows as well as: summary differs in (*mheap).allocSpan, in 3 programs, shrunk to ")
    assert note.endswith(".trace.")
