"""Local binary patterns: which pixels of a circle around each pixel are as bright as it is.

Ojala, Pietikäinen & Mäenpää 2002, IEEE Transactions on Pattern Analysis and Machine Intelligence
24: 971-987. Values are brought to fixed levels first: differences of the last bit, which another
cut of the picture may bring, would turn patterns over.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.shapes.erode import eroded
from automap_tiles.analysis.textures.haralick import Quantisation

Floats = NDArray[np.float64]
Method = Literal["default", "ror", "uniform", "var"]

MOST_POINTS = 24
_NEAR = 1e-9
"""In levels: rounding error of a weighted mean, below which two values count as equal."""


def margin(radius: float) -> int:
    """Margin of a pattern, pixels."""
    return math.ceil(radius)


def binary_patterns(
    plane: NDArray[Any],
    valid: NDArray[np.bool_],
    levels: Quantisation,
    *,
    points: int = 8,
    radius: float = 1.0,
    method: Method = "uniform",
) -> np.ma.MaskedArray[Any, Any]:
    """(y, x) float32 patterns of a plane (y, x), masked where any pixel they depend on is missing.

    The circle has so many `points` at a distance of `radius` pixels, from the right against the
    clock, between pixels as the weighted mean of four.

    * `default`: a bit for each point, 2^points patterns;
    * `ror`: the least number that turning the circle can give;
    * `uniform`: how many bits are set where at most two neighbours on the circle differ, else
      points + 1;
    * `var`: the variance of the points, in levels, whatever the pixel itself is.

    Pixels beyond the plane are missing. Raises `ValueError` for other methods, points that are not
    2 to 24 (12 with `ror`), a radius that is not above 0.
    """
    _check(points, radius, method)
    brightness = np.where(valid, _levels(plane, levels), 0.0)
    around = margin(radius)
    known = eroded(valid, around)  # the whole square around a pixel
    circle = list(_circle(brightness, points, radius))
    found: NDArray[Any]
    if method == "var":
        mean = sum(circle, np.zeros(plane.shape)) / points
        found = sum(((one - mean) ** 2 for one in circle), np.zeros(plane.shape)) / points
    else:
        found = _pattern([one - brightness >= -_NEAR for one in circle], method)
    return np.ma.MaskedArray(np.where(known, found, 0).astype(np.float32), mask=~known)


def _check(points: int, radius: float, method: str) -> None:
    if method not in {"default", "ror", "uniform", "var"}:
        raise ValueError(f"unknown method {method!r}; known: default, ror, uniform, var")
    most = 12 if method == "ror" else MOST_POINTS
    if not 2 <= points <= most:
        raise ValueError(f"points of {method} are 2 to {most}, not {points}")
    if not 0 < radius < math.inf:
        raise ValueError(f"a radius is above 0, not {radius}")


def _levels(plane: NDArray[Any], levels: Quantisation) -> Floats:
    """(y, x) integers from 0."""
    step = (levels.high - levels.low) / levels.levels
    found: Floats = np.floor((plane.astype(np.float64) - levels.low) / step)
    return np.clip(found, 0, levels.levels - 1)


def _circle(plane: Floats, points: int, radius: float) -> Iterator[Floats]:
    """(y, x) of each point, by bilinear interpolation; a point on a pixel is that pixel."""
    around = margin(radius)
    padded = np.pad(plane, around + 1)
    height, width = plane.shape
    for point in range(points):
        angle = 2 * math.pi * point / points
        # rounded as in scikit-image, so that points on pixels are exactly there
        row, col = round(-radius * math.sin(angle), 5), round(radius * math.cos(angle), 5)
        top, left = math.floor(row), math.floor(col)
        down, right = row - top, col - left
        found = np.zeros(plane.shape)
        for at_row, share_row in ((top, 1 - down), (top + 1, down)):
            for at_col, share_col in ((left, 1 - right), (left + 1, right)):
                if share_row * share_col > 0:
                    first = at_row + around + 1, at_col + around + 1
                    part = padded[first[0] : first[0] + height, first[1] : first[1] + width]
                    found += share_row * share_col * part
        yield found


def _pattern(bits: list[NDArray[np.bool_]], method: Method) -> NDArray[np.int64]:
    if method == "uniform":
        changes = sum((bits[n] != bits[n - 1]).astype(np.int64) for n in range(len(bits)))
        ones = sum(bit.astype(np.int64) for bit in bits)
        return np.where(np.less_equal(changes, 2), ones, len(bits) + 1)
    turns = range(len(bits)) if method == "ror" else (0,)
    least: NDArray[np.int64] | None = None
    for turn in turns:
        code = np.zeros(bits[0].shape, dtype=np.int64)
        for place in range(len(bits)):
            code += bits[(place + turn) % len(bits)].astype(np.int64) << place
        least = code if least is None else np.minimum(least, code)
    assert least is not None
    return least
