"""The planted faults: what is wrong, and what the tester must make of it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from pymodel.differential.programs.program import Flush, Grow, Program, Unreserve
from tests.planted.edits import Edit

HANG_SECONDS = 3600.0


def behave(program: Program, transcript: bytes) -> bytes:  # noqa: ARG001  # the signature of a misbehaviour
    """Answers what is right."""
    return transcript


@dataclass(frozen=True, slots=True)
class WrongRule:
    """A fault in the algorithm, planted by an edit; it must be found, shrunk and named.

    `operation_count_max` is the length that it must be shrunk to, `words` what the report must say.
    """

    name: str
    edit: Edit
    operation_count_max: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WrongBehaviour:
    """A fault of the target as a program, not of its algorithm; it must be charged as a harness error.

    `error` is the class of the error and `words` what its text must say. Where `answers` is true the target answers
    other programs, so the run must go on.
    """

    name: str
    error: str
    words: tuple[str, ...]
    answers: bool = True
    protocol_version: int = 1
    start_seconds: float = 0.0
    misbehave: Callable[[Program, bytes], bytes] = behave


def _rule(name: str, module: str, right: str, wrong: str, *words: str, operation_count_max: int = 6) -> WrongRule:
    return WrongRule(name, Edit(f"pymodel.pageheap.{module}", right, wrong), operation_count_max, words)


WRONG_RULES = (
    _rule(
        "wrong rounding",
        "mgcscavenge",
        "max_bytes // PAGE_SIZE + (1 if max_bytes % PAGE_SIZE != 0 else 0)",
        "max_bytes // PAGE_SIZE",
        "scavenged",
    ),
    _rule(
        "forgotten freeHWM",
        "mpagealloc",
        "            self.scav.free_hwm = limit\n",
        "            pass\n",
        "freeHWM",
    ),
    _rule(
        "summary not updated",
        "mpagealloc",
        "for level in range(LEAF - 1, -1, -1):",
        "for level in range(LEAF - 1, 0, -1):",
        "summary",
    ),
    _rule(
        "off-by-one in a range",
        "mpagealloc",
        "self.chunk_of(first).free(first_page, (last_page + 1 - first_page) & MASK64)",
        "self.chunk_of(first).free(first_page, (last_page - first_page) & MASK64)",
        "allocated",
    ),
    _rule(
        "released not counted",
        "mgcscavenge",
        "    stats.heap_released = (stats.heap_released + nbytes) & MASK64\n",
        "",
        "heap_released",
    ),
    _rule(
        "stale generation accepted",
        "mgcscavenge",
        "    if gen == p.scav.gen:\n",
        "    if True:\n",
        "scav.inUse",
    ),
    _rule(
        "wrong throw text",
        "mranges",
        'raise Throw("attempted to add zero-sized address range")',
        'raise Throw("attempted to add an empty address range")',
        'threw "attempted to add zero-sized address range" planted threw "attempted to add an empty address range"',
    ),
    _rule(
        "free moves searchAddr too rarely",
        "mpagealloc",
        """        if linear(base) < linear(self.search_addr):
            self.search_addr = base
        limit = (base""",
        """        if base < self.search_addr:
            self.search_addr = base
        limit = (base""",
        "searchAddr: model 0x",
        operation_count_max=7,
    ),
    _rule(
        "scavenged bits survive an allocation",
        "mpallocbits",
        "        self.allocated |= mask\n        self.scavenged &= ~mask\n",
        "        self.allocated |= mask\n",
        "scavenged",
    ),
    _rule(
        "flush repaired: it raises freeHWM",
        "mpagecache",
        "        p.update(self.base, PAGE_CACHE_PAGES, False, False)\n",
        "        p.update(self.base, PAGE_CACHE_PAGES, False, False)\n"
        "        limit = self.base + PAGE_CACHE_PAGES * PAGE_SIZE - 1\n"
        "        if linear(p.scav.free_hwm) < linear(limit):\n"
        "            p.scav.free_hwm = limit\n",
        "freeHWM",
    ),
    _rule(
        "runs across summaries not joined",
        "pallocsum",
        "        joined = (end + next_start) & MASK64\n",
        "        joined = max(end, next_start)\n",
        "model (start 513, max 513, end 0) planted (start 513, max 512, end 0)",
        "(*pageAlloc).update, mpagealloc.go: all summaries are written through it",
    ),
    _rule(
        "sentinel forgotten",
        "pallocsum",
        "    if most == MAX_PACKED_VALUE:\n        return WHOLLY_FREE\n",
        "",
        "sum: model 0x8000000000000000 planted 0x0",
        "mergeSummaries, mpagealloc.go",
    ),
    _rule(
        "huge pages broken",
        "mgcscavenge",
        "        if above <= end and below >= end - run:\n",
        "        if False:\n",
        "scavenged",
    ),
    _rule(
        "ranges joined on one side only",
        "mranges",
        "        if coalesces_up and coalesces_down:\n",
        "        if False:\n",
        "returned ranges: model [0xffff800000000000,0x0) planted [",
        "(*addrRanges).add, mranges.go",
    ),
    _rule(
        "search ends at the page, not at the word",
        "mgcscavenge",
        "    search_limit = (word_index(search_idx) + 1) * 64\n",
        "    search_limit = search_idx + 1\n",
        "returned released: model 16384 planted 8192",
        "(*pallocData).findScavengeCandidate",
        operation_count_max=8,
    ),
    _rule(
        "reservation not widened to its chunk",
        "mgcscavenge",
        "    new_base = align_down(r.base, PALLOC_CHUNK_BYTES)\n",
        "    new_base = r.base\n",
        'returned against threw "scavengeOne called with unaligned work region"',
    ),
    _rule(
        "scavenged bits survive the filling of a cache",
        "mpagecache",
        "    chunk.scavenged &= ~((c.cache & c.scav) << first_page)\n",
        "",
        "scavenged: model [64,512) planted [0,512)",
        "(*pageAlloc).allocToCache",
    ),
    _rule(
        "generation keeps the last one's count",
        "mgcscavenge",
        "    scav.released = 0\n",
        "",
        "scav.released",
    ),
    _rule(
        "fused multiply-add",
        "mgcpacer",
        "            self.err_integral += integral + (period / self.tt) * (output - raw_output)\n",
        "            from tests.planted.fused import fused_multiply_add\n\n"
        "            self.err_integral += fused_multiply_add(period / self.tt, output - raw_output, integral)\n",
        "returned err_integral: model ",
        "(*piController).next, mgcpacer.go",
    ),
    _rule(
        "saturating float conversion",
        "floats",
        "    return int(x) if -(2.0**63) <= x < 2.0**63 else INTEGER_INDEFINITE\n",
        """    if math.isnan(x):
        return 0
    return max(min(int(max(min(x, 1e19), -1e19)), (1 << 63) - 1), -(1 << 63))
""",
        "scavengeGoal: model ",
        "gcPaceScavenger, mgcscavenge.go",
    ),
    _rule(
        "clamp by <=",
        "mgcpacer",
        """        if output < self.min:
            output = self.min
        elif output > self.max:
""",
        """        if output <= self.min:
            output = self.min
        elif output >= self.max:
""",
        "returned output: model ",
        "0.0 (0x8000000000000000)",
        "(*piController).next, mgcpacer.go",
    ),
    _rule(
        "goal rounded down",
        "bgscavenge",
        "    retained_goal = (retained_goal + phys_page_size - 1) & MASK64 & ~(phys_page_size - 1)\n",
        "    retained_goal &= ~(phys_page_size - 1)\n",
        "scavengeGoal: model 12288 planted 8192",
        "gcPaceScavenger, mgcscavenge.go",
    ),
    _rule(
        "parked flag not cleared",
        "bgscavenge",
        "    scavenge.parked = False\n",
        "",
        "scavenge.parked: model false planted true",
        "wakeScavenger, mgcscavenge.go",
    ),
    # For the rest the scavenger must have released something: memory, some of it free, a collection and a look. What
    # shows in its cooldown, or once its ratio has changed, takes one or two more.
    _rule(
        "released below a page not thrown",
        "bgscavenge",
        "        if released < runtime.phys_page_size:\n",
        "        if False:\n",
        'model threw "released less than one physical page of memory" planted returned',
        "bgscavenge, mgcscavenge.go: it throws",
    ),
    _rule(
        "gomaxprocs ignored",
        "bgscavenge",
        "divide(crit, period * float(runtime.gomaxprocs))",
        "divide(crit, period)",
        "critSleepRatio: model 0.0032907",
        "critSleepController.errIntegral: model ",
    ),
    _rule(
        "cooldown not subtracted",
        "bgscavenge",
        "        control.controller_cooldown = int64(control.controller_cooldown - t)\n",
        "        pass\n",
        "controllerCooldown: model 3999000000 ns planted 5000000000 ns",
        "bgscavenge, mgcscavenge.go: it counts the cooldown",
    ),
    _rule(
        "sleep ratio not reset",
        "bgscavenge",
        """    control.crit_sleep_ratio = ratio
    if not ok:
        control.crit_sleep_ratio = STARTING_CRIT_SLEEP_RATIO
""",
        """    if ok:
        control.crit_sleep_ratio = ratio
    else:
""",
        "critSleepRatio: model 0.001 (0x3f50624dd2f1a9fc) planted 0.00329",
    ),
    _rule(
        "trace flag cleared when forced",
        "mgcscavenge",
        '        runtime.print(" (forced)")\n',
        '        runtime.print(" (forced)")\n        runtime.scavenge.print_controller_reset = False\n',
        "scavenge.printControllerReset: model true planted false",
        "printScavTrace, mgcscavenge.go",
    ),
)


def _is_marked(program: Program) -> bool:
    """Whether a misbehaving target misbehaves on a program: on some, not on all."""
    kinds = set(map(type, program.operations))
    return {Unreserve, Flush, Grow} <= kinds and len(program.operations) % 2 == 0


def _crash(program: Program, transcript: bytes) -> bytes:
    if _is_marked(program):
        print("out of memory: cannot map 4194304 bytes", file=sys.stderr, flush=True)
        os._exit(3)
    return transcript


def _hang(program: Program, transcript: bytes) -> bytes:
    if _is_marked(program):
        time.sleep(HANG_SECONDS)
    return transcript


def _garbage(program: Program, transcript: bytes) -> bytes:
    return b"\xff\xff not a transcript" if _is_marked(program) else transcript


def _without_steps(program: Program, transcript: bytes) -> bytes:
    """The id, and nothing of what was done."""
    return transcript[:9] if _is_marked(program) else transcript


def _with_a_byte_flipped(program: Program, transcript: bytes) -> bytes:
    """Well-formed, but the last state no longer is what the changes add up to: the last byte is of a statistic."""
    return transcript[:-1] + bytes([transcript[-1] ^ 1]) if _is_marked(program) else transcript


WRONG_BEHAVIOURS = (
    WrongBehaviour("crash", "TargetDied", ("died before it answered", "exit status 3"), misbehave=_crash),
    WrongBehaviour("hang", "TargetHung", ("did not answer", "within"), misbehave=_hang),
    WrongBehaviour("garbage reply", "TargetLied", ("answered with what is no transcript",), misbehave=_garbage),
    WrongBehaviour("reply without steps", "TargetLied", ("did not observe the whole state",), misbehave=_without_steps),
    WrongBehaviour("reply that contradicts itself", "TargetLied", ("do not add up",), misbehave=_with_a_byte_flipped),
    WrongBehaviour(
        "wrong version",
        "ProtocolMismatch",
        ("speaks version 2 of the protocol; this driver speaks version 1",),
        answers=False,
        protocol_version=2,
    ),
    WrongBehaviour(
        "too slow start", "TargetFailedToStart", ("did not say within",), answers=False, start_seconds=HANG_SECONDS
    ),
)
