"""Shrink a mask by whole pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def eroded(mask: Mask, pixels: int = 1) -> Mask:
    """What is left of a mask (y, x) when so many pixels are taken off all around.

    A pixel stays where all pixels at most so many rows and columns away are True; what lies beyond
    the array counts as False.
    """
    if pixels < 0:
        raise ValueError("a mask cannot be eroded by less than no pixels")
    left = np.pad(mask, 1)
    for _ in range(pixels):
        along = left.copy()
        along[1:] &= left[:-1]
        along[:-1] &= left[1:]
        left = along.copy()
        left[:, 1:] &= along[:, :-1]
        left[:, :-1] &= along[:, 1:]
    return left[1:-1, 1:-1]
