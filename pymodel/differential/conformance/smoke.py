"""`scavdiff smoke`: is it the adapter that is broken, or the algorithm that is wrong?

A dozen checks, the simplest first. What goes wrong with a target's answers as such is the adapter's; an answer that is
one, and says something else than the specification, is the algorithm's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from pymodel.differential.comparison.compare import TRUSTED, Divergence, compare
from pymodel.differential.conformance.smoke_programs import SMOKE_CAPABILITIES, malformed_programs, program_of
from pymodel.differential.errors import HarnessError, TargetHung, TargetLied, TargetRefused
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.programs.codec import encode_program
from pymodel.differential.programs.program import Call, Program
from pymodel.differential.programs.text import print_operation
from pymodel.differential.running.report import difference_lines, program_lines
from pymodel.differential.running.side_by_side import FATAL_ERRORS
from pymodel.differential.targets.capabilities import NO_CAPABILITY, Capability, Description
from pymodel.differential.targets.target import EncodedProgram, Target
from pymodel.wire import pageheap_pb2

PROGRAMS_AHEAD_COUNT = 24
CHECKPOINT_INTERVAL = 2
# After so many failures of a target the rest would say the same.
FAILURE_COUNT_MAX = 3


class Verdict(StrEnum):
    """What a check came to."""

    WORKS = "works"
    BROKEN = "broken"
    """The adapter's fault."""
    DEPARTS = "departs"
    """The algorithm's fault."""


@dataclass(frozen=True, slots=True)
class Check:
    """A check, what it came to, in one sentence why, and what else there is to see."""

    name: str
    verdict: Verdict
    told: str
    lines: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join([f"{self.verdict:<8} {self.name}: {self.told}", *(f"         {line}" for line in self.lines)])


@dataclass(slots=True)
class Smoke:
    """The checks made, in order."""

    checks: list[Check] = field(default_factory=list)

    def first(self, verdict: Verdict) -> Check | None:
        """The first check that came to `verdict`."""
        return next((check for check in self.checks if check.verdict is verdict), None)

    @property
    def exit_status(self) -> int:
        """0 where all works, 1 where only the algorithm departs, 2 where the adapter is broken."""
        if self.first(Verdict.BROKEN) is not None:
            return 2
        return 1 if self.first(Verdict.DEPARTS) is not None else 0

    def __str__(self) -> str:
        broken, departs = self.first(Verdict.BROKEN), self.first(Verdict.DEPARTS)
        if broken is not None:
            also = f"; and the algorithm departs at {departs.name}: {departs.told}" if departs is not None else ""
            return f"the adapter is broken: {broken.name}: {broken.told}{also}"
        if departs is not None:
            return f"the adapter works; the algorithm departs at {departs.name}: {departs.told}"
        return "the adapter works; the algorithm agrees with the specification as far as this looks"


class _Stop(Exception):
    """Going on is pointless."""


class SmokeTest:
    """Makes the checks on one target, and tells each as it is made."""

    def __init__(self, target: Target, tell: Callable[[Check], None]) -> None:
        self._target = target
        self._tell = tell
        self._smoke = Smoke()
        self._next_id = 1

    def run(self) -> Smoke:
        """All checks, or those up to where the rest would be pointless."""
        try:
            description = self._describe()
            self._empty_program(description)
            for capability in SMOKE_CAPABILITIES:
                if capability in description.capabilities:
                    self._known_answers(description, capability)
            self._programs_ahead()
            self._checkpoints(description)
            self._refusals(description)
            self._unnamed(description)
        except _Stop:
            pass
        return self._smoke

    def _describe(self) -> Description:
        started = time.monotonic()
        try:
            description = self._target.describe()
        except HarnessError as error:
            self._add("Describe", Verdict.BROKEN, f"it {error.what}", _last_words(error))
            raise _Stop from error
        if Capability.BITS not in description.capabilities:
            self._add("Describe", Verdict.BROKEN, f"it {NO_CAPABILITY}")
            raise _Stop
        names = ", ".join(capability.words for capability in sorted(description.capabilities))
        seconds = time.monotonic() - started
        self._add("Describe", Verdict.WORKS, f"{description.name or 'nameless'} has {names}; after {seconds:.1f} s")
        return description

    def _empty_program(self, description: Description) -> None:
        self._compare("an empty program", Program(()), description, "its clean heap is right")

    def _known_answers(self, description: Description, capability: Capability) -> None:
        program = program_of(capability)
        count = len(program.operations)
        told = f"{count} operations did what they should" if count > 1 else "one operation did what it should"
        self._compare(capability.words, program, description, told)

    def _programs_ahead(self) -> None:
        """Many programs sent before the first answer is waited for, and answered in order."""
        name = "programs sent ahead"
        program = program_of(Capability.BITS)
        requests = [self._request(program) for _ in range(PROGRAMS_AHEAD_COUNT)]
        for request in requests:
            self._target.send(request)
        problem: str | None = None
        for request in requests:
            try:
                transcript = self._target.receive()
            except HarnessError as error:
                problem = problem or f"it {error.what}"
                if isinstance(error, (TargetHung, *FATAL_ERRORS)):
                    self._add(name, Verdict.BROKEN, problem, _last_words(error))
                    raise _Stop from error
                continue
            problem = problem or _misnumbered(transcript, request.program_id)
        if problem is not None:
            self._add(name, Verdict.BROKEN, problem)
            # What is still on its way would be taken for the answers to what comes next.
            self._target.restart()
        else:
            self._add(name, Verdict.WORKS, f"{PROGRAMS_AHEAD_COUNT} answers came in the order of the programs")

    def _checkpoints(self, description: Description) -> None:
        name = "checkpoints"
        program = program_of(max(c for c in SMOKE_CAPABILITIES if c in description.capabilities and not _is_label(c)))
        request = self._request(program, CHECKPOINT_INTERVAL)
        transcript = self._answer(name, request)
        if transcript is None or not self._agrees(name, request, transcript, description):
            return
        steps = pageheap_pb2.Transcript.FromString(transcript).steps
        for number, step in enumerate(steps, start=1):
            if number % CHECKPOINT_INTERVAL == 0 and not step.observation.complete:
                what = f"step {number} is not complete, though checkpoint_interval was {CHECKPOINT_INTERVAL}"
                self._add(name, Verdict.BROKEN, what)
                return
        self._add(name, Verdict.WORKS, f"every step that was to tell the whole state did, of {len(steps)}")

    def _refusals(self, description: Description) -> None:
        name = "malformed programs"
        programs = malformed_programs(description.capabilities)
        for malformed in programs:
            program_id = self._take_id()
            request = EncodedProgram(program_id, Program(()), malformed.make(program_id))
            if not self._is_refused(name, request, f"a program with {malformed.what}", "INVALID_ARGUMENT"):
                return
        self._add(name, Verdict.WORKS, f"all {len(programs)} are refused with INVALID_ARGUMENT")
        self._compare(f"after {name}", Program(()), description, "it goes on as if nothing had been")

    def _unnamed(self, description: Description) -> None:
        unnamed = [c for c in SMOKE_CAPABILITIES if c not in description.capabilities]
        if not unnamed:
            return
        name = "programs that need more"
        for capability in unnamed:
            request = self._request(program_of(capability))
            if not self._is_refused(name, request, f"a program that needs {capability.words}", "UNIMPLEMENTED"):
                return
        self._add(name, Verdict.WORKS, f"those that need {', '.join(c.words for c in unnamed)} are refused")

    def _is_refused(self, name: str, request: EncodedProgram, what: str, status: str) -> bool:
        self._target.send(request)
        try:
            self._target.receive()
        except TargetRefused as refused:
            if refused.status == status:
                return True
            problem = f"it refused {what} with {refused.status}; expected was {status}"
        except HarnessError as error:
            self._fail(name, f"{what}: it {error.what}; expected was a refusal with {status}", error)
            return False
        else:
            problem = f"it ran {what}; expected was a refusal with {status}"
        self._add(name, Verdict.BROKEN, problem)
        return False

    def _compare(self, name: str, program: Program, description: Description, right: str) -> bool:
        """Whether the target does with a program what the specification does."""
        request = self._request(program)
        transcript = self._answer(name, request)
        if transcript is None or not self._agrees(name, request, transcript, description):
            return False
        self._add(name, Verdict.WORKS, right)
        return True

    def _answer(self, name: str, request: EncodedProgram) -> bytes | None:
        self._target.send(request)
        try:
            return self._target.receive()
        except HarnessError as error:
            self._fail(name, f"it {error.what}", error)
            return None

    def _agrees(self, name: str, request: EncodedProgram, transcript: bytes, description: Description) -> bool:
        """Whether a transcript says what the specification does; adds the check if not."""
        program = request.program
        right = run_on_specification(program, request.program_id, request.checkpoint_interval)
        called = description.name or "port"
        called = f"{called}#2" if called == TRUSTED else called
        try:
            divergence = compare(program, {TRUSTED: right, called: transcript}, program_id=request.program_id)
        except TargetLied as lie:
            self._fail(name, f"it {lie.what}", lie)
            self._target.restart()
            return False
        if divergence is None:
            return True
        verdict, told = _judged(divergence, description)
        if any((check.verdict, check.told) == (verdict, told) for check in self._smoke.checks):
            return True  # As told before; what else this program is to show is looked at nevertheless.
        self._add(name, verdict, told, tuple(_divergence_lines(program, divergence)))
        return False

    def _fail(self, name: str, told: str, error: HarnessError) -> None:
        self._add(name, Verdict.BROKEN, told, _last_words(error))
        failure_count = sum(check.verdict is Verdict.BROKEN for check in self._smoke.checks)
        if isinstance(error, (TargetHung, *FATAL_ERRORS)) or failure_count >= FAILURE_COUNT_MAX:
            raise _Stop

    def _add(self, name: str, verdict: Verdict, told: str, lines: tuple[str, ...] = ()) -> None:
        self._smoke.checks.append(Check(name, verdict, told, lines))
        self._tell(self._smoke.checks[-1])

    def _request(self, program: Program, checkpoint_interval: int = 0) -> EncodedProgram:
        program_id = self._take_id()
        encoded = encode_program(program, program_id, checkpoint_interval)
        return EncodedProgram(program_id, program, encoded, checkpoint_interval)

    def _take_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1


def _judged(divergence: Divergence, description: Description) -> tuple[Verdict, str]:
    """Whose fault a divergence is: a port without a page heap has no algorithm that could make its state wrong."""
    of_state = any(not difference.field.startswith("outcome") for difference in divergence.differences)
    if of_state and Capability.PAGE_ALLOCATOR not in description.capabilities:
        return Verdict.BROKEN, "it reports a state that is not the clean heap's, which no call changes"
    return Verdict.DEPARTS, divergence.signature


def _divergence_lines(program: Program, divergence: Divergence) -> Iterator[str]:
    if isinstance(divergence.operation, Call):
        # Nothing before it matters to a call.
        yield print_operation(divergence.operation)
        yield from (f"  {difference}" for difference in divergence.differences)
    else:
        yield from program_lines(program, divergence.step)
        yield from difference_lines(divergence)
    yield f"most likely concerned: {divergence.suspect}"


def _misnumbered(transcript: bytes, program_id: int) -> str | None:
    answered = pageheap_pb2.Transcript.FromString(transcript).program_id
    if answered == program_id:
        return None
    return f"it answered program {program_id} with the transcript of {answered}; answers come in the order of programs"


def _last_words(error: HarnessError) -> tuple[str, ...]:
    status = [error.exit_status] if error.exit_status else []
    return (*status, *(f"| {line}" for line in error.stderr_lines))


def _is_label(capability: Capability) -> bool:
    return capability in (Capability.OUTSIDE_CONTRACT, Capability.PACING)
