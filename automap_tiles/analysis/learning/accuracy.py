"""Accuracy of a map and areas of its classes, estimated from a stratified reference sample.

Source of all formulas: Olofsson, Foody, Herold, Stehman, Woodcock & Wulder, Good practices for
estimating area and assessing accuracy of land change, Remote Sensing of Environment 148 (2014). The
strata are the classes of the map; within each the reference sample must be a random sample.
Precision, recall and F1 of a counted sample are in `classifier.training`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Z95 = 1.96
"""Standard errors in half of a 95 % interval, rounded as in the publication."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """An estimate and its standard error."""

    value: float
    """NaN if the sample does not determine it."""
    error: float
    """Standard error; NaN if a stratum has fewer than two samples."""

    @property
    def half_width(self) -> float:
        """Half the width of the 95 % interval."""
        return Z95 * self.error

    def to_dict(self) -> dict[str, float | None]:
        """For JSON: None instead of NaN."""
        names = {"value": self.value, "standard_error": self.error, "interval": self.half_width}
        return {
            name: float(number) if np.isfinite(number) else None for name, number in names.items()
        }


@dataclass(frozen=True, kw_only=True)
class MapAccuracy:
    """Estimates from a reference sample; lists are in the order of the classes."""

    proportions: Floats
    """(map class, reference class) estimated proportions of the area; they sum to 1."""
    overall: Estimate
    users: tuple[Estimate, ...]
    """User's accuracy: proportion of the area mapped as a class that belongs to it."""
    producers: tuple[Estimate, ...]
    """Producer's accuracy: proportion of the area of a class that is mapped as it."""
    shares: tuple[Estimate, ...]
    """Proportion of the total area of each class, corrected for the errors of the map."""

    def areas(self, total: float) -> tuple[Estimate, ...]:
        """Area of each class in the unit of `total`, the area of the whole map."""
        return tuple(
            Estimate(value=share.value * total, error=share.error * total) for share in self.shares
        )


def confusion(
    mapped: NDArray[Any], reference: NDArray[Any], classes: Sequence[int]
) -> NDArray[np.int64]:
    """Counts (map class, reference class) of samples; raises `ValueError` for other classes."""
    values = np.array(sorted(classes))
    places = [
        np.searchsorted(values, column).clip(0, len(values) - 1) for column in (mapped, reference)
    ]
    for place, column in zip(places, (mapped, reference), strict=True):
        if len(column) and not np.array_equal(values[place], column):
            raise ValueError("there are samples of classes that are not listed")
    flat = np.bincount(places[0] * len(values) + places[1], minlength=len(values) ** 2)
    return flat.reshape(len(values), len(values)).astype(np.int64)


def map_accuracy(counts: NDArray[Any], weights: Sequence[float] | Floats) -> MapAccuracy:
    """The stratified estimates.

    `counts` (map class, reference class) are the samples; `weights` (map class,) the proportions of
    the mapped area, which sum to 1. Raises `ValueError` if a class with a non-zero proportion has
    no sample: its area cannot be estimated.
    """
    n, w = _checked(counts, weights)
    sampled = n.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        within = np.where(sampled[:, None] > 0, n / sampled[:, None], 0.0)
        # Variance of each share within its stratum (equation 5 for the diagonal, 10 for areas).
        spread = within * (1 - within) / (sampled - 1)[:, None]
    # A class that does not occur in the map does not contribute.
    spread[w == 0] = np.where(sampled[w == 0, None] > 1, spread[w == 0], 0.0)
    p = w[:, None] * within
    of_class = p.sum(axis=0)
    own = np.diag(spread)
    weighted = w[:, None] ** 2 * spread
    return MapAccuracy(
        proportions=p,
        overall=_estimate(np.trace(p), (w**2 * own).sum()),
        users=tuple(
            _estimate(within[k, k] if sampled[k] else np.nan, own[k] if sampled[k] else np.nan)
            for k in range(len(w))
        ),
        producers=tuple(_producers(k, p, weighted, of_class) for k in range(len(w))),
        shares=tuple(map(_estimate, of_class, weighted.sum(axis=0))),
    )


def without_errors(found: MapAccuracy) -> MapAccuracy:
    """The same estimates without standard errors, for a sample that does not allow them."""

    def bare(several: tuple[Estimate, ...]) -> tuple[Estimate, ...]:
        return tuple(Estimate(value=one.value, error=np.nan) for one in several)

    return MapAccuracy(
        proportions=found.proportions,
        overall=bare((found.overall,))[0],
        users=bare(found.users),
        producers=bare(found.producers),
        shares=bare(found.shares),
    )


def _producers(k: int, p: Floats, weighted: Floats, of_class: Floats) -> Estimate:
    """Equation 7, with both sides divided by the area of the map."""
    if of_class[k] <= 0:
        return Estimate(value=np.nan, error=np.nan)
    value = p[k, k] / of_class[k]
    others = weighted[:, k].sum() - weighted[k, k]
    variance = (1 - value) ** 2 * weighted[k, k] + value**2 * others
    return _estimate(value, variance / of_class[k] ** 2)


def _estimate(value: float, variance: float) -> Estimate:
    return Estimate(value=float(value), error=float(np.sqrt(variance)))


def _checked(counts: NDArray[Any], weights: Sequence[float] | Floats) -> tuple[Floats, Floats]:
    n, w = np.asarray(counts, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    if n.ndim != 2 or n.shape != (len(w), len(w)):
        raise ValueError(f"counts of shape {n.shape} do not fit {len(w)} weights")
    if (n < 0).any() or (w < 0).any() or not np.isclose(w.sum(), 1):
        raise ValueError("counts and weights are not negative, and weights add up to 1")
    missing = np.flatnonzero((w > 0) & (n.sum(axis=1) == 0))
    if missing.size:
        raise ValueError(f"no sample lies in the stratum number {missing[0] + 1}")
    return n, w
