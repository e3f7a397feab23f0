"""The usual way to build this tester, kept to be measured beside the real one.

A Hypothesis state machine draws one operation after the other. Each goes to Go as one unary call and comes back with
the whole state, which is decoded into dictionaries and compared with that of the specification. The protocol knows
whole programs only, so the Go side is a server of its own that performs single operations
(`goharness/cmd/bench serve`). The page heap behind it, the specification, and the messages for operations and states
are those of the real tester.
"""

from __future__ import annotations

import subprocess
from typing import Any

import grpc
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, rule, run_state_machine_as_test

from benchmarks.binaries import BENCH
from benchmarks.sampling import Sample, sample
from pymodel.differential.model.observed import LEVEL_CHUNK_SHIFTS, PLAIN_SCALARS
from pymodel.differential.model.scalar_changes import read_scalars
from pymodel.differential.model.watching import WatchedPageAlloc
from pymodel.pageheap.addresses import chunk_index
from pymodel.pageheap.constants import PAGE_SIZE, PALLOC_CHUNK_BYTES
from pymodel.pageheap.mheap import count_mapped, count_span
from pymodel.pageheap.mpagecache import PageCache
from pymodel.pageheap.runtime import Runtime
from pymodel.pageheap.words import MASK64
from pymodel.wire import pageheap_pb2 as pb

SERVICE = "/pageheap.benchmark.Naive/"
STEP_COUNT = 50
CHUNK_INDEX_OFFSET = 1 << 25
PHYS_PAGE_SIZE, PHYS_HUGE_PAGE_SIZE = 4096, 2 << 20

State = dict[Any, Any]
"""By a scalar's name, or by what something else is and where it stands."""


class Client:
    """Calls the server that performs single operations; counts them."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [BENCH, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self._process.stdout is not None
        address = self._process.stdout.readline().strip().removeprefix("listening on ")
        self._channel = grpc.insecure_channel(address)
        self.begin = self._channel.unary_unary(SERVICE + "Begin", pb.Program.SerializeToString, None)
        self._perform = self._channel.unary_unary(
            SERVICE + "Perform", pb.Operation.SerializeToString, pb.Step.FromString
        )
        self.operation_count = 0

    def perform(self, **operation: Any) -> pb.Step:
        """Performs one operation."""
        self.operation_count += 1
        step: pb.Step = self._perform(pb.Operation(**operation))
        return step

    def close(self) -> None:
        """Ends the server."""
        self._channel.close()
        self._process.terminate()
        self._process.communicate()


def decoded_state(observation: pb.Observation) -> State:
    """The state in a complete observation, without what is zero."""
    state: State = {scalar.field: getattr(observation, scalar.field) for scalar in PLAIN_SCALARS}
    for name in ("in_use", "scav_in_use"):
        ranges = getattr(observation, name)
        state[name] = list(ranges.bounds), ranges.total_bytes
    state["lengths"] = list(observation.summary_lengths.lengths)
    for run in observation.chunks:
        bitmaps = int.from_bytes(run.allocated, "little"), int.from_bytes(run.scavenged, "little")
        state.update((("chunk", run.index + i), bitmaps) for i in range(run.count))
    for summaries in observation.summaries:
        state.update(
            (("summary", summaries.level, summaries.index + i), summaries.value) for i in range(summaries.count)
        )
    return state


def model_state(pages: WatchedPageAlloc) -> State:
    """The same of the specification."""
    values = zip(PLAIN_SCALARS, read_scalars(pages), strict=True)
    state: State = {scalar.field: value for scalar, value in values}
    for name, ranges in (("in_use", pages.in_use), ("scav_in_use", pages.scav.in_use)):
        state[name] = [bound for r in ranges.ranges for bound in r], ranges.total_bytes
    state["lengths"] = [len(level) for level in pages.summary]
    for base, limit in pages.in_use.ranges:
        for index in range(chunk_index(base), chunk_index(limit)):
            chunk = pages.chunk_of(index)
            if chunk.allocated or chunk.scavenged:
                state["chunk", index] = chunk.allocated, chunk.scavenged
            for level, shift in enumerate(LEVEL_CHUNK_SHIFTS):
                value = pages.summary[level].peek(index >> shift)
                if value:
                    state["summary", level, index >> shift] = value
    return state


class NaiveMachine(RuleBasedStateMachine):
    """One page heap on either side; `client` is set by whoever runs it."""

    client: Client

    spans = Bundle("spans")
    caches = Bundle("caches")

    @initialize(chunk_count=st.integers(1, 16))
    def begin(self, chunk_count: int) -> None:
        """Makes both heaps clean, then grows them."""
        header = pb.Program(id=1, phys_page_size=PHYS_PAGE_SIZE, phys_huge_page_size=PHYS_HUGE_PAGE_SIZE)
        self.client.begin(header)
        self.runtime = Runtime(PHYS_PAGE_SIZE, PHYS_HUGE_PAGE_SIZE)
        self.pages = WatchedPageAlloc(self.runtime)
        self.slot_count = 0
        self.grow(0xC000, chunk_count)

    def grow(self, chunk: int, chunk_count: int) -> None:
        """Grows both heaps."""
        base, size = chunk * PALLOC_CHUNK_BYTES, chunk_count * PALLOC_CHUNK_BYTES
        self.runtime.add_arenas(base, base + size)
        count_mapped(self.runtime, size)
        self.pages.grow(base, size)
        self._compare(self.client.perform(grow=pb.Grow(chunk=chunk, chunk_count=chunk_count)))

    @rule(target=spans, page_count=st.one_of(st.integers(1, 20), st.integers(1, 600)))
    def alloc(self, page_count: int) -> tuple[int, int, int]:
        """Allocates on both."""
        slot = self._new_slot()
        address, scav = self.pages.alloc(page_count)
        if address:
            count_span(self.runtime, page_count, scav)
        self._compare(self.client.perform(alloc=pb.Alloc(slot=slot, page_count=page_count)), address, scav)
        return slot, address, page_count

    @rule(span=consumes(spans))
    def free(self, span: tuple[int, int, int]) -> None:
        """Frees on both."""
        slot, address, page_count = span
        step = self.client.perform(free=pb.Free(slot=slot))
        if not address:
            assert step.outcome.HasField("nothing")
            return
        stats = self.runtime.memstats
        stats.heap_inuse = stats.heap_inuse - page_count * PAGE_SIZE & MASK64
        self.pages.free(address, page_count, False)
        self._compare(step, 1)

    @rule(target=caches)
    def cache(self) -> tuple[int, PageCache]:
        """Takes a page cache on both."""
        slot = self._new_slot()
        cache = self.pages.alloc_to_cache()
        step = self.client.perform(cache=pb.Cache(slot=slot))
        self._compare(step, cache.base, cache.cache, cache.scav)
        return slot, cache

    @rule(cache=consumes(caches))
    def flush(self, cache: tuple[int, PageCache]) -> None:
        """Flushes it on both."""
        slot, pages = cache
        pages.flush(self.pages)
        self._compare(self.client.perform(flush=pb.Flush(cache=slot)))

    @rule()
    def start_gen(self) -> None:
        """Starts a generation on both."""
        self.pages.scavenge_start_gen()
        self._compare(self.client.perform(start_gen=pb.StartGen()))

    @rule(byte_count=st.integers(0, 1 << 22))
    def scavenge(self, byte_count: int) -> None:
        """Scavenges on both."""
        released = self.pages.scavenge(byte_count)
        self._compare(self.client.perform(scavenge=pb.Scavenge(byte_count=byte_count)), released)

    def _new_slot(self) -> int:
        self.slot_count += 1
        return self.slot_count

    def _compare(self, step: pb.Step, *returned: int) -> None:
        assert list(step.outcome.returned.values) == list(returned)
        assert decoded_state(step.observation) == model_state(self.pages)


class Naive:
    """The part."""

    name = "naive"

    def __init__(self, machine_count: int) -> None:
        self._machine_count = machine_count
        self._client = Client()

    def measure(self, seed_number: int) -> Sample:
        """Runs state machines of up to 50 operations each."""
        return sample(lambda: self._run(seed_number))

    def close(self) -> None:
        """Ends the server."""
        self._client.close()

    def _run(self, seed_number: int) -> int:
        # A subclass of its own, since Hypothesis notes the seed on the class.
        machine = seed(seed_number)(type("SeededNaiveMachine", (NaiveMachine,), {"client": self._client}))
        before = self._client.operation_count
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=self._machine_count,
                stateful_step_count=STEP_COUNT,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        return self._client.operation_count - before
