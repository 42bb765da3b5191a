"""Pictures moved by parts of a pixel."""

from __future__ import annotations

import math

import numpy as np

from automap_tiles.analysis.registration._pair import Bools, Floats, Picture

_NOTHING = 1e-12
"""A weight that is rounding."""


def translate(picture: Picture, shift: tuple[float, float]) -> Picture:
    """A picture (y, x) moved down and right by (rows, columns), by cubic convolution.

    Masked where one of the 4 × 4 pixels that a value is made of is masked or lies outside; shifts
    by whole pixels change no value. Keys 1981, doi:10.1109/TASSP.1981.1163711, with a = −0.5.
    """
    values = np.ma.getdata(picture).astype(np.float64)
    valid = ~np.ma.getmaskarray(picture)
    out, known = moved(np.where(valid, values, 0.0), valid, shift)
    dtype = picture.dtype if picture.dtype.kind == "f" else np.dtype(np.float64)
    return np.ma.MaskedArray(out.astype(dtype), mask=~known)


def moved(values: Floats, valid: Bools, shift: tuple[float, float]) -> tuple[Floats, Bools]:
    """As `translate`: values, 0 where they are not valid, and where they are."""
    for axis, way in enumerate(shift):
        values, valid = _along(values, valid, way, axis)
    return np.where(valid, values, 0.0), valid


def _along(values: Floats, valid: Bools, way: float, axis: int) -> tuple[Floats, Bools]:
    """Along one axis: out(x) = Σ weight · in(x − way)."""
    whole = math.floor(-way)
    weights = _keys(-way - whole)
    out, known = np.zeros_like(values), np.ones_like(valid)
    size = values.shape[axis]
    for offset, weight in zip(range(whole - 1, whole + 3), weights, strict=True):
        if abs(weight) < _NOTHING:
            continue
        to = _along_axis(axis, max(0, -offset), min(size, size - offset))
        by = _along_axis(axis, max(0, offset), min(size, size + offset))
        out[to] += weight * values[by]
        here = np.zeros_like(valid)
        here[to] = valid[by]
        known &= here
    return out, known


def _along_axis(axis: int, start: int, stop: int) -> tuple[slice, ...]:
    span = slice(start, max(start, stop))
    return (span,) if axis == 0 else (slice(None), span)


def _keys(part: float) -> tuple[float, float, float, float]:
    """Weights of the pixels at −1, 0, 1, 2 for a place between 0 and 1."""
    t = part
    return (
        ((-0.5 * t + 1.0) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1.0,
        ((-1.5 * t + 2.0) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    )
