"""Window kernels compiled by numba: the same sums in the same order as in NumPy.

Imported only if `accelerate` says so.
"""

# ruff: noqa: C901, FURB136, PLR0912, PLR0913, PLR0915, PLR0917 - a kernel is one loop

from __future__ import annotations

import numpy as np

from automap_tiles.accelerate import compile_kernel
from automap_tiles.analysis._dates import Array, Bools

# Columns whose rows of sums stay in the cache together.
_STRIP = 1024
_ROUNDING = 2.0**-48


def box_moments(
    plane: Array, valid: Bools, radius: int, mean: Array | None, std: Array | None
) -> None:
    """Fill mean and standard deviation like `boxes`; either may be None."""
    width = plane.shape[1]
    size = 2 * radius + 1
    # a window is composed of runs of 1, 2, 4 … pixels: exponent and first pixel of each
    bits = [level for level in range(size.bit_length()) if size >> level & 1]
    parts = np.array([(level, size & ((1 << level) - 1)) for level in bits])
    room = size + 1
    nothing = np.zeros((1, 1), dtype=np.float32)
    for left in range(0, width, _STRIP):
        wide = min(_STRIP, width - left)
        shape = size.bit_length(), room, wide + 2 * radius
        _moments(
            np.ascontiguousarray(plane),
            valid,
            radius,
            (left, wide),
            bool(valid.all()),
            parts,
            (np.zeros(shape), np.zeros(shape), np.zeros(shape, dtype=np.int32)),
            nothing if mean is None else mean,
            nothing if std is None else std,
            (mean is not None, std is not None),
        )


@compile_kernel
def _moments(plane, valid, radius, place, full, parts, buffers, mean, std, wants):  # type: ignore[no-untyped-def]
    """`buffers` hold sums, sums of squares and numbers of 2 ** level rows by (level, row, x)."""
    height, width = plane.shape
    left, wide = place
    sums, squares, numbers = buffers
    levels, room, reach = sums.shape
    first = max(0, radius - left)  # columns of the padded strip that lie within the plane
    last = min(reach, width - left + radius)
    lines = np.zeros((levels, reach))
    counted = np.zeros((levels, reach), dtype=np.int32)
    total, square = np.zeros(wide), np.zeros(wide)
    number, share = np.zeros(wide, dtype=np.int32), np.zeros(wide)
    rows_before = -1
    for row in range(-radius, height + radius):
        slot = (row + radius) % room
        x, q, n = sums[0, slot], squares[0, slot], numbers[0, slot]
        if 0 <= row < height:
            inside = slice(left - radius + first, left - radius + last)
            _enter(plane[row, inside], valid[row, inside], x[first:], q[first:], n[first:])
        else:
            x[:] = 0
            q[:] = 0
            n[:] = 0
        for level in range(1, levels):
            half = 1 << (level - 1)
            begin = row + radius - 2 * half + 1
            if begin < 0:
                break
            one, other = begin % room, (begin + half) % room
            _add(sums[level - 1, one], sums[level - 1, other], sums[level, one])
            if wants[1]:
                _add(squares[level - 1, one], squares[level - 1, other], squares[level, one])
            if not full:
                _add(numbers[level - 1, one], numbers[level - 1, other], numbers[level, one])
        target = row - radius
        if target < 0:
            continue
        _window(sums, parts, target, lines, total)
        if wants[1]:
            _window(squares, parts, target, lines, square)
        if not full:
            _window(numbers, parts, target, counted, number)
            _shares(number, share)
        else:
            rows = min(target + radius, height - 1) - max(target - radius, 0) + 1
            if rows != rows_before:
                _count(rows, left, radius, width, number)
                _shares(number, share)
                rows_before = rows
        across = slice(left, left + wide)
        here = valid[target, across]
        if wants[0]:
            _fill_mean(total, share, here, mean[target, across])
        if wants[1]:
            _fill_std(total, square, share, here, std[target, across])


@compile_kernel
def _enter(plane, valid, x, q, n):  # type: ignore[no-untyped-def]
    """Put the valid pixels of a row, their squares and their counts into the buffers."""
    for column in range(plane.shape[0]):
        value = np.float64(plane[column])
        value = value if valid[column] else np.float64(0)
        x[column] = value
        q[column] = value * value
        n[column] = valid[column]


@compile_kernel
def _count(rows, left, radius, width, number):  # type: ignore[no-untyped-def]
    """Number of pixels within the plane for windows of this many rows."""
    for column in range(number.shape[0]):
        here = left + column
        across = min(here + radius, width - 1) - max(here - radius, 0) + 1
        number[column] = rows * across


@compile_kernel
def _shares(number, share):  # type: ignore[no-untyped-def]
    for column in range(share.shape[0]):
        share[column] = 1 / np.float64(number[column] if number[column] > 1 else 1)


@compile_kernel
def _fill_mean(total, share, valid, out):  # type: ignore[no-untyped-def]
    for column in range(out.shape[0]):
        value = np.float32(total[column] * share[column])
        out[column] = value if valid[column] else np.float32(0)


@compile_kernel
def _fill_std(total, squares, share, valid, out):  # type: ignore[no-untyped-def]
    for column in range(out.shape[0]):
        middle = total[column] * share[column]
        square = squares[column] * share[column]
        rest = (square - middle * middle) - square * _ROUNDING
        value = np.sqrt(np.float32(rest if rest > 0 else 0.0))
        out[column] = value if valid[column] else np.float32(0)


@compile_kernel
def _add(one, other, out):  # type: ignore[no-untyped-def]
    for column in range(out.shape[0]):
        out[column] = one[column] + other[column]


@compile_kernel
def _add_three(one, other, third, out):  # type: ignore[no-untyped-def]
    for column in range(out.shape[0]):
        out[column] = one[column] + other[column] + third[column]


@compile_kernel
def _increase(out, part):  # type: ignore[no-untyped-def]
    for column in range(out.shape[0]):
        out[column] += part[column]


@compile_kernel
def _window(rows, parts, top, lines, out):  # type: ignore[no-untyped-def]
    """Sum the rows of a window, then its columns, like `_windows`."""
    levels, room, reach = rows.shape
    count, wide = parts.shape[0], out.shape[0]
    one = rows[parts[0, 0], (top + parts[0, 1]) % room]
    if count == 1:
        lines[0, :] = one
    else:
        other = rows[parts[1, 0], (top + parts[1, 1]) % room]
        if count == 2:
            _add(one, other, lines[0])
        else:
            _add_three(one, other, rows[parts[2, 0], (top + parts[2, 1]) % room], lines[0])
    for part in range(3, count):
        _increase(lines[0], rows[parts[part, 0], (top + parts[part, 1]) % room])
    for level in range(1, levels):
        half = 1 << (level - 1)
        length = reach - 2 * half + 1
        _add(lines[level - 1], lines[level - 1, half:], lines[level, :length])
    one = lines[parts[0, 0], parts[0, 1] :]
    if count == 1:
        out[:] = one[:wide]
    else:
        other = lines[parts[1, 0], parts[1, 1] :]
        if count == 2:
            _add(one, other, out)
        else:
            _add_three(one, other, lines[parts[2, 0], parts[2, 1] :], out)
    for part in range(3, count):
        _increase(out, lines[parts[part, 0], parts[part, 1] :])
