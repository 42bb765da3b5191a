"""The histogram of a layer, for manual stretching."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from automap_tiles.grid import Bounds
from automap_tiles.layers.layer import Layer
from automap_tiles.layers.stretch import numbers_of, samples_in

_BINS = 64
_OUTER = (0.5, 99.5)
"""Percentiles that limit the histogram, so that outliers do not compress it."""


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """Histograms of several bands over the same range."""

    low: float
    high: float
    counts: tuple[tuple[int, ...], ...]
    """One per band; values beyond the limits are counted in the first and last bin."""


def histogram(layer: Layer, bands: Sequence[int], bounds: Bounds) -> Histogram | None:
    """Of pixels in a box (degrees), at the zoom that shows it on a few tiles.

    None if there are none.
    """
    samples = samples_in(layer, bands, bounds)
    planes = [
        np.concatenate([numbers_of(data[number]) for data in samples])
        for number in range(len(bands) if samples else 0)
    ]
    values = np.concatenate(planes) if planes else np.empty(0)
    if not values.size:
        return None
    low, high = (float(each) for each in np.percentile(values, _OUTER))
    if not low < high:
        low, high = low - 0.5, high + 0.5
    counts = [
        np.histogram(np.clip(plane.astype("float64"), low, high), _BINS, (low, high))[0]
        for plane in planes
    ]
    return Histogram(low=low, high=high, counts=tuple(tuple(each.tolist()) for each in counts))
