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


HOLES = """
import ctypes
from pathlib import Path
from pymodel.differential.running.allocator import give_back_free_memory

def resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
blocks = [libc.malloc(100_000) for _ in range(240)]
for block in blocks:
    ctypes.memset(block, 1, 100_000)
for block in blocks[:-1]:
    libc.free(block)
before = resident_bytes()
assert give_back_free_memory()
print(before - resident_bytes())
"""


def test_holes_in_the_heap_are_given_back_when_asked_for() -> None:
    command = [sys.executable, "-c", HOLES]
    assert int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) > 20 << 20
