"""The hand-written encoding makes the bytes of the generated code."""

from __future__ import annotations

from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from pymodel.differential.model import encoding
from pymodel.differential.programs.wireform import varint
from pymodel.wire import pageheap_pb2 as pb

words = st.integers(0, (1 << 64) - 1)
bitmaps = st.integers(0, (1 << 512) - 1)
texts = st.text(st.characters(codec="utf-8"), max_size=300)


def canonical(message: Message) -> bytes:
    return message.SerializeToString(deterministic=True)


@given(st.integers(0, (1 << 32) - 1))
def test_varints(value: int) -> None:
    encoded = canonical(pb.Cache(slot=value))
    assert encoded == (b"\x08" + varint(value) if value else b"")


@given(st.lists(words, max_size=40))
def test_returned_words(values: list[int]) -> None:
    step = pb.Step(outcome=pb.Outcome(returned=pb.Returned(values=values)))
    assert encoding.returned_list(values) == canonical(step)


@given(words, words, words, words, words)
def test_short_returns_are_encoded_like_long_ones(a: int, b: int, c: int, d: int, e: int) -> None:
    assert encoding.returned_list(()) == encoding.RETURNED
    assert encoding.returned_1(a) == encoding.returned_list([a])
    assert encoding.returned_2(a, b) == encoding.returned_list([a, b])
    assert encoding.returned_3(a, b, c) == encoding.returned_list([a, b, c])
    assert encoding.returned_5(a, b, c, d, e) == encoding.returned_list([a, b, c, d, e])


@given(st.integers(1, 4), texts)
def test_failures(kind: pb.PanicKind, text: str) -> None:
    assert canonical(pb.Step(outcome=pb.Outcome(nothing=pb.Nothing()))) == encoding.NOTHING
    assert encoding.thrown(text) == canonical(pb.Step(outcome=pb.Outcome(thrown=pb.Thrown(text=text))))
    panicked = pb.Outcome(panicked=pb.Panicked(kind=kind, text=text))
    assert encoding.panicked(kind, text) == canonical(pb.Step(outcome=panicked))


@given(words, words, bitmaps, bitmaps)
def test_chunk_runs(index: int, count: int, allocated: int, scavenged: int) -> None:
    both = {"allocated": allocated.to_bytes(64, "little"), "scavenged": scavenged.to_bytes(64, "little")}
    run = pb.ChunkRun(index=index, count=count, **both)
    assert encoding.chunk_run(index, count, allocated, scavenged) == canonical(pb.Observation(chunks=[run]))


@given(st.integers(0, 4), words, words, words)
def test_summary_runs(level: int, index: int, count: int, value: int) -> None:
    run = pb.SummaryRun(level=level, index=index, count=count, value=value)
    assert encoding.summary_run(level, index, count, value) == canonical(pb.Observation(summaries=[run]))


@given(st.lists(st.tuples(words, words), max_size=40), words)
def test_range_sets(ranges: list[tuple[int, int]], total_bytes: int) -> None:
    bounds = [end for pair in ranges for end in pair]
    held = pb.RangeSet(bounds=bounds, total_bytes=total_bytes)
    assert encoding.in_use(bounds, total_bytes) == canonical(pb.Observation(in_use=held))
    assert encoding.scav_in_use(bounds, total_bytes) == canonical(pb.Observation(scav_in_use=held))


@given(words, texts)
def test_transcripts_and_steps(program_id: int, printed: str) -> None:
    complete = pb.Observation(complete=True)
    step = pb.Step(outcome=pb.Outcome(nothing=pb.Nothing()), observation=pb.Observation())
    if printed:
        step.printed = printed
    expected = pb.Transcript(program_id=program_id, start=complete, steps=[step, step], end=complete)
    encoded = encoding.step(encoding.NOTHING, printed, b"")
    assert canonical(expected) == encoding.transcript(
        program_id, encoding.COMPLETE, [encoded, encoded], encoding.COMPLETE
    )
