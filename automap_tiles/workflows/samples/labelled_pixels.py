"""Labelled pixels: the class that a sample shape assigns to each pixel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class LabelledPixels(NamedTuple):
    """Columns of equal length, one entry per pixel and shape."""

    rows: NDArray[np.int64]
    cols: NDArray[np.int64]
    """On the whole grid of the raster."""
    classes: NDArray[np.uint8]
    groups: NDArray[np.int64]
    """Index of the shape in its file."""

    def __len__(self) -> int:
        return self.rows.size

    @classmethod
    def of_one(
        cls, rows: NDArray[np.int64], cols: NDArray[np.int64], value: int, group: int
    ) -> LabelledPixels:
        """The pixels of one shape."""
        return cls(
            rows, cols, np.full(len(rows), value, np.uint8), np.full(len(rows), group, np.int64)
        )

    @classmethod
    def none(cls) -> LabelledPixels:
        """No pixel."""
        place = np.zeros(0, np.int64)
        return cls(place, place, np.zeros(0, np.uint8), place)

    def take(self, which: NDArray[Any]) -> LabelledPixels:
        """The pixels at indices, or where a mask is True."""
        return LabelledPixels(*(column[which] for column in self))

    def sorted(self) -> LabelledPixels:
        """From north to south, west to east, then by group."""
        return self.take(np.lexsort((self.groups, self.cols, self.rows)))

    def starts(self) -> NDArray[np.bool_]:
        """Whether each of the sorted entries is the first of its pixel."""
        first = np.ones(self.rows.size, dtype=bool)
        first[1:] = (self.rows[1:] != self.rows[:-1]) | (self.cols[1:] != self.cols[:-1])
        return first

    def keys(self) -> NDArray[np.int64]:
        """One number per pixel; rows and columns must be below 2^31."""
        return (self.rows << 32) + self.cols


def joined(parts: Sequence[LabelledPixels]) -> LabelledPixels:
    """Concatenation."""
    return LabelledPixels(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
