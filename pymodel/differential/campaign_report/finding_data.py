"""One finding as plain data for the page's script: its facts, its program, and its steps if there is what to draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pymodel.differential.campaign_report.detail import Detail, shortened
from pymodel.differential.campaign_report.pool import Jsonable
from pymodel.differential.campaign_report.steps import CLEAN_HEAP, Answers
from pymodel.differential.comparison.strictness import EXACT, Strictness
from pymodel.differential.errors import BadInput, HarnessError
from pymodel.differential.programs.program import Program
from pymodel.differential.programs.text import OUTSIDE_LINE, PACING_LINE, parse_program, print_operation

SHORT_TEXT_LENGTH = 160


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A finding, in words, and what its page is drawn from.

    `number` is its place in the page, from 1. `who` says in a few words who disagrees, `verdict` in a sentence. `step`
    is the index of the operation at which targets differ, None for the clean heap or where that is not known. Times are
    seconds since the campaign's start, and how they are told.
    """

    number: int
    signature: str
    kind: str
    status: str
    function: str
    who: str
    verdict: str
    count: int
    operation_count: int
    first_at: float
    last_at: float
    first_seen: str
    last_seen: str
    trace: str
    step: int | None
    report: str
    replay: str
    facts: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    transcripts: Mapping[str, bytes] = field(default_factory=dict)


class Drawable:
    """A finding with its program and what the targets answered, each read once and as far as it can be read.

    `note` says why there are no steps to draw; empty if there are.
    """

    def __init__(self, finding: ShownFinding, strictness: Strictness = EXACT) -> None:
        self.finding = finding
        self.program: Program | None = None
        self.answers: Answers | None = None
        self.note = ""
        try:
            self.program = parse_program(finding.trace, "trace").program
            if finding.transcripts:
                self.answers = Answers(self.program, finding.transcripts, strictness)
            else:
                self.note = (
                    "The answers of the targets were not kept, so the steps cannot be drawn; a replay shows them."
                )
        except BadInput as error:
            self.note = f"The stored trace cannot be read, so its steps cannot be drawn: {error}."
        except HarnessError as error:
            self.note = f"The stored answers cannot be drawn: {error}."


def finding_data(drawn: Drawable, detail: Detail) -> dict[str, Jsonable]:
    """All that the page shows of a finding, drawn in some detail."""
    drawing = drawn.answers.draw(detail) if drawn.answers is not None else None
    first_number = drawing["steps"][0]["number"] if drawing else 0
    opening = drawing["opening"] + first_number if drawing else None
    notes = [*drawn.finding.notes, *([drawn.note] if drawn.note else [])]
    return {
        **_told(drawn.finding, notes, detail.text_length),
        "program": _program_data(drawn, opening, detail),
        "drawing": drawing,
    }


def bare_data(drawn: Drawable, why: str) -> dict[str, Jsonable]:
    """A finding in a few words only."""
    return {
        **_told(drawn.finding, [*drawn.finding.notes, why], SHORT_TEXT_LENGTH),
        "program": {"head": [], "lines": [], "before": "", "after": why, "count": drawn.finding.operation_count},
        "drawing": None,
    }


def _told(finding: ShownFinding, notes: list[str], length_max: int) -> dict[str, Jsonable]:
    def short(text: str) -> str:
        return shortened(text, length_max)

    return {
        "number": finding.number,
        "signature": short(finding.signature),
        "badges": [finding.kind, *([finding.status] if finding.status != "open" else [])],
        "verdict": short(finding.verdict),
        "facts": [[name, short(text)] for name, text in finding.facts],
        "notes": [short(note) for note in notes],
        "replay": short(finding.replay),
        "report": short(finding.report)
        if length_max == SHORT_TEXT_LENGTH
        else shortened(finding.report, 4 * length_max),
    }


def _program_data(drawn: Drawable, opening: int | None, detail: Detail) -> dict[str, Jsonable]:
    """The program's lines around the step that the page opens on; step 0 is the clean heap."""
    if drawn.program is None:
        lines = drawn.finding.trace.splitlines()
        texts = [[0, shortened(line, detail.text_length)] for line in lines[: detail.program_lines]]
        return {"head": [], "lines": texts, "before": "", "after": "", "count": drawn.finding.operation_count}
    operations = drawn.program.operations
    middle = opening if opening is not None else 0
    first = max(0, min(middle - detail.program_lines * 2 // 3, len(operations) + 1 - detail.program_lines))
    limit = min(len(operations) + 1, first + detail.program_lines)
    lines_of = [
        [number, shortened(print_operation(operations[number - 1]) if number else CLEAN_HEAP, detail.text_length)]
        for number in range(first, limit)
    ]
    return {
        "head": list(_head_lines(drawn.program)),
        "lines": lines_of,
        "before": f"{first:,} lines before these are not shown." if first else "",
        "after": f"{len(operations) + 1 - limit:,} lines after these are not shown."
        if limit <= len(operations)
        else "",
        "count": len(operations),
    }


def _head_lines(program: Program) -> Iterator[str]:
    yield f"heap phys_page={program.phys_page_size} huge_page={program.phys_huge_page_size}"
    if program.pacing:
        yield PACING_LINE
    if program.outside_contract:
        yield OUTSIDE_LINE
