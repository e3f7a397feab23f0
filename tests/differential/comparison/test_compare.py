"""Planted differences of every kind are found at their step and told in the words of the page heap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from pymodel.differential.comparison.compare import Divergence, compare
from pymodel.differential.comparison.strictness import EXACT, Part, Strictness, strictness_ignoring
from pymodel.differential.errors import BadInput, TargetLied
from pymodel.differential.model.interpreter import run_on_specification
from pymodel.differential.model.observed import PLAIN_SCALARS, Scalar
from pymodel.differential.programs.program import Program
from pymodel.wire import pageheap_pb2 as pb
from tests.differential.decoded_runs import CHUNK_0XC000, INDEX_0XC000, program_of

Change = Callable[[pb.Transcript], object]

SCAVENGING = program_of("""
    grow 0xc000 chunks=2
    s0 = alloc 1024
    free s0
    start_gen
    scavenge 65536
    r0 = reserve
""")
SCAVENGE_STEP = 4
THROWING = program_of("start_gen\ncall ranges_add 0x5 0x5 []", outside=True)


def transcript(program: Program, *changes: Change) -> bytes:
    """The specification's transcript with changes made to it."""
    message = pb.Transcript.FromString(run_on_specification(program, 1))
    for change in changes:
        change(message)
    return message.SerializeToString(deterministic=True)


def against_model(
    program: Program, *changes: Change, strictness: Strictness = EXACT, names: tuple[str, ...] = ("go",)
) -> Divergence | None:
    """Compares the specification with targets that all made these changes."""
    changed = transcript(program, *changes)
    transcripts = {"model": transcript(program), **dict.fromkeys(names, changed)}
    return compare(program, transcripts, program_id=1, strictness=strictness)


def in_observations(step: int, change: Callable[[pb.Observation], object]) -> Change:
    """Changes what a step reports and the state at the end alike, so that the transcript does not contradict itself."""

    def both(message: pb.Transcript) -> None:
        change(message.steps[step].observation)
        change(message.end)

    return both


def set_scalar(step: int, field: str, value: int) -> Change:
    return in_observations(step, lambda observation: setattr(observation, field, value))


def set_bits(step: int, index: int, **bitmaps: int) -> Change:
    """Sets bitmaps of one chunk that the observations list by itself."""

    def change(observation: pb.Observation) -> None:
        (run,) = (run for run in observation.chunks if run.index == index and run.count == 1)
        for name, bits in bitmaps.items():
            setattr(run, name, bits.to_bytes(64, "little"))

    return in_observations(step, change)


def texts(divergence: Divergence | None) -> list[str]:
    assert divergence is not None
    return list(map(str, divergence.differences))


def returned_values(step: int, *values: int) -> Change:
    def change(message: pb.Transcript) -> None:
        message.steps[step].outcome.returned.values[:] = values

    return change


def test_equal_transcripts_agree() -> None:
    assert against_model(SCAVENGING) is None


def test_a_pages_difference_is_told_as_the_ranges_that_each_has() -> None:
    # The specification scavenges a huge page off the top: [256, 512).
    divergence = against_model(SCAVENGING, set_bits(SCAVENGE_STEP, INDEX_0XC000 + 1, scavenged=(1 << 512) - (1 << 384)))
    assert divergence is not None
    assert divergence.step == SCAVENGE_STEP
    assert texts(divergence) == ["chunk 0xc001 (at 0x3000400000) scavenged: model [256,512) go [384,512)"]
    assert divergence.signature == "scavenge: chunk.scavenged"
    assert divergence.suspect.function == "(*pallocData).findScavengeCandidate"


def test_many_ranges_are_told_only_where_they_differ() -> None:
    scattered = sum(1 << page for page in range(0, 512, 3))
    divergence = against_model(SCAVENGING, set_bits(SCAVENGE_STEP, INDEX_0XC000 + 1, scavenged=scattered ^ (3 << 300)))
    other = transcript(SCAVENGING, set_bits(SCAVENGE_STEP, INDEX_0XC000 + 1, scavenged=scattered))
    assert divergence is not None
    changed = transcript(SCAVENGING, set_bits(SCAVENGE_STEP, INDEX_0XC000 + 1, scavenged=scattered ^ (3 << 300)))
    assert texts(compare(SCAVENGING, {"go": other, "port": changed})) == [
        "chunk 0xc001 (at 0x3000400000) scavenged: "
        "go [300,301) of those that differ port [301,302) of those that differ"
    ]


def test_neighbours_that_differ_alike_are_told_as_one_run() -> None:
    def not_scavenged(observation: pb.Observation) -> None:
        for run in observation.chunks:
            run.scavenged = bytes(64)

    program = program_of("grow 0xc000 chunks=16")
    divergence = against_model(program, in_observations(0, not_scavenged))
    assert texts(divergence) == ["chunks [0xc000,0xc010) (from 0x3000000000) scavenged: model [0,512) go none"]
    assert divergence is not None
    assert divergence.suspect.function == "(*pageAlloc).grow"


def test_results_are_told_by_name() -> None:
    divergence = against_model(SCAVENGING, returned_values(1, 0x3000002000, 7))
    assert texts(divergence) == [
        "returned address: model 0x3000000000 go 0x3000002000",
        "returned scav: model 8388608 go 7",
    ]
    assert divergence is not None
    assert divergence.step == 1
    assert divergence.signature == "alloc: outcome.address, outcome.scav"
    assert divergence.suspect.function == "(*pageAlloc).find"


def test_results_of_calls_are_told_in_their_forms() -> None:
    program = program_of("call set_range [] 3 2\ncall ranges_add 0x1000 0x2000 [0x5000..0x6000]")
    divergence = against_model(program, returned_values(0, 8, *(0,) * 7))
    assert texts(divergence) == ["returned bits: model [3,5) go [3,4)"]
    assert divergence is not None
    assert divergence.signature == "call set_range: outcome.bits"
    assert str(divergence.suspect) == "(*pageBits).setRange, mpallocbits.go: the call runs it and nothing else"
    divergence = against_model(program, returned_values(1, 0x2000, 0x1000, 0x2000))
    assert texts(divergence) == ["returned ranges: model [0x1000,0x2000) [0x5000,0x6000) go [0x1000,0x2000)"]


def test_different_ways_of_ending_are_told_in_full() -> None:
    def throws(message: pb.Transcript) -> None:
        message.steps[1].outcome.thrown.text = "bad summary data 0x17"
        del message.steps[2:]
        message.end.CopyFrom(pb.Transcript.FromString(run_on_specification(Program(SCAVENGING.operations[:2]), 1)).end)

    divergence = against_model(SCAVENGING, throws)
    assert texts(divergence) == [
        'outcome: model returned address=0x3000000000 scav=8388608 go threw "bad summary data 0x17"'
    ]
    assert divergence is not None
    assert divergence.signature == 'alloc: returned against threw "bad summary data N"'


def test_an_operation_that_did_nothing_differs_from_one_that_returned() -> None:
    def did_nothing(message: pb.Transcript) -> None:
        message.steps[3].outcome.nothing.SetInParent()

    divergence = against_model(SCAVENGING, did_nothing)
    assert texts(divergence) == ["outcome: model returned go did nothing"]


def test_kinds_of_panic_with_one_text_differ() -> None:
    program = program_of("grow 0xc000 chunks=1\ns0 = alloc 0", outside=True)

    def faults(message: pb.Transcript) -> None:
        message.steps[1].outcome.panicked.kind = pb.PANIC_KIND_MEMORY_FAULT

    text = '"runtime error: invalid memory address or nil pointer dereference"'
    divergence = against_model(program, faults)
    assert texts(divergence) == [f"outcome: model panicked {text} (nil dereference) go panicked {text} (memory fault)"]


def test_printed_text_is_compared() -> None:
    def prints_more(message: pb.Transcript) -> None:
        message.steps[1].printed += "more\n"

    divergence = against_model(THROWING, prints_more)
    assert texts(divergence) == [
        r"printed: model 'runtime: range = {0x5, 0x5}\n' go 'runtime: range = {0x5, 0x5}\nmore\n'"
    ]


@pytest.mark.parametrize("found", PLAIN_SCALARS, ids=lambda scalar: scalar.go_name)
def test_every_scalar_is_told_by_its_name(found: Scalar) -> None:
    divergence = against_model(SCAVENGING, set_scalar(SCAVENGE_STEP + 1, found.field, 4097))
    (text,) = texts(divergence)
    assert text.startswith(f"{found.go_name}: model ")
    assert text.endswith(" go 0x1001" if found.is_address else " go 4097")
    assert divergence is not None
    assert divergence.signature == f"reserve: {found.go_name}"
    assert divergence.step == SCAVENGE_STEP + 1


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("last_heap_inuse", 5, "last_heap_inuse: model 8388608 go 5"),
        ("scavenge_goal", 4096, "scavengeGoal: model off go 4096"),
        ("cur_arena_base", 0x1000, "curArena.base: model 0x100000800000 go 0x1000"),
        ("cur_arena_end", 0x1000, "curArena.end: model 0x100004000000 go 0x1000"),
        ("now_ns", (1 << 64) - 7, "now: model 1 ns go -7 ns"),
        ("background_started", 0, "bgscavenge.started: model true go false"),
        ("scavenge_parked", 0, "scavenge.parked: model true go false"),
        ("scavenge_timer_ns", 12, "scavenge.timer: model not armed go 12 ns"),
        ("scavenge_sysmon_wake", 1, "scavenge.sysmonWake: model 0 go 1"),
        ("scavenge_print_controller_reset", 1, "scavenge.printControllerReset: model false go true"),
        ("scavenge_print_controller_reset", 2, "scavenge.printControllerReset: model false go 2"),
        (
            "crit_sleep_ratio",
            0x7FF8000000000001,
            "critSleepRatio: model 0.001 (0x3f50624dd2f1a9fc) go nan (0x7ff8000000000001)",
        ),
        (
            "controller_err_integral",
            1 << 63,
            "critSleepController.errIntegral: model 0.0 (0x0000000000000000) go -0.0 (0x8000000000000000)",
        ),
        ("controller_err_overflow", 1, "critSleepController.errOverflow: model false go true"),
        ("controller_input_overflow", 1, "critSleepController.inputOverflow: model false go true"),
        ("controller_cooldown_ns", 5 * 10**9, "controllerCooldown: model 0 ns go 5000000000 ns"),
    ],
)
def test_every_scalar_of_pacing_is_told_as_what_it_is(field: str, value: int, told: str) -> None:
    program = program_of("s0 = span 1024\nmark_termination 1 1\nready\nwake\nheap_retained", pacing=True)
    divergence = against_model(program, set_scalar(4, field, value))
    assert texts(divergence) == [told]
    assert divergence is not None
    assert divergence.signature == f"heap_retained: {told.partition(':')[0]}"


def test_a_timer_that_follows_from_the_ratio_is_no_cause_of_its_own() -> None:
    program = program_of("s0 = span 1024\nmark_termination 1 1\nready\nwake\nheap_retained", pacing=True)
    timer = set_scalar(4, "scavenge_timer_ns", 12)
    for cause, name in (("crit_sleep_ratio", "critSleepRatio"), ("now_ns", "now")):
        divergence = against_model(program, timer, set_scalar(4, cause, 7))
        assert divergence is not None
        assert len(divergence.differences) == 2
        assert divergence.signature == f"heap_retained: {name}"


def test_time_that_follows_from_pages_is_no_cause_of_its_own() -> None:
    program = program_of("grow 0xc000 chunks=1\nheap_retained", pacing=True)
    divergence = against_model(program, set_bits(0, INDEX_0XC000, scavenged=1), set_scalar(0, "now_ns", 7))
    assert divergence is not None
    assert divergence.signature == "grow: chunk.scavenged"


def test_floats_that_a_call_returns_are_told_by_value_and_bits() -> None:
    program = program_of("call pi_reset 0x3ff0000000000000 0 1", pacing=True)
    divergence = against_model(program, returned_values(0, 0x8000000000000000, 0, 1))
    assert texts(divergence) == ["returned err_integral: model 0.0 (0x0000000000000000) go -0.0 (0x8000000000000000)"]
    assert divergence is not None
    assert divergence.suspect.function == "(*piController).reset"


def test_summaries_are_told_by_level_index_and_counts() -> None:
    def fewer(observation: pb.Observation) -> None:
        (run,) = (run for run in observation.summaries if run.level == 3)
        run.value = 5 | 6 << 21 | 7 << 42

    program = program_of("grow 0xc000 chunks=1\ns0 = alloc 2")
    divergence = against_model(program, in_observations(1, fewer))
    assert texts(divergence) == [
        f"summary level 3 [{INDEX_0XC000 >> 3}]: model (start 0, max 510, end 0) go (start 5, max 6, end 7)"
    ]
    assert divergence is not None
    assert divergence.suspect.function == "(*pageAlloc).update"


def test_range_sets_are_told_as_ranges_and_sums() -> None:
    def trimmed(observation: pb.Observation) -> None:
        observation.scav_in_use.CopyFrom(pb.RangeSet(bounds=[0x1000, 0x2000], total_bytes=4096))

    divergence = against_model(SCAVENGING, in_observations(5, trimmed))
    assert divergence is not None
    first, second = texts(divergence)
    assert first.startswith("scav.inUse: model ")
    assert first.endswith(" go [0x1000,0x2000)")
    assert second.startswith("scav.inUse.totalBytes: model ")
    assert divergence.signature == "reserve: scav.inUse.ranges"
    assert divergence.suspect.function == "(*pageAlloc).scavengeReserve"


def test_summary_lengths_are_compared() -> None:
    def shorter(observation: pb.Observation) -> None:
        observation.summary_lengths.lengths[4] -= 8

    program = program_of("grow 0xc000 chunks=1")
    divergence = against_model(program, in_observations(0, shorter))
    assert divergence is not None
    assert divergence.signature == "grow: summary_lengths"
    assert divergence.suspect.function == "(*pageAlloc).sysGrow"


def test_a_clean_heap_that_differs_is_told_before_any_step() -> None:
    def everywhere(message: pb.Transcript) -> None:
        message.start.free_hwm = message.end.free_hwm = 0xFFFF800000000000

    divergence = against_model(Program(()), everywhere)
    assert texts(divergence) == ["scav.freeHWM: model 0x0 go 0xffff800000000000"]
    assert divergence is not None
    assert (divergence.step, divergence.operation) == (None, None)
    assert divergence.signature == "start: scav.freeHWM"


def test_only_the_first_step_that_differs_is_told() -> None:
    divergence = against_model(SCAVENGING, set_scalar(2, "heap_sys", 1), set_scalar(4, "scav_gen", 9))
    assert divergence is not None
    assert divergence.step == 2
    assert {difference.field for difference in divergence.differences} == {"heap_sys"}


def test_of_three_targets_the_one_that_stands_alone_is_named() -> None:
    changed = transcript(SCAVENGING, set_scalar(2, "heap_sys", 1))
    same = transcript(SCAVENGING)
    divergence = compare(SCAVENGING, {"model": same, "port": changed, "go": same})
    assert texts(divergence) == ["heap_sys: model and go 8388608 port 1"]
    assert divergence is not None
    assert divergence.alone == "port"


def test_where_all_differ_nobody_stands_alone() -> None:
    changed = [transcript(SCAVENGING, set_scalar(2, "heap_sys", value)) for value in (1, 2)]
    divergence = compare(SCAVENGING, {"model": transcript(SCAVENGING), "a": changed[0], "b": changed[1]})
    assert texts(divergence) == ["heap_sys: model 8388608 a 1 b 2"]
    assert divergence is not None
    assert divergence.alone is None


def test_with_two_targets_nobody_stands_alone() -> None:
    divergence = against_model(SCAVENGING, set_scalar(2, "heap_sys", 1))
    assert divergence is not None
    assert divergence.alone is None


def test_a_target_that_sends_only_complete_observations_agrees() -> None:
    complete = run_on_specification(SCAVENGING, 1, checkpoint_interval=1)
    assert complete != transcript(SCAVENGING)
    assert compare(SCAVENGING, {"model": transcript(SCAVENGING), "port": complete}) is None


def test_a_target_that_sends_only_complete_observations_is_compared_with_all_of_them() -> None:
    # It has lost a chunk and its summaries, which therefore are in no list of its.
    message = pb.Transcript.FromString(run_on_specification(SCAVENGING, 1, checkpoint_interval=1))
    for observation in (*(step.observation for step in message.steps[SCAVENGE_STEP:]), message.end):
        del observation.chunks[0]
        del observation.summaries[0]
    divergence = compare(SCAVENGING, {"model": transcript(SCAVENGING), "port": message.SerializeToString()})
    assert divergence is not None
    assert divergence.step == SCAVENGE_STEP
    assert texts(divergence) == [
        "chunk 0xc001 (at 0x3000400000) scavenged: model [256,512) port none",
        f"summary level 0 [{INDEX_0XC000 >> 12}]: model (start 1024, max 1024, end 0) port (start 0, max 0, end 0)",
    ]


def test_what_follows_from_pages_and_ranges_is_not_in_the_signature() -> None:
    def scavenged_less(observation: pb.Observation) -> None:
        observation.heap_released -= 8192
        observation.scav_lwm += 8192
        observation.scav_in_use.bounds[1] += 8192
        observation.scav_in_use.total_bytes += 8192

    divergence = against_model(
        Program(SCAVENGING.operations[: SCAVENGE_STEP + 1]),
        returned_values(SCAVENGE_STEP, 2088960),
        in_observations(SCAVENGE_STEP, scavenged_less),
    )
    assert divergence is not None
    assert [difference.field for difference in divergence.differences] == [
        "outcome.released",
        "scav.scavLWM",
        "heap_released",
        "scav.inUse.ranges",
        "scav.inUse.totalBytes",
    ]
    assert divergence.signature == "scavenge: outcome.released, scav.inUse.ranges"


def test_an_encoding_that_is_not_canonical_agrees() -> None:
    def split(message: pb.Transcript) -> None:
        run = message.steps[0].observation.chunks[0]
        run.count -= 1
        message.steps[0].observation.chunks.add(
            index=run.index + 1, count=1, allocated=run.allocated, scavenged=run.scavenged
        )

    assert transcript(SCAVENGING, split) != transcript(SCAVENGING)
    assert against_model(SCAVENGING, split) is None


@dataclass(frozen=True)
class Ignoring:
    """Names to ignore, and a difference that they cover."""

    names: tuple[str, ...]
    change: Change
    program: Program = SCAVENGING


def other_text(message: pb.Transcript) -> None:
    message.steps[1].outcome.thrown.text = "another text"


def other_print(message: pb.Transcript) -> None:
    message.steps[1].printed = "another text"


def other_summary(observation: pb.Observation) -> None:
    observation.summaries[0].value = 1


def other_length(observation: pb.Observation) -> None:
    observation.summary_lengths.lengths[0] = 1


@pytest.mark.parametrize(
    "case",
    [
        Ignoring(("printed",), other_print, THROWING),
        Ignoring(("failure-text",), other_text, THROWING),
        Ignoring(("scav.scavLWM", "heap_sys"), set_scalar(2, "heap_sys", 1)),
        Ignoring(("summaries",), in_observations(0, other_summary), program_of("grow 0xc000 chunks=1")),
        Ignoring(("summary-lengths",), in_observations(0, other_length), program_of("grow 0xc000 chunks=1")),
    ],
    ids=lambda case: case.names[0],
)
def test_what_is_ignored_by_name_is_no_divergence(case: Ignoring) -> None:
    assert against_model(case.program, case.change) is not None
    assert against_model(case.program, case.change, strictness=strictness_ignoring(case.names)) is None


def test_a_throw_is_told_from_a_return_even_if_texts_are_ignored() -> None:
    def returns(message: pb.Transcript) -> None:
        message.steps[1].outcome.returned.values[:] = [0]

    assert against_model(THROWING, returns, strictness=strictness_ignoring(["failure-text"])) is not None


def test_strictness_is_told_and_refuses_unknown_names() -> None:
    assert str(EXACT) == "everything, exactly"
    assert str(Strictness(frozenset({Part.PRINTED}), frozenset({"heap_sys"}))) == "all but heap_sys, printed"
    with pytest.raises(BadInput, match="'prnted' is nothing that a comparison can ignore; choose from printed, "):
        strictness_ignoring(["prnted"])


def clear(field: str, step: int | None = None) -> Change:
    def change(message: pb.Transcript) -> None:
        (message.end if step is None else message.steps[step].observation).ClearField(field)

    return change


def add_chunk(**fields: int | bytes) -> Change:
    def change(message: pb.Transcript) -> None:
        run = message.steps[1].observation.chunks.add(
            index=INDEX_0XC000, count=1, allocated=bytes(64), scavenged=bytes(64)
        )
        for name, value in fields.items():
            setattr(run, name, value)

    return change


def add_summary(**fields: int) -> Change:
    def change(message: pb.Transcript) -> None:
        run = message.steps[3].observation.summaries.add(level=4, index=INDEX_0XC000, count=1, value=0)
        for name, value in fields.items():
            setattr(run, name, value)

    return change


def claims_more_in_use(message: pb.Transcript) -> None:
    in_use = message.steps[0].observation.in_use
    in_use.bounds[:] = [CHUNK_0XC000, CHUNK_0XC000 + 3 * (4 << 20)]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda m: setattr(m, "program_id", 9), "answered program 1 with the transcript of 9"),
        (lambda m: m.steps.pop(), "stopped after 5 of 6 operations without a failure"),
        (lambda m: m.steps.add().CopyFrom(m.steps[3]), "answered 6 operations with more steps"),
        (lambda m: m.steps[2].outcome.thrown.SetInParent(), "went on after the failure of operations[2]"),
        (lambda m: m.steps[2].ClearField("outcome"), "gave operations[2] no outcome"),
        (
            lambda m: m.steps[2].outcome.returned.values.append(1),
            "returned 2 words from operations[2], which returns runs",
        ),
        (
            lambda m: m.steps[3].outcome.returned.values.append(1),
            "returned 1 words from operations[3], which returns nothing",
        ),
        (lambda m: m.start.ClearField("complete"), "did not observe the whole state (at the start)"),
        (lambda m: m.end.ClearField("complete"), "did not observe the whole state (at the end)"),
        (clear("heap_sys"), "left heap_sys out of a complete observation (at the end)"),
        (clear("in_use"), "left in_use out of a complete observation (at the end)"),
        (lambda m: setattr(m.start, "now_ns", 1), "reported now_ns in a program without pacing (at the start)"),
        (clear("scav_gen", 3), "reported changes that do not add up to the state at the end: scalars differ"),
        (clear("chunks"), "reported changes that do not add up to the state at the end: chunks differ"),
        (clear("summaries", 2), "reported changes that do not add up to the state at the end: summaries differ"),
        (
            add_chunk(),
            f"reported chunk {INDEX_0XC000} behind or within the run that ends at "
            f"{INDEX_0XC000 + 2} (after operations[1])",
        ),
        (add_chunk(index=INDEX_0XC000 + 2), "which are not all in use (after operations[1])"),
        (add_chunk(index=INDEX_0XC000 + 2, count=0), "reported an empty chunk run (after operations[1])"),
        (
            add_chunk(index=INDEX_0XC000 + 2, scavenged=b"x"),
            "with a bitmap that has not 64 bytes (after operations[1])",
        ),
        (add_summary(level=5), "reported a summary of level 5 after one of level 0 (after operations[3])"),
        (
            add_summary(index=INDEX_0XC000 + 1, count=2),
            "which are not all on the path of a chunk in use (after operations[3])",
        ),
        (add_summary(count=0), "reported an empty level 4 summary run (after operations[3])"),
        (lambda m: m.steps[3].observation.in_use.SetInParent(), "without total_bytes (after operations[3])"),
        (claims_more_in_use, "has 3 chunks in use, but the program grows 2 (after operations[0])"),
        (
            lambda m: m.steps[3].observation.summary_lengths.SetInParent(),
            "reported 0 summary lengths, not 5 (after operations[3])",
        ),
    ],
)
def test_a_transcript_that_contradicts_itself_is_a_lie(change: Change, what: str) -> None:
    with pytest.raises(TargetLied) as caught:
        against_model(SCAVENGING, change)
    assert caught.value.target == "go"
    assert caught.value.what.endswith(what)


def test_what_is_no_transcript_is_a_lie() -> None:
    with pytest.raises(TargetLied, match="answered with what is no transcript"):
        compare(SCAVENGING, {"model": transcript(SCAVENGING), "go": b"\xff\xff"})


def test_a_lie_is_told_before_a_divergence() -> None:
    with pytest.raises(TargetLied):
        against_model(SCAVENGING, set_scalar(1, "heap_sys", 1), clear("scav_gen", 3))


def test_without_the_model_a_lie_that_all_tell_is_found() -> None:
    lie = transcript(SCAVENGING, clear("scav_gen", 3))
    with pytest.raises(TargetLied):
        compare(SCAVENGING, {"go": lie, "port": lie})
    honest = transcript(SCAVENGING)
    assert compare(SCAVENGING, {"go": honest, "port": honest}) is None


def test_answers_that_are_all_alike_are_searched_for_contradictions_only_if_asked() -> None:
    lie = transcript(SCAVENGING, clear("scav_gen", 3))
    assert compare(SCAVENGING, {"go": lie, "port": lie}, program_id=1, check=False) is None
    with pytest.raises(TargetLied):
        compare(SCAVENGING, {"go": lie, "port": transcript(SCAVENGING)}, program_id=1, check=False)


def test_an_answer_to_another_program_is_found_without_a_search() -> None:
    answer = transcript(SCAVENGING)
    with pytest.raises(TargetLied, match="answered program 2"):
        compare(SCAVENGING, {"go": answer, "port": answer}, program_id=2, check=False)
