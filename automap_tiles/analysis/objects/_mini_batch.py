"""K-means of a few samples at a time: for samples that are many.

Sculley 2010, International Conference on World Wide Web: 1177-1178.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.objects._nearest import nearest

Floats = NDArray[np.float64]

_BATCH = 1024
_BATCHES = 400
"""Each sample of 50 000 is seen eight times; centres hardly move any more by then."""


def mini_batches(values: Floats, centres: Floats, random: np.random.Generator) -> Floats:
    """(cluster, band) centres that began as `centres`, from samples (sample, band).

    A centre moves towards the mean of those of a batch that are nearest to it, the less the more it
    has seen.
    """
    found, seen = centres.copy(), np.zeros(len(centres))
    size = min(_BATCH, len(values))
    for _ in range(_BATCHES):
        batch = values[random.integers(0, len(values), size)]
        own = nearest(batch.T, found)
        number = np.bincount(own, minlength=len(found))
        seen += number
        for band, plane in enumerate(batch.T):
            sums = np.bincount(own, plane, len(found))
            found[:, band] += (sums - number * found[:, band]) / np.maximum(seen, 1)
    return found
