"""Sums and extremes over rectangular windows, independent of anything outside the window.

Running sums carry rounding errors from the start of a row; these are sums of sums of 2, 4, 8 …
neighbours, combined in an order fixed by the window size, so that a part of a raster gives the same
bits as the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from automap_tiles.analysis._blocks import BlockMemory
from automap_tiles.analysis._dates import Array, l2_bytes

# Blocks of this many columns keep their halo small if they are high enough.
_WIDTH = 256
_CACHE_PART = 2.0


def window_sums(padded: Array, size: tuple[int, int], scratch: BlockMemory, name: str) -> Array:
    """Sums over windows of `size` (height, width); (y, x) -> (y - height + 1, x - width + 1).

    Result (y, x) belongs to the window that begins there. Keeps the type of `padded`, and uses
    memory of `scratch` that the next call with the same name reuses; for windows of one pixel,
    returns the pixels.
    """
    high = _along(padded, size[0], 0, scratch, "high")
    return _along(high, size[1], 1, scratch, name)


def _along(values: Array, length: int, axis: int, scratch: BlockMemory, name: str) -> Array:
    """Add `length` neighbours along an axis, in an order fixed by their number."""
    if length == 1:
        return values
    count = values.shape[axis] - length + 1
    out = scratch.one(name, values.dtype, _cut(values, 0, count, axis).shape)
    total: Array | None = None
    run, reached, taken = values, 1, 0  # `run` holds sums of `reached` neighbours
    while True:
        if length & reached:
            part = _cut(run, taken, count, axis)
            if total is None and reached > 1:
                np.copyto(out, part)  # the memory of `run` will be reused
                part = out
            total = part if total is None else np.add(total, part, out=out)
            taken += reached
        if 2 * reached > length:
            break
        run = _doubled(run, reached, axis, scratch)
        reached *= 2
    return out


def _doubled(run: Array, reached: int, axis: int, scratch: BlockMemory) -> Array:
    """Sums of twice as many neighbours as in `run`."""
    count = run.shape[axis] - reached
    one, other = _cut(run, 0, count, axis), _cut(run, reached, count, axis)
    out = scratch.one(f"run {reached.bit_length() % 2}", run.dtype, one.shape)
    return np.add(one, other, out=out)


def window_extremes(
    padded: Array, size: int, combine: np.ufunc, scratch: BlockMemory, name: str
) -> Array:
    """Like `window_sums`, for square windows and `np.minimum` or `np.maximum`."""
    run, turn = padded, 0
    for axis in (0, 1):
        reached = 1
        while reached < size:
            step = min(reached, size - reached)  # windows may overlap
            count = run.shape[axis] - step
            one, other = _cut(run, 0, count, axis), _cut(run, step, count, axis)
            turn = 1 - turn
            out = scratch.one(f"{name} {turn}", run.dtype, one.shape)
            run = combine(one, other, out=out)
            reached += step
    return run


def _cut(values: Array, first: int, count: int, axis: int) -> Array:
    cut = slice(first, first + count)
    return values[cut] if axis == 0 else values[:, cut]


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowPart:
    """A part of a raster with the margin that its windows need."""

    rows: slice
    columns: slice
    radius: int

    def cut(self, plane: Array, fill: Any = 0) -> Array:
        """The part of a plane (y, x) with a margin of `radius` pixels, `fill` beyond the raster."""
        height, width = plane.shape
        top, bottom = self.rows.start - self.radius, self.rows.stop + self.radius
        left, right = self.columns.start - self.radius, self.columns.stop + self.radius
        inside = plane[max(top, 0) : bottom, max(left, 0) : right]
        beyond = (
            (max(-top, 0), max(bottom - height, 0)),
            (max(-left, 0), max(right - width, 0)),
        )
        if beyond == ((0, 0), (0, 0)):
            return inside
        return np.pad(inside, beyond, constant_values=fill)


def parts(shape: tuple[int, int], radius: int, bytes_per_pixel: int) -> Iterator[WindowPart]:
    """Parts that cover a raster and whose working memory fits in the cache."""
    height, width = shape
    wide = min(width, max(_WIDTH, 8 * radius))
    high = int(_CACHE_PART * l2_bytes() / (bytes_per_pixel * max(1, wide + 2 * radius)))
    high = max(high - 2 * radius, 4 * radius, 8)
    for top in range(0, height, high):
        for left in range(0, width, max(1, wide)):
            yield WindowPart(
                rows=slice(top, min(top + high, height)),
                columns=slice(left, min(left + wide, width)),
                radius=radius,
            )
