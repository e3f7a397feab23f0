"""Compiles the specification, and what runs and observes it, with mypyc: the very same source, as an optional build.

The result is a copy of pymodel in build/fast-model with compiled modules beside the sources; where PYTHONPATH names
that folder, scavdiff uses it. Needs a C compiler, and setuptools, which the extra `fast` brings.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build/fast-model"
# Says of which sources the folder's contents were compiled; written last.
DIGEST_NAME = "sources.sha256"
# The driver's classes that derive from the specification's, and all that a step goes through on its way into bytes.
DRIVER_MODULES = (
    "model/encoding",
    "model/interpreter",
    "model/observing",
    "model/pacing",
    "model/scalar_changes",
    "model/watching",
    "programs/wireform",
)
SETUP = """\
from mypyc.build import mypycify
from setuptools import setup

setup(name="fast-model", packages=[], ext_modules=mypycify({paths!r}, opt_level="3", debug_level="0"))
"""


def module_paths(folder: Path) -> list[str]:
    """The sources that are compiled, as paths below `folder`."""
    specification = [path for path in (folder / "pymodel/pageheap").glob("*.py") if path.name != "__init__.py"]
    driver = [folder / "pymodel/differential" / f"{name}.py" for name in DRIVER_MODULES]
    return sorted(str(path.relative_to(folder)) for path in [*specification, *driver])


def sources_digest(package: Path) -> str:
    """SHA-256 of all sources of the package, with their names, and of which Python they are compiled for."""
    digest = hashlib.sha256(str(sys.implementation.cache_tag).encode())
    for path in sorted(package.rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"\n{path.relative_to(package)} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def is_up_to_date(folder: Path, package: Path = ROOT / "pymodel") -> bool:
    """Whether what is in `folder` was compiled, to the end, from the package's present sources for this Python."""
    try:
        return (folder / DIGEST_NAME).read_text() == sources_digest(package)
    except OSError:
        return False


def build(folder: Path) -> None:
    """Copies pymodel to `folder` and compiles there; raises CalledProcessError with the compiler's last words."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "pymodel", folder / "pymodel", ignore=shutil.ignore_patterns("__pycache__"))
    digest = sources_digest(folder / "pymodel")
    (folder / "setup.py").write_text(SETUP.format(paths=module_paths(folder)))
    command = [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    shutil.rmtree(folder / "build")
    (folder / DIGEST_NAME).write_text(digest)


def main(arguments: Sequence[str]) -> int:
    """Builds, and says how to use what was built."""
    folder = Path(arguments[0]) if arguments else FOLDER
    try:
        build(folder)
    except subprocess.CalledProcessError as error:
        print("\n".join((error.stdout + error.stderr).splitlines()[-20:]), file=sys.stderr)
        return 1
    print(f"compiled: PYTHONPATH={folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder} scavdiff run")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
