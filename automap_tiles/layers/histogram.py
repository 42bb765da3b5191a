"""The histogram of a layer, for stretching it manually."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from automap_tiles.grid import Bounds
from automap_tiles.layers.layer import Layer
from automap_tiles.layers.stretch import numbers_of, samples_in

_BINS = 64
_OUTER = (0.5, 99.5)
"""Percentiles between which it is drawn: what lies beyond would press the rest together."""


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """Of several bands between the same two values."""

    low: float
    high: float
    counts: tuple[tuple[int, ...], ...]
    """One for each band; values beyond the ends stand at the ends."""


def histogram(layer: Layer, bands: Sequence[int], bounds: Bounds) -> Histogram | None:
    """Of pixels in a box (degrees), seen at the zoom that shows it in a few tiles.

    None where there are none.
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
