from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymodel.pageheap.bgscavenge import (
    SCAVENGE_OFF,
    crit_sleep_controller,
    gc_pace_scavenger,
    ready_for_scavenger,
    reset_timer,
    wake_scavenger,
)
from pymodel.pageheap.failures import Throw
from pymodel.pageheap.mgcscavenge import heap_retained
from pymodel.pageheap.mheap import Mheap
from pymodel.pageheap.runtime import SleepControl, Timer
from pymodel.pageheap.virtual_time import fire_timer, start_background_scavenger, sysmon, tick, wake
from tests.pageheap.heaps import CHUNK, PAGE, check_invariants, empty_heap

MIB = 1 << 20
SECOND = 10**9
ALL = (1 << 64) - 1


# The goal.


def paced(
    heap_goal: int, last_heap_goal: int, *, in_use: int = 3 * MIB, retained: int = ALL >> 1, phys_page: int = 4096
) -> int:
    """The goal that the scavenger gets."""
    h = Mheap(empty_heap(phys_page))
    h.scavenge_goal = 12345
    h.runtime.memstats.last_heap_inuse = in_use
    h.runtime.memstats.heap_sys = retained
    gc_pace_scavenger(h, heap_goal, last_heap_goal)
    return h.scavenge_goal


def test_the_first_cycle_turns_the_scavenger_off() -> None:
    assert paced(4 * MIB, 0) == SCAVENGE_OFF
    assert paced(0, 0) == SCAVENGE_OFF


def test_the_goal_is_what_was_in_use_scaled_plus_a_tenth_in_whole_physical_pages() -> None:
    assert paced(8 * MIB, 4 * MIB) == 6_922_240
    assert paced(8 * MIB, 4 * MIB, phys_page=65536) == 106 * 65536
    assert paced(4 * MIB, 4 * MIB, in_use=4096 * 10) == 4096 * 11
    assert paced(4 * MIB, 4 * MIB, in_use=4096 * 10 + 1) == 4096 * 12
    assert paced(4 * MIB, 4 * MIB, in_use=9) == 4096
    assert paced(4 * MIB, 4 * MIB, in_use=0) == 0


def test_a_tenth_is_an_integer_division() -> None:
    assert paced(1, 1, in_use=4096 * 10 + 9, phys_page=4096) == 12 * 4096
    # 37237 + 3723 is 40960, ten pages; with a fraction it would be more.
    assert paced(1, 1, in_use=37237) == 40960
    assert paced(1, 1, in_use=37238) == 45056


@pytest.mark.parametrize(
    ("retained", "goal"),
    [
        (6_922_240 + 4096, 6_922_240),
        (6_922_240 + 4095, SCAVENGE_OFF),
        (6_922_240 + 1, SCAVENGE_OFF),
        (6_922_240, SCAVENGE_OFF),
        (6_922_239, SCAVENGE_OFF),
        (0, SCAVENGE_OFF),
    ],
)
def test_less_than_a_physical_page_to_do_is_nothing_to_do(retained: int, goal: int) -> None:
    assert paced(8 * MIB, 4 * MIB, retained=retained) == goal


def test_turning_the_collector_off_makes_the_goal_what_the_processor_makes_of_an_overflow() -> None:
    # The goal 2^64-1 over 1, times 2^40, is far beyond an integer: 2^63, plus a tenth.
    assert paced(ALL, 1, in_use=1 << 40, retained=ALL) == 0x8CCCCCCCCCCCD000
    assert paced(ALL, 4 * MIB, in_use=3 * MIB, retained=ALL) == 0xD333333333334000
    assert paced(ALL, 1, in_use=1 << 40, retained=1 << 40) == SCAVENGE_OFF


def test_the_rounding_of_a_huge_goal_wraps() -> None:
    # 0.97 * 2^64 plus a tenth wraps to about 0.067 * 2^64.
    scaled = int(float(0xF8 << 56))
    wrapped = (scaled + scaled // 10) & ALL
    assert wrapped < scaled
    assert paced(0xF8 << 56, 1, in_use=1, retained=ALL) == (wrapped + 4095) & ALL & ~4095


def test_turning_the_collector_on_again_makes_the_goal_nothing() -> None:
    assert paced(4 * MIB, ALL) == 0


def test_a_goal_of_nothing_leaves_nothing() -> None:
    assert paced(0, 1, in_use=1 << 40) == 0


def test_retained_memory_may_wrap() -> None:
    h = Mheap(empty_heap())
    h.runtime.memstats.last_heap_inuse = 4096
    h.runtime.memstats.heap_released = 1
    gc_pace_scavenger(h, 1, 1)
    assert h.scavenge_goal == 8192


@given(st.integers(0, ALL), st.integers(1, ALL), st.integers(0, ALL), st.integers(0, ALL))
def test_every_goal_is_off_or_at_least_a_page_below_what_is_retained(
    heap_goal: int, last_heap_goal: int, in_use: int, retained: int
) -> None:
    goal = paced(heap_goal, last_heap_goal, in_use=in_use, retained=retained)
    assert goal == SCAVENGE_OFF or (goal % 4096 == 0 and goal + 4096 <= retained)


# Waking.


def test_a_scavenger_that_is_not_parked_is_not_woken_and_sysmon_stays_asked_for() -> None:
    h = Mheap(empty_heap())
    ready_for_scavenger(h.runtime)
    wake_scavenger(h.runtime)
    assert h.runtime.scavenge.sysmon_wake == 1
    assert sysmon(h.runtime)
    assert h.runtime.scavenge.sysmon_wake == 1
    assert h.runtime.scavenge.g is None


def test_waking_stops_the_timer_and_tells_sysmon_not_to() -> None:
    h = working()
    sysmon(h.runtime)
    ready_for_scavenger(h.runtime)
    scavenge = h.runtime.scavenge
    assert scavenge.timer is not None
    assert scavenge.g is not None
    assert scavenge.timer.when > 0
    wake_scavenger(h.runtime)
    assert (scavenge.parked, scavenge.sysmon_wake, scavenge.timer.when, scavenge.g.runnable) == (False, 0, 0, True)


def test_a_timer_is_armed_for_a_positive_time_only() -> None:
    timer = Timer(lambda: None, when=7)
    for when in (0, -1, -(1 << 63)):
        with pytest.raises(Throw, match="timer when must be positive"):
            reset_timer(timer, when)
    assert timer.when == 7
    reset_timer(timer, 1)
    assert timer.when == 1


# The rounds.


def working(goal: int = 0, gomaxprocs: int = 8, phys_page: int = 4096) -> Mheap:
    """2048 spans of 16 pages, three of four free, nothing released; the scavenger started, and asked to work."""
    h = Mheap(empty_heap(phys_page))
    h.runtime.gomaxprocs = gomaxprocs
    start_background_scavenger(h)
    spans = [h.alloc_span(16)[0] for _ in range(2048)]
    for number, address in enumerate(spans):
        if number % 4:
            h.pages.free(address, 16, False)
            h.runtime.memstats.heap_inuse -= 16 * PAGE
    h.mark_termination(goal or 4 * MIB, 4 * MIB)
    h.sweep_done()
    return h


def control_of(h: Mheap) -> SleepControl:
    control = h.runtime.scavenge.control
    assert control is not None
    return control


def deadline(h: Mheap) -> int:
    timer = h.runtime.scavenge.timer
    assert timer is not None
    return timer.when


def released(h: Mheap) -> int:
    return h.runtime.memstats.heap_released


def test_the_scavenger_starts_waiting_and_its_variables_come_with_the_first_waking() -> None:
    h = Mheap(empty_heap())
    start_background_scavenger(h)
    scavenge = h.runtime.scavenge
    assert (scavenge.parked, deadline(h), scavenge.control, h.runtime.now) == (True, 0, None, 1)
    wake(h.runtime)
    control = control_of(h)
    assert (control.crit_sleep_ratio, control.controller_cooldown) == (0.001, 0)
    assert (scavenge.parked, deadline(h), h.runtime.now) == (True, 0, 1)


def test_ten_seconds_of_scavenging_go_as_in_go() -> None:
    # Go's own loop, run on a virtual clock, gave this table.
    table = [
        (458_752, 267_976_704),
        (62_849_024, 205_586_432),
        (95_879_168, 172_556_288),
        (128_450_560, 139_984_896),
        (161_480_704, 106_954_752),
        (194_052_096, 74_383_360),
        (194_641_920, 73_793_536),
        (194_641_920, 73_793_536),
        (194_641_920, 73_793_536),
        (194_641_920, 73_793_536),
    ]
    h = working()
    assert h.scavenge_goal == 73_822_208
    start = h.runtime.now
    sysmon(h.runtime)
    seen = []
    for second in range(1, 11):
        tick(h.runtime, start + second * SECOND - h.runtime.now)
        seen.append((released(h), heap_retained(h.runtime)))
        if second == 5:
            h.sweep_done()
            sysmon(h.runtime)
    assert seen == table
    assert deadline(h) == 0
    assert h.runtime.scavenge.parked
    check_invariants(h.pages)


def test_a_round_is_a_millisecond_of_work_and_the_first_sleep_a_thousand_times_that() -> None:
    h = working()
    sysmon(h.runtime)
    # Seven quanta of 16 physical pages, 160 us each.
    assert released(h) == h.pages.scav.released == 7 * 65536
    assert h.runtime.now == 1 + 1_120_000
    assert deadline(h) == h.runtime.now + 1_120_000_000
    assert h.runtime.scavenge.parked


def test_the_controller_sees_the_share_of_all_processors() -> None:
    h = working(gomaxprocs=3)
    sysmon(h.runtime)
    fire_timer(h.runtime)
    crit, slept = 1_120_000.0, 1_120_000_000.0
    expected = crit_sleep_controller()
    output, ok = expected.next(crit / ((slept + crit) * 3.0), 0.01, slept + crit)
    assert ok
    control = control_of(h)
    assert control.crit_sleep_ratio == output
    assert control.crit_sleep_controller.err_integral == expected.err_integral
    # The round after it slept by the new ratio.
    assert deadline(h) == h.runtime.now + int(1_120_000.0 / output)


def test_a_sleep_cut_short_counts_as_long_as_it_was() -> None:
    h = working()
    sysmon(h.runtime)
    tick(h.runtime, 5_000_000)
    assert released(h) == 7 * 65536
    wake(h.runtime)
    assert released(h) == 14 * 65536
    expected = crit_sleep_controller()
    output, _ = expected.next(1_120_000.0 / ((5_000_000.0 + 1_120_000.0) * 8.0), 0.01, 5_000_000.0 + 1_120_000.0)
    assert control_of(h).crit_sleep_ratio == output


def test_a_round_ends_at_the_goal() -> None:
    h = working()
    h.scavenge_goal = heap_retained(h.runtime) - 65536 - 1
    sysmon(h.runtime)
    assert released(h) == 2 * 65536
    # Less than a millisecond of work counts as one.
    assert deadline(h) == h.runtime.now + SECOND
    fire_timer(h.runtime)
    assert released(h) == 2 * 65536
    assert (deadline(h), h.runtime.scavenge.parked) == (0, True)


def test_nothing_is_done_at_the_goal() -> None:
    h = working()
    h.scavenge_goal = heap_retained(h.runtime)
    sysmon(h.runtime)
    assert (released(h), h.runtime.now, deadline(h)) == (0, 1, 0)


def test_where_the_clock_stands_still_a_physical_page_counts_as_10_us() -> None:
    h = working()
    h.runtime.scavenge_cost_ns = 0
    sysmon(h.runtime)
    assert (released(h), h.runtime.now) == (7 * 65536, 1)
    assert deadline(h) == 1 + 1_120_000_000


def test_where_the_clock_goes_back_a_physical_page_counts_as_10_us() -> None:
    h = working()
    h.runtime.now = (1 << 63) - 80_000
    with pytest.raises(Throw, match="timer when must be positive"):
        # The clock wraps within the first quantum. The six that follow take their time, but the clock is below zero.
        sysmon(h.runtime)
    assert released(h) == 7 * 65536
    assert h.runtime.now == -(1 << 63) - 80_000 + 1_120_000
    assert not h.runtime.scavenge.parked


def test_large_physical_pages_take_fewer_of_them() -> None:
    h = working(phys_page=65536)
    sysmon(h.runtime)
    # A quantum is one physical page, and 100 of them a millisecond.
    assert released(h) == 100 * 65536


def test_an_empty_search_takes_time_so_that_the_round_ends() -> None:
    h = working()
    h.scavenge_goal = 0
    h.pages.scavenge((1 << 64) - 1)
    before = h.runtime.now
    sysmon(h.runtime)
    assert h.runtime.now == before + 1_000_000
    assert (deadline(h), h.runtime.scavenge.parked) == (0, True)


def test_a_round_that_runs_out_of_memory_spins_for_the_rest_of_its_millisecond() -> None:
    h = working()
    h.scavenge_goal = 0
    h.runtime.phys_huge_page_size = 0
    while (left := 1536 * 16 * PAGE - released(h)) > 65536:
        h.pages.scavenge(left - 65536)
    before = h.runtime.now
    sysmon(h.runtime)
    assert h.runtime.now == before + 160_000 + 84 * 10_000
    assert deadline(h) == h.runtime.now + SECOND


def test_with_fake_time_a_round_is_one_quantum() -> None:
    h = working()
    h.runtime.faketime = 1
    sysmon(h.runtime)
    assert released(h) == 65536
    assert deadline(h) == h.runtime.now + SECOND


def test_a_round_that_released_a_part_of_a_physical_page_throws() -> None:
    h = working()
    h.runtime.phys_huge_page_size = 0
    # Two pages, 16 KiB, are left to release: 8 KiB at a time would be half a physical page.
    h.scavenge_goal = heap_retained(h.runtime) - 1
    h.runtime.phys_page_size = 12288
    h.pages.scav.in_use.remove_greater_equal(h.pages.in_use.ranges[0].base + CHUNK)
    for page in range(16, 512, 64):
        h.pages.alloc_range(h.pages.in_use.ranges[0].base + page * PAGE, 48)
    h.pages.free(h.pages.in_use.ranges[0].base + 16 * PAGE, 1, False)
    with pytest.raises(Throw, match="released less than one physical page of memory"):
        sysmon(h.runtime)
    assert released(h) == PAGE
    assert not h.runtime.scavenge.parked


# When the controller fails.


def failed() -> Mheap:
    """The scavenger in its first sleep after the controller overflowed: no processor makes the share infinite."""
    h = working()
    sysmon(h.runtime)
    fire_timer(h.runtime)
    assert control_of(h).crit_sleep_ratio != 0.001
    h.runtime.gomaxprocs = 0
    fire_timer(h.runtime)
    return h


def test_a_controller_that_overflows_is_left_alone_for_five_seconds() -> None:
    h = failed()
    control = control_of(h)
    assert (control.crit_sleep_ratio, control.controller_cooldown) == (0.001, 5 * SECOND)
    assert control.crit_sleep_controller.input_overflow
    assert control.crit_sleep_controller.err_integral == 0.0
    assert h.runtime.scavenge.print_controller_reset


def test_the_cooldown_counts_work_and_sleep_and_runs_no_controller() -> None:
    h = failed()
    round_ns = 1_120_000 + 1_120_000_000
    left = 5 * SECOND
    for _ in range(4):
        fire_timer(h.runtime)
        left -= round_ns
        assert control_of(h).controller_cooldown == left
        assert control_of(h).crit_sleep_ratio == 0.001
    fire_timer(h.runtime)
    assert control_of(h).controller_cooldown == 0
    # Still infinite: only now does the controller see it again.
    fire_timer(h.runtime)
    assert control_of(h).controller_cooldown == 5 * SECOND


def test_a_cooldown_used_up_to_the_nanosecond_is_over() -> None:
    h = failed()
    control_of(h).controller_cooldown = 1_121_120_000
    fire_timer(h.runtime)
    assert control_of(h).controller_cooldown == 0
    h = failed()
    control_of(h).controller_cooldown = 1_121_120_001
    fire_timer(h.runtime)
    assert control_of(h).controller_cooldown == 1


def test_the_cooldown_grows_where_time_goes_back() -> None:
    h = failed()
    h.runtime.now -= 2 * SECOND
    slept = -2 * SECOND
    wake(h.runtime)
    assert control_of(h).controller_cooldown == 5 * SECOND - (slept + 1_120_000)


def test_the_trace_line_tells_a_reset_once() -> None:
    h = failed()
    h.runtime.scavtrace = 1
    h.sweep_done()
    h.sweep_done()
    first, second = h.runtime.take_printed().splitlines()
    assert first.endswith("% util [controller reset]")
    assert second.endswith("% util")


def test_the_work_and_sleep_of_no_time_at_all_divide_by_zero_and_reset() -> None:
    h = working()
    sysmon(h.runtime)
    # The sleep, seen from behind, undoes the work: the period is 0, and the share infinite.
    h.runtime.now -= 1_120_000
    wake(h.runtime)
    assert control_of(h).crit_sleep_controller.input_overflow
    assert not math.isnan(control_of(h).crit_sleep_ratio)


def test_a_sleep_beyond_the_end_of_time_throws() -> None:
    h = working()
    h.runtime.now = (1 << 63) - 2_000_000
    with pytest.raises(Throw, match="timer when must be positive"):
        sysmon(h.runtime)
    assert deadline(h) == 0
    assert not h.runtime.scavenge.parked


@pytest.mark.parametrize("ratio", [1e-300, 0.0])
def test_a_sleep_too_long_for_an_integer_throws(ratio: float) -> None:
    h = failed()
    control_of(h).crit_sleep_ratio = ratio
    with pytest.raises(Throw, match="timer when must be positive"):
        fire_timer(h.runtime)
