"""Runs `scavdiff run` with the given arguments and tells whether the memory of driver and targets stayed flat.

Flat: the median resident memory of the run's last tenth is at most 10 % above that of its first tenth. Linux only.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

SAMPLE_SECONDS = 0.5
GROWTH_SHARE_MAX = 0.10
KIB_PER_MIB = 1024


def resident_kib(pid: int) -> int:
    """Resident memory of a process in KiB; 0 if it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    sizes = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(sizes[0]) if sizes else 0


def descendants(pid: int) -> Iterator[int]:
    """Processes that a process started, and that those started."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for thread in threads for child in (thread / "children").read_text().split()]
    except OSError:
        return
    for child in children:
        yield child
        yield from descendants(child)


def growth_share(samples: Sequence[int]) -> tuple[float, float, float]:
    """Medians of the first and of the last tenth of the samples, and by what share the last is above the first."""
    tenth = max(1, len(samples) // 10)
    first, last = statistics.median(samples[:tenth]), statistics.median(samples[-tenth:])
    return first, last, last / first - 1 if first else 0.0


def verdict(name: str, samples: Sequence[int]) -> tuple[str, bool]:
    """One line about a process, and whether its memory stayed flat."""
    first, last, share = growth_share(samples)
    flat = share <= GROWTH_SHARE_MAX
    figures = f"first tenth {first / KIB_PER_MIB:.1f} MiB, last tenth {last / KIB_PER_MIB:.1f} MiB ({share:+.1%})"
    return f"resident memory, {name}: {figures}{'' if flat else ': NOT FLAT'}", flat


def main(arguments: Sequence[str]) -> int:
    """Runs the driver to its end; returns its exit code, or 1 if that is 0 and memory grew."""
    driver = subprocess.Popen([sys.executable, "-m", "pymodel.differential.cli", "run", *arguments])
    driver_samples: list[int] = []
    target_samples: list[int] = []
    try:
        while driver.poll() is None:
            own, targets = resident_kib(driver.pid), sum(map(resident_kib, descendants(driver.pid)))
            if own and targets:
                driver_samples.append(own)
                target_samples.append(targets)
            time.sleep(SAMPLE_SECONDS)
    except KeyboardInterrupt:
        driver.wait()
    if not driver_samples:
        return driver.returncode or 1
    verdicts = [verdict("driver and model", driver_samples), verdict("targets", target_samples)]
    print("\n".join(line for line, _ in verdicts))
    return driver.returncode or (0 if all(flat for _, flat in verdicts) else 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
