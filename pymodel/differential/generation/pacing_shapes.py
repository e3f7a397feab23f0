"""The shapes of programs about pacing: when the background scavenger runs, how much it takes, how long it sleeps."""

from __future__ import annotations

from pymodel.differential.generation import pacing_preludes as preludes
from pymodel.differential.generation.choices import Interval
from pymodel.differential.generation.pacing_upsets import PACING_UPSETS
from pymodel.differential.generation.preludes import Prelude, grown, nothing
from pymodel.differential.generation.shape import (
    BRIEF,
    CHUNKS,
    EVERYTHING,
    HOURS,
    LEVELS,
    LIFE,
    LONG,
    SCAVENGING,
    SECONDS,
    SHORT,
    TINY,
    UPSETS,
    WORDS,
    Kind,
    Shape,
    make_shape,
)

_MIXED = TINY | WORDS | {(1, 513): 3, (500, 1100): 2}
_ARENA_SIZES = {(1, 64): 3, (512, 513): 3, (7679, 8193): 4, (8192, 8192): 3, (16000, 17000): 1}

_BACKGROUND = {"tick": 14, "timer": 8, "sysmon": 6, "wake": 4, "ready": 2}
_SURROUNDINGS = {"gomaxprocs": 2, "scavenge_cost": 3, "faketime": 1, "scavtrace": 2}
_COLLECTING = {"gc": 8, "mark_termination": 3, "sweep_done": 3, "pace": 2, "scavenge_all": 1}
_LOOKING = {"heap_retained": 2, "print_scav_trace": 1}
_PACED = _BACKGROUND | _SURROUNDINGS | _COLLECTING | _LOOKING
_PACED_LIFE = {"grow": 2, "alloc": 14, "free": 16, "span": 6}
_UPSET_PERCENT = 40


def _paced(
    name: str,
    prelude: Prelude,
    weights: dict[str, int],
    *,
    kind: Kind = Kind.INSIDE,
    kept: str = "",
    placements: str = "near",
    pages: tuple[dict[Interval, int], ...] = (_MIXED, TINY, WORDS, CHUNKS),
    chunk_count_max: int = 12,
    operation_count_max: int = LONG,
    durations: tuple[dict[Interval, int], ...] = (BRIEF, SECONDS, HOURS, BRIEF | SECONDS | HOURS),
) -> Shape:
    return make_shape(
        name,
        prelude,
        weights,
        kind=kind,
        kept=kept,
        placements=placements,
        pages=pages,
        chunk_count_max=chunk_count_max,
        operation_count_max=operation_count_max,
        pacing=True,
        durations=durations,
    )


def _upset(name: str, prelude: Prelude, upsets: dict[str, int], *, kept: str = "") -> Shape:
    """A shape of short programs in which so many operations of a hundred are upsets."""
    weights = _PACED_LIFE | {"start_gen": 2, "scavenge": 2, "cache": 1} | _PACED
    # Every one of them is there, often enough: the swarm still varies the rest.
    scale = sum(weights.values()) * _UPSET_PERCENT // (100 - _UPSET_PERCENT)
    chosen = {upset: max(weight * scale // sum(upsets.values()), 1) for upset, weight in upsets.items()}
    return _paced(name, prelude, weights | chosen, kind=Kind.OUTSIDE, kept=f"tick {kept}", operation_count_max=SHORT)


PACING_SHAPES: tuple[Shape, ...] = (
    _paced(
        "paced",
        preludes.cycle,
        EVERYTHING | _PACED_LIFE | _PACED | {"pi_call": 1},
        kept="alloc free tick gc",
    ),
    _paced(
        "collected",
        preludes.cycle,
        _PACED_LIFE | _BACKGROUND | _COLLECTING | {"scavtrace": 1, "gomaxprocs": 1},
        kept="alloc free tick sysmon gc mark_termination sweep_done",
    ),
    _paced(
        "aimed_goals",
        preludes.aimed_at,
        LIFE | {"mark_termination": 10, "pace": 10, "heap_retained": 3, "wake": 3, "sweep_done": 3, "tick": 1},
        kept="mark_termination pace",
        pages=(TINY, WORDS, _MIXED),
    ),
    _paced(
        "controlled",
        preludes.controlled,
        _BACKGROUND | _SURROUNDINGS | {"alloc": 4, "free": 5, "gc": 2, "sweep_done": 2, "mark_termination": 1},
        kept="timer tick",
        pages=(CHUNKS, _MIXED),
    ),
    _paced(
        "clamped",
        preludes.clamped,
        _BACKGROUND | _SURROUNDINGS | {"alloc": 2, "free": 3, "gc": 1, "sweep_done": 1},
        kept="timer gomaxprocs scavenge_cost",
        pages=(CHUNKS, _MIXED),
        durations=(HOURS, SECONDS | HOURS),
        operation_count_max=200,
    ),
    _paced(
        "growing",
        preludes.spanned,
        _PACED_LIFE
        | SCAVENGING
        | {"span": 20, "gc": 3, "mark_termination": 5, "sweep_done": 3, "pace": 2, "heap_retained": 2},
        kept="span free mark_termination",
        placements="span_arenas",
        pages=(_MIXED, CHUNKS, WORDS),
        chunk_count_max=60,
    ),
    _paced(
        "arenas",
        preludes.arenas,
        {"span": 12, "grow": 4, "free": 5, "sweep_done": 1, "mark_termination": 2, "sysmon": 1, "scavenge_all": 1},
        kept="span grow",
        placements="span_arenas",
        pages=(_ARENA_SIZES, _ARENA_SIZES | LEVELS),
        chunk_count_max=400,
        operation_count_max=60,
    ),
    _paced(
        "traced",
        preludes.traced,
        _PACED_LIFE | SCAVENGING | _PACED | {"print_scav_trace": 6, "scavenge_all": 4, "sweep_done": 8},
        kept="sweep_done",
    ),
    _paced("unpaced", nothing, EVERYTHING | _PACED_LIFE | _PACED | {"pi_call": 1}),
    _paced("controller_calls", nothing, {"pi_call": 1}, kept="pi_call", operation_count_max=400),
    _upset("no_processors", preludes.out_of_control, {"gomaxprocs_any": 2, "scavtrace": 1, "timer": 2}),
    _upset("wild_pages", preludes.wrong_page, {"poke_phys_page": 2, "sysmon": 1, "gc": 2, "pace": 1}),
    _upset("wild_statistics", preludes.overstated, {"poke_stats": 3, "print_scav_trace": 1}, kept="scavtrace"),
    _upset("wild_clocks", preludes.untimely, {"poke_clock": 2, "timer": 1}),
    _upset("wild_spans", preludes.grown_unseen, {"span_any": 1, "poke_summary": 1, "span": 2}),
    _upset("paced_chaos", grown, UPSETS | dict.fromkeys(PACING_UPSETS, 3)),
)
