"""Pacing: how much memory the process may keep, and how the background scavenger divides its time to get there.

The goal. The scavenger compares what the heap retains (mapped and not given back) with a goal, `scavenge_goal`, which
`gc_pace_scavenger` sets whenever the collector's own goal changes: the pages in use when the last mark phase ended,
scaled by the ratio of the new heap goal to the last one, and a tenth on top. A goal of 2^64-1 turns the scavenger off;
it is set while there is no history, and when less than a physical page is to be done.

The rounds. `bgscavenge` works in rounds: scavenge 64 KiB at a time until about a millisecond of work is done or the
goal is reached, then sleep in proportion to the work. The proportion is what is controlled. The aim is 1% of the time
of *all* processors, so the fraction

    work / ((sleep + work) * gomaxprocs)

is measured after each sleep, and a proportional-integral controller turns it into `crit_sleep_ratio`, the ratio of work
to sleep of the next round. If the controller overflows, the ratio falls back to 1:1000 and the controller is left alone
for five seconds of work and sleep (the cooldown). A round that releases nothing ends in waiting, without a timer: only
the next cycle can bring work.

Two ways of parking, then: asleep, with the timer armed, and waiting. `wake_scavenger` ends both, the timer's function
is nothing but that, and sysmon calls it where the waker cannot (`ready_for_scavenger`). Each `yield` below is a park.

Time. Work is measured by the clock. Where the clock did not move, or moved back, work is taken to cost 10 us for each
physical page released. Go 1.18 does not stop a round when there is nothing left to release: it spins until the clock
has moved by a millisecond. The virtual clock moves for released memory only, so here an empty search takes 10 us of its
own, and that spin ends after at most a hundred of them.

Floating point must come out bit for bit, so every expression keeps Go's order; see floats for what Python lacks.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Final

from pymodel.pageheap.failures import Throw
from pymodel.pageheap.floats import divide, to_int64, to_uint64
from pymodel.pageheap.mgcpacer import PIController
from pymodel.pageheap.mgcscavenge import heap_retained
from pymodel.pageheap.runtime import Coroutine, Runtime, SleepControl, Timer
from pymodel.pageheap.words import MASK64, int64

if TYPE_CHECKING:
    from pymodel.pageheap.mheap import Mheap

SCAVENGE_OFF: Final = MASK64
"""The goal that is never exceeded."""

# Go: mgcscavenge.go.
SCAVENGE_PERCENT: Final = 1
RETAIN_EXTRA_DIVISOR: Final = 10
"""retainExtraPercent, 10, as the divisor that it amounts to."""
SCAVENGE_COST_RATIO: Final = 0.0
SCAVENGE_QUANTUM: Final = 64 << 10
MIN_CRIT_TIME: Final = 1e6
APPROX_CRIT_NS_PER_PHYSICAL_PAGE: Final = 10e3
STARTING_CRIT_SLEEP_RATIO: Final = 0.001
CONTROLLER_COOLDOWN_NS: Final = 5_000_000_000

EMPTY_SEARCH_NS: Final = 10_000
"""No part of Go, see above."""


def crit_sleep_controller() -> PIController:
    """The controller of the ratio of work to sleep; its periods are nanoseconds. Go: bgscavenge, mgcscavenge.go."""
    return PIController(kp=0.3375, ti=3.2e6, tt=1e9, minimum=0.001, maximum=1000.0)


def gc_pace_scavenger(h: Mheap, heap_goal: int, last_heap_goal: int) -> None:
    """Set the goal of retained bytes for a heap goal and the one before it, both words.

    With last_heap_goal 0 there is no history: off. A heap goal of 2^64-1 (GOGC=off) makes the ratio so large that the
    conversion may overflow, see floats.to_uint64; and when it is on again that goal is the *last* one, the ratio next
    to nothing, and everything is to be given back. The two roundings of the goal wrap.
    Go: gcPaceScavenger, mgcscavenge.go.
    """
    if last_heap_goal == 0:
        h.scavenge_goal = SCAVENGE_OFF
        return
    runtime = h.runtime
    phys_page_size = runtime.phys_page_size
    goal_ratio = float(heap_goal) / float(last_heap_goal)
    retained_goal = to_uint64(float(runtime.memstats.last_heap_inuse) * goal_ratio)
    retained_goal = (retained_goal + retained_goal // RETAIN_EXTRA_DIVISOR) & MASK64
    retained_goal = (retained_goal + phys_page_size - 1) & MASK64 & ~(phys_page_size - 1)

    retained_now = heap_retained(runtime)
    if retained_now <= retained_goal or retained_now - retained_goal < phys_page_size:
        h.scavenge_goal = SCAVENGE_OFF
        return
    h.scavenge_goal = retained_goal


def ready_for_scavenger(runtime: Runtime) -> None:
    """Ask sysmon to wake the scavenger. Go: readyForScavenger, mgcscavenge.go."""
    runtime.scavenge.sysmon_wake = 1


def wake_scavenger(runtime: Runtime) -> None:
    """Make the scavenger runnable if it is parked, whichever way; its timer is stopped. Go: wakeScavenger,
    mgcscavenge.go."""
    scavenge = runtime.scavenge
    if not scavenge.parked:
        return
    scavenge.sysmon_wake = 0
    assert scavenge.timer is not None, "the scavenger makes its timer before it parks"
    assert scavenge.g is not None, "only the scavenger parks"
    scavenge.timer.when = 0
    scavenge.parked = False
    scavenge.g.runnable = True


def reset_timer(timer: Timer, when: int) -> None:
    """Arm a timer. Throws, and leaves it as it was, if `when` is not positive, as after an overflow. Go: modtimer,
    time.go."""
    if when <= 0:
        raise Throw("timer when must be positive")
    timer.when = when


def scavenge_sleep(runtime: Runtime, ns: int) -> Generator[None, None, int]:
    """Sleep for `ns` nanoseconds, less if woken earlier; returns how long it was. Go: scavengeSleep, mgcscavenge.go."""
    scavenge = runtime.scavenge
    assert scavenge.timer is not None, "the scavenger makes its timer before it sleeps"
    start = runtime.now
    reset_timer(scavenge.timer, int64(start + ns))
    scavenge.parked = True
    yield
    return int64(runtime.now - start)


def bgscavenge(h: Mheap) -> Coroutine:
    """The background scavenger; it never returns.

    Throws if a round released memory, but less than a physical page: then a part of one was given back, and with it
    the rest, which may be in use. Go: bgscavenge, mgcscavenge.go.
    """
    runtime = h.runtime
    scavenge = runtime.scavenge
    scavenge.parked = True
    scavenge.timer = Timer(lambda: wake_scavenger(runtime))
    yield

    control = scavenge.control = SleepControl(crit_sleep_controller(), STARTING_CRIT_SLEEP_RATIO)
    while True:
        released, crit = _scavenge_for_a_round(h)
        if released == 0:
            scavenge.parked = True
            yield
            continue
        if released < runtime.phys_page_size:
            raise Throw("released less than one physical page of memory")
        crit = max(crit, MIN_CRIT_TIME)
        crit *= 1 + SCAVENGE_COST_RATIO
        slept = yield from scavenge_sleep(runtime, to_int64(divide(crit, control.crit_sleep_ratio)))
        if control.controller_cooldown > 0:
            _cool_down(control, int64(slept + to_int64(crit)))
            continue
        _control(runtime, control, crit, slept)


def _scavenge_for_a_round(h: Mheap) -> tuple[int, float]:
    """Scavenge until a millisecond of work is done or the goal is met: the bytes released, and the work in nanoseconds.

    With fake time, which does not pass, one quantum is a round. Go: the inner loop of bgscavenge, mgcscavenge.go.
    """
    runtime, scav = h.runtime, h.pages.scav
    released, crit = 0, 0.0
    while crit < MIN_CRIT_TIME:
        if heap_retained(runtime) <= h.scavenge_goal:
            break
        start = runtime.now
        r = h.pages.scavenge(SCAVENGE_QUANTUM)
        if r == 0:
            runtime.now = int64(runtime.now + EMPTY_SEARCH_NS)
        scav.released = (scav.released + r) & MASK64
        end = runtime.now
        if end <= start:
            crit += APPROX_CRIT_NS_PER_PHYSICAL_PAGE * float(r // runtime.phys_page_size)
        else:
            crit += float(int64(end - start))
        released = (released + r) & MASK64
        if runtime.faketime != 0:
            break
    return released, crit


def _cool_down(control: SleepControl, t: int) -> None:
    """Count `t` nanoseconds off the cooldown. Go: bgscavenge, mgcscavenge.go."""
    if t > control.controller_cooldown:
        control.controller_cooldown = 0
    else:
        control.controller_cooldown = int64(control.controller_cooldown - t)


def _control(runtime: Runtime, control: SleepControl, crit: float, slept: int) -> None:
    """Let the controller choose the next ratio of work to sleep from the last round's. Go: the end of bgscavenge's
    loop, mgcscavenge.go."""
    ideal_fraction = float(SCAVENGE_PERCENT) / 100.0
    period = float(slept) + crit
    cpu_fraction = divide(crit, period * float(runtime.gomaxprocs))
    ratio, ok = control.crit_sleep_controller.next(cpu_fraction, ideal_fraction, period)
    control.crit_sleep_ratio = ratio
    if not ok:
        control.crit_sleep_ratio = STARTING_CRIT_SLEEP_RATIO
        control.controller_cooldown = CONTROLLER_COOLDOWN_NS
        runtime.scavenge.print_controller_reset = True
