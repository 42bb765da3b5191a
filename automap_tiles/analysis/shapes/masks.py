"""Masks of a whole scene: cleaned, widened, shadows of clouds.

They look around a pixel for up to some kilometres, so they belong to the scene and not to a tile:
tiles would have seams. A mask is (y, x) bool; `pixel_size` is (height, width) in metres. Everything
is NumPy on strips of rows, exact, and equal to SciPy's `ndimage`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from automap_tiles.analysis._dates import Bools, l2_bytes

Size = tuple[float, float]
_SQUARE: Size = (1.0, 1.0)

OPENING = 2.0
"""Radius of the disk for `clean`, pixels; Digital Earth Australia's for Sentinel-2 GeoMAD, as is
a dilation of 5 pixels."""
CLOUD_HEIGHTS = (200.0, 12000.0)
"""Lowest and highest base of clouds that are looked for, metres (Zhu and Woodcock 2012,
doi:10.1016/j.rse.2011.10.028)."""


def clean(
    mask: Bools, pixel_size: Size, *, opening: float = OPENING, dilation: float = 0.0
) -> Bools:
    """Drop what is smaller than a disk of `opening` pixels, then widen the rest by metres.

    0 leaves a step out.
    """
    cleaned = open_disk(mask, opening) if opening else mask
    return dilate(cleaned, dilation, pixel_size) if dilation else cleaned.copy()


def open_disk(mask: Bools, radius: float) -> Bools:
    """Opening with a disk of some pixels: erosion, then dilation.

    What lies beyond the scene counts as covered in the erosion, so that a cloud at the edge stays.
    """
    eroded = ~dilate(~mask, radius)
    return dilate(eroded, radius)


def dilate(mask: Bools, radius: float, pixel_size: Size = _SQUARE) -> Bools:
    """Every pixel whose centre is at most `radius` from that of a covered one.

    In metres with a pixel size, else in pixels. Raises `ValueError` for a radius below 0.
    """
    _check(mask, pixel_size)
    if not radius >= 0:
        raise ValueError(f"a radius is at least 0, not {radius}")
    reach = _half_widths(radius, pixel_size)
    out = mask.copy()
    if len(reach) == 1 and reach[0] == 0:
        return out
    margin = len(reach) - 1
    for rows in _strips(mask.shape, 4 * mask.shape[1], margin):
        top, bottom = max(0, rows.start - margin), min(len(mask), rows.stop + margin)
        strip = mask[top:bottom]
        if strip.any():
            _dilate_strip(strip, top, out[rows], rows, reach)
    return out


def _half_widths(radius: float, pixel_size: Size) -> list[int]:
    """For 0, 1, 2 … rows off the centre: how many columns the disk reaches to each side."""
    height, width = pixel_size
    near = radius * (1 + 1e-9)  # a pixel at exactly the radius is in
    widths = []
    row = 0
    while row * height <= near:
        widths.append(int(math.sqrt(max(0.0, near**2 - (row * height) ** 2)) / width))
        row += 1
    return widths


def _dilate_strip(strip: Bools, top: int, out: Bools, rows: slice, reach: list[int]) -> None:
    """OR into `out` (the rows of the scene in `rows`) what the strip from row `top` on spreads."""
    wide = strip.copy()
    width = 0
    # the narrow rows of the disk first: each is widened from the one before
    for offset in range(len(reach) - 1, -1, -1):
        wide, width = _widen(wide, width, reach[offset]), reach[offset]
        for shift in {offset, -offset}:
            # row r of the scene goes to row r + shift
            first = max(rows.start, top + shift)
            last = min(rows.stop, top + len(strip) + shift)
            if first < last:
                target = out[first - rows.start : last - rows.start]
                source = wide[first - shift - top : last - shift - top]
                np.logical_or(target, source, out=target)


def _widen(mask: Bools, width: int, wanted: int) -> Bools:
    """Spread along the rows by `wanted` columns what has been spread by `width`."""
    while width < wanted:
        # runs are at least 2 width + 1 long, so a shift by that many leaves no gap
        step = min(wanted - width, 2 * width + 1)
        wider = mask.copy()
        if step < mask.shape[1]:
            np.logical_or(wider[:, step:], mask[:, :-step], out=wider[:, step:])
            np.logical_or(wider[:, :-step], mask[:, step:], out=wider[:, :-step])
        else:
            wider |= mask.any(axis=1, keepdims=True)
        mask, width = wider, width + step
    return mask


def shadow(
    cloud: Bools,
    pixel_size: Size,
    *,
    sun_azimuth: float,
    sun_elevation: float,
    heights: tuple[float, float] = CLOUD_HEIGHTS,
    dark: Bools | None = None,
) -> Bools:
    """Where clouds at any of the heights would throw their shadows, for a look straight down.

    `sun_azimuth` is clockwise from the top of the grid, `sun_elevation` above the horizon, both in
    degrees; `heights` are metres above the ground. The strip that is swept is much wider than the
    shadow: with `dark` (y, x) only those pixels of it are kept. Clouds themselves are not excluded.
    Raises `ValueError` when the sun is not above the horizon. The work grows with the length of the
    strip in pixels; at 60 m it is next to nothing.
    """
    _check(cloud, pixel_size)
    if not 0 < sun_elevation <= 90:
        raise ValueError(f"the sun is at {sun_elevation}°: not above the horizon")
    low, high = heights
    if not 0 <= low <= high:
        raise ValueError(f"heights are from low to high, not {heights}")
    out = np.zeros_like(cloud)
    if not cloud.any():
        return out
    offsets = list(_path(pixel_size, sun_azimuth, sun_elevation, heights))
    for rows in _strips(cloud.shape, 2 * cloud.shape[1], 0):
        for down, right in offsets:
            _shift_into(cloud, out, rows, down, right)
    return out if dark is None else out & dark


def shadow_reach(
    pixel_size: Size,
    sun_azimuth: float,
    sun_elevation: float,
    heights: tuple[float, float] = CLOUD_HEIGHTS,
) -> tuple[int, int]:
    """Rows down and columns right from a cloud of the largest height to its shadow."""
    *_, farthest = _path(pixel_size, sun_azimuth, sun_elevation, heights)
    return farthest


def _path(
    pixel_size: Size, azimuth: float, elevation: float, heights: tuple[float, float]
) -> Iterator[tuple[int, int]]:
    """Rows down and columns right from a cloud to its shadow, one pixel apart, for all heights."""
    length = 1 / math.tan(math.radians(elevation)) if elevation < 90 else 0.0
    # away from the sun; rows count southwards
    down = math.cos(math.radians(azimuth)) * length / pixel_size[0]
    right = -math.sin(math.radians(azimuth)) * length / pixel_size[1]
    pixels = max(abs(down), abs(right)) * (heights[1] - heights[0])
    steps = max(1, math.ceil(pixels))
    seen = None
    for step in range(steps + 1):
        height = heights[0] + (heights[1] - heights[0]) * step / steps
        offset = round(down * height), round(right * height)
        if offset != seen:
            yield offset
        seen = offset


def _shift_into(mask: Bools, out: Bools, rows: slice, down: int, right: int) -> None:
    """OR the mask, moved, into some rows of `out`."""
    height, width = mask.shape
    first, last = max(rows.start, down), min(rows.stop, height + down)
    if first >= last or abs(right) >= width:
        return
    target = out[first:last, max(0, right) : width + min(0, right)]
    source = mask[first - down : last - down, max(0, -right) : width - max(0, right)]
    np.logical_or(target, source, out=target)


def _strips(shape: tuple[int, ...], row_bytes: int, margin: int) -> Iterator[slice]:
    """Rows that fit the L2 cache, but not many times fewer than a margin that is read with them."""
    step = max(1, 4 * margin, l2_bytes() // max(1, row_bytes))
    return (slice(start, min(start + step, shape[0])) for start in range(0, shape[0], step))


def _check(mask: Bools, pixel_size: Size) -> None:
    if mask.ndim != 2 or mask.dtype != bool:
        raise ValueError(f"a mask is (y, x) bool, not {mask.shape} {mask.dtype}")
    if not all(size > 0 for size in pixel_size):
        raise ValueError(f"a pixel size is above 0, not {pixel_size}")
