"""Shaded relief and contour lines of an elevation model."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

Picture = np.ma.MaskedArray[Any, Any]
_Array = np.ndarray[Any, np.dtype[np.float64]]


def hillshade(
    elevation: Any,
    pixel_size: tuple[float, float],
    *,
    azimuth: float = 315.0,
    altitude: float = 45.0,
    z: float = 1.0,
    scale: float = 1.0,
) -> Picture:
    """Brightness of the terrain under one lamp, uint8 from 1 to 255.

    `elevation` is (y, x); `pixel_size` the (x, y) size of a pixel, positive, north up; the lamp
    stands at `azimuth` degrees clockwise from north, `altitude` degrees above the horizon; `z`
    exaggerates heights; `scale` is the number of height units in a unit of the pixel size (about
    111120 for metres on a grid in degrees).

    The slope is Horn's (1981, doi:10.1109/PROC.1981.11918), from the 3 x 3 pixels around each one.
    A neighbour without data counts as being as high as the pixel itself. The outermost rows and
    columns repeat those beside them: tiles must have a buffer of one pixel to fit together.
    The lamp's azimuth turns as in mapchete, whose numbers these are.
    """
    masked = np.ma.masked_invalid(np.ma.asarray(elevation, dtype=np.float64))
    mask = np.ma.getmaskarray(masked)
    heights = np.where(mask, 0.0, np.ma.getdata(masked)) * z
    if min(heights.shape) < 3:  # no pixel has all its neighbours: as if it were flat
        return np.ma.MaskedArray(np.full(heights.shape, _flat(altitude), dtype=np.uint8), mask=mask)
    east, south = _horn(heights, mask)
    x_rate = -east / (8.0 * pixel_size[0] * scale)
    y_rate = -south / (8.0 * pixel_size[1] * scale)
    up, turn = math.radians(altitude), math.radians(azimuth - 90.0)
    # sin(up) sin(s) + cos(up) cos(s) cos(turn - aspect), with slope s and aspect = atan2(x, y)
    light = math.cos(up) * (y_rate * math.cos(turn) + x_rate * math.sin(turn)) + math.sin(up)
    light /= np.sqrt(1.0 + x_rate * x_rate + y_rate * y_rate)
    shaded = np.clip(light * 255.0, 1, 255).astype(np.uint8)
    return np.ma.MaskedArray(np.pad(shaded, 1, mode="edge"), mask=mask)


def gradients(elevation: Any, pixel_size: tuple[float, float]) -> tuple[_Array, _Array]:
    """How much heights (y, x) rise to the east and to the south, a unit of height for one of place.

    As in `hillshade`: Horn's 3 x 3 pixels, neighbours without data as high as the pixel itself,
    the outermost rows and columns as those beside them. Nothing rises in less than 3 x 3 pixels.
    """
    masked = np.ma.masked_invalid(np.ma.asarray(elevation, dtype=np.float64))
    heights, mask = np.ma.getdata(masked), np.ma.getmaskarray(masked)
    if min(heights.shape) < 3:
        return np.zeros(heights.shape), np.zeros(heights.shape)
    east, south = _horn(np.where(mask, 0.0, heights), mask)
    sizes = (8.0 * pixel_size[0], 8.0 * pixel_size[1])
    return np.pad(east / sizes[0], 1, mode="edge"), np.pad(south / sizes[1], 1, mode="edge")


def _flat(altitude: float) -> int:
    return int(min(max(math.sin(math.radians(altitude)) * 255.0, 1), 255))


def _horn(heights: _Array, mask: np.ndarray[Any, np.dtype[np.bool_]]) -> tuple[_Array, _Array]:
    """Differences east - west and south - north of the 3 x 3 neighbours, eight-fold.

    Both are (y - 2, x - 2).
    """
    rows, cols = heights.shape[0] - 2, heights.shape[1] - 2
    centre = heights[1:-1, 1:-1]

    def neighbour(down: int, right: int) -> _Array:
        window = (slice(1 + down, 1 + down + rows), slice(1 + right, 1 + right + cols))
        return np.where(mask[window], centre, heights[window]) if holes else heights[window]

    holes = bool(mask.any())
    north_west, north_east = neighbour(-1, -1), neighbour(-1, 1)
    south_west, south_east = neighbour(1, -1), neighbour(1, 1)
    east = north_east + 2 * neighbour(0, 1) + south_east
    east -= north_west + 2 * neighbour(0, -1) + south_west
    south = south_west + 2 * neighbour(1, 0) + south_east
    south -= north_west + 2 * neighbour(-1, 0) + north_east
    return east, south


MOST_LEVELS = 100_000
"""Contour lines of one picture, by height: from the deepest trench to the highest peak, 20 cm."""

# Part of the interval by which contour lines are drawn above their level.
_ABOVE = 1e-6


class Contour(NamedTuple):
    """One unbroken line of equal height."""

    level: float
    points: _Array
    """(point, 2): column and row in pixels; the centre of the first pixel is (0.5, 0.5)."""


def contour_levels(lowest: float, highest: float, interval: float, base: float) -> list[float]:
    """Heights from `lowest` to `highest` that lie a whole number of intervals from `base`.

    Raises `ValueError` for an interval that is not above 0, and for more than `MOST_LEVELS`.
    """
    if not interval > 0:
        raise ValueError(f"interval must be greater than 0, not {interval}")
    if (highest - lowest) / interval > MOST_LEVELS:
        raise ValueError(
            f"heights from {lowest:g} to {highest:g} have more than {MOST_LEVELS} lines every "
            f"{interval:g}: no data that is not declared as such, or too small an interval"
        )
    first = math.ceil((lowest - base) / interval)
    last = math.floor((highest - base) / interval)
    return [base + step * interval for step in range(first, last + 1)]


def contour_lines(
    elevation: Any, *, interval: float = 100.0, base: float = 0.0
) -> Iterator[Contour]:
    """Lines of equal height of a (y, x) elevation model, level by level upward.

    Heights between pixel centres are interpolated linearly (marching squares of contourpy), so
    lines end at the centres of the outermost pixels: tiles must have a buffer of one pixel for
    theirs to meet. No line touches a pixel without data. Lines are drawn a millionth of the
    interval above their level: where heights of 99 and 101 meet, none runs exactly along the edge
    of pixels, which may be the edge of two tiles.
    """
    from contourpy import LineType, contour_generator

    heights = np.ma.masked_invalid(np.ma.asarray(elevation, dtype=np.float64))
    if min(heights.shape) < 2 or heights.count() == 0:
        return
    maker = contour_generator(
        z=heights, name="serial", line_type=LineType.Separate, corner_mask=False
    )
    for level in contour_levels(float(heights.min()), float(heights.max()), interval, base):
        for line in maker.lines(level + interval * _ABOVE):
            points = np.asarray(line, dtype=np.float64)
            if len(points) > 1 and np.ptp(points, axis=0).any():
                yield Contour(level, points + 0.5)
