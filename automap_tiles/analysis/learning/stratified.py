"""Map accuracy and class areas from a sample whose strata differ from the map classes.

This is the case if a map was remade after its reference sample was drawn, or if one sample serves
several maps. Source of all formulas: Stehman, Estimating area and map accuracy for stratified
random sampling when the strata are different from the map classes, International Journal of Remote
Sensing 35 (2014). Every estimate is a ratio of two means over the strata (equations 2, 3 and 28);
for the overall accuracy the denominator is the part of the area that has a class in the map. If the
strata are the map classes the estimates are those of `accuracy`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.accuracy import Estimate, MapAccuracy

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class StratifiedSample:
    """Points drawn at random within each stratum, and the sizes of the strata."""

    strata: NDArray[np.intp]
    """(point,) number of its stratum, from 0."""
    mapped: NDArray[Any]
    """(point,) map class; 0: none."""
    truth: NDArray[Any]
    """(point,) reference class."""
    sizes: Floats
    """(stratum,) number of pixels in the sampling frame."""
    weights: Floats
    """(stratum,) proportions of the area; they sum to 1."""

    def __post_init__(self) -> None:
        points = {len(self.strata), len(self.mapped), len(self.truth)}
        if len(points) > 1 or len(self.sizes) != len(self.weights):
            raise ValueError("columns of unlike length")
        if (self.weights < 0).any() or not np.isclose(self.weights.sum(), 1):
            raise ValueError("weights are not negative and add up to 1")
        drawn = np.bincount(self.strata, minlength=len(self.sizes))
        if len(drawn) > len(self.sizes):
            raise ValueError("a point lies in a stratum that has no size")
        missing = np.flatnonzero((drawn == 0) & (self.weights > 0))
        if missing.size:
            raise ValueError(f"no sample lies in the stratum number {missing[0] + 1}")


def stratified_accuracy(sample: StratifiedSample, classes: Sequence[int]) -> MapAccuracy:
    """The estimates, in the order of the classes, which are not 0.

    Raises `ValueError` if the map has a class at none of the points. Standard errors are NaN if a
    stratum has a single point.
    """
    known = sample.mapped != 0
    if not known.any():
        raise ValueError("the map has no class at any of the points")
    right = known & (sample.mapped == sample.truth)
    is_mapped = [sample.mapped == value for value in classes]
    is_true = [known & (sample.truth == value) for value in classes]
    domain = _total(sample, known)
    return MapAccuracy(
        proportions=np.array(
            [[_total(sample, mapped & true) / domain for true in is_true] for mapped in is_mapped]
        ),
        overall=_ratio(sample, right, known),
        users=tuple(_ratio(sample, mapped & right, mapped) for mapped in is_mapped),
        producers=tuple(_ratio(sample, true & right, true) for true in is_true),
        shares=tuple(_ratio(sample, true, known) for true in is_true),
    )


def _total(sample: StratifiedSample, counted: NDArray[np.bool_]) -> float:
    """Estimated proportion of the area, over all strata, that the counted points represent."""
    drawn = np.bincount(sample.strata, minlength=len(sample.sizes))
    found = np.bincount(sample.strata, counted, minlength=len(sample.sizes))
    return float((sample.weights * found / np.maximum(drawn, 1)).sum())


def _ratio(sample: StratifiedSample, part: NDArray[np.bool_], of: NDArray[np.bool_]) -> Estimate:
    """Equations 27 and 28; the variance is that of the residuals part − ratio · of."""
    whole = _total(sample, of)
    if whole == 0:
        return Estimate(value=np.nan, error=np.nan)
    value = _total(sample, part) / whole
    residuals = part - value * of
    drawn = np.bincount(sample.strata, minlength=len(sample.sizes)).astype(np.float64)
    means = np.bincount(sample.strata, residuals, len(drawn)) / np.maximum(drawn, 1)
    squares = np.bincount(
        sample.strata, (residuals - means[sample.strata]) ** 2, minlength=len(drawn)
    )
    own = sample.weights > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = squares / (drawn - 1) / drawn * (1 - drawn / sample.sizes)
    variance = (sample.weights[own] ** 2 * spread[own]).sum()
    return Estimate(value=value, error=float(np.sqrt(variance)) / whole)
