"""What `scavdiff run` came to, as results for a machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pymodel.differential.campaign.blocks import Kind
from pymodel.differential.campaign.folding import FLAKY, OPEN
from pymodel.differential.campaign.run_with_workers import ToldFinding, WorkersResult
from pymodel.differential.campaign_report.results import Result, Results, tell_stop, totals_to_plain
from pymodel.differential.running.findings import Finding
from pymodel.differential.running.report import divergence_report, replay_command
from pymodel.differential.running.run import RunResult, RunSettings
from pymodel.differential.targets.capabilities import Description


def results_of_run(
    result: RunResult | WorkersResult, settings: RunSettings, descriptions: Mapping[str, Description]
) -> Results:
    """The results of a run, in one process or in several, that held these targets against each other."""
    names = tuple(descriptions)
    found = [_result(signature, finding, settings, names) for signature, finding in result.findings.items()]
    return Results(
        "run",
        f"of seed {settings.seed}",
        settings.seed,
        {name: f"{each.version} ({each.go_version or 'no Go version'})" for name, each in descriptions.items()},
        result.seconds,
        result.exit_status,
        totals_to_plain(result.tally),
        (*found, *_harness_results(result.tally.harness_errors)),
        stopped=tell_stop(result.fatal, result.interrupted),
    )


def _result(signature: str, found: Finding | ToldFinding, settings: RunSettings, names: Sequence[str]) -> Result:
    replay = replay_command(found.path, settings.replay_flags)
    status = FLAKY if found.flaky else OPEN
    if isinstance(found, ToldFinding):
        told = found.sighting
        return Result(
            Kind.DIVERGENCE,
            status,
            signature,
            _verdict(told.alone, names),
            told.function,
            found.count,
            told.operation_count,
            told.report,
            replay,
            told.alone,
            told.groups,
        )
    divergence = found.divergence
    return Result(
        Kind.DIVERGENCE,
        status,
        signature,
        _verdict(divergence.alone, names),
        f"{divergence.suspect.function}, {divergence.suspect.file}",
        found.count,
        len(found.program.operations),
        divergence_report(found, names, settings.replay_flags),
        replay,
        divergence.alone if len(names) > 2 else None,
    )


def _verdict(alone: str | None, names: Sequence[str]) -> str:
    if alone is not None and len(names) > 2:
        return f"{alone} stands alone among {', '.join(names)}."
    return f"{' and '.join(names)} disagree."


def _harness_results(errors: Mapping[str, int]) -> Iterator[Result]:
    for signature, count in sorted(errors.items()):
        verdict = f"{signature}, {count:,} times; this says nothing of what the target computes."
        yield Result(Kind.HARNESS, OPEN, signature, verdict, "", count, 0, "", "")
