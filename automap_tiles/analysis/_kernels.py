"""Kernels compiled by numba: the same operations in the same order as their NumPy versions.

Nothing here is imported unless `accelerate` says so. Pixels go in lanes of fixed width, so that the
inner loops become vector instructions; numba keeps to the order of float operations as written and
joins none of them, which is why the results are those of NumPy bit by bit.
"""

# ruff: noqa: C901, FURB136, PLR0912, PLR0915 - a kernel is one loop, and `max` is slower

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from automap_tiles.accelerate import compile_kernel
from automap_tiles.analysis import _weiszfeld
from automap_tiles.analysis._dates import Array, Bools
from automap_tiles.analysis._weiszfeld import PixelBlock

_LANES = 32
_MANY_LANES = 128
"""Measured for the medoid of 12 dates: 16 lanes 7.4, 32 5.1, 64 5.8 and 128 lanes 8.5 Mpx/s."""
_LOW, _HIGH = _weiszfeld.MIXING
_FIRST, _TINY, _SMALL = _weiszfeld.FIRST, _weiszfeld.TINY, _weiszfeld.SMALL
_ZERO, _ONE, _INFINITE = np.float32(0), np.float32(1), np.float32(np.inf)


def solve(pixels: PixelBlock, out: Array, max_steps: int) -> None:
    """As `weiszfeld.solve`, for one block."""
    kernel = _solver(pixels.samples.shape[1])
    arrays = pixels.samples, pixels.weight, pixels.median, pixels.limit, pixels.near
    kernel(*arrays, pixels.place, out, max_steps)


@compile_kernel
def _force_at_sample(x, w, y, lane, near, pull):  # type: ignore[no-untyped-def]
    """As `weiszfeld._force_at_sample`, for one lane; writes it to `pull`."""
    dates, bands, _ = x.shape
    held = _ZERO
    weights = _ZERO
    for band in range(bands):
        pull[band, lane] = _ZERO
    for date in range(dates):
        distance = _ZERO
        for band in range(bands):
            value = x[date, band, lane] - y[band, lane]
            distance += value * value
        weight = w[date, lane] / max(np.sqrt(distance), _TINY)
        if weight > near:
            held += _ONE
            weight = _ZERO
        weights += weight
        for band in range(bands):
            pull[band, lane] += (x[date, band, lane] - y[band, lane]) * weight
    force = _ZERO
    for band in range(bands):
        force += pull[band, lane] * pull[band, lane]
    rest = max(_ZERO, _ONE - held / max(np.sqrt(force), _TINY))
    for band in range(bands):
        pull[band, lane] = pull[band, lane] / max(weights, _SMALL) * rest


@lru_cache(maxsize=32)
def _solver(bands: int) -> Callable[..., None]:
    """Kernel of Weiszfeld's steps; the number of bands is a constant in it, five times as fast.

    A lane whose pixel has arrived goes on with the next pixel.
    """

    def kernel(  # type: ignore[no-untyped-def]
        samples, weight, median, limit, near, place, out, max_steps
    ):
        dates, _, count = samples.shape
        x = np.zeros((dates, bands, _LANES), dtype=np.float32)
        w = np.ones((dates, _LANES), dtype=np.float32)
        y = np.ones((bands, _LANES), dtype=np.float32)
        pull = np.zeros((bands, _LANES), dtype=np.float32)
        force = np.zeros((bands, _LANES), dtype=np.float32)
        step = np.zeros((bands, _LANES), dtype=np.float32)
        weights = np.zeros(_LANES, dtype=np.float32)
        size = np.zeros(_LANES, dtype=np.float32)
        pixel = np.full(_LANES, -1)
        steps = np.zeros(_LANES, dtype=np.int32)
        following = 0
        for lane in range(min(_LANES, count)):
            _enter(samples, weight, median, following, x, w, y, lane)
            pixel[lane] = following
            following += 1
        busy = following
        while busy:
            for lane in range(_LANES):
                weights[lane] = _ZERO
                for band in range(bands):
                    pull[band, lane] = _ZERO
            for date in range(dates):
                for lane in range(_LANES):
                    square = _ZERO
                    for band in range(bands):
                        difference = x[date, band, lane] - y[band, lane]
                        square += difference * difference
                    distance = np.sqrt(square)
                    part = w[date, lane] / (distance if distance > _TINY else _TINY)
                    weights[lane] += part
                    for band in range(bands):
                        pull[band, lane] += (x[date, band, lane] - y[band, lane]) * part
            for lane in range(_LANES):
                for band in range(bands):
                    pull[band, lane] /= weights[lane]
            for lane in range(_LANES):
                if pixel[lane] >= 0 and weights[lane] > near[pixel[lane]]:
                    _force_at_sample(x, w, y, lane, near[pixel[lane]], pull)
            for lane in range(_LANES):
                along, length = _ZERO, _ZERO
                for band in range(bands):
                    change = pull[band, lane] - force[band, lane]
                    along += pull[band, lane] * change
                    length += change * change
                along /= length if length > _SMALL else _SMALL
                along = along if along > _LOW else _LOW
                along = along if along < _HIGH else _HIGH
                taken = _ZERO
                for band in range(bands):
                    change = (pull[band, lane] - force[band, lane]) + step[band, lane]
                    way = pull[band, lane] - change * along
                    if steps[lane] == 0:
                        way = pull[band, lane] * _FIRST
                    force[band, lane] = pull[band, lane]
                    step[band, lane] = way
                    y[band, lane] += way
                    taken += way * way
                size[lane] = taken
            for lane in range(_LANES):
                number = pixel[lane]
                steps[lane] += 1
                if number >= 0 and (size[lane] < limit[number] or steps[lane] >= max_steps):
                    for band in range(bands):
                        out[band, place[number]] = y[band, lane]
                    steps[lane] = 0
                    pixel[lane] = -1
                    busy -= 1
                    if following < count:
                        _enter(samples, weight, median, following, x, w, y, lane)
                        pixel[lane] = following
                        following += 1
                        busy += 1

    return compile_kernel(kernel)


@compile_kernel
def _enter(samples, weight, median, number, x, w, y, lane):  # type: ignore[no-untyped-def]
    """Put a pixel at its start into a lane."""
    for date in range(samples.shape[0]):
        w[date, lane] = weight[date, number]
        for band in range(samples.shape[1]):
            x[date, band, lane] = samples[date, band, number]
    for band in range(samples.shape[1]):
        y[band, lane] = median[band, number]


def nearest_to_all(data: Array, valid: Bools) -> tuple[Array, Array]:
    """Date and sum of distances of the medoid; infinity where there is none."""
    dates, bands, height, width = data.shape
    index = np.zeros((height, width), dtype=np.uint8 if dates < 256 else np.uint16)
    lowest = np.full((height, width), np.inf, dtype=np.float32)
    # one kernel for two numbers of dates: a date that never counts adds nothing
    _medoid(dates + dates % 2, bands)(data, valid, index, lowest)
    return index, lowest


@lru_cache(maxsize=64)
def _medoid(most: int, bands: int) -> Callable[..., None]:
    """Kernel of the medoid, with the numbers of dates and bands as constants.

    Without the first it takes twice the time: the inner loop is as short as the lanes are wide, and
    would begin with looking whether its arrays overlap.
    """

    def kernel(data, valid, index, lowest):  # type: ignore[no-untyped-def]
        dates, _, height, width = data.shape
        x = np.zeros((most, bands, _MANY_LANES), dtype=np.float32)
        w = np.zeros((most, _MANY_LANES), dtype=np.float32)
        added = np.zeros((most, _MANY_LANES), dtype=np.float32)
        for row in range(height):
            for first in range(0, width, _MANY_LANES):
                lanes = min(_MANY_LANES, width - first)
                for date in range(most):
                    for lane in range(_MANY_LANES):
                        added[date, lane] = _ZERO
                for date in range(dates):
                    counts = valid[date, row]
                    for lane in range(lanes):
                        w[date, lane] = _ONE if counts[first + lane] else _ZERO
                    for band in range(bands):
                        samples = data[date, band, row]
                        for lane in range(lanes):
                            value = np.float32(samples[first + lane])
                            x[date, band, lane] = value if w[date, lane] > _ZERO else _ZERO
                for one in range(most):
                    for other in range(one + 1, most):
                        for lane in range(_MANY_LANES):
                            square = _ZERO
                            for band in range(bands):
                                difference = x[one, band, lane] - x[other, band, lane]
                                square += difference * difference
                            distance = np.sqrt(square)
                            added[one, lane] += distance * w[other, lane]
                            added[other, lane] += distance * w[one, lane]
                for lane in range(lanes):
                    best, winner = _INFINITE, 0
                    for date in range(most):
                        if w[date, lane] > _ZERO and added[date, lane] < best:
                            best, winner = added[date, lane], date
                    index[row, first + lane] = winner
                    lowest[row, first + lane] = best

    return compile_kernel(kernel)


def highest_difference(data: Array, valid: Bools, first: int, second: int) -> tuple[Array, Array]:
    """Date and value of the highest normalised difference, as `bestpixel.max_ndvi` finds it."""
    dates, _, height, width = data.shape
    index = np.zeros((height, width), dtype=np.uint8 if dates < 256 else np.uint16)
    best = np.full((height, width), -np.inf, dtype=np.float32)
    _highest(data, first, second, valid, index, best)
    return index, best


@compile_kernel
def _highest(data, first, second, valid, index, best):  # type: ignore[no-untyped-def]
    dates, _, height, width = data.shape
    for row in range(height):
        winner, value = index[row], best[row]
        for date in range(dates):
            upper, lower, counts = data[date, first, row], data[date, second, row], valid[date, row]
            for column in range(width):
                a, b = np.float32(upper[column]), np.float32(lower[column])
                total = a + b
                fits = total > _ZERO and abs(a - b) <= total and counts[column]
                here = (a - b) / total if fits else -_INFINITE
                better = here > value[column]
                value[column] = here if better else value[column]
                winner[column] = date if better else winner[column]


def gather(data: Array, index: Array) -> Array:
    """(band, y, x) samples of the dates in `index` (y, x)."""
    out = np.empty(data.shape[1:], dtype=data.dtype)
    _gather(data, index, out)
    return out


@compile_kernel
def _gather(data, index, out):  # type: ignore[no-untyped-def]
    _, bands, height, width = data.shape
    for row in range(height):
        places = index[row]
        for band in range(bands):
            target = out[band, row]
            for column in range(width):
                target[column] = data[places[column], band, row, column]
