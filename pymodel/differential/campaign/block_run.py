"""Runs one block on open targets."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pymodel.differential.campaign.blocks import BlockResult, Job, Kind, Sighting
from pymodel.differential.campaign.findings_folder import finding_path
from pymodel.differential.campaign.signature import campaign_signature
from pymodel.differential.campaign.slowness import Slowness
from pymodel.differential.campaign.standing import (
    Standing,
    among_those_who_agree,
    groups_of,
    only,
    standings,
)
from pymodel.differential.causes.descent import descend
from pymodel.differential.comparison.compare import Divergence
from pymodel.differential.corpus.reaching import Reaching
from pymodel.differential.errors import HarnessError, TargetRefused
from pymodel.differential.generation.series_choice import series_of_run
from pymodel.differential.generation.workload import BLOCK_PROGRAM_COUNT, Work
from pymodel.differential.running.findings import Finding, print_trace, slug, trace_path
from pymodel.differential.running.fruitless import Fruitless
from pymodel.differential.running.minimal import Minimal, minimal_divergence
from pymodel.differential.running.report import divergence_report, harness_report
from pymodel.differential.running.side_by_side import FATAL_ERRORS, Comparison, SideBySide
from pymodel.differential.running.sweep import (
    PROGRAM_COUNT_BETWEEN_ROUNDS,
    SERIES_COUNT_OF_ROUND,
    SweepingWindow,
    can_sweep,
)
from pymodel.differential.running.tally import Tally
from pymodel.differential.running.window import Window

# A target killed from outside fails a program that it can run. What fails again and again is believed without a retry.
RETRIED_COUNT_MAX = 3
TRANSCRIPT_BYTES_MAX = 512 << 10
# A window sweeps before every so many of a block's programs.
SERIES_COUNT_OF_BLOCK = BLOCK_PROGRAM_COUNT // PROGRAM_COUNT_BETWEEN_ROUNDS * SERIES_COUNT_OF_ROUND


@dataclass(frozen=True, slots=True)
class Telling:
    """How findings are named and told: where their traces will be, and the flags that give a replay the same targets.

    `of_run` does all as a run does it in its own process: the signatures, which also tell operations apart; only the
    first difference of all targets; no second try for a target that failed.
    """

    folder: Path
    replay_flags: tuple[str, ...] = ()
    of_run: bool = False


class BlockRun:
    """One job on open targets, nothing else pending on them.

    `excuse` may turn the failure of a target into another that says more. `fruitless` outlives the block.
    """

    def __init__(
        self,
        job: Job,
        works: Iterator[Work],
        side_by_side: SideBySide,
        telling: Telling,
        fruitless: Fruitless,
        excuse: Callable[[HarnessError], HarnessError] = lambda error: error,
    ) -> None:
        self._job = job
        self._side_by_side = side_by_side
        self._telling = telling
        self._excuse = excuse
        self._tally = Tally()
        self._sent = Window(side_by_side, works)
        self._window: Window | SweepingWindow = self._sent
        if job.sweep and can_sweep(side_by_side):
            series = series_of_run(job.seed, job.block * SERIES_COUNT_OF_BLOCK)
            self._window = SweepingWindow(self._sent, side_by_side, series, self._tally, job.operation_count_max)
        self._fruitless = fruitless
        self._slowness = Slowness(job.slow_seconds_min)
        self._retried_counts: dict[str, int] = {}
        self._new_finding_count = 0
        self._sightings: dict[tuple[str, str], Sighting] = {}
        self._reaching = Reaching(side_by_side, job.material) if job.material else None

    def execute(self, is_stopped: Callable[[], bool] = lambda: False) -> BlockResult:
        """Runs to the block's end, to a limit or until stopped; raises FATAL_ERRORS."""
        started = time.monotonic()
        stopped = False
        while not self._reached_limit() and (taken := self._window.next(self._may_send)) is not None:
            self._take(*taken)
            if stopped := is_stopped():
                break
        # What a limit left on its way.
        self._window.collect_early()
        if not stopped:
            self._record_slowest()
        is_whole = not stopped and self._job.program_count_max is None and not self._reached_limit()
        kept = self._reaching.finish() if self._reaching is not None and is_whole else ()
        sightings = tuple(self._sightings.values())
        seconds = time.monotonic() - started
        return BlockResult(self._job.seed, self._job.block, self._tally, sightings, seconds, is_whole, kept)

    def _reached_limit(self) -> bool:
        operations, findings = self._job.operation_count_max, self._job.new_finding_count_max
        return (operations is not None and self._tally.operation_count >= operations) or (
            findings is not None and self._new_finding_count >= findings
        )

    def _may_send(self, sent_program_count: int) -> bool:
        limit = self._job.program_count_max
        return sent_program_count < (BLOCK_PROGRAM_COUNT if limit is None else limit)

    def _take(self, work: Work, comparison: Comparison) -> None:
        self._slowness.took(work, self._sent.take_seconds())
        failures = [self._excuse(error) for error in comparison.failures]
        if failures:
            comparison = self._after_failures(work, comparison, failures)
        self._fruitless.check(comparison)
        if self._reaching is not None:
            self._reaching.consider(work.source, comparison)
        self._tally.left_out.update(comparison.left_out.items())
        if len(comparison.transcripts) > 1:
            self._tally.add_compared(work.source, work.program, comparison.transcripts)
        else:
            self._tally.uncompared_program_count += 1
        if comparison.divergence is not None:
            self._tally.divergent_program_count += 1
            for standing in self._standings(comparison):
                self._record_divergence(work, comparison, standing)

    def _standings(self, comparison: Comparison) -> list[Standing]:
        if self._telling.of_run:
            assert comparison.divergence is not None
            return [Standing(comparison.divergence, "", "")]
        return list(standings(comparison, self._side_by_side.strictness))

    # Harness errors.

    def _after_failures(self, work: Work, comparison: Comparison, failures: list[HarnessError]) -> Comparison:
        """Records failures; the comparison that counts, which is another one if the program was retried."""
        for error in failures:
            self._tally.harness_errors[f"{error.target}: {type(error).__name__}"] += 1
        retried = self._retried(work, failures)
        again = {error.target for error in retried.failures} if retried is not None else None
        for error in failures:
            self._record_failure(work, error, flaky=again is not None and error.target not in again)
        return retried or comparison

    def _retried(self, work: Work, failures: list[HarnessError]) -> Comparison | None:
        """The program run again after its targets were restarted; None where it failed for good."""
        kinds = {f"{error.target} {type(error).__name__}" for error in failures}
        counts = self._retried_counts
        if self._telling.of_run or any(isinstance(error, TargetRefused) for error in failures):
            return None
        if any(counts.get(kind, 0) >= RETRIED_COUNT_MAX for kind in kinds):
            return None
        counts.update({kind: counts.get(kind, 0) + 1 for kind in kinds})
        self._window.collect_early()
        return self._side_by_side.run([work.program], work.checkpoint_interval)[0]

    def _record_failure(self, work: Work, error: HarnessError, *, flaky: bool) -> None:
        """Counts a failure, and keeps the shortest program of each kind; one that showed again before one that not."""
        kind = type(error).__name__
        signature = f"{error.target}: {kind}"
        known = self._sightings.get((Kind.HARNESS, signature))
        length = len(work.program.operations)
        if known is not None and (known.flaky, known.operation_count) <= (flaky, length):
            self._sightings[Kind.HARNESS, signature] = replace(known, count=known.count + 1)
            return
        path = self._path(Kind.HARNESS, signature)
        report = harness_report(error, self._origin(work), path, self._telling.replay_flags)
        self._sightings[Kind.HARNESS, signature] = Sighting(
            Kind.HARNESS,
            signature,
            work.number if known is None else known.program,
            work.source if known is None else known.source,
            1 if known is None else known.count + 1,
            time.time(),
            print_trace(work.program, report, None),
            report,
            length,
            length,
            flaky=flaky,
            groups=((error.target,),),
        )

    # Divergences.

    def _record_divergence(self, work: Work, comparison: Comparison, standing: Standing) -> None:
        """Counts a divergence; the first of its signature is shrunk and told, unless it is known."""
        signature = self._signature(standing)
        known = self._sightings.get((Kind.DIVERGENCE, signature))
        if known is not None:
            self._sightings[Kind.DIVERGENCE, signature] = replace(known, count=known.count + 1)
            return
        sighting = Sighting(Kind.DIVERGENCE, signature, work.number, work.source, 1, time.time())
        if signature not in self._job.known:
            self._new_finding_count += 1
            self._window.collect_early()
            sighting = self._looked_into(sighting, work, comparison, standing)
        self._sightings[Kind.DIVERGENCE, signature] = sighting

    def _signature(self, standing: Standing, divergence: Divergence | None = None) -> str:
        """The signature of a divergence of the same targets, of the standing's own if no other is given."""
        divergence = divergence or standing.divergence
        if self._telling.of_run:
            return divergence.signature
        return campaign_signature(divergence, standing.dissenter if len(self._side_by_side.targets) > 2 else None)

    def _looked_into(self, sighting: Sighting, work: Work, comparison: Comparison, standing: Standing) -> Sighting:
        """The sighting, shrunk and told; what explains it is another one, told beside it if it is not known."""
        few = self._few(standing)
        try:
            minimal = minimal_divergence(few, work.program, standing.divergence)
        except FATAL_ERRORS:
            # The target cannot go on, but what it did is kept.
            minimal = Minimal(work.program, standing.divergence)
        cause = self._cause(few, minimal)
        signature = self._signature(standing, cause.divergence)
        if signature == sighting.signature:
            return self._told(sighting, work, comparison, standing, minimal)
        if signature not in self._job.known and (Kind.DIVERGENCE, signature) not in self._sightings:
            come_to = replace(sighting, signature=signature, count=0)
            found_as = f"found as: {sighting.signature}"
            self._sightings[Kind.DIVERGENCE, signature] = self._told(
                come_to, work, comparison, standing, cause, found_as
            )
        face = replace(sighting, face_of=signature)
        return self._told(face, work, comparison, standing, minimal, f"comes from: {signature}")

    def _cause(self, few: SideBySide, minimal: Minimal) -> Minimal:
        """What explains a divergence: itself, where nothing less shows it or nothing was run."""
        if self._telling.of_run or not minimal.transcripts:
            return minimal
        try:
            return descend(few, minimal)
        except FATAL_ERRORS:
            return minimal

    def _told(
        self,
        sighting: Sighting,
        work: Work,
        comparison: Comparison,
        standing: Standing,
        minimal: Minimal,
        note: str = "",
    ) -> Sighting:
        """The sighting with the shortest program found, and all that is to be said of it."""
        few = self._few(standing)
        shown, names = minimal.divergence, tuple(few.names)
        transcripts = comparison.transcripts if minimal.flaky else minimal.transcripts
        if few is not self._side_by_side and not minimal.flaky:
            shown, transcripts = self._among_all(minimal, standing)
            names = tuple(transcripts)
        path = self._path(Kind.DIVERGENCE, sighting.signature)
        before, after = len(work.program.operations), len(minimal.program.operations)
        origin, done = self._origin(work), self._tally.operation_count
        finding = Finding(shown, minimal.program, origin, path, before, done, 0.0, 1, minimal.flaky)
        report = "\n".join(filter(None, [divergence_report(finding, names, self._telling.replay_flags), note]))
        if not minimal.flaky and sum(map(len, transcripts.values())) > TRANSCRIPT_BYTES_MAX:
            transcripts = {}
        return replace(
            sighting,
            trace=print_trace(minimal.program, report, shown.step),
            report=report,
            original_operation_count=before,
            operation_count=after,
            step=shown.step,
            flaky=minimal.flaky,
            alone=shown.alone if len(names) > 2 else None,
            groups=groups_of(shown, names),
            function=f"{shown.suspect.function}, {shown.suspect.file}",
            transcripts={name: base64.b64encode(data).decode() for name, data in transcripts.items()},
        )

    def _few(self, standing: Standing) -> SideBySide:
        """The two targets that a divergence is shrunk on; all of them in a run."""
        if self._telling.of_run:
            return self._side_by_side
        return only(self._side_by_side, (standing.reference, standing.dissenter))

    def _among_all(self, minimal: Minimal, standing: Standing) -> tuple[Divergence, Mapping[str, bytes]]:
        """The shrunk divergence with all who agree on its program, if it is the same one there; who answered what."""
        (comparison,) = self._side_by_side.run([minimal.program])
        divergence, transcripts = among_those_who_agree(comparison, standing, self._side_by_side.strictness)
        if divergence is not None and divergence.signature == minimal.divergence.signature:
            return divergence, transcripts
        return minimal.divergence, minimal.transcripts

    # Slow programs.

    def _record_slowest(self) -> None:
        for work, seconds in self._slowness.measured(self._side_by_side):
            signature = f"slow: program {work.number}"
            length = len(work.program.operations)
            times = ", ".join(f"{name} {each:.3f} s" for name, each in seconds.items())
            report = f"slow: {length} operations of {self._origin(work)} took {times}"
            self._sightings[Kind.SLOW, signature] = Sighting(
                Kind.SLOW,
                signature,
                work.number,
                work.source,
                1,
                time.time(),
                print_trace(work.program, report, None),
                report,
                length,
                length,
                groups=(tuple(seconds),),
                seconds=seconds,
            )

    def _path(self, kind: str, signature: str) -> Path:
        if self._telling.of_run:
            prefix = "harness-" if kind == Kind.HARNESS else ""
            return trace_path(self._telling.folder, f"{prefix}{slug(signature)}", self._job.seed)
        return finding_path(self._telling.folder, kind, signature)

    def _origin(self, work: Work) -> str:
        return f"program {work.number} of seed {self._job.seed}, {work.source}, in block {self._job.block}"
