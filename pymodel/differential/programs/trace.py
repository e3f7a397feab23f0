"""What a trace holds: a program, and the comments and blank lines between its statements."""

from __future__ import annotations

from dataclasses import dataclass

from pymodel.differential.programs.program import Program

AT_VERSION = -4
AT_HEAP = -3
AT_PACING = -2
AT_OUTSIDE = -1


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment or a blank line.

    `at` is the statement that it stands before, or behind on the same line: an operation's index, the number of
    operations for the end of the trace, or one of AT_VERSION (behind only), AT_HEAP, AT_PACING, AT_OUTSIDE.
    `text` is what follows `# `, None for a blank line.
    """

    at: int
    text: str | None
    behind: bool = False

    def __post_init__(self) -> None:
        if self.text is None and self.behind:
            raise ValueError("a blank line stands behind no statement")
        if self.text is not None and (self.text != self.text.rstrip() or "\n" in self.text):
            raise ValueError(f"comment {self.text!r} holds a line break or ends in blanks")

    def __str__(self) -> str:
        return "" if self.text is None else f"# {self.text}".rstrip()


@dataclass(frozen=True, slots=True)
class TraceFile:
    """A program, and the comments and blank lines between its statements, in the order of their places."""

    program: Program
    comments: tuple[Comment, ...] = ()


def with_heading(program: Program, heading: str) -> TraceFile:
    """The program with the lines of `heading` as comments behind its first line."""
    return TraceFile(program, tuple(Comment(AT_HEAP, line.rstrip()) for line in heading.splitlines()))
