"""Phase correlation of pictures with gaps, to a hundredth of a pixel.

Kuglin & Hines 1975, "The phase correlation image alignment method"; the peak is refined as in
Guizar-Sicairos, Thurman & Fienup 2008, doi:10.1364/OL.33.000156. What is not valid is filled with
the mean, and what is valid fades into it over some pixels: the edges of clouds would else be what
is matched.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from automap_tiles.analysis.registration._pair import Bools, Floats, Pair, Picture
from automap_tiles.analysis.registration.ncc import good_length
from automap_tiles.analysis.shapes.distance import distance

TAPER = 8.0
"""Pixels over which a picture fades into its gaps and its edges."""
_REACH = 1.5
"""Pixels around no shift in which the peak is looked for."""
_BAND = (0.2, 0.35)
"""Cycles in a pixel, to where frequencies count fully and from where not at all: above is noise,
and in pictures that were resampled the fault of the kernel (up to 0.15 pixels)."""
_STEPS = (0.1, 0.01)
"""Pixels: first everywhere, then around the best."""


def phase_shift(
    reference: Picture, moving: Picture, *, taper: float = TAPER
) -> tuple[float, float] | None:
    """(rows, columns) by which `moving` is to be moved, at most 1.5 pixels; None without any.

    Larger shifts are to be taken out before (`find_shift`). There is none where a picture has no
    valid pixel or only one value.
    """
    return refined(Pair.of(reference, moving), taper=taper)


def refined(pair: Pair, *, taper: float = TAPER) -> tuple[float, float] | None:
    """As `phase_shift`, of a pair."""
    first = _faded(pair.reference, pair.reference_valid, taper)
    second = _faded(pair.moving, pair.moving_valid, taper)
    if not (first.any() and second.any()):
        return None
    shape = tuple(good_length(size) for size in first.shape)
    cross = np.fft.rfft2(first, shape) * np.conj(np.fft.rfft2(second, shape))
    size = np.abs(cross)
    cross *= _pass_band(shape) / np.maximum(size, size.max() * 1e-12)
    # of real pictures the other half is the same once more; only its own columns are alone
    cross[:, 0] /= 2
    if shape[1] % 2 == 0:
        cross[:, -1] /= 2
    centre, reach = (0.0, 0.0), _REACH
    for step in _STEPS:
        count = round(reach / step)
        around: Floats = np.arange(-count, count + 1) * np.float64(step)
        surface = _upsampled(cross, shape[1], around + centre[0], around + centre[1])
        row, column = np.unravel_index(np.argmax(surface), surface.shape)
        centre = centre[0] + around[row], centre[1] + around[column]
        reach = 2 * step
    return float(centre[0]), float(centre[1])


def _pass_band(shape: tuple[int, ...]) -> Floats:
    """Weights of the frequencies of `rfft2`: 1, then falling to 0."""
    rows, columns = np.fft.fftfreq(shape[0])[:, np.newaxis], np.fft.rfftfreq(shape[1])
    first, last = _BAND
    part = np.clip((np.hypot(rows, columns) - first) / (last - first), 0.0, 1.0)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * part))


def _upsampled(cross: Any, width: int, rows: Floats, columns: Floats) -> Floats:
    """Real part of the inverse transform at fractions of pixels, by two matrix products."""
    of_rows = np.exp(2j * np.pi * np.outer(rows, np.fft.fftfreq(cross.shape[0])))
    of_columns = np.exp(2j * np.pi * np.outer(np.fft.rfftfreq(width), columns))
    return np.asarray((of_rows @ cross @ of_columns).real)


def _faded(values: Floats, valid: Bools, taper: float) -> Floats:
    """Differences from the weighted mean, fading to 0 at what is not valid and at the edges."""
    gaps = np.pad(~valid, 1, constant_values=True)
    far = distance(gaps, (1.0, 1.0), limit=taper)[1:-1, 1:-1].astype(np.float64)
    weight = 0.5 - 0.5 * np.cos(np.pi * far / taper)
    weight[~valid] = 0.0
    total = weight.sum()
    if not total:
        return np.zeros_like(values)
    middle = (values * weight).sum() / total
    faded = (values - middle) * weight
    # what is left of a constant picture is rounding
    least = 1e-9 * float(np.abs(values).max())
    return np.where(np.abs(faded).max() > least, faded, 0.0)
