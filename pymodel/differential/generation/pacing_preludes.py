"""How a program about pacing begins: memory that waits to be scavenged, a goal, and a reason to wake.

One page is allocated first and never freed by such a program: with nothing retained, a trace line divides by zero.
"""

from __future__ import annotations

from pymodel.differential.generation.choices import Weighted
from pymodel.differential.generation.inside_operations import alloc_pages, grow, grow_by
from pymodel.differential.generation.maker import PAGE_BYTES, PAGES_PER_CHUNK, SPAN_CHUNK, Maker
from pymodel.differential.generation.pacing_goals import aimed_goals, goals, goals_below
from pymodel.differential.generation.pacing_operations import (
    gomaxprocs,
    pace,
    scavenge_cost,
    span_pages,
    tick,
    wake,
)
from pymodel.differential.generation.placements import Placement, span_arena
from pymodel.differential.programs.operations import INT64_MAX, INT64_MIN, SPAN_PAGE_COUNT_MAX
from pymodel.differential.programs.program import (
    ALL_BYTES,
    Free,
    Gc,
    Gomaxprocs,
    Grow,
    HeapRetained,
    MarkTermination,
    Operation,
    Pace,
    PokeClock,
    PokePhysPage,
    PokeStats,
    PokeSummary,
    PrintScavTrace,
    Ready,
    Scavenge,
    ScavengeCost,
    Scavtrace,
    StartGen,
    SweepDone,
    Sysmon,
    Tick,
    Timer,
    Wake,
)

# The entry of the first spans' chunks at the level above the leaves.
_SPAN_ENTRY = SPAN_CHUNK + (1 << 25) >> 3

_PIECES = (1, 3, 8, 40, 64, 200, 512, 700)


def _kept_page(maker: Maker, make: Operation) -> None:
    """Adds an allocation that later operations know nothing of, so that it stays."""
    maker.add(make)
    maker.drop_span(len(maker.spans) - 1)
    maker.pages_loose = 0


def _pieces(maker: Maker, count: int) -> None:
    """Some allocations, and some of them freed: memory retained and not in use."""
    choices = maker.choices
    for _ in range(count):
        maker.add(alloc_pages(maker, choices.choose(_PIECES)))
    for index in reversed(range(len(maker.spans))):
        if choices.boolean(60):
            maker.add(Free(maker.spans[index][0]))
            maker.drop_span(index)


def _drained(maker: Maker, pages: int) -> None:
    """So many pages allocated and freed: work for the background scavenger once it has a generation."""
    maker.add(alloc_pages(maker, pages))
    maker.add(Free(maker.spans[-1][0]))
    maker.drop_span(len(maker.spans) - 1)


def _marked(maker: Maker, *, aimed: bool) -> None:
    maker.pages_marked = maker.pages_live
    maker.add(MarkTermination(*(aimed_goals if aimed else goals)(maker, maker.pages_marked)))


def _collected(maker: Maker, *, aimed: bool) -> None:
    """A cycle of the collector, at once or in its two parts, in one order or the other."""
    way = maker.choices.integer(0, 3)
    if way <= 1:
        maker.pages_marked = maker.pages_live
        maker.add(Gc(*(aimed_goals if aimed else goals)(maker, maker.pages_marked)))
        return
    if way == 2:
        maker.add(SweepDone())
    _marked(maker, aimed=aimed)
    if way == 3:
        maker.add(SweepDone())


def cycle(maker: Maker, placements: Weighted[Placement]) -> None:
    """A heap after a garbage collection, and a scavenger that knows of it."""
    choices = maker.choices
    maker.add(grow(maker, placements))
    _kept_page(maker, alloc_pages(maker, 1))
    _pieces(maker, choices.integer(1, 6))
    _collected(maker, aimed=choices.boolean(50))
    wakes: tuple[Operation, ...] = (Sysmon(), Wake(), Tick(choices.integer(0, 10**10)))
    maker.add(choices.choose(wakes))


def aimed_at(maker: Maker, placements: Weighted[Placement]) -> None:
    """Allocations that all stay in memory, some freed, and a goal within pages of what is retained."""
    choices = maker.choices
    maker.add(grow(maker, placements))
    _kept_page(maker, alloc_pages(maker, 1))
    for _ in range(choices.integer(1, 3)):
        maker.add(alloc_pages(maker, choices.integer(1, 300)))
    if choices.boolean(50) and maker.spans:
        maker.add(Free(maker.spans[-1][0]))
        maker.drop_span(len(maker.spans) - 1)
        maker.add(SweepDone())
    # The page that stays is in use, too.
    maker.pages_marked = maker.pages_live + 1
    maker.add(MarkTermination(*aimed_goals(maker, maker.pages_marked)))
    maker.add(HeapRetained())
    if choices.boolean(40):
        maker.add(Wake())


def _all_to_go(maker: Maker) -> None:
    """A generation, and a goal of next to nothing: by a cycle, or by a goal beside one."""
    if maker.choices.boolean(60):
        maker.pages_marked = maker.pages_live
        maker.add(Gc(1, 1 << 40))
    else:
        maker.add(SweepDone(), Pace(1, 1 << 40))


def controlled(maker: Maker, placements: Weighted[Placement]) -> None:
    """Much to scavenge, nothing to be retained, and a cost and a number of processors that decide what sleeps do."""
    choices = maker.choices
    chunk_count = choices.integer(1, 4)
    maker.add(grow_by(maker, placements, chunk_count))
    _kept_page(maker, alloc_pages(maker, 1))
    _drained(maker, chunk_count * PAGES_PER_CHUNK - choices.choose((1, 1, 65, 300)))
    if choices.boolean(70):
        _all_to_go(maker)
    else:
        maker.add(SweepDone(), pace(maker))
    if choices.boolean(80):
        maker.add(scavenge_cost(maker))
    if choices.boolean(80):
        maker.add(gomaxprocs(maker))
    maker.add(wake(maker) if choices.boolean(60) else tick(maker))


def clamped(maker: Maker, placements: Weighted[Placement]) -> None:
    """The controller driven to its upper bound by a sleep of hours, then perhaps to its lower one by short sleeps."""
    choices = maker.choices
    maker.add(grow_by(maker, placements, 4))
    _kept_page(maker, alloc_pages(maker, 1))
    _drained(maker, 4 * PAGES_PER_CHUNK - choices.choose((1, 1, 65, 300)))
    _all_to_go(maker)
    maker.add(ScavengeCost(choices.integer(50_000_000, 1_000_000_000)))
    maker.add(Gomaxprocs(choices.choose((1, 4, 4096))), Wake(), Timer())
    maker.add(*[Timer()] * choices.integer(1, 6))
    if choices.boolean(60):
        # Work of a millisecond takes all of one processor's time now: the output falls as far as it goes.
        maker.add(Gomaxprocs(1), ScavengeCost(choices.choose((0, 1_000_000, 100_000_000))))
        maker.add(*[Timer()] * choices.integer(6, 16))


def spanned(maker: Maker, _placements: Weighted[Placement]) -> None:
    """A heap of spans with holes, a goal, and a span that none of the holes can hold: the heap grows and scavenges."""
    choices = maker.choices
    piece = choices.choose((16, 100, 250, 400, 400, 400))
    _kept_page(maker, span_pages(maker, choices.choose((1, 12, 100))))
    kept = maker.pages_peak
    for _ in range(choices.integer(4, 13)):
        maker.add(span_pages(maker, piece))
    maker.pages_peak = maker.pages_live + kept
    hole_count = 0
    for index in reversed(range(0, len(maker.spans), 2)):
        maker.add(Free(maker.spans[index][0]))
        maker.drop_span(index)
        hole_count += 1
    maker.add(SweepDone() if choices.boolean(70) else StartGen())
    if choices.boolean(60):
        _scavenged_below_a_goal(maker, kept, piece, hole_count)
    elif choices.boolean(80):
        _marked(maker, aimed=choices.boolean(80))
    if choices.boolean(30):
        _take_arena(maker)
    maker.add(span_pages(maker, choices.choose((512, 512, 512, 512, 513, 1000, 2048, 8193))))


def _scavenged_below_a_goal(maker: Maker, kept: int, piece: int, hole_count: int) -> None:
    """A goal a little below what is retained, and a scavenge beyond it: the growth to come exceeds it by less than
    itself, or not at all; of the holes, all of `piece` pages, something is left to scavenge."""
    choices = maker.choices
    above = choices.integer(1, max(piece // 2, 2))
    maker.pages_marked = maker.pages_live + kept
    maker.add(MarkTermination(*goals_below(maker, maker.pages_marked, above)))
    most = piece * (hole_count - 1)
    beyond = choices.choose((1, piece // 2, most, most, most, most))
    maker.add(Scavenge((above + beyond) * PAGE_BYTES, choices.boolean(50)))


def _take_arena(maker: Maker) -> None:
    """Grows in one of the next arenas, so that the space reserved after it does not continue the current one."""
    chunk = span_arena(maker, 1)
    maker.note_growth(chunk, 1)
    maker.add(Grow(chunk, 1))


def arenas(maker: Maker, _placements: Weighted[Placement]) -> None:
    """Spans to the end of an arena and beyond, with the next arena free or taken."""
    choices = maker.choices
    if choices.boolean(25):
        _take_arena(maker)
    _kept_page(maker, span_pages(maker, choices.choose((1, 512, 513, 8191, 8192))))
    if choices.boolean(60):
        _take_arena(maker)
    maker.add(span_pages(maker, choices.choose((7680, 7681, 8192, 8193, 16384))))
    if choices.boolean(5):
        maker.add(span_pages(maker, choices.choose((1 << 21, (1 << 21) + 1, SPAN_PAGE_COUNT_MAX))))


def traced(maker: Maker, placements: Weighted[Placement]) -> None:
    """Trace lines from the first generation on."""
    maker.add(Scavtrace(True))
    if maker.choices.boolean(50):
        controlled(maker, placements)
    else:
        cycle(maker, placements)


def out_of_control(maker: Maker, placements: Weighted[Placement]) -> None:
    """No processor, so that the controller is reset; then a cooldown of several sleeps, and the line that says so."""
    choices = maker.choices
    maker.add(grow_by(maker, placements, choices.integer(1, 4)))
    _kept_page(maker, alloc_pages(maker, 1))
    _drained(maker, maker.pages_grown - choices.choose((1, 2, 65)))
    if choices.boolean(60):
        # Each round takes a quantum only, so that something is left for the next ones whatever the physical page.
        maker.add(ScavengeCost(1_000_000))
    _all_to_go(maker)
    if choices.boolean(60):
        # The controller has left where it started from, to which the reset takes it back.
        maker.add(Wake(), *[Timer()] * choices.integer(1, 3))
    maker.add(Gomaxprocs(0), Wake(), Timer())
    if choices.boolean(50):
        maker.add(PrintScavTrace(1, 4096, True), PrintScavTrace(1, 4096))
    if choices.boolean(60):
        maker.add(Gomaxprocs(choices.integer(1, 8)))
    if choices.boolean(50):
        maker.add(ScavengeCost(choices.choose((0, 20_000, 1_000_000))))
    if choices.boolean(60):
        maker.add(Scavtrace(True), SweepDone())
    wakes: tuple[Operation, ...] = (Timer(), Timer(), Wake())
    for _ in range(choices.integer(3, 8)):
        maker.add(choices.choose(wakes))


def untimely(maker: Maker, placements: Weighted[Placement]) -> None:
    """The clock set anew while the scavenger sleeps, and a sleep that would end before time began, or after its end."""
    controlled(maker, placements)
    choices = maker.choices
    times = (-(10**10), -(10**13), INT64_MIN, INT64_MAX, INT64_MAX - 10**8, INT64_MAX - 10**10, 0, 10**12)
    maker.add(PokeClock(choices.choose(times)))
    maker.add(Wake() if choices.boolean(70) else Timer())


def wrong_page(maker: Maker, placements: Weighted[Placement]) -> None:
    """A physical page that is larger than what is free, or than the scavenger can search for."""
    if maker.choices.boolean(15):
        _page_too_large(maker)
    else:
        _less_than_a_page(maker, placements)


def _page_too_large(maker: Maker) -> None:
    maker.add(span_pages(maker, maker.choices.choose((1, 100, 300))), StartGen(), Pace(1, 1))
    maker.add(PokePhysPage(1 << 20), Wake())


def _less_than_a_page(maker: Maker, placements: Weighted[Placement]) -> None:
    choices = maker.choices
    maker.add(grow_by(maker, placements, 1))
    maker.add(alloc_pages(maker, PAGES_PER_CHUNK))
    first = choices.integer(0, PAGES_PER_CHUNK - 1)
    count = choices.choose((1, 1, 1, 1, 1, 1, 1, 2))
    maker.add(Free(0, first, min(first + count, PAGES_PER_CHUNK)))
    _all_to_go(maker)
    # Only the first is less than two pages, so that single ones are still searched for.
    maker.add(PokePhysPage(choices.choose((12288, 12288, 12288, 16384, 20480))))
    wakes: tuple[Operation, ...] = (Wake(), Sysmon(), Tick(choices.integer(0, 10**10)))
    maker.add(choices.choose(wakes))


def overstated(maker: Maker, placements: Weighted[Placement]) -> None:
    """Trace lines, or more retained than any machine has: only then does a goal beyond 2^63 or 2^64 count."""
    choices = maker.choices
    if choices.boolean(50):
        traced(maker, placements)
        return
    in_use = choices.choose((1 << 20, 1 << 40, 1 << 62, ALL_BYTES))
    maker.add(PokeStats(ALL_BYTES, choices.choose((0, 1, 1 << 62)), in_use))
    maker.add(MarkTermination(ALL_BYTES, choices.choose((1, 3, in_use, 4 << 20))))


def grown_unseen(maker: Maker, _placements: Weighted[Placement]) -> None:
    """The summary of the next growth written beforehand, so that growing seems to change nothing: it is not found."""
    choices = maker.choices
    count = choices.integer(1, 4)
    maker.add(span_pages(maker, PAGES_PER_CHUNK))
    maker.add(PokeSummary(3, _SPAN_ENTRY, count * PAGES_PER_CHUNK << 21))
    maker.add(span_pages(maker, count * PAGES_PER_CHUNK - choices.choose((0, 0, 1, 511))))
    if choices.boolean(50):
        maker.add(Ready())
