"""Mean of the dates of middling brightness: clouds are the bright end, their shadows the dark one.

The way of the EOX Sentinel-2 cloudless mosaics, as far as it has been described.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from automap_tiles.analysis._dates import Array, Bools, WholeDates, whole_dates
from automap_tiles.analysis._weiszfeld import total
from automap_tiles.analysis.composites.composite import Stack

Picture: TypeAlias = np.ma.MaskedArray[Any, Any]


def trimmed_mean(
    stack: Stack,
    valid: Bools | None = None,
    *,
    dark: float = 0.25,
    bright: float = 0.25,
) -> tuple[Picture, Picture]:
    """Mean of the dates that are left when the darkest and brightest parts of a pixel are dropped.

    Brightness is the mean of a date's bands. Of n valid dates floor(n·dark) and floor(n·bright) are
    dropped, so at least one is left; of equally bright dates the earlier counts as the darker.
    Gives the (band, y, x) picture, float32, and (y, x) uint16 dates that are in the mean, 0 where
    none is valid. Stack and valid as for `median`; a date counts when all its bands do.
    Raises `ValueError` unless dark and bright are at least 0 and below 1 together.
    """
    if not (dark >= 0 and bright >= 0 and dark + bright < 1):
        raise ValueError(f"dark {dark} and bright {bright} must be at least 0 and below 1 together")
    dates = whole_dates(stack, valid)
    count, bands, height, width = dates.data.shape
    data = np.zeros((bands, height, width), dtype=np.float32)
    used = np.zeros((height, width), dtype=np.uint16)
    for rows in dates.blocks(4 * count * 4):
        keep = _kept(dates, rows, dark, bright)
        used[rows] = keep.sum(axis=0, dtype=np.uint16)
        number = np.maximum(used[rows], 1).astype(np.float32)
        for band in range(bands):
            bits = dates.data[:, band, rows].astype(np.float32).view(np.uint32)
            np.bitwise_and(bits, -keep.astype(np.uint32), out=bits)
            added = total(bits.view(np.float32).reshape(count, -1)).reshape(number.shape)
            data[band, rows] = added / number
    missing = used == 0
    return (
        np.ma.MaskedArray(data, mask=np.repeat(missing[None], bands, axis=0)),
        np.ma.MaskedArray(used, mask=np.zeros(used.shape, dtype=bool)),
    )


def _kept(dates: WholeDates, rows: slice, dark: float, bright: float) -> Bools:
    """(time, rows, x) valid dates that are not dropped."""
    valid = dates.valid[:, rows]
    rank = _ranks(_brightness(dates, rows), valid)
    number = valid.sum(axis=0)
    # the products are rounded before the floor: 10 · 0.3 is 3
    low = np.floor(np.round(number * dark, 9)).astype(rank.dtype)
    high = number - np.floor(np.round(number * bright, 9)).astype(rank.dtype)
    return np.asarray(valid & (rank >= low) & (rank < high))


def _brightness(dates: WholeDates, rows: slice) -> Array:
    """(time, rows, x) sums of the bands, float32."""
    count, bands = dates.data.shape[:2]
    samples = dates.data[:, 0, rows].astype(np.float32)
    for band in range(1, bands):
        samples += dates.data[:, band, rows].astype(np.float32)
    return samples.reshape(count, *samples.shape[1:])


def _ranks(brightness: Array, valid: Bools) -> Array:
    """(time, rows, x) number of valid dates that are darker, or equally dark and earlier."""
    count = len(brightness)
    rank = np.zeros(brightness.shape, dtype=np.int16)
    for first in range(count):
        for second in range(first + 1, count):
            # NaN compares false and belongs to invalid dates
            brighter = brightness[second] >= brightness[first]
            rank[second] += brighter & valid[first]
            rank[first] += ~brighter & valid[second]
    return rank
