"""Medoid: the date of a pixel that is nearest to all its others, so that bands stay together.

Flood 2013, doi:10.3390/rs5126481.
"""

from __future__ import annotations

import numpy as np

from automap_tiles.analysis._compiled import compiled
from automap_tiles.analysis._dates import Array, Bools, WholeDates, whole_dates
from automap_tiles.analysis._weiszfeld import total
from automap_tiles.analysis.composites import composite
from automap_tiles.analysis.composites.one_date import Chosen, Race, provenance

# Bytes per sample of a block: more dates exceed the L2 cache, but then there are fewer calls.
_PIXEL_BYTES = 2
_PAIR_SECONDS = 1.3e-9
"""NumPy, per band and pair of dates of a pixel, measured for 8 dates of 5 bands."""


def medoid(
    stack: composite.Stack, valid: Bools | None = None, *, fast: bool | None = None
) -> Chosen:
    """The valid date with the smallest sum of distances to the others; ties go to the first.

    `score` is that sum in the unit of the stack, in float32. Stack and valid as for `median`; a
    date counts if all its bands do. `fast` as in `accelerate`; the result is the same.
    """
    dates = whole_dates(stack, valid)
    kernels = compiled(fast, dates.data.size * len(dates.data) / 2 * _PAIR_SECONDS)
    if kernels is not None:
        index, lowest = kernels.nearest_to_all(dates.data, dates.valid)
        return provenance(dates, index, lowest, lowest < np.inf, kernels)
    count, bands, height, width = dates.data.shape
    race = Race(count, (height, width))
    for rows in dates.blocks(_PIXEL_BYTES * count * bands):
        sums = _sums(*_block(dates, rows))
        np.negative(sums, out=sums)
        for date in range(count):
            race.offer(date, rows, sums[date].reshape(-1, width), dates.valid[date, rows])
    return _nearest(dates, race)


def medoid_approx(stack: composite.Stack, valid: Bools | None = None) -> Chosen:
    """The valid date nearest to the medians of the bands; ties go to the first.

    Much cheaper than `medoid`, and often but not always the same date. `score` is that distance.
    """
    dates = whole_dates(stack, valid)
    count, bands, height, width = dates.data.shape
    race = Race(count, (height, width))
    for rows in dates.blocks(4 * bands):
        centre = composite.median(dates.data[:, :, rows], dates.valid[:, rows]).data
        centre = centre.astype(np.float32, copy=False)
        for date in range(count):
            difference = dates.data[date, :, rows].astype(np.float32)
            np.subtract(difference, centre, out=difference)
            np.multiply(difference, difference, out=difference)
            distance = np.sqrt(total(difference.reshape(bands, -1)))
            np.negative(distance, out=distance)
            race.offer(date, rows, distance.reshape(-1, width), dates.valid[date, rows])
    return _nearest(dates, race)


def _nearest(dates: WholeDates, race: Race) -> Chosen:
    """Invert the scores: for distances, the smallest wins."""
    found = race.best > -np.inf
    return provenance(dates, race.index, np.negative(race.best), found)


def _block(dates: WholeDates, rows: slice) -> tuple[Array, Array]:
    """(time, band, pixel) float32 samples, 0 where not valid; (time, pixel) 1 or 0."""
    count, bands = dates.data.shape[:2]
    samples = dates.data[:, :, rows].astype(np.float32).reshape(count, bands, -1)
    valid = dates.valid[:, rows].reshape(count, -1)
    bits = samples.view(np.uint32)
    np.bitwise_and(bits, -valid.astype(np.uint32)[:, None], out=bits)
    return samples, valid.astype(np.float32)


def _sums(samples: Array, weight: Array) -> Array:
    """(time, pixel) sums of each date's distances to all valid ones, in the order of dates."""
    count, bands, pixels = samples.shape
    sums = np.zeros((count, pixels), dtype=np.float32)
    difference = np.empty((bands, pixels), dtype=np.float32)
    part = np.empty(pixels, dtype=np.float32)
    for first in range(count):
        for second in range(first + 1, count):
            np.subtract(samples[first], samples[second], out=difference)
            np.multiply(difference, difference, out=difference)
            distance = total(difference)
            np.sqrt(distance, out=distance)
            np.multiply(distance, weight[second], out=part)
            np.add(sums[first], part, out=sums[first])
            np.multiply(distance, weight[first], out=part)
            np.add(sums[second], part, out=sums[second])
    return sums
