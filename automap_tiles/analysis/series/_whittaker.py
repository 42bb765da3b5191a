"""Whittaker's smoother for dates of any distance, all pixels of a block at once.

P. H. C. Eilers, A perfect smoother, Analytical Chemistry 75, 2003, doi:10.1021/ac034173t: z is the
solution of (W + λ D'D) z = W y, where W has the weights 1 and 0 of valid and other days and D takes
second differences. Where days are not 1 apart, these are second divided differences, each squared
one weighted by the days it stands for: λ times the integral of the squared second derivative,
whatever the distances, and what Eilers has where they are 1.

How smooth is left open may be found for each pixel by itself: by the V-curve of G. Frasso & P. H.
C. Eilers, L- and V-curves for optimal smoothing, Statistical Modelling 15, 2015,
doi:10.1177/1471082X14549288.
"""

from __future__ import annotations

import numpy as np

from automap_tiles.analysis._dates import Array, Bools

_STEP = 0.2
_EXPONENTS = np.arange(0, 4 + _STEP / 2, _STEP)
"""Of 10: the smoothings that the V-curve looks at."""


def smooth(
    values: Array, counts: Bools, times: Array, wanted: Array, smoothing: float | Array
) -> Array:
    """Smoothed values (day, pixel) at the days `wanted` of samples (time, pixel).

    `smoothing` is one number or one for each pixel. A pixel with fewer than two valid dates has
    its sample, or 0.
    """
    days = np.union1d(times, wanted)
    weight, target = _placed(values, counts, np.searchsorted(days, times), len(days))
    if len(days) > 2:
        target = _smoothed(weight, target, _penalty(days), smoothing)
    return target[np.searchsorted(days, wanted)]


def v_curve(values: Array, counts: Bools, times: Array) -> tuple[Array, Bools]:
    """(pixel,) smoothings, and where none is better than those beside it.

    The valley of the V is the middle between two neighbours on a grid from 1 to 10 000, in steps
    of a fifth of a decade, between which misfit and roughness together change least. Pixels on a
    line, or with fewer than three valid dates, are as smooth with one as with another, and have the
    largest.
    """
    pixels = values.shape[1]
    steps = np.full((len(_EXPONENTS) - 1, pixels), np.inf)
    straight = counts.sum(axis=0) < 3
    if len(times) > 2:
        weight, target = _placed(values, counts, np.arange(len(times)), len(times))
        penalty, before = _penalty(times), None
        scale = np.where(counts, values**2, 0.0).sum(axis=0)
        for place, exponent in enumerate(_EXPONENTS.tolist()):
            found = _smoothed(weight, target, penalty, 10.0**exponent)
            misfit = (weight * (target - found) ** 2).sum(axis=0)
            rough = _roughness(found, times)
            straight |= (rough <= _NOTHING * scale) | (misfit <= _NOTHING * scale)
            now = np.log(np.maximum(np.stack((misfit, rough)), np.finfo(float).tiny))
            if before is not None:
                steps[place - 1] = np.hypot(*(now - before))
            before = now
    best = steps.argmin(axis=0)
    found = 10.0 ** (_EXPONENTS[:-1] + _STEP / 2)[best]
    at_end = ((best == 0) | (best == len(steps) - 1)) & ~straight
    return np.where(straight, 10.0 ** _EXPONENTS[-1], found), at_end


# Of the sum of squares: what rounding leaves of a series on a line.
_NOTHING = 1e-24


def _placed(values: Array, counts: Bools, place: Array, days: int) -> tuple[Array, Array]:
    """Weights and samples (day, pixel), the dates at their places among the days."""
    weight = np.zeros((days, values.shape[1]))
    target = np.zeros(weight.shape)
    weight[place], target[place] = counts, np.where(counts, values, 0)
    few = counts.sum(axis=0) < 2
    if few.any():  # nothing holds the slope of these
        target[:, few] = target[:, few].sum(axis=0)
        weight[:, few] = 1
    return weight, target


def _smoothed(
    weight: Array, target: Array, penalty: tuple[Array, Array, Array], smoothing: float | Array
) -> Array:
    diagonals = [np.multiply.outer(diagonal, smoothing) for diagonal in penalty]
    return solve(weight, weight * target, *diagonals)


def _roughness(values: Array, days: Array) -> Array:
    """(pixel,) sum of the squares that the penalty is made of."""
    slope = np.diff(values, axis=0) / np.diff(days)[:, None]
    far = (days[2:] - days[:-2])[:, None]
    bend = 2 * np.diff(slope, axis=0) / far
    found: Array = (far / 2 * bend**2).sum(axis=0)
    return found


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


def solve(weight: Array, target: Array, middle: Array, first: Array, second: Array) -> Array:
    """Solve for every column: diag(weight) + the matrix of five diagonals, by its LDL' form.

    The diagonals are (day,) or (day, pixel).
    """
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
