from __future__ import annotations

from pymodel.pageheap.mheap import Mheap
from pymodel.pageheap.runtime import Coroutine, Goroutine, Runtime, Timer
from pymodel.pageheap.virtual_time import TICK_FIRINGS_MAX, fire_timer, settle, sysmon, tick, wake
from tests.pageheap.heaps import empty_heap


class Sleeper:
    """A goroutine that sleeps again and again in place of the scavenger, and notes when it ran."""

    def __init__(self, sleep_ns: int, work_ns: int = 0) -> None:
        self.runtime: Runtime = Mheap(empty_heap()).runtime
        self.runs: list[int] = []
        self.sleep_ns = sleep_ns
        self.work_ns = work_ns
        self.timer = Timer(self.wake)
        self.runtime.scavenge.timer = self.timer
        self.goroutine = self.runtime.scavenge.g = Goroutine(self.body(), runnable=True)
        settle(self.runtime)

    def body(self) -> Coroutine:
        while True:
            self.runs.append(self.runtime.now)
            self.runtime.now += self.work_ns
            self.timer.when = self.runtime.now + self.sleep_ns
            yield

    def wake(self) -> None:
        self.goroutine.runnable = True


def test_time_passes_to_the_nanosecond_without_a_timer() -> None:
    runtime = Mheap(empty_heap()).runtime
    tick(runtime, 0)
    assert runtime.now == 1
    tick(runtime, 10**13)
    assert runtime.now == 1 + 10**13


def test_a_timer_fires_in_the_tick_that_reaches_it() -> None:
    sleeper = Sleeper(100)
    tick(sleeper.runtime, 99)
    assert sleeper.runs == [1]
    tick(sleeper.runtime, 1)
    assert sleeper.runs == [1, 101]
    assert sleeper.runtime.now == 101


def test_a_tick_fires_a_timer_as_often_as_it_comes_due() -> None:
    sleeper = Sleeper(100)
    tick(sleeper.runtime, 250)
    assert sleeper.runs == [1, 101, 201]
    assert (sleeper.runtime.now, sleeper.timer.when) == (251, 301)


def test_work_in_a_tick_takes_time_of_its_own() -> None:
    sleeper = Sleeper(100, work_ns=1000)
    assert sleeper.runtime.now == 1001
    tick(sleeper.runtime, 150)
    assert sleeper.runs == [1, 1101]
    assert sleeper.runtime.now == 2101


def test_sysmon_looks_as_a_tick_begins() -> None:
    sleeper = Sleeper(100)
    runtime = sleeper.runtime
    runtime.now, runtime.scavenge.parked, runtime.scavenge.sysmon_wake = 51, True, 1
    tick(runtime, 0)
    assert sleeper.runs == [1, 51]
    assert (runtime.scavenge.sysmon_wake, sleeper.timer.when) == (0, 151)
    runtime.scavenge.parked = True
    tick(runtime, 10)
    assert sleeper.runs == [1, 51]


def test_a_timer_that_is_late_does_not_turn_the_clock_back() -> None:
    sleeper = Sleeper(100)
    sleeper.runtime.now = 5000
    assert fire_timer(sleeper.runtime)
    assert sleeper.runs == [1, 5000]


def test_firing_a_timer_goes_to_its_time() -> None:
    sleeper = Sleeper(100)
    assert fire_timer(sleeper.runtime)
    assert sleeper.runtime.now == 101
    sleeper.timer.when = 0
    assert not fire_timer(sleeper.runtime)
    assert sleeper.runs == [1, 101]


def test_a_timer_that_fired_is_no_longer_armed() -> None:
    runtime = Mheap(empty_heap()).runtime
    runtime.scavenge.timer = Timer(lambda: None, when=5)
    tick(runtime, 100)
    assert (runtime.scavenge.timer.when, runtime.now) == (0, 101)


def test_a_tick_ends_after_so_many_firings_and_drops_the_rest_of_the_time() -> None:
    sleeper = Sleeper(1)
    tick(sleeper.runtime, 10**9)
    assert len(sleeper.runs) == 1 + TICK_FIRINGS_MAX
    assert sleeper.runtime.now == 1 + TICK_FIRINGS_MAX
    tick(sleeper.runtime, TICK_FIRINGS_MAX - 1)
    assert sleeper.runtime.now == 2 * TICK_FIRINGS_MAX


def test_the_end_of_a_tick_may_wrap_and_the_clock_stays() -> None:
    runtime = Mheap(empty_heap()).runtime
    runtime.now = (1 << 63) - 5
    tick(runtime, 10)
    assert runtime.now == (1 << 63) - 5
    runtime.now = -(1 << 63)
    tick(runtime, 10)
    assert runtime.now == -(1 << 63) + 10


def test_nothing_wakes_where_nothing_was_started() -> None:
    runtime = Mheap(empty_heap()).runtime
    wake(runtime)
    assert not sysmon(runtime)
    assert not fire_timer(runtime)
    assert (runtime.now, runtime.scavenge.parked) == (1, False)


def test_giving_memory_back_takes_time_by_whole_physical_pages() -> None:
    runtime = empty_heap(phys_page=16384).runtime
    runtime.sys_unused(3 * 16384 - 1)
    assert runtime.now == 1 + 2 * 10_000
    runtime.scavenge_cost_ns = 7
    runtime.sys_unused(16384)
    assert runtime.now == 20_008
    runtime.now = (1 << 63) - 1
    runtime.sys_unused(16384)
    assert runtime.now == -(1 << 63) + 6
