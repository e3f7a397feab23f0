"""Names the Go function that a divergence most likely concerns: where to read first, not a proof."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pymodel.differential.comparison.differences import Difference
from pymodel.differential.programs import program as p

_BITS, _ALLOC, _CACHE = "mpallocbits.go", "mpagealloc.go", "mpagecache.go"
_RANGES, _SCAV, _HEAP = "mranges.go", "mgcscavenge.go", "mheap.go"


@dataclass(frozen=True, slots=True)
class Suspect:
    """A function of Go's runtime, its file, and why it comes to mind."""

    function: str
    file: str
    reason: str

    def __str__(self) -> str:
        return f"{self.function}, {self.file}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Rule:
    """A suspect that counts for operations of these kinds, or of all if none are named, if one of `fields` differs.

    A field that ends in a dot stands for all that begin with it; no fields stand for any difference.
    """

    kinds: frozenset[type[p.Operation]]
    fields: tuple[str, ...]
    suspect: Suspect

    def fits(self, operation: p.Operation, fields: Iterable[str]) -> bool:
        """Whether the rule counts."""
        if self.kinds and type(operation) not in self.kinds:
            return False
        return not self.fields or any(
            field == wanted or (wanted.endswith(".") and field.startswith(wanted))
            for field in fields
            for wanted in self.fields
        )


def _rule(kinds: Iterable[type[p.Operation]], fields: str, function: str, file: str, reason: str) -> Rule:
    return Rule(frozenset(kinds), tuple(fields.split()), Suspect(function, file, reason))


_GROWING = (p.Grow, p.GrowAt)
_FREEING = (p.Free, p.FreeAt)
_SCAVENGING = (p.Scavenge, p.ScavengeOne, p.ScavengeAt)
_UNRESERVING = (p.Unreserve, p.UnreserveAt)
_RUNNING = (p.Tick, p.Timer, p.Sysmon, p.Wake)
_PACING = (p.Pace, p.MarkTermination, p.Gc)

# The first that fits counts. Within a kind, results come before bitmaps, and those before what follows from them.
RULES: tuple[Rule, ...] = (
    _rule(_GROWING, "summary_lengths", "(*pageAlloc).sysGrow", "mpagealloc_64bit.go", "it extends the summaries"),
    _rule(_GROWING, "inUse.", "(*addrRanges).add", _RANGES, "growing only adds to inUse"),
    _rule(_GROWING, "summary", "(*pageAlloc).update", _ALLOC, "growing writes summaries through it"),
    _rule(_GROWING, "", "(*pageAlloc).grow", _ALLOC, "the operation runs it and little else"),
    _rule((p.Alloc,), "outcome outcome.address", "(*pageAlloc).find", _ALLOC, "it chooses the address"),
    _rule((p.Alloc,), "outcome.scav chunk.", "(*pageAlloc).allocRange", _ALLOC, "it takes and counts the pages"),
    _rule((p.Alloc,), "searchAddr", "(*pageAlloc).alloc", _ALLOC, "it raises searchAddr"),
    _rule(_FREEING, "chunk. outcome", "(*pageAlloc).free", _ALLOC, "it clears the bits"),
    _rule(_FREEING, "searchAddr", "(*pageAlloc).free", _ALLOC, "it lowers searchAddr"),
    _rule(_FREEING, "scav.freeHWM", "(*pageAlloc).free", _ALLOC, "it raises freeHWM to the last byte freed"),
    _rule((p.Cache,), "summary", "(*pageAlloc).update", _ALLOC, "allocToCache calls it for what it took"),
    _rule((p.Cache,), "", "(*pageAlloc).allocToCache", _CACHE, "the operation runs it and nothing else"),
    _rule((p.CacheAlloc,), "", "(*pageCache).alloc", _CACHE, "the operation runs it, and allocN for more than a page"),
    _rule((p.Flush,), "summary", "(*pageAlloc).update", _ALLOC, "flush calls it for what it gave back"),
    _rule((p.Flush,), "", "(*pageCache).flush", _CACHE, "the operation runs it and nothing else"),
    _rule(
        (p.SweepDone, p.Gc, p.StartGen, p.ScavengeAll),
        "printed outcome",
        "printScavTrace",
        _SCAV,
        "it prints the line, and divides by what is retained",
    ),
    _rule((p.StartGen,), "", "(*pageAlloc).scavengeStartGen", _SCAV, "the operation runs it and nothing else"),
    _rule((p.Reserve,), "", "(*pageAlloc).scavengeReserve", _SCAV, "the operation runs it and nothing else"),
    _rule(_UNRESERVING, "", "(*pageAlloc).scavengeUnreserve", _SCAV, "the operation runs it and nothing else"),
    _rule(
        (*_SCAVENGING, *_RUNNING, p.ScavengeAll),
        "chunk.allocated",
        "(*pageAlloc).free",
        _ALLOC,
        "pages are allocated while they are released, and freed by it afterwards",
    ),
    _rule(
        _SCAVENGING,
        "outcome.released chunk.",
        "(*pallocData).findScavengeCandidate",
        _SCAV,
        "it chooses the pages, within the chunk that scavengeOne finds",
    ),
    _rule(_SCAVENGING, "outcome", "(*pageAlloc).scavengeOne", _SCAV, "it checks the range that it is given"),
    _rule(_SCAVENGING, "outcome.base outcome.limit", "(*pageAlloc).scavengeOne", _SCAV, "it returns what is left"),
    _rule(
        _SCAVENGING,
        "scav.scavLWM heap_released heapStats.committed heapStats.released",
        "(*pageAlloc).scavengeRangeLocked",
        _SCAV,
        "it lowers scavLWM and counts what is released",
    ),
    _rule(_SCAVENGING, "scav.freeHWM", "(*pageAlloc).scavengeRangeLocked", _SCAV, "it frees without raising freeHWM"),
    _rule(
        (p.Scavenge,),
        "scav.inUse. scav.reservationBytes",
        "(*pageAlloc).scavenge",
        _SCAV,
        "it reserves ranges and gives the rest back",
    ),
    _rule((p.Scavenge,), "scav.released", "bgscavenge", _SCAV, "it adds what scavenge returns"),
    _rule(_RUNNING, "outcome", "bgscavenge", _SCAV, "it throws, or what it calls does"),
    _rule(_RUNNING, "scav.released heap_released", "bgscavenge", _SCAV, "it decides how much is scavenged"),
    _rule(_RUNNING, "chunk.", "(*pallocData).findScavengeCandidate", _SCAV, "it chooses the pages"),
    _rule(
        _RUNNING,
        "critSleepRatio critSleepController.",
        "(*piController).next",
        "mgcpacer.go",
        "it chooses the ratio of work to sleep",
    ),
    _rule(_RUNNING, "controllerCooldown", "bgscavenge", _SCAV, "it counts the cooldown"),
    _rule(_RUNNING, "scavenge.timer", "scavengeSleep", _SCAV, "it sets the timer"),
    _rule((p.Wake, p.Sysmon, p.Tick), "scavenge.", "wakeScavenger", _SCAV, "the operation runs it"),
    _rule(_PACING, "scavengeGoal", "gcPaceScavenger", _SCAV, "it sets the goal"),
    _rule(_PACING, "last_heap_inuse", "gcMarkTermination", "mgc.go", "it records heap_inuse"),
    _rule((p.SweepDone, p.Gc), "scavenge.sysmonWake", "readyForScavenger", _SCAV, "it asks for sysmon"),
    _rule((p.ScavengeAll,), "chunk.", "(*pallocData).findScavengeCandidate", _SCAV, "it chooses the pages"),
    _rule(
        (p.Span,),
        "printed outcome.growth curArena. inUse. summary_lengths heap_sys",
        "(*mheap).grow",
        _HEAP,
        "it reserves and adds memory",
    ),
    _rule((p.Span,), "outcome.address", "(*pageAlloc).find", _ALLOC, "it chooses the address"),
    _rule((p.Span,), "", "(*mheap).allocSpan", _HEAP, "the operation runs its part that is about pages"),
    _rule((), "summary", "(*pageAlloc).update", _ALLOC, "all summaries are written through it"),
    _rule(
        (p.Alloc, p.Free),
        "heap_inuse heap_released heap_sys heapStats.",
        "(*mheap).allocSpan or (*mheap).freeSpanLocked",
        _HEAP,
        "they keep the statistics; here the target does, by docs/programs.md",
    ),
)

# Go's names of the functions that calls name, by file.
_CALLED: dict[str, dict[str, str]] = {
    _BITS: {
        "get": "(*pageBits).get",
        "block64": "(*pageBits).block64",
        "set_range": "(*pageBits).setRange",
        "clear_range": "(*pageBits).clearRange",
        "set_block64": "(*pageBits).setBlock64",
        "clear_block64": "(*pageBits).clearBlock64",
        "popcnt_range": "(*pageBits).popcntRange",
        "summarize": "(*pallocBits).summarize",
        "find": "(*pallocBits).find",
        "find_bit_range64": "findBitRange64",
    },
    _SCAV: {
        "fill_aligned": "fillAligned",
        "has_scavenge_candidate": "(*pallocData).hasScavengeCandidate",
        "find_scavenge_candidate": "(*pallocData).findScavengeCandidate",
    },
    "mgcpacer.go": {
        "pi_next": "(*piController).next",
        "pi_reset": "(*piController).reset",
    },
    _ALLOC: {
        "pack_palloc_sum": "packPallocSum",
        "unpack": "pallocSum.unpack",
        "merge_summaries": "mergeSummaries",
        "chunk_index": "chunkIndex",
        "chunk_base": "chunkBase",
        "chunk_page_index": "chunkPageIndex",
        "off_addr_to_level_index": "offAddrToLevelIndex",
        "level_index_to_off_addr": "levelIndexToOffAddr",
        "addrs_to_summary_range": "addrsToSummaryRange",
        "block_align_summary_range": "blockAlignSummaryRange",
    },
    _RANGES: {
        "make_addr_range": "makeAddrRange",
        "range_contains": "addrRange.contains",
        "range_subtract": "addrRange.subtract",
        "range_remove_greater_equal": "addrRange.removeGreaterEqual",
        "ranges_find_succ": "(*addrRanges).findSucc",
        "ranges_find_addr_greater_equal": "(*addrRanges).findAddrGreaterEqual",
        "ranges_contains": "(*addrRanges).contains",
        "ranges_add": "(*addrRanges).add",
        "ranges_remove_last": "(*addrRanges).removeLast",
        "ranges_remove_greater_equal": "(*addrRanges).removeGreaterEqual",
        "ranges_clone_into": "(*addrRanges).cloneInto",
    },
}
_GO_FUNCTIONS = {name: (go_name, file) for file, names in _CALLED.items() for name, go_name in names.items()}


def find_suspect(operation: p.Operation | None, differences: Sequence[Difference]) -> Suspect:
    """The function to read first."""
    if operation is None:
        return Suspect("(*pageAlloc).init", _ALLOC, "the clean heap differs before any operation")
    if isinstance(operation, p.Call):
        return Suspect(*_GO_FUNCTIONS[operation.function], "the call runs it and nothing else")
    fields = [difference.field for difference in differences]
    for rule in RULES:
        if rule.fits(operation, fields):
            return rule.suspect
    return _DEFAULTS.get(type(operation), _HARNESS)


# Pokes and the like.
_HARNESS = Suspect("the operation's own rule", "docs/programs.md", "no function of Go's runs in it")

_DEFAULTS: dict[type[p.Operation], Suspect] = {
    p.Alloc: Suspect("(*pageAlloc).alloc", _ALLOC, "the operation runs it"),
    p.Free: Suspect("(*pageAlloc).free", _ALLOC, "the operation runs it"),
    p.FreeAt: Suspect("(*pageAlloc).free", _ALLOC, "the operation runs it"),
    p.Scavenge: Suspect("(*pageAlloc).scavenge", _SCAV, "the operation runs it"),
    p.ScavengeOne: Suspect("(*pageAlloc).scavengeOne", _SCAV, "the operation runs it"),
    p.ScavengeAt: Suspect("(*pageAlloc).scavengeOne", _SCAV, "the operation runs it"),
    **dict.fromkeys(_RUNNING, Suspect("bgscavenge", _SCAV, "the operation lets it run")),
    **dict.fromkeys(_PACING, Suspect("gcPaceScavenger", _SCAV, "the operation runs it")),
    p.Ready: Suspect("readyForScavenger", _SCAV, "the operation runs it"),
    p.Gc: Suspect("(*pageAlloc).scavengeStartGen", _SCAV, "the operation runs it, between two of a few lines"),
    p.SweepDone: Suspect("(*pageAlloc).scavengeStartGen", _SCAV, "the operation runs it"),
    p.ScavengeAll: Suspect("(*mheap).scavengeAll", _HEAP, "the operation runs it"),
    p.HeapRetained: Suspect("heapRetained", _SCAV, "the operation runs it"),
    p.PrintScavTrace: Suspect("printScavTrace", _SCAV, "the operation runs it"),
}
