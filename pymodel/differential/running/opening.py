"""The targets of a command, connected."""

from __future__ import annotations

from collections.abc import Sequence

from pymodel.differential.comparison.strictness import strictness_ignoring
from pymodel.differential.errors import ProtocolMismatch
from pymodel.differential.running.side_by_side import SideBySide, check_comparable
from pymodel.differential.targets.capabilities import NO_CAPABILITY
from pymodel.differential.targets.target_specs import TimeLimits, make_target


def open_targets(
    specs: Sequence[str], model: bool, ignored: Sequence[str], limits: TimeLimits, *, counting: bool = False
) -> SideBySide:
    """The named targets, and the model unless it is not wanted, side by side; the caller closes them.

    If `counting`, `go` is the Go target that has counters.

    Raises BadInput for names that are none, the HarnessError of the first target that cannot be opened, and
    ProtocolMismatch for one to which no program could be sent.
    """
    wanted = [*(["model"] if model and "model" not in specs else []), *specs]
    targets = [make_target(spec, spec, limits, counting=counting) for spec in wanted]
    check_comparable(targets)
    side_by_side = SideBySide(targets, strictness_ignoring(ignored))
    try:
        side_by_side.open()
        for name, description in side_by_side.descriptions.items():
            if not description.capabilities:
                raise ProtocolMismatch(name, NO_CAPABILITY)
    except BaseException:
        side_by_side.close()
        raise
    return side_by_side


def replay_flags(specs: Sequence[str], model: bool, ignored: Sequence[str]) -> tuple[str, ...]:
    """The flags that give `scavdiff replay` the same targets; none for the default ones."""
    flags = [] if tuple(specs) == ("go",) else [flag for spec in specs for flag in ("--target", spec)]
    flags += [flag for name in ignored for flag in ("--ignore", name)]
    return (*flags, *([] if model else ["--no-model"]))
