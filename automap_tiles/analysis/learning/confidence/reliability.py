"""Reliability of probabilities, measured on held-out samples.

The expected calibration error is the mean difference between confidence and accuracy over bins of
confidence (Guo et al. 2017); it is overestimated where bins hold few samples, so the error with
bins of equal mass is given too, and the error of each class (Nixon et al. 2019, CVPR workshops:
"Measuring calibration in deep learning"). The Brier score is the mean of sum_k (p_k - y_k)^2, from
0 to 2 (Brier 1950).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.confidence.calibration import LEAST

Floats = NDArray[np.float64]

BINS = 15
"""Of equal width, as in Guo et al."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bin:
    """Samples whose most probable class has a similar probability."""

    low: float
    high: float
    share: float
    """Fraction of all samples, by weight."""
    sure: float
    """Mean probability of the most probable class; 0 in an empty bin."""
    right: float
    """Fraction whose most probable class is the true one; 0 in an empty bin."""


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """Measures of calibration."""

    log_loss: float
    brier: float
    error: float
    """Expected calibration error of the most probable class, bins of equal width."""
    error_equal_mass: float
    """The same with bins of about equal numbers of samples."""
    error_of_classes: float
    """Mean of the calibration errors of the classes."""
    bins: tuple[Bin, ...]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "bins": [asdict(one) for one in self.bins]}


def reliability(
    probabilities: NDArray[Any], labels: NDArray[np.int64], weights: NDArray[Any] | None = None
) -> Reliability:
    """Reliability of `probabilities` (class, sample), given the true classes `labels` (sample,).

    `labels` are class indices; `weights` (sample,) are the weights of the samples. Raises
    `ValueError` without samples.
    """
    shares = np.asarray(probabilities, dtype=np.float64)
    given = np.ones(len(labels)) if weights is None else np.asarray(weights, dtype=np.float64)
    if not given.sum() > 0:
        raise ValueError("reliability needs samples of some weight")
    truth = np.arange(len(shares))[:, None] == labels
    sure = shares.max(axis=0)
    right = (shares.argmax(axis=0) == labels).astype(np.float64)
    own = np.maximum(shares[labels, np.arange(len(labels))], LEAST)
    bins = _bins(sure, right, given, _width_bin(sure))
    heavy = _mass_bin(sure, given)
    return Reliability(
        log_loss=float(np.average(-np.log(own), weights=given)),
        brier=float(np.average(((shares - truth) ** 2).sum(axis=0), weights=given)),
        error=_error(sure, right, given, _width_bin(sure)),
        error_equal_mass=_error(sure, right, given, heavy),
        error_of_classes=float(
            np.mean(
                [
                    _error(plane, own_class.astype(np.float64), given, _width_bin(plane))
                    for plane, own_class in zip(shares, truth, strict=True)
                ]
            )
        ),
        bins=bins,
    )


def spread_of_error(
    probabilities: NDArray[Any],
    labels: NDArray[np.int64],
    weights: NDArray[Any],
    groups: NDArray[np.int64],
    draws: Floats,
) -> tuple[float, float]:
    """95 % interval of the calibration error, from bootstrap draws of groups (draw, group).

    `groups` (sample,) are the groups that are held out together: their pixels are correlated.
    """
    shares = np.asarray(probabilities, dtype=np.float64)
    sure = shares.max(axis=0)
    right = (shares.argmax(axis=0) == labels).astype(np.float64)
    place = groups * BINS + _width_bin(sure)
    size = draws.shape[1] * BINS
    away = np.bincount(place, weights * (right - sure), size).reshape(-1, BINS)
    mass = np.bincount(place, weights, size).reshape(-1, BINS)
    drawn, whole = np.abs(draws @ away).sum(axis=1), (draws @ mass).sum(axis=1)
    low, high = np.percentile(drawn / np.maximum(whole, 1e-300), (2.5, 97.5))
    return float(low), float(high)


def _width_bin(sure: Floats) -> NDArray[np.int64]:
    """(sample,) bin; the lower limits are exclusive except for the first bin."""
    found: NDArray[np.int64] = np.ceil(sure * BINS).astype(np.int64) - 1
    return np.clip(found, 0, BINS - 1)


def _mass_bin(sure: Floats, weights: Floats) -> NDArray[np.int64]:
    """(sample,) bin of about equal mass; samples of equal confidence stay together."""
    _, member = np.unique(sure, return_inverse=True)
    mass = np.bincount(member.reshape(-1), weights)
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    found: NDArray[np.int64] = np.minimum((middle * BINS).astype(np.int64), BINS - 1)
    return found[member.reshape(-1)]


def _error(sure: Floats, right: Floats, weights: Floats, place: NDArray[np.int64]) -> float:
    away = np.bincount(place, weights * (right - sure), BINS)
    return float(np.abs(away).sum() / weights.sum())


def _bins(
    sure: Floats, right: Floats, weights: Floats, place: NDArray[np.int64]
) -> tuple[Bin, ...]:
    mass = np.bincount(place, weights, BINS)
    means = [
        np.divide(np.bincount(place, weights * one, BINS), mass, out=np.zeros(BINS), where=mass > 0)
        for one in (sure, right)
    ]
    return tuple(
        Bin(
            low=number / BINS,
            high=(number + 1) / BINS,
            share=float(mass[number] / weights.sum()),
            sure=float(means[0][number]),
            right=float(means[1][number]),
        )
        for number in range(BINS)
    )
