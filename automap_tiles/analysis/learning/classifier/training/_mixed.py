"""Mixed pixels at the edges of polygons, told apart from good ones.

A pixel at the edge may hold some of what lies beside the polygon, or be as good as any. So only
those are taken for mixed that also look unlike the inside of their own polygon.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST_KEPT = 0.5
"""Share of a polygon, and of a class, that is kept however its edge looks."""

# Of the pixels inside, so many are as far from the middle of their polygon.
_USUAL = 0.95
# What makes a median absolute deviation a standard deviation of normal numbers.
_NORMAL = 1.4826


def mixed_pixels(
    values: NDArray[np.float32],
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    edge: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """(sample,) whether a pixel at the edge is far from the inside of its polygon.

    `values` (sample, band), `edge` (sample,) whether it lies at the edge of a polygon that has
    pixels inside. Far is farther than 95 % of the pixels inside the polygons of its class, in
    median absolute deviations of them. Of a polygon or class at least half is kept, the nearest.
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
    """Differences from the median of the inside of each polygon."""
    found = values.astype(np.float64)
    for group in np.unique(groups):
        own = groups == group
        core = own & inside
        found[own] -= np.median(values[core if core.any() else own], axis=0)
    return found


def _keep(
    found: NDArray[np.bool_], distance: NDArray[np.float64], places: NDArray[np.int64]
) -> None:
    """Take the nearest back where more than the rest of the least share would go."""
    lost = places[found[places]]
    spare = len(lost) - int((1 - LEAST_KEPT) * len(places))
    if spare > 0:
        found[lost[np.argsort(distance[lost], kind="stable")[:spare]]] = False
