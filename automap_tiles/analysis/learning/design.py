"""Size of a reference sample, and its allocation to the classes of the map.

Size: Cochran, Sampling Techniques, 3rd edition (1977), equation 5.25. Allocation: Olofsson et al.,
Remote Sensing of Environment 148 (2014), section 5.1.2, whose compromise allocates a fixed number
to rare classes and the rest proportionally to area.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MINIMUM = 50
"""Samples of a rare class: the publication recommends 50 to 100."""
LEAST = 2
"""Samples of a class from which a standard error can be estimated."""

EXPECTED_ACCURACY = 0.8
"""Assumed user's accuracy if nothing is known."""


class Allocation(StrEnum):
    """Allocation of a sample to the classes."""

    PROPORTIONAL = "proportional"
    """Proportional to area: best for the overall accuracy."""
    EQUAL = "equal"
    """Equal: best for the user's accuracy of rare classes."""
    COMPROMISE = "compromise"
    """The minimum for rare classes, the rest proportional to area."""


def sample_size(
    weights: Sequence[float],
    users: Sequence[float],
    target: float,
    pixels: int | None = None,
) -> int:
    """Sample size for which the standard error of the overall accuracy is `target`.

    `weights` are the proportions of the area and `users` the expected user's accuracies of the
    classes; `pixels` is the size of the map, which hardly matters if it is large.
    """
    if not 0 < target < 0.5:
        raise ValueError("the standard error to reach lies between 0 and 0.5")
    w, u = np.asarray(weights, dtype=np.float64), np.asarray(users, dtype=np.float64)
    if w.shape != u.shape or (u < 0).any() or (u > 1).any():
        raise ValueError("each class has an expected accuracy from 0 to 1")
    deviation = np.sqrt(u * (1 - u))
    finite = 0.0 if pixels is None else (w * deviation**2).sum() / pixels
    needed = float((w * deviation).sum() ** 2 / (target**2 + finite))
    # so that a rounding error does not turn 640.0000001 into 641
    return max(len(w), math.ceil(needed - 1e-9))


def allocate(
    weights: Sequence[float],
    total: int,
    how: Allocation = Allocation.COMPROMISE,
    minimum: int | None = None,
    available: Sequence[int] | None = None,
) -> tuple[int, ...]:
    """Samples of each class; they sum to `total`, or to more if the minimum requires it.

    Each class gets at least `minimum` (default: 50 for the compromise, else the two needed for a
    standard error) and at most as many as it has pixels, `available`; between these limits the
    allocation is proportional to area, or equal. A class without area gets none.
    """
    if minimum is None:
        minimum = MINIMUM if how is Allocation.COMPROMISE else LEAST
    w = np.asarray(weights, dtype=np.float64)
    if (w < 0).any() or w.sum() <= 0:
        raise ValueError("shares of area are not negative, and one is more than 0")
    if total < 1 or minimum < 0:
        raise ValueError("a sample has at least one point, a stratum at least none")
    most = np.full(len(w), max(total, minimum)) if available is None else np.asarray(available)
    most = np.where(w > 0, most, 0)
    least = np.minimum(minimum, most)
    total = int(np.clip(total, least.sum(), most.sum()))
    share = (w > 0).astype(float) if how is Allocation.EQUAL else w
    return tuple(_whole(_between(share, least, most, total), most, total).tolist())


def _between(share: Floats, least: NDArray[Any], most: NDArray[Any], total: int) -> Floats:
    """Proportional shares of a total between two limits each, by bisection of the common factor."""
    low, high = 0.0, 2.0 * max(total, 1) / share[share > 0].min()
    for _ in range(200):
        factor = (low + high) / 2
        if np.clip(share * factor, least, most).sum() < total:
            low = factor
        else:
            high = factor
    found: Floats = np.clip(share * high, least, most)
    return found


def _whole(exact: Floats, most: NDArray[Any], total: int) -> NDArray[np.int64]:
    """Integers with that total: the largest remainders are rounded up."""
    # a proportion that misses an integer only by rounding
    whole: NDArray[np.int64] = np.floor(exact + 1e-6).astype(np.int64)
    order = np.argsort(whole - exact, kind="stable")
    for place in order[whole[order] < most[order]][: total - int(whole.sum())]:
        whole[place] += 1
    return whole
