"""Runs each program on all targets at once, and compares what they did.

Programs are submitted, then collected in the same order. The targets behind gRPC work on all that was submitted while
the model, in this process, works on the oldest.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from pymodel.differential.comparison.compare import TRUSTED, Divergence, compare
from pymodel.differential.comparison.strictness import EXACT, Strictness
from pymodel.differential.errors import (
    BadInput,
    HarnessError,
    ProtocolMismatch,
    TargetFailedToStart,
    TargetGivenUp,
    TargetLied,
)
from pymodel.differential.programs.codec import COUNTED, encode_program
from pymodel.differential.programs.program import Program
from pymodel.differential.programs.series import Series
from pymodel.differential.programs.series_codec import NoDigests, decode_digests, encode_series
from pymodel.differential.programs.value import value
from pymodel.differential.targets.capabilities import Capability, Description, reason_to_leave_out
from pymodel.differential.targets.reached import NothingReached, split_reached
from pymodel.differential.targets.target import EncodedProgram, Target

# What no later program can mend.
FATAL_ERRORS = (TargetGivenUp, TargetFailedToStart, ProtocolMismatch)


@value
class Comparison:
    """What the targets did with one program: transcripts by target name, and what went wrong with the others.

    `reached` are the bitmaps of the counters of targets that were to count, by name; they are not compared.
    """

    program: Program
    program_id: int
    transcripts: dict[str, bytes]
    failures: tuple[HarnessError, ...]
    left_out: dict[str, str]
    divergence: Divergence | None
    reached: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SeriesAnswers:
    """What the targets answered to a series: each program's digest, by target name, and what went wrong with others."""

    digests: dict[str, list[bytes]]
    failures: tuple[HarnessError, ...]


@dataclass(slots=True)
class _Pending:
    request: EncodedProgram
    targets: list[Target]
    check: bool
    counting: frozenset[str]
    left_out: dict[str, str] = field(default_factory=dict)


class SideBySide:
    """Targets that run the same programs. Their names are made distinct: what each calls itself, go, go#2, ..."""

    def __init__(self, targets: Sequence[Target], strictness: Strictness = EXACT) -> None:
        # In-process targets first: the others work meanwhile.
        self.targets = sorted(targets, key=lambda target: not target.in_process)
        self.strictness = strictness
        self.descriptions: dict[str, Description] = {}
        self._pending: collections.deque[_Pending] = collections.deque()
        self._next_id = 1
        self._counting: frozenset[str] = frozenset()

    def open(self) -> None:
        """Connects to every target; raises ProtocolMismatch or TargetFailedToStart for the first that fails."""
        for target in self.targets:
            description = target.describe()
            target.name = _distinct_name(target, description, self.descriptions)
            self.descriptions[target.name] = description

    def count(self) -> None:
        """Lets targets that have counters tell, from the next program on, what each program reaches of them."""
        described = self.descriptions.items()
        self._counting = frozenset(name for name, each in described if Capability.COUNTERS in each.capabilities)

    @property
    def counting_names(self) -> frozenset[str]:
        """The targets that tell what programs reach."""
        return self._counting

    def close(self) -> None:
        """Ends every target that the driver started, and all connections."""
        for target in self.targets:
            target.close()

    @property
    def names(self) -> list[str]:
        """The targets' names."""
        return [target.name for target in self.targets]

    @property
    def pending_count(self) -> int:
        """Programs submitted and not collected."""
        return len(self._pending)

    def submit(self, program: Program, checkpoint_interval: int = 0, *, check: bool = True) -> None:
        """Sends a program to every target that can run it.

        Without `check`, transcripts that all targets sent alike are not searched for contradictions.
        """
        program_id, self._next_id = self._next_id, self._next_id + 1
        encoded = encode_program(program, program_id, checkpoint_interval)
        request = EncodedProgram(program_id, program, encoded, checkpoint_interval)
        pending = _Pending(request, [], check, self._counting)
        for target in self.targets:
            reason = reason_to_leave_out(self.descriptions[target.name], program, len(encoded))
            if reason is None:
                pending.targets.append(target)
            else:
                pending.left_out[target.name] = reason
        # A program that only one target could run would be compared with nothing.
        if len(pending.targets) > 1:
            counted = replace(request, encoded=encoded + COUNTED) if self._counting else request
            for target in pending.targets:
                target.send(counted if target.name in self._counting else request)
        self._pending.append(pending)

    def collect(self) -> Comparison:
        """Waits for the oldest program's transcripts and compares them; raises only FATAL_ERRORS."""
        pending = self._pending.popleft()
        transcripts: dict[str, bytes] = {}
        failures: list[HarnessError] = []
        reached: dict[str, bytes] = {}
        if len(pending.targets) > 1:
            for target in pending.targets:
                try:
                    transcripts[target.name] = self._receive(target, pending.counting, reached)
                except FATAL_ERRORS:
                    raise
                except HarnessError as error:
                    failures.append(error)
        program = pending.request.program
        divergence = self._compare(pending, transcripts, failures)
        return Comparison(
            program, pending.request.program_id, transcripts, tuple(failures), pending.left_out, divergence, reached
        )

    def _receive(self, target: Target, counting: frozenset[str], reached: dict[str, bytes]) -> bytes:
        """The transcript that is compared; what it says of counters goes into `reached`."""
        answer = target.receive()
        if target.name not in counting:
            return answer
        try:
            transcript, reached[target.name] = split_reached(answer, len(self.descriptions[target.name].counters))
        except NothingReached as error:
            target.restart()
            raise TargetLied(target.name, f"was to tell what a program reached, and {error}") from None
        return transcript

    def run(
        self, programs: Iterable[Program], checkpoint_interval: int = 0, *, checked_count: int | None = None
    ) -> list[Comparison]:
        """Submits programs and collects them all; nothing else may be pending.

        With `checked_count`, only so many, the first, are searched for contradictions where all targets answer alike.
        """
        assert not self._pending, "programs of another caller are pending"
        for number, program in enumerate(programs):
            self.submit(program, checkpoint_interval, check=checked_count is None or number < checked_count)
        return [self.collect() for _ in range(self.pending_count)]

    @property
    def series_targets(self) -> list[Target]:
        """The targets that can make the programs of a series."""
        return [target for target in self.targets if Capability.SERIES in self.descriptions[target.name].capabilities]

    def run_series(self, all_series: Sequence[Series]) -> list[SeriesAnswers]:
        """Sends series to the targets that can make their programs; nothing else may be pending.

        Digests are not compared here. Raises only FATAL_ERRORS.
        """
        assert not self._pending, "programs of another caller are pending"
        targets = self.series_targets
        requests = []
        for series in all_series:
            program_id, self._next_id = self._next_id, self._next_id + 1
            encoded = encode_series(series, program_id)
            requests.append(EncodedProgram(program_id, series.heap, encoded, series=series))
            for target in targets:
                target.send(requests[-1])
        return [self._answers(request, targets) for request in requests]

    def _answers(self, request: EncodedProgram, targets: Sequence[Target]) -> SeriesAnswers:
        assert request.series is not None
        digests: dict[str, list[bytes]] = {}
        failures: list[HarnessError] = []
        for target in targets:
            try:
                digests[target.name] = decode_digests(target.receive(), request.series, request.program_id)
            except FATAL_ERRORS:
                raise
            except NoDigests as error:
                failures.append(TargetLied(target.name, f"answered series {request.program_id} with what {error}"))
                target.restart()
            except HarnessError as error:
                failures.append(error)
        return SeriesAnswers(digests, tuple(failures))

    def distrust(self, name: str) -> None:
        """Restarts a target that contradicted itself."""
        self._target(name).restart()

    def _compare(
        self, pending: _Pending, transcripts: dict[str, bytes], failures: list[HarnessError]
    ) -> Divergence | None:
        """Compares; takes out of `transcripts`, one after the other, those that contradict themselves."""
        while len(transcripts) > 1:
            try:
                return compare(
                    pending.request.program,
                    transcripts,
                    program_id=pending.request.program_id,
                    strictness=self.strictness,
                    check=pending.check,
                )
            except TargetLied as lie:
                failures.append(lie)
                del transcripts[lie.target]
                self.distrust(lie.target)
        return None

    def _target(self, name: str) -> Target:
        return next(target for target in self.targets if target.name == name)


def check_comparable(targets: Sequence[Target]) -> None:
    """Raises BadInput if there is nothing to compare."""
    if len(targets) < 2:
        raise BadInput("one target alone has nothing to be compared with; name another --target, or keep the model")


def _distinct_name(target: Target, description: Description, taken: Iterable[str]) -> str:
    """What a target calls itself, numbered if another is called so; no target but the model's own is plain `model`."""
    names = {*taken} if target.in_process else {*taken, TRUSTED}
    base = description.name or target.name
    candidate, number = base, 1
    while candidate in names:
        number += 1
        candidate = f"{base}#{number}"
    return candidate
