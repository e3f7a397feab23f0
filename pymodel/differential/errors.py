"""The exception tree of the driver, drawn once.

    ScavdiffError
    ├── BadInput                 a flag, a path or a trace is wrong (exit status 2)
    ├── WorkerFailed             a worker of ours does not start, or gives no answer that makes sense (exit status 2)
    └── HarnessError             the harness failed; never a divergence and never a pass (exit status 2)
        ├── TargetFailedToStart  it did not start, or does not answer at its address
        ├── TargetDied           it ended, or broke the stream, in the middle of a program
        ├── TargetOutgrew        it took more memory than it may have, and was killed
        ├── TargetHung           it did not answer a program within the time limit
        ├── TargetLied           its answer is not a transcript of the program, or contradicts itself
        ├── TargetRefused        it refused a program that is valid
        ├── TargetGivenUp        it failed so many programs in a row that going on is pointless
        └── ProtocolMismatch     it speaks another version of the protocol

What Go's `throw` does is no exception here: it is an outcome, compared like any other.
"""

from __future__ import annotations

from collections.abc import Sequence


class ScavdiffError(Exception):
    """What the command line reports as a sentence, without a traceback."""


class BadInput(ScavdiffError):
    """The user's input is wrong; the text says where and what was expected."""


class WorkerFailed(ScavdiffError):
    """A worker, a process of ours, does not start or does not keep to what was agreed; this says nothing of targets."""


class HarnessError(ScavdiffError):
    """The harness failed, charged to `target`.

    `what` is a predicate that completes the sentence "target NAME ...". `exit_status` says how the target's process
    ended, where it did, and `stderr_lines` are the last lines that it wrote there.
    """

    def __init__(
        self, target: str, what: str, *, exit_status: str | None = None, stderr_lines: Sequence[str] = ()
    ) -> None:
        self.target = target
        self.what = what
        self.exit_status = exit_status
        self.stderr_lines = tuple(stderr_lines)
        super().__init__(target, what)

    def __str__(self) -> str:
        ended = f" ({self.exit_status})" if self.exit_status else ""
        return f"target {self.target} {self.what}{ended}"


class TargetFailedToStart(HarnessError):
    """The target did not start, or nothing answers at its address."""


class TargetDied(HarnessError):
    """The target ended, or broke the stream, before it had answered a program."""


class TargetOutgrew(HarnessError):
    """The target took more memory than it may have, and was killed."""


class TargetHung(HarnessError):
    """The target did not answer a program within the time limit."""


class TargetLied(HarnessError):
    """The target's answer is not a transcript of the program that it was sent, or contradicts itself."""


class TargetRefused(HarnessError):
    """The target refused a valid program with a status of its own, whose gRPC name is `status`."""

    status = ""


class TargetGivenUp(HarnessError):
    """The target failed one program after the other, or did not start again after a failure."""


class ProtocolMismatch(HarnessError):
    """The target speaks a version of the protocol that the driver does not, or implements nothing of the page heap."""
