"""Writes the generated protocol code from proto/, or with --check tells which committed files differ from it.

Python needs messages only (the driver sends raw bytes), Go needs messages and service, but not the bridge over pipes.
protoc comes with the locked grpcio-tools, its Go plugins from the `tool` lines of goharness/go.mod.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROTO = "pageheap/v1/pageheap.proto"
STDIO_PROTO = "pageheap/v1/stdio.proto"
# Generated Python imports by the path below proto/, but lies in pymodel/wire.
IMPORT_GENERATED, IMPORT_INSTALLED = b"from pageheap.v1 import ", b"from pymodel.wire import "
GO_MODULE = "scavdiff/goharness"
GO_PLUGINS = ("protoc-gen-go", "protoc-gen-go-grpc")


def go_tool_path(name: str) -> str:
    """The path of a tool that goharness/go.mod pins, built if need be."""
    command = ["go", "tool", "-n", name]
    return subprocess.run(command, cwd=ROOT / "goharness", check=True, capture_output=True, text=True).stdout.strip()


def generate(scratch: Path) -> dict[str, bytes]:
    """The content of every generated file, by its path in the repository."""
    python_out, go_out = scratch / "python", scratch / "go"
    python_out.mkdir()
    go_out.mkdir()
    protoc = (sys.executable, "-m", "grpc_tools.protoc", f"--proto_path={ROOT / 'proto'}")
    subprocess.run([*protoc, f"--python_out={python_out}", f"--pyi_out={python_out}", PROTO, STDIO_PROTO], check=True)
    subprocess.run(
        [
            *protoc,
            *(f"--plugin={name}={go_tool_path(name)}" for name in GO_PLUGINS),
            *(f"--go_out={go_out}", f"--go_opt=module={GO_MODULE}"),
            *(f"--go-grpc_out={go_out}", f"--go-grpc_opt=module={GO_MODULE}"),
            PROTO,
        ],
        check=True,
    )
    files = {
        f"pymodel/wire/{path.name}": path.read_bytes().replace(IMPORT_GENERATED, IMPORT_INSTALLED)
        for path in python_out.rglob("*_pb2.py*")
    }
    files |= {f"goharness/{path.relative_to(go_out)}": path.read_bytes() for path in go_out.rglob("*.go")}
    return files


def committed_paths(root: Path) -> set[str]:
    """The paths of the generated files under root, found by their names."""
    found = [*root.glob("pymodel/wire/*_pb2*.py*"), *root.glob("goharness/internal/wire/**/*.go")]
    return {str(path.relative_to(root)) for path in found}


def drifted(root: Path, generated: dict[str, bytes]) -> list[str]:
    """One sentence for each generated file under root that is missing, differs, or is no longer generated."""
    problems = [f"{path} is generated no longer" for path in sorted(committed_paths(root) - generated.keys())]
    for path, content in sorted(generated.items()):
        if not (root / path).exists():
            problems.append(f"{path} is missing")
        elif (root / path).read_bytes() != content:
            problems.append(f"{path} differs from what proto/ generates")
    return problems


def write(root: Path, generated: dict[str, bytes]) -> None:
    """Writes the generated files under root and removes those that are generated no longer."""
    for path in committed_paths(root) - generated.keys():
        (root / path).unlink()
    for path, content in generated.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)


def main() -> int:
    """Runs the command line; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a committed file differs")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as scratch:
        generated = generate(Path(scratch))
    if not check:
        write(ROOT, generated)
        return 0
    problems = drifted(ROOT, generated)
    for problem in problems:
        print(f"{problem}: run `make stubs`", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
