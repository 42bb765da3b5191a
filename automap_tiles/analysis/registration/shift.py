"""The shift between two dates of the same pixels, or why it cannot be told.

Three ways one after the other: correlation with masks over all whole shifts, which is robust;
phase correlation of what remains, which is exact; least squares over the clear pixels, which knows
nothing of the other two. The last two must agree. Enhanced correlation (ECC) is not among them:
under clouds it is off by half a pixel and more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from automap_tiles.analysis.registration import least_squares, phase
from automap_tiles.analysis.registration._pair import Bools, Floats, Pair, Picture
from automap_tiles.analysis.registration.ncc import best_whole_shift
from automap_tiles.analysis.registration.translate import moved

AGREEMENT = 0.15
"""Pixels between the results of the last two ways: each is within 0.05 under clouds over half of
each date."""
LEAST_CORRELATION = 0.3
"""At the best whole shift. Two clear dates of one month have 0.7, unlike ones 0.05."""
LEAST_CLEAR = 0.1
"""Part of the pixels that are clear in both."""
MAX_SHIFT = 5.0
"""Pixels. Landsat and Sentinel-2 lie within one or two; AROSICS allows as many by default
(Scheffler et al. 2017, doi:10.3390/rs9070676)."""
ALIGNED = 0.1
"""Pixels below which nothing is gained by moving a date, and resampling would blur it."""


class Doubt(StrEnum):
    """Why a date is left where it is."""

    CLOUDED = "too little of it is clear"
    UNSEEN = "the reference shows too little of it"
    UNLIKE = "it is not like the reference"
    FAR = "it would have to be moved farther than is allowed"
    DISAGREEMENT = "two ways to find its place disagree"
    NO_BETTER = "moved it would not be more like the reference"
    FEW = "too few places of it tell where it lies"
    SPREAD = "its places tell different shifts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """By how much a date is to be moved, in pixels."""

    rows: float
    """Down."""
    columns: float
    """Right."""

    @property
    def length(self) -> float:
        return math.hypot(self.rows, self.columns)

    @property
    def is_aligned(self) -> bool:
        """Whether the date lies well enough as it is."""
        return self.length < ALIGNED


def find_shift(
    reference: Picture, moving: Picture, *, max_shift: float = MAX_SHIFT
) -> Shift | Doubt:
    """By how much `moving` is to be moved to lie on `reference`, both masked, (y, x).

    The dates may differ in brightness and contrast. Windows of 256 × 256 pixels are enough; raises
    `ValueError` for pictures of different shapes.
    """
    pair = Pair.of(reference, moving)
    if (hidden := _hidden(pair)) is not None:
        return hidden
    # looked for farther than allowed, so that one beyond is not taken for another within
    whole = best_whole_shift(pair, 2 * math.ceil(max_shift))
    if whole is None or whole.correlation < LEAST_CORRELATION:
        return Doubt.UNLIKE
    start = whole.rows, whole.columns
    if math.hypot(*start) > max_shift + 1:
        return Doubt.FAR
    rest = pair.aligned(start)
    if np.count_nonzero(rest.common) < LEAST_CLEAR * pair.moving.size:
        return Doubt.CLOUDED
    fine, other = phase.refined(rest), least_squares.matched(rest)
    if fine is None or other is None:
        return Doubt.DISAGREEMENT
    if math.dist(fine, other) > AGREEMENT:
        return Doubt.DISAGREEMENT
    found = Shift(rows=start[0] + fine[0], columns=start[1] + fine[1])
    if found.length > max_shift:
        return Doubt.FAR
    return found if found.is_aligned or _is_better(pair, found) else Doubt.NO_BETTER


def _hidden(pair: Pair) -> Doubt | None:
    """Which of the two shows too little."""
    least = max(1, LEAST_CLEAR * pair.moving.size)
    if np.count_nonzero(pair.moving_valid) < least:
        return Doubt.CLOUDED
    return Doubt.UNSEEN if np.count_nonzero(pair.reference_valid) < least else None


def _is_better(pair: Pair, shift: Shift) -> bool:
    """Whether the date is more like the reference once it is moved, on the same pixels."""
    there, known = moved(pair.moving, pair.moving_valid, (shift.rows, shift.columns))
    counts = known & pair.common
    after = _correlation(pair.reference, there, counts)
    return after > _correlation(pair.reference, pair.moving, counts)


def _correlation(first: Floats, second: Floats, counts: Bools) -> float:
    if np.count_nonzero(counts) < 2:
        return -1.0
    one, other = (values[counts] - values[counts].mean() for values in (first, second))
    size = math.sqrt(float((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / size if size else -1.0
