"""What a worker is told before its first job."""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass
from pathlib import Path

from pymodel.differential.campaign.block_run import Telling
from pymodel.differential.campaign.blocks import Plain
from pymodel.differential.campaign.memory import MEMORY_MIB_MAX
from pymodel.differential.errors import BadInput, TargetFailedToStart
from pymodel.differential.running.opening import open_targets, replay_flags
from pymodel.differential.running.side_by_side import SideBySide
from pymodel.differential.targets.endpoints import START_SECONDS_MAX
from pymodel.differential.targets.target import PROGRAM_SECONDS_MAX
from pymodel.differential.targets.target_specs import TimeLimits

START_ATTEMPTS_MAX = 3


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """Which targets to hold against each other and how, and how findings are told.

    `specs` and `ignored` are those of the command line. For `of_run` see Telling. `guided` lets targets count what
    programs reach; `go` is then the Go target that can.
    """

    specs: tuple[str, ...] = ("go",)
    model: bool = True
    ignored: tuple[str, ...] = ()
    start_seconds: float = START_SECONDS_MAX
    program_seconds: float = PROGRAM_SECONDS_MAX
    memory_mib_max: int = MEMORY_MIB_MAX
    findings_folder: str = "findings"
    of_run: bool = False
    guided: bool = False

    def open(self) -> SideBySide:
        """The targets, connected; raises BadInput or HarnessError."""
        side_by_side = self._opened()
        if self.guided:
            side_by_side.count()
            if not side_by_side.counting_names:
                side_by_side.close()
                raise BadInput(
                    "a guided campaign needs a target that counts what it reaches, such as go; none of these does"
                )
        return side_by_side

    def _opened(self) -> SideBySide:
        """Tries again where a target is killed as it starts: that may have come from outside."""
        limits = TimeLimits(self.start_seconds, self.program_seconds)
        for attempt in itertools.count(1):
            try:
                return open_targets(self.specs, self.model, self.ignored, limits, counting=self.guided)
            except TargetFailedToStart as error:
                killed = (error.exit_status or "").startswith("killed by")
                if not killed or attempt == START_ATTEMPTS_MAX:
                    raise
        raise AssertionError("the attempts have no end")

    @property
    def telling(self) -> Telling:
        """How findings are told."""
        flags = replay_flags(self.specs, self.model, self.ignored)
        return Telling(Path(self.findings_folder), flags, self.of_run)

    def to_plain(self) -> Plain:
        """The settings as JSON has them."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: Plain) -> WorkerSettings:
        """The settings of `to_plain`."""
        return cls(**{**plain, "specs": tuple(plain["specs"]), "ignored": tuple(plain["ignored"])})
