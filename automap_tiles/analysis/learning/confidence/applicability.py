"""Area of applicability of a model: pixels as similar to its samples as those are to each other.

Source of all formulas: Meyer & Pebesma 2021, Predicting into unknown space? Estimating the area of
applicability of spatial prediction models, Methods in Ecology and Evolution 12: 1620-1633. The
dissimilarity index of a pixel is its distance to the nearest training sample, in features that are
standardised and weighted by their importance, divided by the mean distance between samples. The
threshold is the upper whisker of the dissimilarities between samples and those of other folds.
Folds hold out whole polygons: otherwise the threshold would reflect the similarity of neighbouring
pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST = 1000
"""Representative samples: no other sample is farther from one of them than they are from each
other."""
_PAIRED = 2000
"""Samples from which the mean distance is estimated."""
_BLOCK = 512
"""Pixels whose distances to all samples are in memory at a time."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Applicability:
    """Parameters of the dissimilarity index."""

    middle: Floats
    """(feature,) mean of the training samples."""
    factors: Floats
    """(feature,) importance divided by standard deviation; 0 for a constant feature."""
    samples: NDArray[np.float32]
    """(sample, feature) representative training samples, centred and multiplied by the factors."""
    unit: float
    """Mean distance between training samples."""
    threshold: float
    """Largest dissimilarity inside the area of applicability."""

    def dissimilarity(self, rows: NDArray[np.float32]) -> Floats:
        """(pixel,) from features (pixel, feature).

        Each pixel is independent of the others, bit by bit.
        """
        if rows.ndim != 2 or rows.shape[1] != len(self.middle):
            raise ValueError(f"rows of shape {rows.shape} do not fit {len(self.middle)} features")
        scaled = (rows - self.middle) * self.factors
        found: Floats = nearest(scaled, self.samples.astype(np.float64)) / self.unit
        return found

    def to_dict(self) -> dict[str, Any]:
        """For JSON, without the samples."""
        return {
            "middle": self.middle.tolist(),
            "factors": self.factors.tolist(),
            "unit": self.unit,
            "threshold": self.threshold,
        }

    def to_bytes(self) -> bytes:
        """The samples as bytes."""
        return np.ascontiguousarray(self.samples, dtype="<f4").tobytes()

    @classmethod
    def from_dict(cls, content: Mapping[str, Any], data: bytes) -> Applicability:
        """Restore what `to_dict` and `to_bytes` returned.

        Raises `KeyError`, `TypeError`, `ValueError`.
        """
        middle = np.array(content["middle"], dtype=np.float64)
        factors = np.array(content["factors"], dtype=np.float64)
        unit, threshold = float(content["unit"]), float(content["threshold"])
        if factors.shape != middle.shape or not (unit > 0 and threshold >= 0):
            raise ValueError("numbers of an applicability that do not fit together")
        samples = np.frombuffer(data, dtype="<f4").reshape(-1, len(middle))
        return cls(middle=middle, factors=factors, samples=samples, unit=unit, threshold=threshold)


def applicability(
    values: NDArray[np.float32],
    importances: Sequence[float],
    folds: NDArray[np.int64],
    seed: int = 0,
) -> Applicability | None:
    """From training samples (sample, feature) and the non-negative importances of the features.

    `folds` (sample,) hold out whole polygons, -1 for samples that are never held out. None if
    nothing is held out or no important feature varies: then no pixel can be called dissimilar.
    """
    exact = values.astype(np.float64)
    middle, spread = exact.mean(axis=0), exact.std(axis=0, ddof=1 if len(exact) > 1 else 0)
    varies = spread > 1e-9 * np.maximum(np.abs(middle), 1e-300)
    weights = np.maximum(np.asarray(importances, dtype=np.float64), 0.0)
    factors = np.where(varies, weights / np.where(varies, spread, 1.0), 0.0)
    scaled = (exact - middle) * factors
    unit = _mean_distance(scaled, seed)
    if unit <= 0 or not (folds >= 0).any():
        return None
    kept = _standing_for_all(scaled, folds)
    samples = scaled[kept].astype(np.float32)
    own = _beside_other_folds(scaled, folds, samples.astype(np.float64), folds[kept]) / unit
    if not own.size:
        return None
    low, high = np.quantile(own, (0.25, 0.75))
    return Applicability(
        middle=middle,
        factors=factors,
        samples=samples,
        unit=unit,
        threshold=float(min(high + 1.5 * (high - low), own.max())),
    )


def nearest(points: Floats, samples: Floats) -> Floats:
    """(point,) distance to the nearest sample; both arguments are (row, feature).

    Candidates are found by a matrix product. Its rounding depends on the number of points, so the
    distances to all samples that may be the nearest are then computed element by element.
    """
    squares = (samples**2).sum(axis=1)
    largest = float(squares.max())
    found = np.empty(len(points))
    for first in range(0, len(points), _BLOCK):
        some = points[first : first + _BLOCK]
        own = (some**2).sum(axis=1)
        rough = some @ samples.T
        rough *= -2
        rough += squares
        slack = 1e-10 * (own + largest) + 1e-300
        row, column = np.nonzero(rough <= (rough.min(axis=1) + slack)[:, None])
        exact = np.zeros(len(row))
        for feature in range(points.shape[1]):
            exact += (some[row, feature] - samples[column, feature]) ** 2
        starts = np.searchsorted(row, np.arange(len(some)))
        found[first : first + _BLOCK] = np.minimum.reduceat(exact, starts)
    return np.sqrt(found)


def _mean_distance(scaled: Floats, seed: int) -> float:
    """Mean over all pairs of samples, or over a random subset if there are many."""
    if len(scaled) > _PAIRED:
        scaled = scaled[np.sort(np.random.default_rng(seed).permutation(len(scaled))[:_PAIRED])]
    if len(scaled) < 2:
        return 0.0
    total = 0.0
    for row in range(1, len(scaled)):
        total += float(np.sqrt(((scaled[:row] - scaled[row]) ** 2).sum(axis=1)).sum())
    return total / (len(scaled) * (len(scaled) - 1) / 2)


def _standing_for_all(scaled: Floats, folds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Indices of representative samples: all distinct ones, or centres far apart.

    Each further centre is the sample farthest from those before (Gonzalez 1985, Theoretical
    Computer Science 38: 293-306).
    """
    each = np.column_stack([folds, scaled])
    _, first = np.unique(each, axis=0, return_index=True)
    first = np.sort(first)
    if len(first) <= MOST:
        return first
    rows = scaled[first]
    centres = [int((rows**2).sum(axis=1).argmin())]
    away = np.full(len(rows), np.inf)
    while len(centres) < MOST:
        away = np.minimum(away, ((rows - rows[centres[-1]]) ** 2).sum(axis=1))
        centres.append(int(away.argmax()))
    found: NDArray[np.int64] = first[np.unique(centres)]
    return found


def _beside_other_folds(
    scaled: Floats, folds: NDArray[np.int64], samples: Floats, own: NDArray[np.int64]
) -> Floats:
    """Distances of held-out samples to the nearest of `samples` that belongs to another fold."""
    found = [
        nearest(scaled[folds == fold], samples[own != fold])
        for fold in np.unique(folds[folds >= 0])
        if (own != fold).any()
    ]
    return np.concatenate(found) if found else np.zeros(0)
