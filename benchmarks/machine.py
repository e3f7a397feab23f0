"""The machine and the versions that a result belongs to."""

from __future__ import annotations

import os
import platform
import subprocess
import sysconfig
from importlib.metadata import version
from pathlib import Path


def machine() -> dict[str, str]:
    """Names of what the figures depend on, and what they are."""
    return {
        "processor": f"{_processor_name()}, {os.cpu_count()} cores",
        "load before": " ".join(f"{load:.1f}" for load in os.getloadavg()),
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}, {_python_build()}",
        "go": _first_line(["go", "version"]),
        "grpcio": version("grpcio"),
        "protobuf": version("protobuf"),
        "hypothesis": version("hypothesis"),
        "commit": _first_line(["git", "rev-parse", "--short", "HEAD"]),
    }


def _processor_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _python_build() -> str:
    flags = f"{sysconfig.get_config_var('CONFIG_ARGS')} {sysconfig.get_config_var('PY_CFLAGS')}"
    optimised = "--enable-optimizations" in flags or "-fprofile-use" in flags
    return "built with profile-guided optimisation" if optimised else "built without profile-guided optimisation"


def _first_line(command: list[str]) -> str:
    try:
        output = subprocess.run(command, capture_output=True, text=True).stdout
    except FileNotFoundError:
        return "none"
    return output.partition("\n")[0]
