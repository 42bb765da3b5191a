"""Kernels compiled by numba, which are used in processes that have imported them.

One import takes as long as some thousand blocks. So whoever is about to read many of them imports
them (`compile_unpacking`), before it forks its workers, and nobody else: a server of tiles is not
to hold numba in memory.
"""

from __future__ import annotations

import numpy as np

from automap_tiles.accelerate import compile_kernel


@compile_kernel
def add_up(differences, out):  # type: ignore[no-untyped-def]
    """As `_unpacking._add_up`: sums of 64 bits, of which the lower ones are kept."""
    rows, columns = differences.shape
    for row in range(rows):
        total = np.uint64(0)
        for column in range(columns):
            total += np.uint64(differences[row, column])
            out[row, column] = total
