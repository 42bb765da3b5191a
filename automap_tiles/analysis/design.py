"""How many reference samples a map needs, and how many of them each of its classes gets.

Size: Cochran, Sampling Techniques, 3rd edition (1977), equation 5.25. Allocation: Olofsson et al.,
Remote Sensing of Environment 148 (2014), section 5.1.2, whose compromise gives rare classes a
fixed number and shares out the rest by area.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MINIMUM = 50
"""Samples of a rare class: 50 to 100 are the publication's advice."""
EXPECTED_ACCURACY = 0.8
"""User's accuracy to reckon with where nothing is known."""


class Allocation(StrEnum):
    """How a sample is shared out over the classes."""

    PROPORTIONAL = "proportional"
    """By area: best for the overall accuracy."""
    EQUAL = "equal"
    """The same for each: best for the user's accuracy of rare classes."""
    COMPROMISE = "compromise"
    """The minimum for rare classes, the rest by area."""


def sample_size(
    weights: Sequence[float],
    users: Sequence[float],
    target: float,
    pixels: int | None = None,
) -> int:
    """Samples that make the standard error of the overall accuracy `target`.

    `weights` are the shares of the area and `users` the user's accuracies expected of the classes;
    `pixels` is the size of the map, which hardly matters if it is large.
    """
    if not 0 < target < 0.5:
        raise ValueError("the standard error to reach lies between 0 and 0.5")
    w, u = np.asarray(weights, dtype=np.float64), np.asarray(users, dtype=np.float64)
    if w.shape != u.shape or (u < 0).any() or (u > 1).any():
        raise ValueError("each class has an expected accuracy from 0 to 1")
    deviation = np.sqrt(u * (1 - u))
    finite = 0.0 if pixels is None else (w * deviation**2).sum() / pixels
    needed = float((w * deviation).sum() ** 2 / (target**2 + finite))
    # so that 640.0000001 of rounding does not become 641
    return max(len(w), math.ceil(needed - 1e-9))


def allocate(
    weights: Sequence[float],
    total: int,
    how: Allocation = Allocation.COMPROMISE,
    minimum: int = MINIMUM,
    available: Sequence[int] | None = None,
) -> tuple[int, ...]:
    """Samples of each class; they add up to `total`, or to more where the minimum asks for it.

    A class without area gets none. No class gets less than `minimum` (where it has so many pixels)
    and none more than it has pixels, `available`; what one cannot take the others share.
    """
    if total < 1 or minimum < 0:
        raise ValueError("a sample has at least one point, a stratum at least none")
    w = np.asarray(weights, dtype=np.float64)
    if (w < 0).any() or w.sum() <= 0:
        raise ValueError("shares of area are not negative, and one is more than 0")
    room = np.where(w > 0, np.iinfo(np.int64).max if available is None else available, 0)
    floor = np.minimum(minimum, room)
    share = (w > 0).astype(float) if how is Allocation.EQUAL else w
    fixed = np.zeros(len(w), dtype=bool)
    given = np.zeros(len(w), dtype=np.int64)
    while not fixed.all():
        # Those below the minimum get it, and the rest is shared out anew until all have enough.
        rest = max(0, total - int(given[fixed].sum()))
        wanted = _shared(np.where(fixed, 0.0, share), rest)
        low = ~fixed & (wanted < floor)
        high = ~fixed & (wanted > room)
        given = np.where(fixed, given, wanted)
        given[low], given[high] = floor[low], room[high]
        if not (low | high).any():
            break
        fixed |= low if low.any() else high
    return tuple(int(number) for number in given)


def _shared(share: Floats, total: int) -> NDArray[np.int64]:
    """A whole number shared out; the largest remainders are rounded up."""
    if share.sum() <= 0:
        return np.zeros(len(share), dtype=np.int64)
    exact = share / share.sum() * total
    whole: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    left = total - int(whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:left]] += 1
    return whole
