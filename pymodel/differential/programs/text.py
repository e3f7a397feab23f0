"""Traces: programs as text, read and written (docs/programs.md, section Text).

Reading what was written gives the same value, and writing what was read gives the same text but for blanks, number
forms and a `heap` line that was left out. Comments and blank lines keep their places between the statements.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator

from pymodel.differential.programs.calls import (
    CALL_FUNCTIONS,
    CallFunction,
    Form,
    ListForm,
    Words,
    bits_to_words,
    words_to_bits,
)
from pymodel.differential.programs.check import InvalidProgram, check_program
from pymodel.differential.programs.operations import (
    KIND_BY_CLASS,
    KIND_BY_NAME,
    WORD_MAX,
    Field,
    OperationKind,
    Wire,
    Written,
)
from pymodel.differential.programs.patterns import PATTERNS, Element, Literal
from pymodel.differential.programs.program import (
    DEFAULT_PHYS_HUGE_PAGE_SIZE,
    DEFAULT_PHYS_PAGE_SIZE,
    Call,
    Operation,
    Program,
)
from pymodel.differential.programs.scanner import ALL, ProgramSyntaxError, Scanner, print_bitmap, print_duration
from pymodel.differential.programs.trace import (
    AT_HEAP,
    AT_OUTSIDE,
    AT_PACING,
    AT_VERSION,
    Comment,
    TraceFile,
    with_heading,
)

__all__ = [
    "AT_HEAP",
    "AT_OUTSIDE",
    "AT_PACING",
    "AT_VERSION",
    "Comment",
    "InvalidProgram",
    "ProgramSyntaxError",
    "TraceFile",
    "check_program",
    "parse_program",
    "print_operation",
    "print_program",
    "print_words",
    "with_heading",
]

VERSION_LINE = "pageheap program 1"
PACING_LINE = "pacing"
OUTSIDE_LINE = "outside contract"


# Writing.


def print_program(trace: TraceFile | Program) -> str:
    """The text of a trace, each line ended by a line feed."""
    if isinstance(trace, Program):
        trace = TraceFile(trace)
    before: dict[int, list[str]] = defaultdict(list)
    behind: dict[int, str] = {}
    for comment in trace.comments:
        if comment.behind:
            behind[comment.at] = f"  {comment}"
        else:
            before[comment.at].append(str(comment))
    lines: list[str] = []
    for at, statement in _statements(trace.program):
        lines += before.pop(at, [])
        lines.append(statement + behind.pop(at, ""))
    for at in sorted(before):
        lines += before[at]
    return "\n".join(lines) + "\n"


def _statements(program: Program) -> Iterator[tuple[int, str]]:
    yield AT_VERSION, VERSION_LINE
    yield AT_HEAP, f"heap phys_page={program.phys_page_size} huge_page={program.phys_huge_page_size}"
    if program.pacing:
        yield AT_PACING, PACING_LINE
    if program.outside_contract:
        yield AT_OUTSIDE, OUTSIDE_LINE
    for step, operation in enumerate(program.operations):
        yield step, print_operation(operation)


def print_operation(operation: Operation) -> str:
    """The line of one operation, without its line feed."""
    if isinstance(operation, Call):
        return _print_call(operation)
    kind = KIND_BY_CLASS[type(operation)]
    pattern = PATTERNS[kind.name]
    values = {field.name: _print_field(field, getattr(operation, field.name)) for field in kind.fields}
    text = pattern.text.format_map(values)
    tail_value = pattern.tail and values[kind.fields[-1].name]
    return f"{text} {pattern.tail_text.format_map(values)}" if tail_value else text


def _print_field(field: Field, value: int | None) -> str:
    """The text of a field; empty for an optional one that is absent."""
    if value is None:
        return ""
    match field.written:
        case Written.HEXADECIMAL | Written.CHUNK:
            return f"{value:#x}"
        case Written.BYTES:
            return ALL if value == WORD_MAX else str(value)
        case Written.BITMAP:
            return print_bitmap(value)
        case Written.WORD:
            return field.name if value else ""
        case Written.FLAG:
            return str(int(value))
        case Written.DURATION:
            return print_duration(value)
        case _:
            return f"{field.written.slot_letter}{value}"


def _print_call(call: Call) -> str:
    return " ".join(["call", call.function, *print_words(CALL_FUNCTIONS[call.function].takes, call.arguments)])


def print_words(shape: Words, words: tuple[int, ...]) -> list[str]:
    """The values that `words` hold, each as a trace writes it."""
    texts = []
    position = 0
    for _, form in shape.values:
        part = words[position : position + form.word_count]
        position += form.word_count
        match form:
            case Form.BITS:
                texts.append(print_bitmap(words_to_bits(part)))
            case Form.COUNT:
                texts.append(str(part[0]))
            case Form.WORD | Form.FLOAT:
                texts.append(f"{part[0]:#x}")
    rest = words[position:]
    if shape.rest is ListForm.SUMMARIES:
        texts.append("[" + " ".join(f"{word:#x}" for word in rest) + "]")
    elif shape.rest is ListForm.RANGES:
        pairs = zip(rest[::2], rest[1::2], strict=True)
        texts.append("[" + " ".join(f"{base:#x}..{limit:#x}" for base, limit in pairs) + "]")
    return texts


# Reading.


def parse_program(text: str, name: str = "<program>") -> TraceFile:
    """Reads a trace; `name` is what errors call it.

    Raises ProgramSyntaxError, with line, column and what was expected, and InvalidProgram, with the place of the
    operation, for a well-formed trace of a program that breaks a rule.
    """
    reader = _Reader(name)
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    for line_number, line in enumerate(lines or [""], start=1):
        reader.read_line(line_number, line)
    return reader.finish()


class _Reader:
    """Reads the lines of one trace, in order."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._sizes = (DEFAULT_PHYS_PAGE_SIZE, DEFAULT_PHYS_HUGE_PAGE_SIZE)
        self._pacing = False
        self._outside = False
        self._last_statement: int | None = None
        self._operations: list[Operation] = []
        self._places: list[str] = []
        self._heap_place = ""
        self._waiting: list[str | None] = []
        self._comments: list[Comment] = []

    def read_line(self, line_number: int, line: str) -> None:
        """Reads one line."""
        code, hash_sign, comment = line.partition("#")
        scanner = Scanner(self._file, line_number, code.rstrip())
        note = comment.removeprefix(" ").rstrip()
        if scanner.peek() or self._last_statement is None:
            at = self._read_statement(scanner)
            self._comments += [Comment(at, text) for text in self._waiting]
            self._waiting.clear()
            if hash_sign:
                self._comments.append(Comment(at, note, behind=True))
        else:
            self._waiting.append(note if hash_sign else None)

    def finish(self) -> TraceFile:
        """The trace that the lines made."""
        end = len(self._operations)
        comments = (*self._comments, *(Comment(end, text) for text in self._waiting))
        program = Program(tuple(self._operations), *self._sizes, self._outside, self._pacing)
        try:
            check_program(program)
        except InvalidProgram as error:
            place = self._heap_place if error.step is None else self._places[error.step]
            raise InvalidProgram(error.step, error.field, error.why, place or f"{self._file}:1:1") from None
        return TraceFile(program, comments)

    def _read_statement(self, scanner: Scanner) -> int:
        """Reads the statement of a line and returns its place."""
        first = scanner.peek()
        if self._last_statement is None:
            _expect_words(scanner, VERSION_LINE)
            at = AT_VERSION
        elif first == "heap" and self._last_statement < AT_HEAP:
            self._heap_place = f"{self._file}:{scanner.line_number}:{scanner.column}"
            self._sizes = _read_heap(scanner)
            at = AT_HEAP
        elif first == "pacing" and self._last_statement < AT_PACING:
            _expect_words(scanner, PACING_LINE)
            self._pacing = True
            at = AT_PACING
        elif first == "outside" and self._last_statement < AT_OUTSIDE:
            _expect_words(scanner, OUTSIDE_LINE)
            self._outside = True
            at = AT_OUTSIDE
        else:
            at = len(self._operations)
            self._places.append(f"{self._file}:{scanner.line_number}:{scanner.column}")
            self._operations.append(_read_operation(scanner))
        scanner.expect_end()
        self._last_statement = at
        return at


def _expect_words(scanner: Scanner, line: str) -> None:
    for word in line.split():
        if scanner.peek() != word:
            raise scanner.error(f"`{line}`")
        scanner.take()


def _read_heap(scanner: Scanner) -> tuple[int, int]:
    sizes = []
    scanner.expect("heap")
    for name in ("phys_page", "huge_page"):
        scanner.expect(name)
        scanner.expect("=")
        sizes.append(scanner.number("a number of bytes"))
    return sizes[0], sizes[1]


def _read_operation(scanner: Scanner) -> Operation:
    kind, slot = _read_name(scanner)
    if kind.value_class is Call:
        return _read_call(scanner)
    pattern = PATTERNS[kind.name]
    values: dict[str, int] = {} if slot is None else slot
    # A slot that is written, its `=` and the name of the operation are behind us.
    for element in pattern.elements[1 if slot is None else 3 :]:
        _read_element(scanner, element, values)
    if pattern.tail and scanner.peek():
        for element in pattern.tail:
            _read_element(scanner, element, values)
    flags = {field.name: bool(values[field.name]) for field in kind.fields if field.name in values and _is_flag(field)}
    make: Callable[..., Operation] = kind.value_class
    return make(**(values | flags))


def _is_flag(field: Field) -> bool:
    return field.wire is Wire.BOOL


def _read_name(scanner: Scanner) -> tuple[OperationKind, dict[str, int] | None]:
    """The kind of an operation, and the slot before its name as the field's value; None for a kind that has none."""
    start = scanner.error("an operation")
    token = scanner.peek()
    kind = KIND_BY_NAME.get(token)
    if kind is not None:
        if kind.written_slot is not None:
            raise scanner.error(f"{kind.written_slot.written.value} and `=` before `{kind.name}`")
        scanner.take()
        return kind, None
    if not re.fullmatch(r"[scr][0-9]{1,20}", token):
        raise start
    scanner.take()
    scanner.expect("=")
    kind = KIND_BY_NAME.get(scanner.peek())
    field = kind.written_slot if kind is not None else None
    if kind is None or field is None:
        raise scanner.error("an operation that writes a slot")
    if field.written.slot_letter != token[0]:
        raise ProgramSyntaxError(
            start.file, start.line, start.column, f"{field.written.value} before `= {kind.name}`", f"`{token}`"
        )
    scanner.take()
    return kind, {field.name: int(token[1:])}


def _read_element(scanner: Scanner, element: Element, values: dict[str, int]) -> None:
    if isinstance(element, Literal):
        scanner.expect(element.token)
    else:
        values[element.field.name] = _read_value(scanner, element.field)


def _read_value(scanner: Scanner, field: Field) -> int:
    written = field.written
    if written.slot_letter:
        return scanner.slot(written.slot_letter, written.value)
    if written is Written.BITMAP:
        return scanner.bitmap()
    if written is Written.WORD:
        scanner.expect(field.name)
        return 1
    if written is Written.FLAG:
        return scanner.flag(f"{written.value} ({field.name})")
    if written is Written.DURATION:
        return scanner.duration(f"{written.value} ({field.name})")
    return scanner.number(f"{written.value} ({field.name})", signed=written in (Written.CHUNK, Written.INSTANT))


def _read_call(scanner: Scanner) -> Call:
    function = CALL_FUNCTIONS.get(scanner.peek())
    if function is None:
        raise scanner.error("the name of a function")
    scanner.take()
    return Call(function.name, tuple(_read_arguments(scanner, function)))


def _read_arguments(scanner: Scanner, function: CallFunction) -> Iterator[int]:
    for name, form in function.takes.values:
        if form is Form.BITS:
            yield from bits_to_words(scanner.bitmap())
        else:
            yield scanner.number(f"a number ({name})")
    if function.takes.rest is not None:
        scanner.expect("[")
        while scanner.peek() != "]":
            yield scanner.number("`]` or a number")
            if function.takes.rest is ListForm.RANGES:
                scanner.expect("..")
                yield scanner.number("a number (limit)")
        scanner.take()
