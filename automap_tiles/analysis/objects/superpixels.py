"""Superpixels that are the same however a picture is cut: SLIC, anchored to a grid.

Achanta, Shaji, Smith, Lucchi, Fua & Süsstrunk 2012, IEEE Transactions on Pattern Analysis and
Machine Intelligence 34: 2274-2282. Seeds lie in cells of a grid that begins at the level's own
corner, a pixel belongs to one of the nine seeds of its own and the neighbouring cells (Ren,
Prisacariu & Reid 2015, arXiv:1509.04232), values are compared as they are, and the rounds are
counted: a pixel depends on what lies `margin` around it and on nothing else, bit by bit, and its
label is the number of its seed on the whole level. So there is nothing to stitch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = np.ma.MaskedArray[Any, Any]
Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Places = NDArray[np.int64]

_AROUND = tuple((row, col) for row in (-1, 0, 1) for col in (-1, 0, 1))
_SIDES = ((-1, 0), (0, -1), (0, 1), (1, 0))
# Cells that a pixel depends on beyond those of the rounds: its object's whole extent, before loose
# parts are given to what is beside them (three), and as far as these reach (one).
_LOOSE_CELLS = 4
# Cells from one end of an object to the other: three of seeds, and one of loose parts at each end.
_EXTENT_CELLS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Superpixels:
    """How a picture is cut into superpixels; raises `ValueError` for what cannot be."""

    size: int = 10
    """Pixels along the side of a cell: a superpixel has about the square of that."""
    compactness: float = 0.05
    """Difference of values that counts as much as being a cell's side away."""
    rounds: int = 4

    def __post_init__(self) -> None:
        if self.size < 2:
            raise ValueError(f"superpixels are 2 pixels wide or more, not {self.size}")
        if not 0 < self.compactness < np.inf:
            raise ValueError(f"compactness is a difference above 0, not {self.compactness}")
        if self.rounds < 0:
            raise ValueError(f"rounds are 0 or more, not {self.rounds}")

    @property
    def margin(self) -> int:
        """Pixels around a pixel that its label depends on."""
        return (2 * self.rounds + 2 + _LOOSE_CELLS) * self.size

    @property
    def extent(self) -> int:
        """Pixels from any pixel of a superpixel to any other, at most."""
        return _EXTENT_CELLS * self.size

    def labels(self, picture: Picture, corner: tuple[int, int], width: int) -> Labels:
        """(y, x) number of the superpixel of each pixel, from 1; 0 where a band has no data.

        A number that is not finite is no data.

        `picture` (band, y, x), `corner` row and column of its first pixel on the level and `width`
        the level's pixels in a row: they number the seeds row by row. Each superpixel is in one
        piece, but where a loose part touches no other within `size` pixels.
        """
        if picture.ndim != 3:
            raise ValueError(f"a picture is (band, y, x), not {picture.shape}")
        work = _Work.of(picture, corner, self)
        for _ in range(self.rounds):
            work.move_seeds(work.nearest())
        seeds = _in_one_piece(work, work.nearest())
        rows, cols = np.divmod(seeds, work.cells[1])
        columns = -(-width // self.size)
        first = corner[0] // self.size, corner[1] // self.size
        numbers: Labels = 1 + (rows + first[0]) * columns + cols + first[1]
        return np.where(seeds < 0, 0, numbers)


@dataclass
class _Work:
    """A picture and its seeds."""

    values: Floats
    """(band, pixel)"""
    y: Floats
    """(pixel,) in cells, on the level."""
    x: Floats
    cell: Places
    """(pixel,) that it lies in, row by row; all cells that the picture touches."""
    cells: tuple[int, int]
    """Rows and columns of them."""
    counts: NDArray[np.bool_]
    """(pixel,) whether all bands have data."""
    compactness: float
    shape: tuple[int, int]
    size: int
    seeds: Floats
    """(band, y and x; cell) means of what belongs to each; NaN where nothing does."""

    @classmethod
    def of(cls, picture: Picture, corner: tuple[int, int], how: Superpixels) -> _Work:
        """With seeds in the middle of what each cell has."""
        bands, height, width = picture.shape
        rows = np.arange(corner[0], corner[0] + height)
        cols = np.arange(corner[1], corner[1] + width)
        cell_rows, cell_cols = (one // how.size - one[0] // how.size for one in (rows, cols))
        cells = int(cell_rows[-1]) + 1, int(cell_cols[-1]) + 1
        data = np.ma.getdata(picture).reshape(bands, -1)
        counts = ~np.ma.getmaskarray(picture).any(axis=0).reshape(-1)
        counts &= np.isfinite(data).all(axis=0)  # one would take the seed of its cell with it
        found = cls(
            values=np.where(counts, data, 0).astype(np.float64),
            y=np.repeat((rows + 0.5) / how.size, width),
            x=np.tile((cols + 0.5) / how.size, height),
            cell=(cell_rows[:, None] * cells[1] + cell_cols).reshape(-1).astype(np.int64),
            cells=cells,
            counts=counts,
            compactness=how.compactness,
            shape=(height, width),
            size=how.size,
            seeds=np.empty(0),
        )
        found.move_seeds(np.where(counts, found.cell, -1))
        return found

    def move_seeds(self, belongs: Places) -> None:
        """To the means of the pixels (pixel,) that belong to each; -1 to none.

        Sums go row by row over the picture: their bits do not depend on where it begins.
        """
        some = np.flatnonzero(belongs >= 0)
        of, number = belongs[some], self.cells[0] * self.cells[1]
        count = np.bincount(of, minlength=number)
        planes = (*self.values, self.y, self.x)
        sums = np.stack([np.bincount(of, plane[some], number) for plane in planes])
        self.seeds = np.where(count > 0, sums / np.maximum(count, 1), np.nan)

    def distance(self, seeds: Places) -> Floats:
        """(pixel,) squared, to a seed of each pixel; infinite to one that is none."""
        found = np.zeros(len(seeds))
        for plane, means in zip(self.values, self.seeds, strict=False):
            found += (plane - means[seeds]) ** 2
        found /= len(self.values) * self.compactness**2
        found += (self.y - self.seeds[-2][seeds]) ** 2
        found += (self.x - self.seeds[-1][seeds]) ** 2
        return np.where(np.isnan(found), np.inf, found)

    def nearest(self) -> Places:
        """(pixel,) cell of the nearest seed around, the first of equals; -1 without data."""
        rows, cols = np.divmod(self.cell, self.cells[1])
        best = np.full(len(rows), np.inf)
        found = np.full(len(rows), -1, dtype=np.int64)
        for row, col in _AROUND:
            at_row, at_col = rows + row, cols + col
            here = (at_row >= 0) & (at_row < self.cells[0])
            here &= (at_col >= 0) & (at_col < self.cells[1])
            seeds = np.where(here, at_row * self.cells[1] + at_col, 0)
            away = np.where(here, self.distance(seeds), np.inf)
            nearer = away < best
            best, found = np.where(nearer, away, best), np.where(nearer, seeds, found)
        return np.where(self.counts, found, -1)


def _in_one_piece(work: _Work, belongs: Places) -> Places:
    """(y, x): the largest part of each superpixel stays, others go to what is beside them.

    Step by step, each pixel to the nearest of the seeds of its four neighbours.
    """
    height, width = work.shape
    found = belongs.reshape(work.shape)
    loose = ~_largest_parts(found)
    for _ in range(work.size):
        if not loose.any():
            break
        best, taken = np.full(work.shape, np.inf), found.copy()
        for row, col in _SIDES:
            beside = _shifted(np.where(loose, -1, found), row, col)
            away = work.distance(np.maximum(beside, 0).reshape(-1)).reshape(work.shape)
            nearer = loose & (beside >= 0) & (away < best)
            best, taken = np.where(nearer, away, best), np.where(nearer, beside, taken)
        loose = loose & np.isinf(best)
        found = taken
    return found.reshape(height, width)


def _largest_parts(found: Places) -> NDArray[np.bool_]:
    """(y, x) whether a pixel is in the largest part of its superpixel, the first of equals."""
    part = _parts(found)
    roots = np.unique(part[found >= 0])
    sizes = np.bincount(part.reshape(-1), minlength=found.size)
    labels = found.reshape(-1)[roots]
    order = np.lexsort((roots, -sizes[roots], labels))
    first = np.ones(len(order), dtype=bool)
    first[1:] = np.diff(labels[order]) != 0
    kept = np.zeros(found.size, dtype=bool)
    kept[roots[order[first]]] = True
    return kept[part] | (found < 0)


def _parts(found: Places) -> Places:
    """(y, x) first pixel, row by row, of those that are joined with it along edges."""
    part = np.arange(found.size, dtype=np.int64).reshape(found.shape)
    while True:
        joined = part.copy()
        for row, col in _SIDES:
            beside, first = _shifted(found, row, col), _shifted(part, row, col)
            joined = np.where((beside == found) & (first >= 0), np.minimum(joined, first), joined)
        joined = joined.reshape(-1)[joined]  # and what that one is joined with
        if (joined == part).all():
            return part
        part = joined


def _shifted(plane: Places, row: int, col: int) -> Places:
    """(y, x) of the neighbours so many rows and columns away; -1 beyond the picture."""
    found = np.full_like(plane, -1)
    height, width = plane.shape
    to = slice(max(0, -row), height - max(0, row)), slice(max(0, -col), width - max(0, col))
    of = slice(max(0, row), height - max(0, -row)), slice(max(0, col), width - max(0, -col))
    found[to] = plane[of]
    return found
