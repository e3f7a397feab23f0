"""Programs: the value types that generators make, targets run and shrinking reduces.

A program is a list of operations on numbered slots; docs/programs.md gives each operation's rule. These classes hold
values only: `text` prints and parses them, `codec` turns them into protocol messages, `interpreter` runs them on the
specification.
"""

from __future__ import annotations

from pymodel.differential.programs.value import value

DEFAULT_PHYS_PAGE_SIZE = 4096
DEFAULT_PHYS_HUGE_PAGE_SIZE = 2 << 20
SLOT_COUNT_MAX = 1 << 16
ALL_BYTES = (1 << 64) - 1


@value
class Grow:
    """`grow CHUNK chunks=N`; `chunk` is address / 4 MiB, signed."""

    chunk: int
    chunk_count: int


@value
class Alloc:
    """`sN = alloc PAGES`"""

    slot: int
    page_count: int


@value
class Free:
    """`free sN [pages=FIRST..LIMIT]`; `limit` None frees the whole slot and empties it."""

    slot: int
    first: int = 0
    limit: int | None = None


@value
class Cache:
    """`cN = cache`"""

    slot: int


@value
class CacheAlloc:
    """`sN = cache_alloc cM PAGES`"""

    slot: int
    cache: int
    page_count: int


@value
class Flush:
    """`flush cN`"""

    cache: int


@value
class StartGen:
    """`start_gen`"""


@value
class Scavenge:
    """`scavenge BYTES [counted]`"""

    byte_count: int
    counted: bool = False


@value
class Reserve:
    """`rN = reserve`"""

    slot: int


@value
class ScavengeOne:
    """`scavenge_one rN BYTES`"""

    reservation: int
    byte_count_max: int


@value
class Unreserve:
    """`unreserve rN`"""

    reservation: int


@value
class Call:
    """`call FUNCTION ARGUMENTS`; `function` is the name in docs/programs.md, `arguments` its words."""

    function: str
    arguments: tuple[int, ...]


@value
class GrowAt:
    """`grow_at BASE SIZE`, outside the contract."""

    base: int
    size: int


@value
class FreeAt:
    """`free_at BASE PAGES [scavenged]`, outside the contract."""

    base: int
    page_count: int
    scavenged: bool = False


@value
class ScavengeAt:
    """`scavenge_at BASE LIMIT BYTES`, outside the contract."""

    base: int
    limit: int
    byte_count_max: int


@value
class UnreserveAt:
    """`unreserve_at BASE LIMIT GEN`, outside the contract."""

    base: int
    limit: int
    generation: int


@value
class PokeSummary:
    """`poke_summary LEVEL INDEX VALUE`, outside the contract."""

    level: int
    index: int
    value: int


@value
class PokeChunk:
    """`poke_chunk CHUNK allocated=BITMAP scavenged=BITMAP`, outside the contract; bitmaps are 512-bit integers."""

    chunk: int
    allocated: int
    scavenged: int


@value
class PokeSearchAddr:
    """`poke_search_addr ADDRESS`, outside the contract."""

    address: int


@value
class Tick:
    """`tick NS`"""

    duration_ns: int


@value
class Timer:
    """`timer`"""


@value
class Sysmon:
    """`sysmon`"""


@value
class Wake:
    """`wake`"""


@value
class Ready:
    """`ready`"""


@value
class Gomaxprocs:
    """`gomaxprocs N`"""

    count: int


@value
class ScavengeCost:
    """`scavenge_cost NS`, of one physical page."""

    cost_ns: int


@value
class Faketime:
    """`faketime 0|1`"""

    on: bool


@value
class Scavtrace:
    """`scavtrace 0|1`"""

    on: bool


@value
class Pace:
    """`pace GOAL LAST`, in bytes."""

    heap_goal: int
    last_heap_goal: int


@value
class MarkTermination:
    """`mark_termination GOAL LAST`, in bytes."""

    heap_goal: int
    last_heap_goal: int


@value
class SweepDone:
    """`sweep_done`"""


@value
class Gc:
    """`gc GOAL LAST`, in bytes."""

    heap_goal: int
    last_heap_goal: int


@value
class ScavengeAll:
    """`scavenge_all`"""


@value
class Span:
    """`sN = span PAGES`"""

    slot: int
    page_count: int


@value
class HeapRetained:
    """`heap_retained`"""


@value
class PrintScavTrace:
    """`print_scav_trace GEN RELEASED [forced]`"""

    generation: int
    released: int
    forced: bool = False


@value
class PokePhysPage:
    """`poke_phys_page BYTES`, outside the contract."""

    byte_count: int


@value
class PokeStats:
    """`poke_stats SYS RELEASED INUSE`, in bytes, outside the contract."""

    heap_sys: int
    heap_released: int
    heap_inuse: int


@value
class PokeClock:
    """`poke_clock NS`, signed, outside the contract."""

    now_ns: int


InsideOperation = (
    Grow | Alloc | Free | Cache | CacheAlloc | Flush | StartGen | Scavenge | Reserve | ScavengeOne | Unreserve | Call
)
OutsideOperation = GrowAt | FreeAt | ScavengeAt | UnreserveAt | PokeSummary | PokeChunk | PokeSearchAddr
PacingInsideOperation = (
    Tick
    | Timer
    | Sysmon
    | Wake
    | Ready
    | Gomaxprocs
    | ScavengeCost
    | Faketime
    | Scavtrace
    | Pace
    | MarkTermination
    | SweepDone
    | Gc
    | ScavengeAll
    | Span
    | HeapRetained
    | PrintScavTrace
)
PacingOutsideOperation = PokePhysPage | PokeStats | PokeClock
PacingOperation = PacingInsideOperation | PacingOutsideOperation
Operation = InsideOperation | OutsideOperation | PacingOperation


@value
class Program:
    """Operations on a clean page heap with the given page sizes in bytes."""

    operations: tuple[Operation, ...]
    phys_page_size: int = DEFAULT_PHYS_PAGE_SIZE
    phys_huge_page_size: int = DEFAULT_PHYS_HUGE_PAGE_SIZE
    outside_contract: bool = False
    pacing: bool = False
    """Whether it may hold pacing operations, and whether what they change is observed."""
