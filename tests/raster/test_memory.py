"""Freed memory is kept."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from automap_tiles.raster.memory import empty_again, keep_freed_memory

PROGRAM = """
import resource
import numpy as np
from automap_tiles.raster import ensure_env
{call}
faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    arrays = [np.full(2**20, 1, dtype=np.uint8) for _ in range(8)]
    del arrays
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults)
"""


def faults(call: str, **environment: str) -> int:
    """Page faults of 50 times 8 MB in a new process."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(call=call)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(run.stdout)


@pytest.mark.skipif(not keep_freed_memory(), reason="no glibc, or its settings are given")
def test_arrays_of_tiles_are_not_mapped_anew() -> None:
    kept = faults("ensure_env()")
    assert faults("") > 5 * kept
    assert faults("ensure_env()", MALLOC_TRIM_THRESHOLD_="100000") > 5 * kept


def test_memory_is_taken_again_once_nobody_uses_it() -> None:
    first = empty_again((3, 1000), np.dtype(np.int16))
    assert first.shape == (3, 1000)
    assert first.dtype == np.int16
    part = first[1:, ::2]
    del first
    other = empty_again((2, 500), np.dtype(np.float32))  # a view of the first is still there
    assert not np.shares_memory(part, other)
    del part, other
    small = empty_again((7,), np.dtype(np.uint8))
    small_place = small.ctypes.data
    del small
    assert empty_again((2, 500), np.dtype(np.float32)).ctypes.data == small_place


def test_every_thread_has_its_own() -> None:
    mine = empty_again((1000,), np.dtype(np.uint8))
    with ThreadPoolExecutor(1) as pool:
        theirs = pool.submit(empty_again, (1000,), np.dtype(np.uint8)).result()
    assert not np.shares_memory(mine, theirs)
