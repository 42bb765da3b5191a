"""Whittaker's smoother for dates of any distance, all pixels of a block at once.

P. H. C. Eilers, A perfect smoother, Analytical Chemistry 75, 2003, doi:10.1021/ac034173t: z is the
solution of (W + λ D'D) z = W y, where W has the weights 1 and 0 of valid and other days and D takes
second differences. Where days are not 1 apart, these are second divided differences, each squared
one weighted by the days it stands for: λ times the integral of the squared second derivative,
whatever the distances, and what Eilers has where they are 1.
"""

from __future__ import annotations

import numpy as np

from automap_tiles.analysis._dates import Array, Bools


def smooth(values: Array, counts: Bools, times: Array, wanted: Array, smoothing: float) -> Array:
    """Smoothed values (day, pixel) at the days `wanted` of samples (time, pixel).

    A pixel with fewer than two valid dates has its sample, or 0.
    """
    days = np.union1d(times, wanted)
    weight = np.zeros((len(days), values.shape[1]))
    target = np.zeros(weight.shape)
    place = np.searchsorted(days, times)
    weight[place], target[place] = counts, np.where(counts, values, 0)
    few = counts.sum(axis=0) < 2
    if few.any():  # nothing holds the slope of these
        target[:, few] = target[:, few].sum(axis=0)
        weight[:, few] = 1
    if len(days) > 2:
        diagonals = [smoothing * diagonal for diagonal in _penalty(days)]
        target = _solve(weight, weight * target, *diagonals)
    return target[np.searchsorted(days, wanted)]


def _penalty(days: Array) -> tuple[Array, Array, Array]:
    """D'D: its diagonal and the two beside, each as long as `days` and 0 at the end."""
    near, far = np.diff(days), days[2:] - days[:-2]
    rows = np.stack((2 / (near[:-1] * far), -2 / (near[:-1] * near[1:]), 2 / (near[1:] * far)))
    weight = far / 2
    count = len(days) - 2
    diagonals = np.zeros((3, len(days)))
    for one in range(3):
        for other in range(one, 3):
            diagonals[other - one, one : one + count] += weight * rows[one] * rows[other]
    return diagonals[0], diagonals[1], diagonals[2]


def _solve(weight: Array, target: Array, middle: Array, first: Array, second: Array) -> Array:
    """Solve for every column: diag(weight) + the matrix of five diagonals, by its LDL' form."""
    days, pixels = weight.shape
    pivot, near, far = np.zeros((3, days, pixels))
    found = target
    for day in range(days):
        pivot[day] = weight[day] + middle[day]
        beside = np.full(pixels, first[day])
        if day >= 1:
            pivot[day] -= near[day - 1] ** 2 * pivot[day - 1]
            beside -= pivot[day - 1] * near[day - 1] * far[day - 1]
            found[day] -= near[day - 1] * found[day - 1]
        if day >= 2:
            pivot[day] -= far[day - 2] ** 2 * pivot[day - 2]
            found[day] -= far[day - 2] * found[day - 2]
        near[day] = beside / pivot[day]
        far[day] = second[day] / pivot[day]
    found /= pivot
    for day in reversed(range(days - 1)):
        found[day] -= near[day] * found[day + 1]
        if day < days - 2:
            found[day] -= far[day] * found[day + 2]
    return found
