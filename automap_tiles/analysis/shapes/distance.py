"""Distance to the nearest covered pixel of a mask, exact, in NumPy.

First the distance within each column, then along each row the least of distance² + (columns off)²
over all columns. Near columns are looked at one after the other. Where that is not enough, the
nearest column is found for every sixteenth pixel of a row; that of a pixel in between lies between
theirs (the squares are a Monge array), and these ranges are about as long as the row, together.
So the work does not grow with the distances.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis._dates import Bools, l2_bytes

Floats = NDArray[np.float32]
Integers = NDArray[Any]

_FAR_AWAY = 1e6
"""Columns: nothing in this one is covered."""
_NEAR = 4
"""Columns to each side that are looked at one by one; each costs 0.4 ns a pixel."""
_ALL_NEAR = 32
"""With a limit of so many columns, looking at all of them is the fastest way."""
_STEP = 16
"""Every so many pixels of a row the nearest column is looked for: 8 and 32 are slower."""
_ROWS = 128
_MANY_ROWS = 512
_RANGES = 8192
"""What is worked on at a time, measured on clouds of all sizes."""


def distance(mask: Bools, pixel_size: tuple[float, float], *, limit: float = math.inf) -> Floats:
    """Metres from each pixel's centre to that of the nearest covered one, 0 on it.

    `mask` (y, x); `pixel_size` is (height, width) in metres. Distances above `limit` are given as
    `limit`. Exact but for float32. Infinite where nothing is covered and there is no limit. With
    pixels that are not square the work grows with the largest distance there is.
    """
    if mask.ndim != 2 or mask.dtype != bool:
        raise ValueError(f"a mask is (y, x) bool, not {mask.shape} {mask.dtype}")
    if not all(size > 0 for size in pixel_size):
        raise ValueError(f"a pixel size is above 0, not {pixel_size}")
    if not limit >= 0:
        raise ValueError(f"a limit is at least 0, not {limit}")
    if not mask.any():
        return np.full(mask.shape, limit, dtype=np.float32)
    # in columns: whole numbers where pixels are square
    unit = pixel_size[1]
    most = min(limit / unit, _FAR_AWAY)
    squares = _along_columns(mask, pixel_size[0] / unit, most)
    np.multiply(squares, squares, out=squares)
    farthest = _NEAR if pixel_size[0] == unit and most > _ALL_NEAR else mask.shape[1]
    out = _along_rows(squares, most, farthest)
    np.sqrt(out, out=out)
    np.multiply(out, np.float32(unit), out=out)
    return np.minimum(out, np.float32(limit), out=out)


def _along_columns(mask: Bools, step: float, limit: float) -> Floats:
    """Distance to the nearest covered pixel of the same column, at most `limit`."""
    # in rows, whole numbers: steps of another size would add up their rounding
    most = np.float32(limit / step)
    out = np.where(mask, np.float32(0), most)
    part = np.empty(mask.shape[1], dtype=np.float32)
    order = list(range(len(mask)))
    for rows in (order, order[::-1]):
        for before, row in pairwise(rows):
            np.add(out[before], np.float32(1), out=part)
            np.minimum(out[row], part, out=out[row])
    if step != 1:
        beyond = out >= most
        np.multiply(out, np.float32(step), out=out)
        np.copyto(out, np.float32(limit), where=beyond)
    return out


def _along_rows(squares: Floats, limit: float, farthest: int) -> Floats:
    """Least square of each pixel over all columns of its row."""
    out = np.empty_like(squares)
    step = max(1, l2_bytes() // (12 * squares.shape[1]))
    for top in range(0, len(squares), _MANY_ROWS):
        part, known = squares[top : top + _MANY_ROWS], out[top : top + _MANY_ROWS]
        is_done = True
        for first in range(0, len(part), step):
            rows = slice(first, first + step)
            is_done &= _near(part[rows], known[rows], limit, farthest)
        if not is_done:
            _far(part, known)
    return out


def _near(squares: Floats, out: Floats, limit: float, farthest: int) -> bool:
    """Least square over the columns up to `farthest` away; whether no other one can matter."""
    np.copyto(out, squares)
    if squares.min() >= limit**2:
        return True  # nothing covered is within the limit of these rows
    part = np.empty_like(squares)
    last = min(squares.shape[1] - 1, farthest, math.floor(min(limit, squares.shape[1])))
    for columns in range(1, last + 1):
        further = np.float32(columns**2)
        # nothing that far off can be nearer; the look at the whole strip is only taken now and then
        if columns % 8 == 1 and out.max() <= further:
            return True
        added = np.add(squares, further, out=part)
        np.minimum(out[:, columns:], added[:, :-columns], out=out[:, columns:])
        np.minimum(out[:, :-columns], added[:, columns:], out=out[:, :-columns])
    return last < farthest or bool(out.max() <= (last + 1) ** 2)


def _far(squares: Floats, out: Floats) -> None:
    """Least square over all columns, of squares that are whole; `out` holds what is known."""
    width = squares.shape[1]
    most = float(out.max())
    if most >= _FAR_AWAY**2:
        # what lies in no column at all is beyond everything else
        most = float(squares[squares < _FAR_AWAY**2].max()) + width**2
    # a column whose own square, or whose way, is larger than all that is known does not matter
    reach = min(width - 1, math.ceil(math.sqrt(most)))
    ranges = -(-width // _STEP)
    padded = np.full((len(squares), (ranges + 1) * _STEP + 2 * reach), math.ceil(most))
    np.ceil(np.minimum(squares, most), out=padded[:, reach : reach + width], casting="unsafe")
    nearest = np.concatenate(
        [
            _nearest(padded[first : first + _ROWS], reach, ranges)
            for first in range(0, len(squares), _ROWS)
        ]
    )
    found = _between(padded.astype(np.float32), nearest, reach)
    np.minimum(out, found[:, :width], out=out)


def _nearest(padded: Integers, reach: int, ranges: int) -> Integers:
    """(y, range + 1) column of `padded` that is nearest to the first pixel of each range.

    The last one is for the pixel behind the last range. Square and way are the high bits of one
    number, the column its low bits: the least number has both.
    """
    bits = (2 * reach).bit_length()
    largest = (int(padded.max()) + reach**2) << bits
    dtype = np.int32 if largest < 2**31 else np.int64
    rows = len(padded)
    width = -(-padded.shape[1] // _STEP) * _STEP
    whole = np.full((rows, width), padded.max(), dtype=dtype)
    whole[:, : padded.shape[1]] = padded
    # every sixteenth column, one after the other: (phase, column, y)
    phases = np.ascontiguousarray(whole.reshape(rows, -1, _STEP).transpose(2, 1, 0)) << bits
    best = np.full((ranges + 1, rows), np.iinfo(dtype).max, dtype=dtype)
    part = np.empty_like(best)
    for way in range(reach + 1):
        # nothing that far off can be nearer
        if way % _STEP == 1 and best.max() >> bits <= way**2:
            break
        for column in {reach - way, reach + way}:
            first, phase = divmod(column, _STEP)
            key = dtype(way**2 << bits | column)
            np.add(phases[phase, first : first + ranges + 1], key, out=part)
            np.minimum(best, part, out=best)
    best &= (1 << bits) - 1
    best += np.arange(ranges + 1, dtype=dtype)[:, np.newaxis] * _STEP
    return np.ascontiguousarray(best.T)


def _between(padded: Floats, nearest: Integers, reach: int) -> Floats:
    """(y, x) least square of every pixel, over the columns between those nearest to its range."""
    rows, ranges = len(nearest), nearest.shape[1] - 1
    lengths = np.diff(nearest, axis=1).ravel()
    starts = (nearest[:, :-1] + np.arange(rows)[:, np.newaxis] * padded.shape[1]).ravel()
    # from the first column of a range's own to its first pixel
    ways = (np.arange(ranges) * _STEP + reach - nearest[:, :-1]).ravel().astype(np.float32)
    longest = int(lengths.max())
    order = np.argsort((longest - lengths).astype(np.min_scalar_type(longest)), kind="stable")
    out = np.empty((rows * ranges, _STEP), dtype=np.float32)
    for first in range(0, len(order), _RANGES):
        some = order[first : first + _RANGES]
        out[some] = _least(padded.ravel(), starts[some], ways[some], lengths[some]).T
    return out.reshape(rows, ranges * _STEP)


def _least(squares: Floats, starts: Integers, ways: Floats, lengths: Integers) -> Floats:
    """(pixel of a range, range) least square; the longest ranges come first."""
    best = np.full((_STEP, len(starts)), np.inf, dtype=np.float32)
    work = np.empty_like(best)
    pixels = np.arange(_STEP, dtype=np.float32)[:, np.newaxis]
    columns = np.arange(int(lengths[0]) + 1)
    counts = np.searchsorted(-lengths, -columns, side="right")
    for column, count in zip(columns.tolist(), counts.tolist(), strict=True):
        part = work[:, :count]
        np.add(ways[:count] - np.float32(column), pixels, out=part)
        np.multiply(part, part, out=part)
        np.add(part, squares.take(starts[:count] + column), out=part)
        np.minimum(best[:, :count], part, out=best[:, :count])
    return best
