"""Normalised cross-correlation of pictures with gaps, for all whole shifts at once.

Padfield 2012, "Masked object registration in the Fourier domain", IEEE Transactions on Image
Processing 21(5), doi:10.1109/TIP.2011.2181402.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from automap_tiles.analysis.registration._pair import Floats, Pair, Picture

OVERLAP = 0.3
"""Part of the most pixels that two pictures share at any shift which a shift must have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeShift:
    """The whole shift at which two dates are most alike."""

    rows: int
    columns: int
    """By which the date is to be moved, down and right."""
    correlation: float
    """There, −1 to 1."""
    before: float
    """As they lie; NaN where they do not share enough."""


def correlations(
    reference: Picture, moving: Picture, max_shift: int, *, overlap: float = OVERLAP
) -> Floats:
    """(2·max_shift + 1)² correlations −1 to 1 of shifts by −max_shift … max_shift rows, columns.

    At [max_shift + r, max_shift + c] that with `moving` moved down by r and right by c. NaN where
    fewer than `overlap` of the most pixels that any shift has are shared, or one of the two is
    constant on them.
    """
    return _correlations(Pair.of(reference, moving), max_shift, overlap)


def best_whole_shift(pair: Pair, max_shift: int, *, overlap: float = OVERLAP) -> WholeShift | None:
    """The best of `correlations`; None where there is none."""
    found = _correlations(pair, max_shift, overlap)
    if np.isnan(found).all():
        return None
    row, column = np.unravel_index(np.nanargmax(found), found.shape)
    return WholeShift(
        rows=int(row) - max_shift,
        columns=int(column) - max_shift,
        correlation=float(found[row, column]),
        before=float(found[max_shift, max_shift]),
    )


def _correlations(pair: Pair, max_shift: int, overlap: float) -> Floats:
    if max_shift < 0:
        raise ValueError(f"a shift is at least 0, not {max_shift}")
    shape = tuple(good_length(size + max_shift) for size in pair.reference.shape)
    first, second = pair.reference, pair.moving
    mask_1, mask_2 = pair.reference_valid, pair.moving_valid

    def spectrum(values: Any) -> Any:
        return np.fft.rfft2(values, shape)

    def sums(one: Any, other: Any) -> Floats:
        """Σ one(x)·other(x − shift)."""
        around = np.arange(-max_shift, max_shift + 1)
        return np.fft.irfft2(one * np.conj(other), shape)[np.ix_(around, around)]

    f_1, f_2, m_1, m_2 = map(spectrum, (first, second, mask_1, mask_2))
    count = np.rint(sums(m_1, m_2))
    shared = np.maximum(count, 1.0)
    of_1, of_2 = sums(f_1, m_2), sums(m_1, f_2)
    squares_1 = sums(spectrum(first**2), m_2) - of_1**2 / shared
    squares_2 = sums(m_1, spectrum(second**2)) - of_2**2 / shared
    product = sums(f_1, f_2) - of_1 * of_2 / shared
    # what is left of a constant picture is rounding
    least = 1e-9 * np.array([np.sum(first**2), np.sum(second**2)])
    usable = (squares_1 > least[0]) & (squares_2 > least[1])
    usable &= (count >= 2) & (count >= overlap * count.max())
    root = np.sqrt(np.where(usable, squares_1 * squares_2, 1.0))
    return np.where(usable, np.clip(product / root, -1.0, 1.0), np.nan)


def good_length(least: int) -> int:
    """The next length of which a Fourier transform is fast: only factors 2, 3 and 5."""
    length = max(1, least)
    while True:
        rest = length
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return length
        length += 1
