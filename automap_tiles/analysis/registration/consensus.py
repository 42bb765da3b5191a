"""One shift for a scene, from those of places all over it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from automap_tiles.analysis.registration.shift import Doubt, Shift

ENOUGH = 5
"""Places that must tell a shift where a scene has so many."""
_DEVIATIONS = 3.0
_SIGMA = 1.4826
"""Standard deviation of normal errors for a median of their sizes of 1."""
_SLACK = 0.1
"""Pixels: where all places agree to a hundredth, a tenth is no outlier."""
_INLIERS = 0.5
_SPREAD = 0.3
"""Pixels, root mean square of the inliers around their median."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consensus:
    """The shift of a scene and what it stands on."""

    shift: Shift
    places: int
    """That told a shift."""
    inliers: int
    spread: float
    """Pixels, root mean square of the inliers around the shift."""


def consensus(found: Sequence[Shift | Doubt]) -> Consensus | Doubt:
    """The median of the shifts of a scene's places without the outliers, or why there is none.

    All places are given, those without a shift as well. A place is an outlier that lies off the
    median by more than three (robust) standard deviations and a tenth of a pixel.
    """
    shifts = np.array([(each.rows, each.columns) for each in found if isinstance(each, Shift)])
    if len(shifts) < max(1, min(ENOUGH, (len(found) + 1) // 2)):
        return _most_frequent(found)
    off = np.hypot(*(shifts - np.median(shifts, axis=0)).T)
    near = off <= _DEVIATIONS * _SIGMA * float(np.median(off)) + _SLACK
    inliers = shifts[near]
    if len(inliers) < _INLIERS * len(shifts):
        return Doubt.SPREAD
    # to a thousandth: sums of another order must not be another shift
    rows, columns = np.round(np.median(inliers, axis=0), 3).tolist()
    spread = float(np.sqrt(np.mean(np.sum((inliers - (rows, columns)) ** 2, axis=1))))
    if spread > _SPREAD:
        return Doubt.SPREAD
    return Consensus(
        shift=Shift(rows=rows, columns=columns),
        places=len(shifts),
        inliers=len(inliers),
        spread=round(spread, 3),
    )


def _most_frequent(found: Sequence[Shift | Doubt]) -> Doubt:
    """The reason of most places where no place tells a shift, else that they are few."""
    doubts = Counter(each for each in found if isinstance(each, Doubt))
    if not doubts or sum(doubts.values()) < len(found):
        return Doubt.FEW
    order = list(Doubt)
    return min(doubts, key=lambda doubt: (-doubts[doubt], order.index(doubt)))
