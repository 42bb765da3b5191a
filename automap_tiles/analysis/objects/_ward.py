"""Hierarchical clustering by the growth of the squares within.

Ward 1963, Journal of the American Statistical Association 58: 236-244.

Of a few hundred centres that stand for many samples each: on pixels its distances of all pairs
would be as many as the square of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST = 500
"""Centres that are joined: a matrix of 2 MB."""


def joined(centres: Floats, weights: Floats, count: int) -> Floats:
    """(cluster, band) means of `count` clusters of centres (centre, band) of so many samples each.

    The two are joined by which the sum of squares within clusters grows least, the first of equals.
    """
    means, sizes = centres.astype(np.float64), weights.astype(np.float64)
    growth = _growth(means, sizes)
    while len(means) > count:
        one, other = sorted(divmod(int(growth.argmin()), len(means)))
        total = sizes[one] + sizes[other]
        means[one] = (means[one] * sizes[one] + means[other] * sizes[other]) / total
        sizes[one] = total
        means, sizes = np.delete(means, other, axis=0), np.delete(sizes, other)
        growth = np.delete(np.delete(growth, other, axis=0), other, axis=1)
        row = _beside(means, sizes, one)
        growth[one], growth[:, one] = row, row
    return means


def _growth(means: Floats, sizes: Floats) -> Floats:
    """(centre, centre) by how much the sum of squares grows when two are joined."""
    return np.stack([_beside(means, sizes, place) for place in range(len(means))])


def _beside(means: Floats, sizes: Floats, place: int) -> Floats:
    squares = ((means - means[place]) ** 2).sum(axis=1)
    found: Floats = squares * sizes * sizes[place] / (sizes + sizes[place])
    found[place] = np.inf
    return found
