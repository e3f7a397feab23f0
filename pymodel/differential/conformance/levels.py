"""The seven levels of a port, each a capability of the protocol and usable only with those below."""

from __future__ import annotations

from dataclasses import dataclass

from pymodel.differential.programs.calls import CALL_FUNCTIONS
from pymodel.differential.programs.operations import OPERATION_KINDS
from pymodel.differential.programs.program import Call
from pymodel.differential.targets.capabilities import Capability, capability_of


@dataclass(frozen=True, slots=True)
class Level:
    """A level: its number, what the protocol calls it, and where Go has what it takes."""

    number: int
    capability: Capability
    go_files: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name as a person reads it: `page allocator`."""
        return self.capability.words

    @property
    def slug(self) -> str:
        """The level as part of a file name: `level-4-page-allocator`."""
        return f"level-{self.number}-{self.name.replace(' ', '-')}"

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions called on this level."""
        return tuple(name for name in CALL_FUNCTIONS if capability_of(Call(name, ())) is self.capability)

    @property
    def operations(self) -> tuple[str, ...]:
        """The names of the operations that this level adds, those outside the contract left out."""
        return tuple(
            kind.name
            for kind in OPERATION_KINDS
            if kind.value_class is not Call
            and not kind.outside_only
            and capability_of(kind.value_class) is self.capability
        )

    @property
    def is_calls_only(self) -> bool:
        """Whether it has functions and no page heap."""
        return not self.operations

    def __str__(self) -> str:
        return f"level {self.number} ({self.name})"


LEVELS = (
    Level(1, Capability.BITS, ("mpallocbits.go", "mgcscavenge.go")),
    Level(2, Capability.RANGES, ("mranges.go",)),
    Level(3, Capability.SUMMARIES, ("mpagealloc.go",)),
    Level(4, Capability.PAGE_ALLOCATOR, ("mpagealloc.go", "mheap.go")),
    Level(5, Capability.PAGE_CACHE, ("mpagecache.go",)),
    Level(6, Capability.SCAVENGE, ("mgcscavenge.go",)),
    Level(7, Capability.PACING, ("mgcscavenge.go", "mheap.go", "mgcpacer.go")),
)
