from __future__ import annotations

import subprocess
import sys

# How much resident memory stays after a large block was freed above which a small one was taken.
SCRIPT = """
import ctypes
from pathlib import Path
from pymodel.differential.running.allocator import map_large_blocks

def resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

if {tuned}:
    assert map_large_blocks()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
size = 24 << 20
libc.free(libc.malloc(size))  # By default, this raises the size from which blocks are mapped.
before = resident_bytes()
large = libc.malloc(size)
ctypes.memset(large, 1, size)
small = [libc.malloc(100_000) for _ in range(100)]
libc.free(large)
print(resident_bytes() - before)
"""


def resident_growth(*, tuned: bool) -> int:
    command = [sys.executable, "-c", SCRIPT.format(tuned=tuned)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_a_large_block_that_is_freed_goes_back_to_the_system() -> None:
    assert resident_growth(tuned=False) > 20 << 20
    assert resident_growth(tuned=True) < 4 << 20
