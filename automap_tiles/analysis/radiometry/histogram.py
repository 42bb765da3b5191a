"""Histograms of one picture made those of another: for pictures, since it changes indices.

The distributions are those of whole scenes: taken of each tile they would make seams.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Distribution:
    """How the values of one band are distributed."""

    values: Floats
    """Each that there is, rising."""
    shares: Floats
    """Of the pixels that have this value or a smaller one; the last is 1."""

    @classmethod
    def of(cls, band: NDArray[Any], valid: NDArray[np.bool_] | None = None) -> Distribution:
        """Of the `valid` pixels (y, x) of a band; raises `ValueError` where there is none."""
        own = band.ravel() if valid is None else band[valid]
        if not own.size or not np.isfinite(own).all():
            raise ValueError("a distribution needs pixels with data, and finite ones")
        values, counts = np.unique(own, return_counts=True)
        return cls(values=values.astype(np.float64), shares=np.cumsum(counts) / own.size)


def match_histogram(band: NDArray[Any], own: Distribution, reference: Distribution) -> Floats:
    """The values of a band as they are at the same share in the reference (linear between).

    `own` is the distribution of the scene that the band is part of, so that parts fit together;
    values beyond it become the reference's smallest or largest.
    """
    shares = np.interp(band, own.values, own.shares)
    return np.asarray(np.interp(shares, reference.shares, reference.values), dtype=np.float64)
