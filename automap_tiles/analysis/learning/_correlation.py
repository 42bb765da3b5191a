"""Minimum distance between independent samples: the range of a variogram."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LAGS = 12
_MOST_POINTS = 600
# Fraction of the sill that defines the practical range (Webster & Oliver 2007, Geostatistics for
# Environmental Scientists, 2nd edition, chapter 5).
_OF_SILL = 0.95
_LEAST_PAIRS = 30


def correlation_range(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    values: NDArray[np.float32],
    classes: NDArray[np.uint8],
    seed: int = 0,
) -> float:
    """Practical range of the semivariogram of samples (sample, feature), CRS units.

    Of the standardised residuals about the class means, up to half of the extent, from the mean
    semivariance of all features. 0 if nearby samples differ as much as distant ones, or if there
    are too few samples.
    """
    chosen = np.arange(len(x))
    if len(x) > _MOST_POINTS:
        chosen = np.sort(np.random.default_rng(seed).permutation(len(x))[:_MOST_POINTS])
    residuals = _residuals(values, classes)[chosen]
    distances = np.hypot(*(one[:, None] - one[None] for one in (x[chosen], y[chosen])))
    squares = ((residuals[:, None] - residuals[None]) ** 2).mean(axis=2) / 2
    upper = np.triu_indices(len(chosen), 1)
    distances, squares = distances[upper], squares[upper]
    farthest = float(distances.max(initial=0.0)) / 2
    if farthest == 0:
        return 0.0
    lag = np.minimum((distances / farthest * _LAGS).astype(np.int64), _LAGS)
    counts = np.bincount(lag, minlength=_LAGS + 1)[:_LAGS]
    sums = np.bincount(lag, squares, minlength=_LAGS + 1)[:_LAGS]
    known = counts >= _LEAST_PAIRS
    if known.sum() < 3:
        return 0.0
    variance = sums[known] / counts[known]
    sill = float(np.median(variance[len(variance) // 2 :]))
    reached = np.flatnonzero(variance >= _OF_SILL * sill)
    first = int(np.flatnonzero(known)[reached[0]]) if len(reached) else _LAGS
    return first * farthest / _LAGS


def _residuals(values: NDArray[np.float32], classes: NDArray[np.uint8]) -> NDArray[np.float64]:
    found = values.astype(np.float64)
    for value in np.unique(classes):
        found[classes == value] -= found[classes == value].mean(axis=0)
    spread = found.std(axis=0)
    varies = spread > 0
    standard: NDArray[np.float64] = found[:, varies] / spread[varies]
    return standard if varies.any() else np.zeros((len(found), 1))
