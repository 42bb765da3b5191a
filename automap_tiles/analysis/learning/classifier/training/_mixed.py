"""Detection of mixed pixels at the edges of polygons.

An edge pixel may contain some of what lies beside the polygon, or be as pure as any. Therefore only
edge pixels that also differ spectrally from the interior of their own polygon count as mixed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST_KEPT = 0.5
"""Minimum fraction of a polygon, and of a class, that is kept whatever its edge looks like."""

# Quantile of the distances of interior pixels from the median of their polygon.
_USUAL = 0.95
# Ratio of the standard deviation to the median absolute deviation of a normal distribution.
_NORMAL = 1.4826


def mixed_pixels(
    values: NDArray[np.float32],
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    edge: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """(sample,) whether an edge pixel differs from the interior of its polygon.

    `values` (sample, band), `edge` (sample,) whether it lies at the edge of a polygon that has
    interior pixels. An edge pixel differs if its distance, in median absolute deviations, exceeds
    that of 95 % of the interior pixels of its class. Of each polygon and class at least half is
    kept, the nearest pixels.
    """
    distance = np.zeros(len(labels))
    found = np.zeros(len(labels), dtype=bool)
    if not edge.any():
        return found
    for label in np.unique(labels[edge]):
        of_class = np.flatnonzero(labels == label)
        centred = _centred(values[of_class], groups[of_class], ~edge[of_class])
        inside = ~edge[of_class]
        scale = _NORMAL * np.median(np.abs(centred[inside]), axis=0)
        scale = np.maximum(scale, 1e-6 * np.abs(values[of_class]).max(axis=0) + 1e-12)
        distance[of_class] = np.sqrt(((centred / scale) ** 2).mean(axis=1))
        limit = np.quantile(distance[of_class][inside], _USUAL)
        found[of_class] = edge[of_class] & (distance[of_class] > limit)
        for group in np.unique(groups[of_class][found[of_class]]):
            _keep(found, distance, of_class[groups[of_class] == group])
        _keep(found, distance, of_class)
    return found


def _centred(
    values: NDArray[np.float32], groups: NDArray[np.int64], inside: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Differences from the median of the interior of each polygon."""
    found = values.astype(np.float64)
    for group in np.unique(groups):
        own = groups == group
        core = own & inside
        found[own] -= np.median(values[core if core.any() else own], axis=0)
    return found


def _keep(
    found: NDArray[np.bool_], distance: NDArray[np.float64], places: NDArray[np.int64]
) -> None:
    """Restore the nearest pixels where more than the permitted fraction would be removed."""
    lost = places[found[places]]
    spare = len(lost) - int((1 - LEAST_KEPT) * len(places))
    if spare > 0:
        found[lost[np.argsort(distance[lost], kind="stable")[:spare]]] = False
