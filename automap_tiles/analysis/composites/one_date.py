"""Composites that take all bands of a pixel from one date, and where each pixel came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np

from automap_tiles.analysis._blocks import BlockMemory
from automap_tiles.analysis._dates import Array, Bools, WholeDates, kind_of

Picture: TypeAlias = np.ma.MaskedArray[Any, Any]
Score = Callable[[int, slice], Array]
"""Date and rows -> (rows, x) float32, higher is better; NaN where the date has no score."""

# Number of 32-bit arrays assumed per block of rows; more and smaller blocks are no faster.
_BUFFERS = 4


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A composite of selected dates, with its provenance."""

    picture: Picture
    """(band, y, x) samples of the chosen dates, in the type of the stack."""
    scene_index: Picture
    """(y, x) uint16: index of the selected date in the stack, from 0."""
    score: Picture
    """(y, x) float32 score of the selected date: higher is better for `choose`; see the method."""
    valid_count: Picture
    """(y, x) uint16: number of dates with all bands valid; not masked, as 0 is a valid result."""

    def day_of_year(self, times: Sequence[datetime]) -> Picture:
        """(y, x) uint16: 1 to 366, from the times of the stack's dates."""
        days = np.array([time.timetuple().tm_yday for time in times], dtype=np.uint16)
        data = days[self.scene_index.data]
        data[self.scene_index.mask] = 0
        return np.ma.MaskedArray(data, mask=np.ma.getmaskarray(self.scene_index).copy())

    def shares(self, dates: int) -> list[float]:
        """For each date of the stack, its share of the pixels."""
        given = self.scene_index.compressed()
        counts = np.bincount(given, minlength=dates)
        return [float(count) / max(1, given.size) for count in counts]


def choose(dates: WholeDates, score: Score) -> Chosen:
    """Take each pixel from the valid date with the highest score; ties go to the first.

    A date without a score at a pixel is not used there.
    """
    count, _, height, width = dates.data.shape
    race = Race(count, (height, width))
    for rows in dates.blocks(_BUFFERS * 4):
        for date in range(count):
            race.offer(date, rows, score(date, rows), dates.valid[date, rows])
    return provenance(dates, race.index, race.best, race.best > -np.inf)


class Race:
    """The highest score of each pixel so far, and its date."""

    def __init__(self, dates: int, shape: tuple[int, int]) -> None:
        """`shape` is (height, width)."""
        self.best = np.full(shape, -np.inf, dtype=np.float32)
        """(y, x); minus infinity without a score."""
        self.index = np.zeros(shape, dtype=np.uint8 if dates < 256 else np.uint16)
        """(y, x) the first date with that score."""
        self._scratch = BlockMemory()

    def offer(self, date: int, rows: slice, score: Array, valid: Bools) -> None:
        """Compare the scores of a date; dates come in order. `score` is (rows, x) float32."""
        best, index = self.best[rows], self.index[rows]
        # all bits set is NaN, which is never greater
        masked = self._scratch.one("masked", np.dtype(np.uint32), score.shape)
        np.copyto(masked, valid)
        np.subtract(masked, 1, out=masked)
        np.bitwise_or(score.view(np.uint32), masked, out=masked)
        better = np.greater(masked.view(np.float32), best)
        # the last improvement has the largest number
        place = np.multiply(better.view(np.uint8), date, dtype=index.dtype)
        np.maximum(index, place, out=index)
        np.fmax(best, masked.view(np.float32), out=best)


def provenance(
    dates: WholeDates, index: Array, score: Array, found: Bools, kernels: ModuleType | None = None
) -> Chosen:
    """The composite of (y, x) selected dates; masked where none was `found`.

    `kernels` are the compiled ones, if they are to be used.
    """
    missing = ~found
    if kernels is None:
        data = gather(dates, index, found)
    else:
        data = kernels.gather(dates.data, index)
        data[:, missing] = 0
    score[missing] = 0
    index = index.astype(np.uint16)
    index[missing] = 0
    number = dates.valid.sum(axis=0, dtype=np.uint16)
    return Chosen(
        picture=np.ma.MaskedArray(data, mask=np.repeat(missing[None], len(data), axis=0)),
        scene_index=np.ma.MaskedArray(index, mask=missing.copy()),
        score=np.ma.MaskedArray(score, mask=missing),
        valid_count=np.ma.MaskedArray(number, mask=np.zeros(number.shape, dtype=bool)),
    )


def gather(dates: WholeDates, index: Array, found: Bools) -> Array:
    """(band, y, x) samples of the dates in `index` (y, x); 0 where none was `found`.

    Combines dates with all-ones or all-zeros bit masks, 2.6 times as fast as `np.take_along_axis`.
    """
    count, bands, height, width = dates.data.shape
    bits = kind_of(dates.data.dtype).bits
    out = np.zeros((bands, height, width), dtype=dates.data.dtype)
    scratch = BlockMemory()
    for rows in dates.blocks((bands + 3) * bits.itemsize):
        shape = index[rows].shape
        keep, part = scratch.take("gather", 2, bits, shape)
        for date in range(count):
            here = np.equal(index[rows], date)
            np.logical_and(here, found[rows], out=here)
            if not here.any():
                continue
            np.copyto(keep, here)
            np.negative(keep, out=keep)
            for band in range(bands):
                target = out[band, rows].view(bits)
                np.bitwise_and(dates.data[date, band, rows].view(bits), keep, out=part)
                np.bitwise_or(target, part, out=target)
    return out
