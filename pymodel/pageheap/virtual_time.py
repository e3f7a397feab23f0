"""Goroutines, timers and sysmon on a virtual clock, as far as the background scavenger needs them.

Go's scheduler runs the scavenger when it pleases. Here nothing runs by itself: whoever drives the page heap says how
time passes, and between two such acts the scavenger is parked. It parks in one of two ways: asleep, with its timer
armed, or waiting, with no timer. Whatever wakes it lets it run until it parks again: it *settles*.

These rules are no part of Go; docs/programs.md gives them for every implementation alike.
"""

from __future__ import annotations

from typing import Final

from pymodel.pageheap import bgscavenge
from pymodel.pageheap.mheap import Mheap
from pymodel.pageheap.runtime import Goroutine, Runtime
from pymodel.pageheap.words import int64

TICK_FIRINGS_MAX: Final = 10_000


def start_background_scavenger(h: Mheap) -> None:
    """Start bgscavenge and run it until it parks, once for a heap, before anything else. Go: gcenable, mgc.go."""
    scavenge = h.runtime.scavenge
    assert scavenge.g is None, "it is started once"
    scavenge.g = Goroutine(bgscavenge.bgscavenge(h), runnable=True)
    settle(h.runtime)


def settle(runtime: Runtime) -> None:
    """Run the background scavenger, if something made it runnable, until it parks."""
    g = runtime.scavenge.g
    while g is not None and g.runnable:
        g.runnable = False
        next(g.coroutine)


def wake(runtime: Runtime) -> None:
    """Wake the background scavenger if it is parked, and let it settle."""
    bgscavenge.wake_scavenger(runtime)
    settle(runtime)


def sysmon(runtime: Runtime) -> bool:
    """Do what the system monitor does for the scavenger: wake it if that was asked for. Whether it was.

    Go: sysmon, proc.go.
    """
    if runtime.scavenge.sysmon_wake == 0:
        return False
    wake(runtime)
    return True


def fire_timer(runtime: Runtime) -> bool:
    """Let the clock reach the scavenger's timer, run it, and let the scavenger settle; False if it is not armed."""
    timer = runtime.scavenge.timer
    if timer is None or timer.when == 0:
        return False
    runtime.now = max(runtime.now, timer.when)
    timer.when = 0
    timer.function()
    settle(runtime)
    return True


def tick(runtime: Runtime, duration_ns: int) -> None:
    """Let time pass: sysmon looks first, as it does every few milliseconds, and timers that come due meanwhile fire.

    The scavenger's work takes time too, so that the clock may end up later than asked for. After TICK_FIRINGS_MAX
    timers the rest of the time is dropped.
    """
    end = int64(runtime.now + duration_ns)
    sysmon(runtime)
    for _ in range(TICK_FIRINGS_MAX):
        timer = runtime.scavenge.timer
        if timer is None or timer.when == 0 or timer.when > end:
            runtime.now = max(runtime.now, end)
            return
        fire_timer(runtime)
