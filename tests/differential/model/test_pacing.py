"""Each operation of pacing follows the rule that docs/programs.md gives it."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.model.pacing import GrowthTooLarge
from pymodel.differential.programs.check import InvalidProgram, check_program
from pymodel.differential.programs.codec import decode_program, encode_program
from pymodel.differential.programs.operations import OPERATION_KINDS
from pymodel.differential.programs.program import Operation, Program, Span
from tests.differential.decoded_runs import CHUNK_0XC000, Ran, run, run_text

ARENA_BASE = 1 << 44
CHUNK = 4 << 20
ARENA = 64 << 20
PAGE = 8192
MAX = (1 << 64) - 1
MILLION = 1_000_000
PACING_START = {"scavengeGoal": MAX, "now": 1, "bgscavenge.started": 1, "scavenge.parked": 1}

# Three chunks, of which 64 pages in each 100 are free and none is released, a goal of a page, and a round of work.
WORK = """
s0 = span 1536
free s0 pages=0..64
free s0 pages=100..164
free s0 pages=200..264
free s0 pages=300..364
free s0 pages=400..464
free s0 pages=600..664
free s0 pages=700..764
free s0 pages=800..864
free s0 pages=900..964
free s0 pages=1100..1164
free s0 pages=1200..1264
mark_termination 1 4194304
sweep_done
sysmon
"""


def paced(operations: str, *, outside: bool = False, heap: str = "") -> Ran:
    return run_text(operations, outside=outside, heap=heap, pacing=True)


def bits(x: float) -> int:
    word: int = struct.unpack("<Q", struct.pack("<d", x))[0]
    return word


def last_scalars(ran: Ran) -> dict[str, int]:
    return ran.states[-1].scalars


def test_the_surroundings_of_a_clean_heap() -> None:
    scalars = paced("").states[0].scalars
    plain = run_text("").states[0].scalars
    assert scalars == plain | PACING_START


def test_the_scavengers_variables_are_seen_from_its_first_waking() -> None:
    ran = paced("wake")
    assert last_scalars(ran) == ran.states[0].scalars | {"critSleepRatio": bits(0.001)}


def test_tick_timer_and_sysmon_where_there_is_nothing_to_wake_for() -> None:
    ran = paced("tick 10ms\ntimer\nsysmon\nready\nsysmon\nsysmon")
    assert ran.did() == ["returned", "nothing", "returned", "returned", "returned", "returned"]
    assert [outcome.values for outcome in ran.outcomes] == [(), (), (0,), (), (1,), (0,)]
    start = ran.states[0].scalars
    assert ran.states[4].scalars == start | {"now": 10 * MILLION + 1, "scavenge.sysmonWake": 1}
    assert last_scalars(ran) == start | {"now": 10 * MILLION + 1, "critSleepRatio": bits(0.001)}


def test_a_tick_begins_with_sysmons_look() -> None:
    looked, woken = paced(WORK.replace("sysmon", "tick 0")), paced(WORK)
    assert looked.states[-1] == woken.states[-1]
    # The sleep that a look ends is measured from where the clock stands, and no look comes unasked for.
    ran = paced(WORK + "tick 1ms\nready\ntick 0\ntick 0")
    assert [state.scalars["heap_released"] for state in ran.states[-4:]] == [7 * 65536] * 2 + [14 * 65536] * 2


def test_a_whole_cycle_is_its_two_parts() -> None:
    parts, whole = (
        paced(f"s0 = span 512\nfree s0 pages=0..64\nscavtrace 1\n{cycle}\ntick 1s")
        for cycle in ("mark_termination 2 3\nsweep_done", "gc 2 3")
    )
    assert whole.states[-1] == parts.states[-1]
    assert whole.printed[-2] == parts.printed[-2] == "scav 0 0 KiB work, 0 KiB total, 87% util\n"
    assert last_scalars(whole)["heap_released"] == 7 * 65536


def test_a_cycle_that_cannot_tell_of_its_generation_asks_for_nobody() -> None:
    ran = paced("scavtrace 1\ngc 1 1")
    assert ran.did()[-1] == "panicked"
    assert last_scalars(ran)["scavengeGoal"] == MAX
    assert last_scalars(ran)["scavenge.sysmonWake"] == 0


def test_a_round_of_work_ends_asleep() -> None:
    ran = paced(WORK)
    assert ran.values == (1,)
    scalars = last_scalars(ran)
    # Seven quanta of eight pages, 160 us each, then a sleep of a thousand times that.
    assert scalars["heap_released"] == scalars["scav.released"] == 7 * 65536
    assert scalars["now"] == 1 + 7 * 160_000
    assert scalars["scavenge.timer"] == scalars["now"] + 1_120 * MILLION
    assert (scalars["scavenge.parked"], scalars["scavenge.sysmonWake"]) == (1, 0)


def test_tick_fires_the_timers_that_come_due() -> None:
    assert last_scalars(paced(WORK + "tick 1119999999ns"))["heap_released"] == 7 * 65536
    scalars = last_scalars(paced(WORK + "tick 1120ms"))
    assert scalars["heap_released"] == 14 * 65536
    # The work within a tick takes its time.
    assert scalars["now"] == 1 + 1_120_000 + 1_120 * MILLION + 1_120_000


def test_timer_goes_to_the_timer_and_fires_it() -> None:
    one, two = paced(WORK + "timer"), paced(WORK + "tick 1120ms")
    assert one.states[-1] == two.states[-1]

    ran = paced(WORK + "timer\n" * 14)
    # There is work for thirteen rounds; the thirteenth timer ends in waiting.
    assert ran.did()[-2:] == ["returned", "nothing"]
    assert last_scalars(ran)["heap_released"] == 11 * 64 * PAGE
    assert (last_scalars(ran)["scavenge.timer"], last_scalars(ran)["scavenge.parked"]) == (0, 1)


def test_wake_cuts_a_sleep_short_and_stops_its_timer() -> None:
    ran = paced(WORK + "ready\nwake")
    before, after = ran.states[-2].scalars, ran.states[-1].scalars
    assert after["scavenge.sysmonWake"] == 0
    assert after["scavenge.timer"] != before["scavenge.timer"]
    assert after["heap_released"] > before["heap_released"]


def test_gomaxprocs_and_the_cost_of_scavenging_are_what_the_scavenger_sees() -> None:
    cheap = last_scalars(paced("scavenge_cost 1us\n" + WORK))
    assert (cheap["now"], cheap["heap_released"]) == (1 + 1_008_000, 63 * 65536)
    dear = last_scalars(paced("scavenge_cost 1ms\n" + WORK))
    assert (dear["now"], dear["heap_released"]) == (1 + 16 * MILLION, 65536)
    one, eight = (last_scalars(paced(f"gomaxprocs {n}\n{WORK}timer"))["critSleepRatio"] for n in (1, 8))
    assert one != eight
    four, default = (last_scalars(paced(f"{text}{WORK}timer"))["critSleepRatio"] for text in ("gomaxprocs 4\n", ""))
    assert four == default


def test_memory_given_back_by_any_operation_takes_time() -> None:
    ran = paced("grow 0xc000 chunks=1\ns0 = alloc 512\nfree s0\nstart_gen\nscavenge 1")
    assert ran.values == (2 << 20,)
    assert last_scalars(ran)["now"] == 1 + 512 * 10_000


def test_with_fake_time_a_round_is_one_quantum() -> None:
    assert last_scalars(paced("faketime 1\n" + WORK))["heap_released"] == 65536
    assert last_scalars(paced("faketime 1\nfaketime 0\n" + WORK))["heap_released"] == 7 * 65536


def test_scavtrace_has_each_generation_tell_of_the_last() -> None:
    ran = paced("s0 = span 100\nsweep_done\nscavtrace 1\nsweep_done\nstart_gen\nscavtrace 0\nsweep_done")
    line = "0 KiB work, 3296 KiB total, 100% util\n"
    assert ran.printed == ["", "", "", f"scav 1 {line}", f"scav 2 {line}", "", ""]
    assert [state.scalars["scavenge.sysmonWake"] for state in ran.states[1:3]] == [0, 1]


def test_pace_and_mark_termination_set_the_goal() -> None:
    ran = paced("s0 = span 512\npace 1 1\nmark_termination 1 2\npace 1 0")
    goals = [(state.scalars["last_heap_inuse"], state.scalars["scavengeGoal"]) for state in ran.states[1:]]
    half = (CHUNK // 2 + CHUNK // 20 + 4095) // 4096 * 4096
    assert goals == [(0, MAX), (0, 0), (CHUNK, half), (CHUNK, MAX)]


def test_scavenge_all_takes_everything_and_lets_nobody_run() -> None:
    ran = paced(WORK + "scavenge_all")
    scalars = last_scalars(ran)
    assert (scalars["heap_released"], scalars["scav.released"]) == (11 * 64 * PAGE, 0)
    assert scalars["scavenge.timer"] == ran.states[-2].scalars["scavenge.timer"]


def test_span_grows_the_heap_and_counts_as_alloc_does() -> None:
    ran = paced("s0 = span 3\ns1 = span 3\nfree s0\ns2 = span 2")
    assert [outcome.values for outcome in ran.outcomes] == [
        (ARENA_BASE, 3 * PAGE, CHUNK),
        (ARENA_BASE + 3 * PAGE, 3 * PAGE, 0),
        (1,),
        (ARENA_BASE, 0, 0),
    ]
    scalars = last_scalars(ran)
    assert (scalars["curArena.base"], scalars["curArena.end"]) == (ARENA_BASE + CHUNK, ARENA_BASE + ARENA)
    assert (scalars["heap_sys"], scalars["heap_inuse"]) == (CHUNK, 5 * PAGE)
    assert (scalars["heap_released"], scalars["heapStats.committed"]) == (CHUNK - 6 * PAGE, 6 * PAGE)


def test_span_takes_what_grow_brought() -> None:
    ran = paced("grow 0xc000 chunks=1\ns0 = span 512\ns1 = span 1")
    assert [outcome.values[0] for outcome in ran.outcomes[1:]] == [CHUNK_0XC000, ARENA_BASE]


def test_a_span_that_grows_the_heap_above_its_goal_scavenges_as_much() -> None:
    ran = paced(WORK.replace("sysmon", "") + "pace 8388608 4194304\ns1 = span 513")
    goal = ran.states[-2].scalars["scavengeGoal"]
    assert goal == MAX
    ran = paced(WORK.replace("sysmon", "") + "s1 = span 513")
    goal = ran.states[-2].scalars["scavengeGoal"]
    assert goal < 3 * CHUNK
    _, scav, growth = ran.values
    assert (scav, growth) == (513 * PAGE, 2 * CHUNK)
    released = last_scalars(ran)["heap_released"] - (2 * CHUNK - scav)
    # At most the growth, and all that there is.
    assert released == 11 * 64 * PAGE
    assert last_scalars(ran)["scav.released"] == 0


def test_a_span_without_address_space_leaves_its_slot_empty() -> None:
    ran = paced(f"s0 = span {1 << 40}\nfree s0", outside=True)
    assert ran.did() == ["returned", "nothing"]
    assert ran.outcomes[0].values == (0, 0, 0)
    assert ran.printed[0] == "runtime: out of memory: cannot allocate 9007199254740992-byte block (0 in use)\n"
    assert ran.states[1] == ran.states[0]


def test_a_span_that_would_take_all_memory_is_refused_when_it_comes_to_it() -> None:
    program = Program((Span(0, 1), Span(1, 1 << 30)), outside_contract=True, pacing=True)
    check_program(program)
    with pytest.raises(GrowthTooLarge, match="to 2097168 chunks, of at most 1048576"):
        run_on_specification(program, 1)


def test_a_span_may_grow_the_heap_to_its_bound() -> None:
    ran = paced("s0 = span 4194304\ns1 = span 1")
    assert [outcome.values[2] for outcome in ran.outcomes] == [8192 * CHUNK, CHUNK]


def test_grow_keeps_off_what_spans_have_reserved() -> None:
    first = ARENA_BASE // CHUNK
    ran = paced(f"s0 = span 1\ngrow {first + 1} chunks=1\ngrow {first + 15} chunks=2\ngrow {first + 16} chunks=1")
    assert ran.did() == ["returned", "nothing", "nothing", "returned"]
    # The arena that grow took is in the way: what is left of the first is grown, and a third reserved.
    ran = paced(f"s0 = span 1\ngrow {first + 16} chunks=1\ns1 = span 8192")
    assert ran.values[2] == 15 * CHUNK + ARENA
    assert last_scalars(ran)["curArena.base"] == last_scalars(ran)["curArena.end"] == ARENA_BASE + 3 * ARENA


def test_heap_retained_is_what_was_mapped_and_not_given_back() -> None:
    assert paced("s0 = span 3\nheap_retained").values == (3 * PAGE,)
    assert paced("poke_stats 1 2 0\nheap_retained", outside=True).values == (MAX,)


def test_print_scav_trace_prints_its_line_and_divides_by_what_is_retained() -> None:
    ran = paced("poke_stats 10240 2048 81920\nprint_scav_trace 7 2047 forced\nprint_scav_trace 7 2048", outside=True)
    assert ran.printed[1:] == [
        "scav 7 1 KiB work, 2 KiB total, 1000% util (forced)\n",
        "scav 7 2 KiB work, 2 KiB total, 1000% util\n",
    ]
    ran = paced("print_scav_trace 0 0")
    assert ran.did() == ["panicked"]
    assert (ran.last.panic_kind, ran.last.text) == (4, "runtime error: integer divide by zero")
    assert ran.printed == [""]


def test_a_part_in_use_that_overflows_wraps() -> None:
    ran = paced(f"poke_stats 1 0 {(1 << 64) // 100 + 1}\nprint_scav_trace 0 0", outside=True)
    assert ran.printed[1] == f"scav 0 0 KiB work, 0 KiB total, {((1 << 64) // 100 + 1) * 100 % (1 << 64)}% util\n"


def test_poked_page_sizes_are_what_the_scavenger_asks_for() -> None:
    work = "s0 = span 512\nfree s0\nstart_gen\n"
    ran = paced(work + "poke_phys_page 24576\nscavenge 1", outside=True)
    assert ran.last.text == "min must be a non-zero power of 2"
    assert ran.printed[-1] == "runtime: min = 3\n"
    assert paced(work + "poke_phys_page 1048576\nscavenge 1", outside=True).last.text == "min too large"


def test_poked_pages_of_summaries_may_be_thought_mapped_and_are_not() -> None:
    # Each summary level is mapped in pages of 4 KiB; from now on growing thinks in pages of 64 KiB, so that what lies
    # next to a range in use counts as mapped with it.
    ran = paced("grow 0xc000 chunks=1\npoke_phys_page 65536\ngrow 0xc200 chunks=1", outside=True)
    assert ran.did() == ["returned", "returned", "panicked"]
    assert ran.last.panic_kind == 3
    assert paced("grow 0xc000 chunks=1\ngrow 0xc200 chunks=1", outside=True).did() == ["returned"] * 2


def test_a_poked_clock_may_stand_before_time_began() -> None:
    ran = paced("poke_clock -9223372036854775808\ntick 1ns\npoke_clock 9223372036854775807\ntick 1ns", outside=True)
    assert [state.scalars["now"] for state in ran.states[1:]] == [1 << 63, (1 << 63) + 1, (1 << 63) - 1, (1 << 63) - 1]


def test_a_failure_of_the_scavenger_is_that_of_the_operation_that_let_it_run() -> None:
    ran = paced("poke_clock 9223372036854775000" + WORK, outside=True)
    assert ran.did()[-1] == "thrown"
    assert ran.last.text == "timer when must be positive"
    assert last_scalars(ran)["scavenge.parked"] == 0


def test_poked_statistics_overflow_where_the_heap_grows() -> None:
    ran = paced("poke_stats 9223372036854775807 0 0\ns0 = span 1", outside=True)
    assert ran.last.text == "sysMemStat overflow"
    assert ran.printed[-1] == f"runtime: val={(1 << 63) - 1 + CHUNK} n={CHUNK}\n"
    assert last_scalars(ran)["heap_sys"] == (1 << 63) - 1 + CHUNK
    assert last_scalars(ran)["heap_released"] == 0


def test_no_page_grows_the_heap_by_nothing_which_cannot_overflow() -> None:
    ran = paced(f"poke_stats {1 << 63} 0 0\ns0 = span 0", outside=True)
    assert ran.last.text == "attempted to add zero-sized address range"
    assert ran.printed[-1] == "runtime: range = {0x0, 0x0}\n"


CONTROLLER = (0.3375, 3.2e6, 1e9, 0.001, 1000.0)


def pi_next(*words: int) -> tuple[int, ...]:
    return paced("call pi_next " + " ".join(map(str, words))).values


def test_pi_next_takes_and_gives_bits() -> None:
    parameters = tuple(map(bits, CONTROLLER))
    output = 0.3375 * (0.01 - 0.005) + 0.5
    integral = 0.5 + ((0.3375 * 1e6 / 3.2e6) * (0.01 - 0.005) + (1e6 / 1e9) * (output - output))
    sample = bits(0.005), bits(0.01), bits(1e6)
    assert pi_next(*parameters, bits(0.5), 0, 7, *sample) == (bits(output), 1, bits(integral), 0, 1)
    not_a_number = 0x7FF0000000000001
    assert pi_next(*parameters[:3], not_a_number, 0, 0, 0, 0, bits(float("inf")), 0, 0) == (not_a_number, 0, 0, 0, 1)
    assert pi_next(*parameters, bits(-1.7e308), 0, 0, bits(1e300), 0, bits(1e20)) == (bits(0.001), 0, 0, 1, 0)


def test_pi_reset_forgets_the_integral_and_keeps_the_flags() -> None:
    assert paced(f"call pi_reset {0x7FF8 << 48} 9 0").values == (0, 1, 0)


@given(st.lists(st.integers(0, MAX), min_size=11, max_size=11))
def test_whatever_pi_next_is_given_its_state_stays_finite(words: list[int]) -> None:
    _, ok, integral, err_overflow, input_overflow = pi_next(*words)
    assert ok in (0, 1)
    if not ok:
        assert integral == 0
        assert err_overflow or input_overflow


def test_every_operation_of_pacing_needs_its_label() -> None:
    for kind in OPERATION_KINDS:
        if kind.pacing_only:
            make: Callable[..., Operation] = kind.value_class
            operation = make(*(field.bounds[0] for field in kind.fields))
            check_program(Program((operation,), outside_contract=kind.outside_only, pacing=True))
            with pytest.raises(InvalidProgram, match="is pacing, and the program is not labelled so"):
                check_program(Program((operation,), outside_contract=True))


def test_a_program_runs_as_well_from_its_bytes() -> None:
    program = decode_program(encode_program(Program((Span(0, 1),), pacing=True), 1)).program
    assert run(program).values == (ARENA_BASE, PAGE, CHUNK)
