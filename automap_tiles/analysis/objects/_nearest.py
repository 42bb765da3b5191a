"""The nearest of some centres."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def nearest(planes: Floats, centres: Floats) -> NDArray[np.int64]:
    """(pixel,) place of the nearest centre of planes (band, pixel), the first of equals."""
    best = np.full(planes.shape[1], np.inf)
    found = np.zeros(planes.shape[1], dtype=np.int64)
    for place, centre in enumerate(centres):
        away = np.zeros(planes.shape[1])
        for plane, value in zip(planes, centre.tolist(), strict=True):
            away += (plane - value) ** 2
        nearer = away < best
        best, found = np.where(nearer, away, best), np.where(nearer, place, found)
    return found
