"""Holds the simulation to a living Go: a real program's trace lines beside the simulated ones of the same history.

`make reality-check` builds goharness/reality with Go 1.18.10 and calls this. The program runs with
GODEBUG=gctrace=1,scavtrace=1; its log is simulated; what must agree is asserted, and what cannot is said.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

from pymodel.differential.errors import BadInput
from pymodel.differential.simulate.history import History
from pymodel.differential.simulate.placement import Surroundings, place
from pymodel.differential.simulate.plan import make_plan
from pymodel.differential.simulate.results import read_results
from pymodel.differential.simulate.running import run_alone
from pymodel.differential.simulate.trace_lines import ScavLine, is_scav_line, parse_scav_line
from pymodel.differential.simulate.trace_log import parse_log

SECONDS_MAX = 50
# The threads of a real program now and then write into each other's trace lines; such a log says nothing.
RUN_COUNT_MAX = 8
GOGC = 100
RELEASED_FACTOR_MAX = 2
# The program itself takes a little memory back between two lines: buffers, stacks, the runtime's own spans.
SLACK_KIB = 512
LINE_WIDTH = 60
CANNOT_AGREE = """What cannot agree, and is not compared:
- wall-clock time: giving a page back takes this machine another time than the simulation's 10 us, and the real
  scavenger shares its processors, so it is further at a given moment, or less far;
- hence the KiB of one line and the moment in which the work is done; only what was given back in the end is held to
  the order of magnitude;
- exact sizes: a log tells the heap in whole MiB, and the real heap also holds what the runtime needs for itself."""


@dataclass(frozen=True, slots=True)
class Check:
    """Something that must agree: what it is, whether it does, and the figures."""

    what: str
    holds: bool
    figures: str


def main(arguments: Sequence[str]) -> int:
    """Runs the program, prints both traces and all checks; 1 if one does not hold, 2 if there is nothing to check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=Path, help="the built program of goharness/reality")
    parser.add_argument("--log", type=Path, help="where to keep its log")
    options = parser.parse_args(arguments)
    try:
        log, history = whole_log(partial(run_program, options.program))
    except BadInput as error:
        print(f"reality-check: {error}", file=sys.stderr)
        return 2
    if options.log is not None:
        options.log.write_text(log)
    real = [line for line in log.splitlines() if is_scav_line(line)]
    simulated = simulated_lines(history)
    checks = list(make_checks(real, simulated))
    print("\n".join(report_lines(real, simulated, checks)))
    return 0 if all(check.holds for check in checks) else 1


def whole_log(run: Callable[[], str]) -> tuple[str, History]:
    """The log of the first run whose lines are all whole, and what it tells; raises BadInput if none is."""
    for number in range(1, RUN_COUNT_MAX + 1):
        log = run()
        try:
            return log, parse_log(log.splitlines(keepends=True), f"log of run {number}").history
        except BadInput as error:
            torn = error
            print(f"not whole: {torn}", file=sys.stderr)
    raise BadInput(f"none of {RUN_COUNT_MAX} runs of the program left a log with whole lines; {torn}")


def run_program(program: Path) -> str:
    """What the program writes to standard error; raises BadInput if it does not run to its end."""
    environment = os.environ | {"GODEBUG": "gctrace=1,scavtrace=1", "GOGC": str(GOGC), "GOMAXPROCS": "2"}
    try:
        done = subprocess.run(
            [program.resolve()], env=environment, stderr=subprocess.PIPE, text=True, check=True, timeout=SECONDS_MAX
        )
    except OSError as error:
        raise BadInput(f"cannot run {program}: {error.strerror}; `make reality-check` builds it") from error
    except subprocess.SubprocessError as error:
        raise BadInput(f"the program did not run to its end: {error}") from error
    return done.stderr


def simulated_lines(history: History) -> list[str]:
    """The trace lines of the simulation of a history."""
    processor_count = history.processor_count or 1
    placement = place(make_plan(history, GOGC), Surroundings(processor_count))
    return [line.text for line in read_results(placement, run_alone(placement.program).transcript).trace]


def make_checks(real: Sequence[str], simulated: Sequence[str]) -> Iterator[Check]:
    """All that must agree. Lines that are not of the format end it: nothing else can be said of them."""
    real_lines, simulated_parsed = parsed(real), parsed(simulated)
    whole = len(real_lines) == len(real) > 0 and len(simulated_parsed) == len(simulated) > 0
    yield Check(
        "format: every line of both is `scav G W KiB work, T KiB total, U% util`, and prints again as it was",
        whole,
        f"{len(real_lines)} of {len(real)} real, {len(simulated_parsed)} of {len(simulated)} simulated",
    )
    if not whole:
        return
    yield _generations(real_lines, simulated_parsed)
    yield _work_adds_up("real", real_lines)
    yield _work_adds_up("simulated", simulated_parsed)
    yield _force("real", real_lines)
    yield _force("simulated", simulated_parsed)
    yield _direction(real_lines, simulated_parsed)
    yield _magnitude("in the background", background_kib(real_lines), background_kib(simulated_parsed))
    yield _magnitude("at the end", real_lines[-1].total_kib, simulated_parsed[-1].total_kib)


def parsed(lines: Sequence[str]) -> list[ScavLine]:
    """The lines that are of the format to the letter."""
    found = [parse_scav_line(line) for line in lines]
    return [line for line, text in zip(found, lines, strict=True) if line is not None and str(line) == text]


def background_kib(lines: Sequence[ScavLine]) -> int:
    """What the background scavenger gave back, over all generations."""
    return sum(line.work_kib for line in lines if not line.forced)


def waiting(lines: Sequence[ScavLine]) -> list[ScavLine]:
    """The lines from the greatest heap on, when the program only waits: those from the last that did no work before."""
    first_work = next((index for index, line in enumerate(lines) if line.work_kib > 0), len(lines))
    return list(lines[max(0, first_work - 1) :])


def _generations(real: Sequence[ScavLine], simulated: Sequence[ScavLine]) -> Check:
    """The same cycles print the same generations; each generation ends with one line, from 0 on."""
    shapes = [[(line.generation, line.forced) for line in lines] for lines in (real, simulated)]
    numbered = all([generation for generation, _ in shape] == list(range(len(shape))) for shape in shapes)
    return Check(
        "generations: one line each, numbered from 0, and forced lines where the real program forced them",
        numbered and shapes[0] == shapes[1],
        f"{len(real)} real, {len(simulated)} simulated, forced {[line.generation for line in real if line.forced]}",
    )


def _work_adds_up(who: str, lines: Sequence[ScavLine]) -> Check:
    """While the program allocates nothing, the total grows by the work of each line."""
    gaps = [abs(after.total_kib - before.total_kib - after.work_kib) for before, after in pairwise(waiting(lines))]
    return Check(
        f"fields, {who}: while the program waits, the total grows by each line's work, but for {SLACK_KIB} KiB",
        bool(gaps) and max(gaps) <= SLACK_KIB,
        f"largest gap {max(gaps, default=0)} KiB in {len(gaps)} lines",
    )


def _force(who: str, lines: Sequence[ScavLine]) -> Check:
    """A forced release leaves nothing free that is not given back."""
    last = lines[-1]
    return Check(
        f"fields, {who}: after the forced release almost all that is kept is in use",
        last.forced and last.used_percent >= 95,
        f"{last.used_percent}% util",
    )


def _direction(real: Sequence[ScavLine], simulated: Sequence[ScavLine]) -> Check:
    """Both give memory back, and so both use more of what they keep."""
    ends = [(lines[0], lines[-1]) for lines in map(waiting, (real, simulated)) if lines]
    rises = [last.total_kib > first.total_kib and last.used_percent > first.used_percent for first, last in ends]
    return Check(
        "direction: while the program waits, total and utilisation rise in both",
        rises == [True, True],
        "; ".join(
            f"{first.total_kib} to {last.total_kib} KiB, {first.used_percent}% to {last.used_percent}%"
            for first, last in ends
        ),
    )


def _magnitude(when: str, real_kib: int, simulated_kib: int) -> Check:
    """Neither is more than RELEASED_FACTOR_MAX times the other."""
    low, high = sorted((real_kib, simulated_kib))
    return Check(
        f"magnitude: bytes given back {when} differ by a factor of at most {RELEASED_FACTOR_MAX}",
        0 < high <= RELEASED_FACTOR_MAX * low,
        f"{real_kib} KiB real, {simulated_kib} KiB simulated",
    )


def report_lines(real: Sequence[str], simulated: Sequence[str], checks: Sequence[Check]) -> Iterator[str]:
    """Both traces side by side, the checks, and what is not compared."""
    yield f"{'real, Go 1.18.10':<{LINE_WIDTH}}  simulated"
    for index in range(max(len(real), len(simulated))):
        left, right = (lines[index] if index < len(lines) else "-" for lines in (real, simulated))
        yield f"{left:<{LINE_WIDTH}}  {right}"
    yield ""
    yield "What must agree:"
    for check in checks:
        yield f"{'ok  ' if check.holds else 'FAIL'} {check.what}"
        yield f"       {check.figures}"
    yield ""
    yield CANNOT_AGREE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
