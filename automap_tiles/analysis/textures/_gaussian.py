"""Gaussian filters whose values depend on the surrounding pixels only, bit by bit.

Sums are accumulated tap by tap, from the centre outwards, so that a part of a raster gives the same
bits as the whole. Kernels end at four standard deviations, as in SciPy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_ENDS = 4.0


def reach(sigma: float) -> int:
    """Radius of a kernel, pixels."""
    return int(_ENDS * sigma + 0.5)


def smoothed(padded: Floats, sigma: float, around: int) -> Floats:
    """(y, x) weighted means; `padded` has `around` more pixels on each side, at least `reach`."""
    return _both(padded, _kernel(sigma), _kernel(sigma), around)


def laplacian(padded: Floats, sigma: float, around: int) -> Floats:
    """(y, x) sum of the second derivatives of the result of `smoothed`."""
    plain, curved = _kernel(sigma), _second(sigma)
    found: Floats = _both(padded, curved, plain, around) + _both(padded, plain, curved, around)
    return found


def without_gaps(plane: Floats, valid: NDArray[np.bool_], sigma: float) -> Floats:
    """(y, x) with missing pixels filled by the weighted mean of the valid ones around, else 0.

    Pixels beyond the plane are missing. Normalised convolution (Knutsson & Westin 1993, IEEE
    Conference on Computer Vision and Pattern Recognition: 515-523).
    """
    filled: Floats = np.where(valid, plane, 0.0)
    if valid.all():
        return filled
    around = reach(sigma)
    sums = smoothed(np.pad(filled, around), sigma, around)
    weights = smoothed(np.pad(valid.astype(np.float64), around), sigma, around)
    known = weights > 0
    means: Floats = np.divide(sums, weights, out=np.zeros(plane.shape), where=known)
    return np.where(valid, filled, means)


def _kernel(sigma: float) -> Floats:
    """(tap,) from the centre outwards; the taps of both sides sum to 1."""
    away = np.arange(reach(sigma) + 1, dtype=np.float64)
    taps: Floats = np.exp(-0.5 * (away / sigma) ** 2)
    found: Floats = taps / (taps[0] + 2 * taps[1:].sum())
    return found


def _second(sigma: float) -> Floats:
    """(tap,) second derivative of the kernel."""
    away = np.arange(reach(sigma) + 1, dtype=np.float64)
    found: Floats = (away**2 / sigma**4 - 1 / sigma**2) * _kernel(sigma)
    return found


def _both(padded: Floats, down: Floats, across: Floats, around: int) -> Floats:
    """Filter along rows and columns; (y + 2 around, x + 2 around) -> (y, x)."""
    return _along(_along(padded, down, around, 0), across, around, 1)


def _along(values: Floats, kernel: Floats, around: int, axis: int) -> Floats:
    count = values.shape[axis] - 2 * around
    turned = values if axis == 0 else values.T
    found: Floats = turned[around : around + count] * kernel[0]
    for away in range(1, len(kernel)):
        one = turned[around - away : around - away + count]
        other = turned[around + away : around + away + count]
        found += (one + other) * kernel[away]
    return found if axis == 0 else found.T
