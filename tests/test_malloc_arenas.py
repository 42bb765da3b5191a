"""Threads of a server share the memory that is freed."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from automap_tiles.malloc_arenas import limit_malloc_arenas

PROGRAM = """
import ctypes, threading
from automap_tiles.malloc_arenas import limit_malloc_arenas
{call}
def work(gate):
    kept = [bytearray(2000) for _ in range(20)]
    gate.wait()
gate = threading.Barrier(9)
threads = [threading.Thread(target=work, args=(gate,)) for _ in range(8)]
[thread.start() for thread in threads]
gate.wait()
ctypes.CDLL(None).malloc_stats()
"""


def arenas(call: str, **environment: str) -> int:
    """Heaps of a new process in which eight threads have taken memory, as glibc counts them."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(call=call)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return len(re.findall(r"^Arena \d+:", run.stderr, re.MULTILINE))


@pytest.mark.skipif(
    "MALLOC_ARENA_MAX" in os.environ or not limit_malloc_arenas(8), reason="no glibc, or it is set"
)
def test_as_many_heaps_as_were_said() -> None:
    assert arenas("") > 2
    assert arenas("limit_malloc_arenas(2)") == 2
    assert arenas("limit_malloc_arenas(1)") == 1
    assert arenas("limit_malloc_arenas(1)", MALLOC_ARENA_MAX="3") == 3
