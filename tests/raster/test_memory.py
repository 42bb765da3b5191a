"""Freed memory is kept."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from automap_tiles.raster.memory import keep_freed_memory

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
