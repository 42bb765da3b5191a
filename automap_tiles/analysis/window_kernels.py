"""Kernels of windows compiled by numba: the same sums in the same order as in NumPy.

Nothing here is imported unless `accelerate` says so.
"""

# ruff: noqa: C901, FURB136, PLR0912, PLR0913, PLR0915, PLR0917 - a kernel is one loop

from __future__ import annotations

import numpy as np

from automap_tiles.analysis.kernels import compile_kernel
from automap_tiles.analysis.samples import Array, Bools

# Columns whose rows of sums stay in the cache together.
_STRIP = 1024
_ROUNDING = 2.0**-48


def box_moments(
    plane: Array, valid: Bools, radius: int, mean: Array | None, std: Array | None
) -> None:
    """Fill mean and standard deviation as `boxes` does; either may be None."""
    width = plane.shape[1]
    size = 2 * radius + 1
    levels = size.bit_length()
    room = 1 << levels
    full = bool(valid.all())
    nothing = np.zeros((1, 1), dtype=np.float32)
    for left in range(0, width, _STRIP):
        wide = min(_STRIP, width - left)
        buffers = np.zeros((2, levels, room, wide + 2 * radius), dtype=np.float64)
        numbers = np.zeros((levels, room, wide + 2 * radius), dtype=np.int32)
        _moments(
            np.ascontiguousarray(plane),
            valid,
            radius,
            (left, wide),
            full,
            buffers,
            numbers,
            (mean is not None, std is not None),
            nothing if mean is None else mean,
            nothing if std is None else std,
        )


@compile_kernel
def _moments(plane, valid, radius, place, full, buffers, numbers, wants, mean, std):  # type: ignore[no-untyped-def]
    height, width = plane.shape
    left, wide = place
    size = 2 * radius + 1
    levels, room, reach = numbers.shape
    sums, squares = buffers[0], buffers[1]
    first = max(0, radius - left)  # columns of the padded strip that lie in the plane
    last = min(reach, width - left + radius)
    line = np.zeros((2, 2, reach), dtype=np.float64)
    total = np.zeros((2, reach), dtype=np.float64)
    count = np.zeros((2, 2, reach), dtype=np.int32)
    counted = np.zeros(reach, dtype=np.int32)
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
            if not full:
                _add(numbers[level - 1, one], numbers[level - 1, other], numbers[level, one])
            if wants[1]:
                _add(squares[level - 1, one], squares[level - 1, other], squares[level, one])
        target = row - radius
        if target < 0:
            continue
        _across(sums, size, target, line, total[0], wide)
        if full:
            rows = min(target + radius, height - 1) - max(target - radius, 0) + 1
            for column in range(wide):
                here = left + column
                across = min(here + radius, width - 1) - max(here - radius, 0) + 1
                counted[column] = rows * across
        else:
            _across(numbers, size, target, count, counted, wide)
        if wants[1]:
            _across(squares, size, target, line, total[1], wide)
        across = slice(left, left + wide)
        here = valid[target, across]
        _share(total, counted)
        if wants[0]:
            _finish(total[0], here, mean[target, across])
        if wants[1]:
            _finish(total[1], here, std[target, across])


@compile_kernel
def _enter(plane, valid, x, q, n):  # type: ignore[no-untyped-def]
    """Put the pixels of a row that count, their squares and their numbers into the buffers."""
    for column in range(plane.shape[0]):
        value = np.float64(plane[column])
        value = value if valid[column] else np.float64(0)
        x[column] = value
        q[column] = value * value
        n[column] = valid[column]


@compile_kernel
def _share(total, counted):  # type: ignore[no-untyped-def]
    """Mean from the sum, standard deviation from the sum of squares."""
    sums, squares = total[0], total[1]
    for column in range(counted.shape[0]):
        share = 1 / np.float64(counted[column] if counted[column] > 1 else 1)
        middle = sums[column] * share
        sums[column] = middle
        square = squares[column] * share
        rest = (square - middle * middle) - square * _ROUNDING
        squares[column] = np.sqrt(np.float32(rest if rest > 0 else 0.0))


@compile_kernel
def _finish(values, valid, out):  # type: ignore[no-untyped-def]
    for column in range(out.shape[0]):
        value = np.float32(values[column])
        out[column] = value if valid[column] else np.float32(0)


@compile_kernel
def _add(one, other, out):  # type: ignore[no-untyped-def]
    for column in range(out.shape[0]):
        out[column] = one[column] + other[column]


@compile_kernel
def _increase(out, part):  # type: ignore[no-untyped-def]
    for column in range(part.shape[0]):
        out[column] += part[column]


@compile_kernel
def _across(rows, size, top, line, out, wide):  # type: ignore[no-untyped-def]
    """Sum the rows of a window, then its columns, each as `windows` does."""
    levels, room, reach = rows.shape
    run = line[0, 0]
    taken = 0
    for level in range(levels):
        if (size >> level) & 1:
            part = rows[level, (top + taken) % room]
            if taken == 0:
                run[:] = part
            else:
                _increase(run, part)
            taken += 1 << level
    taken = 0
    turn = 0
    current = run
    for level in range(levels):
        if (size >> level) & 1:
            part = current[taken : taken + wide]
            if taken == 0:
                out[:wide] = part
            else:
                _increase(out, part)
            taken += 1 << level
        if level + 1 < levels:
            step = 1 << level
            following = line[1, turn]
            count = reach - 2 * step + 1
            _add(current, current[step:], following[:count])
            turn = 1 - turn
            current = following
