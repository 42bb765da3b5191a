"""Sums and extremes over rectangular windows, whose value depends on the window alone.

Running sums carry the rounding of where a row began; these are sums of sums of 2, 4, 8 … neighbours
put together in the order that the window's size prescribes, so that a part of a picture gives the
same bits as the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from automap_tiles.analysis.samples import Array, l2_bytes

_Combine = Callable[..., Array]
# Blocks this many columns wide keep their halo small where they are high enough.
_WIDTH = 1024
_CACHE_PART = 0.5


def window_sums(padded: Array, size: tuple[int, int]) -> Array:
    """Sums over windows of `size` (height, width); (y, x) -> (y - height + 1, x - width + 1).

    Result (y, x) belongs to the window that begins there. In the type of `padded`.
    """
    return _along(_along(padded, size[0], 0, np.add), size[1], 1, np.add)


def _along(values: Array, length: int, axis: int, combine: _Combine) -> Array:
    """Combine `length` neighbours along an axis; each of them once, nearest first."""
    if length == 1:
        return values
    result: Array | None = None
    run, reached, taken = values, 1, 0  # `run` holds windows of `reached`
    while True:
        if length & reached:
            part = _cut(run, taken, values.shape[axis] - length + 1, axis)
            result = part if result is None else combine(result, part)
            taken += reached
        if 2 * reached > length:
            break
        count = values.shape[axis] - 2 * reached + 1
        run = combine(_cut(run, 0, count, axis), _cut(run, reached, count, axis))
        reached *= 2
    assert result is not None
    return result


def window_extremes(padded: Array, size: int, combine: _Combine) -> Array:
    """As `window_sums` for square windows and `np.minimum` or `np.maximum`."""
    for axis in (0, 1):
        run, reached = padded, 1
        while reached < size:
            step = min(reached, size - reached)  # windows may overlap
            count = run.shape[axis] - step
            run = combine(_cut(run, 0, count, axis), _cut(run, step, count, axis))
            reached += step
        padded = run
    return padded


def _cut(values: Array, first: int, count: int, axis: int) -> Array:
    cut = slice(first, first + count)
    return values[cut] if axis == 0 else values[:, cut]


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A part of a picture with what its windows need around it."""

    rows: slice
    columns: slice
    radius: int

    def cut(self, plane: Array, fill: Any = 0) -> Array:
        """The part of a plane (y, x) with `radius` pixels around, `fill` beyond the picture."""
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


def parts(shape: tuple[int, int], radius: int, bytes_per_pixel: int) -> Iterator[Part]:
    """Parts that cover a picture and whose work stays in the cache."""
    height, width = shape
    wide = min(width, max(_WIDTH, 8 * radius))
    high = int(_CACHE_PART * l2_bytes() / (bytes_per_pixel * max(1, wide + 2 * radius)))
    high = max(high - 2 * radius, 4 * radius, 8)
    for top in range(0, height, high):
        for left in range(0, width, max(1, wide)):
            yield Part(
                rows=slice(top, min(top + high, height)),
                columns=slice(left, min(left + wide, width)),
                radius=radius,
            )
