"""The folder of a campaign's findings: a trace each, and what the targets answered where it did not show again.

All of it is written from the ledger, and can be written again.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from pathlib import Path

from pymodel.differential.campaign.blocks import Kind
from pymodel.differential.campaign.folding import FLAKY, Finding
from pymodel.differential.running.findings import slug, write_atomically

SLOW_PREFIX = "slow-"


def finding_path(folder: Path, kind: str, signature: str) -> Path:
    """Where the trace of a finding goes; two signatures never share a path."""
    prefix = {Kind.HARNESS: "harness-", Kind.SLOW: ""}.get(kind, "")
    suffix = "" if kind == Kind.SLOW else f"-{zlib.crc32(signature.encode()):08x}"
    return folder / f"{prefix}{slug(signature)}{suffix}.trace"


def write_finding(folder: Path, finding: Finding) -> Path:
    """Writes the trace of a finding, and raw answers of one that is flaky."""
    path = finding_path(folder, finding.kind, finding.signature)
    if finding.trace:
        write_atomically(path, finding.trace)
    for name, transcript in finding.transcripts.items() if finding.status == FLAKY else ():
        write_atomically(path.with_suffix(f".{slug(name)}.transcript"), transcript)
    return path


def restore_findings(folder: Path, findings: Iterable[Finding]) -> int:
    """Writes the traces of findings and their faces that are missing or cut off; how many there were."""
    count = 0
    for finding in (each for whole in findings for each in (whole, *whole.faces)):
        path = finding_path(folder, finding.kind, finding.signature)
        if finding.trace and (not path.is_file() or path.read_bytes() != finding.trace.encode()):
            write_finding(folder, finding)
            count += 1
    return count


def remove_slow_but(folder: Path, kept: Iterable[Finding]) -> None:
    """Removes the traces of programs that are no longer among the slowest."""
    names = {finding_path(folder, Kind.SLOW, finding.signature) for finding in kept}
    for path in folder.glob(f"{SLOW_PREFIX}*.trace"):
        if path not in names:
            path.unlink(missing_ok=True)
