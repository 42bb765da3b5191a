"""Least squares with few unknowns, all pixels of a block at once.

Every pixel has dates of its own that count, so it has normal equations of its own. They are added
up date by date and solved by Cholesky's elimination, plane by plane: a pixel depends on no other,
bit by bit.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from automap_tiles.analysis._dates import Array

# Of the diagonal: what is left of it below this is rounding, and the unknown is not determined.
_SINGULAR = 1e-10


def normal_equations(design: Array, weights: Array, values: Array) -> tuple[Array, Array]:
    """Sums (unknown, unknown, pixel), the lower half of them, and (unknown, pixel).

    `design` (date, unknown), `weights` and `values` (date, pixel); a value of weight 0 is finite.
    """
    unknowns, pixels = design.shape[1], values.shape[1]
    matrix, right = np.zeros((unknowns, unknowns, pixels)), np.zeros((unknowns, pixels))
    for row, weight, value in zip(design.tolist(), weights, values, strict=True):
        weighted = weight * value
        for one in range(unknowns):
            right[one] += row[one] * weighted
            for other in range(one + 1):
                matrix[one, other] += row[one] * row[other] * weight
    return matrix, right


def solve(matrix: Array, right: Array) -> tuple[Array, Array]:
    """Unknowns (unknown, pixel), and (pixel,) whether all of them are determined.

    `matrix` (unknown, unknown, pixel), of which only the lower half is looked at, positive
    definite where the pixel is determined, and `right` (unknown, pixel).
    """
    found = right.copy()
    lower = np.zeros_like(matrix)
    determined = np.ones(right.shape[1], dtype=bool)
    for one in range(len(right)):
        for other in range(one):
            lower[one, other] = matrix[one, other]
            for before in range(other):
                lower[one, other] -= lower[one, before] * lower[other, before]
            lower[one, other] /= lower[other, other]
        pivot = matrix[one, one] - sum(_squares(lower[one, :one]), np.zeros(right.shape[1]))
        usable = pivot > _SINGULAR * np.abs(matrix[one, one])
        determined &= usable
        lower[one, one] = np.sqrt(np.where(usable, pivot, 1.0))
        for before in range(one):
            found[one] -= lower[one, before] * found[before]
        found[one] /= lower[one, one]
    for one in reversed(range(len(right))):
        for after in range(one + 1, len(right)):
            found[one] -= lower[after, one] * found[after]
        found[one] /= lower[one, one]
    return found, determined


def _squares(planes: Array) -> Iterator[Array]:
    return (plane * plane for plane in planes)
